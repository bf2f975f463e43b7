// The first thing a newcomer runs, on a small tree: nothing lost with three fires, an honest 4 with four.

import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from './support/command.ts';

let tree = '';

beforeAll(async () => {
  tree = await mkdtemp(join(tmpdir(), 'vauban-demo-tree-'));
  await mkdir(join(tree, 'minutes'));
  for (let nth = 0; nth < 40; nth++)
    await writeFile(join(tree, 'minutes', `${nth}.txt`), 'séance '.repeat(nth * 50));
  await writeFile(join(tree, 'plan.bin'), new Uint8Array(18_000_000).fill(7));
  await symlink('minutes/1.txt', join(tree, 'latest'));
});

afterAll(() => rm(tree, { recursive: true, force: true }));

describe('vauban demo', () => {
  test('three sites burn, the computer is lost, everything comes back', async () => {
    const { code, json } = await run(['demo', '--files', tree, '--json']);
    expect(json).toMatchObject({
      ok: true,
      hosters: 9,
      files: 42,
      filesIntact: 42,
      burntSites: ['strasbourg', 'metz', 'nancy'],
      readDuringFire: { failed: 0 },
      ledger: { ok: true },
      lost: [],
    });
    expect(code).toBe(0);
  });

  test('a fourth fire is one too many, and it says what is lost', async () => {
    const { code, json } = await run(['demo', '--files', tree, '--burn', '4', '--json']);
    expect(json).toMatchObject({ ok: false, filesIntact: 0 });
    expect((json as { lost: string[] }).lost).toContain('plan.bin');
    expect(code).toBe(4);
  });
});
