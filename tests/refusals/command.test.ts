// What an agency's person sees when hosters refuse: exit status 6, one clear line that names the reason, nothing listed
// that is not stored; and that all goes well again once the reason is gone.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Charter } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inWords, type Outcome, runHere } from '../support/command.ts';
import { DAY_MS, TestNetwork } from './network.ts';

let network: TestNetwork;
let folder: string;
let files = 0;
/** Stored while all was well. */
let first: string;

function vauban(...argv: string[]): Promise<Outcome> {
  const env = { VAUBAN_VAULT: join(folder, 'vault'), VAUBAN_PASSPHRASE_FILE: join(folder, 'passphrase') };
  return runHere(argv, { env });
}

beforeAll(async () => {
  network = await TestNetwork.create({ k: 2, m: 1 });
  await network.startAll();
  folder = await mkdtemp(join(network.directory, 'agency-'));
  await writeFile(join(folder, 'passphrase'), 'correct horse battery staple\n');
  const words = join(folder, 'words');
  const made = await vauban(
    'vault',
    'create',
    '--network',
    network.root,
    '--words-file',
    words,
    '--agency',
    'Archives',
  );
  if (made.code !== 0) throw new Error(inWords(made));
  const stored = await put();
  if (stored.code !== 0) throw new Error(inWords(stored));
  first = stored.name;
});
afterAll(async () => {
  await network?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Stores a file of a name of its own. */
async function put(bytes = 3_000): Promise<Outcome & { readonly name: string }> {
  const name = `file-${files++}.txt`;
  await writeFile(join(folder, name), name.repeat(bytes / name.length + 1));
  return { ...(await vauban('put', join(folder, name), name, '--json')), name };
}

async function listed(): Promise<string[]> {
  const { stdout } = await vauban('ls', '--json');
  return (JSON.parse(stdout) as { objects: { path: string }[] }).objects.map(({ path }) => path);
}

const agencies = (change: Partial<Charter['agencies'][number]>) => (charter: Charter) => ({
  ...charter,
  agencies: charter.agencies.map((one) => ({ ...one, ...change })),
});
const declarations = (names: readonly string[], validUntil: number) => (charter: Charter) => ({
  ...charter,
  hosters: charter.hosters.map((one, nth) =>
    names.includes(String(nth)) ? { ...one, declaration: { ...one.declaration, validUntil } } : one,
  ),
});
const clocks = (aheadMs: number) => {
  for (const { clock } of network.sites) clock.aheadMs = aheadMs;
};

interface Row {
  readonly name: string;
  readonly says: RegExp;
  readonly code: string;
  readonly refuse: () => Promise<unknown>;
  readonly relent: () => Promise<unknown>;
}

const rows: Row[] = [
  {
    name: 'the agency is suspended',
    says: /suspended/,
    code: 'AGENCY_SUSPENDED',
    refuse: () => network.enact(agencies({ suspended: true })),
    relent: () => network.enact(agencies({ suspended: false })),
  },
  {
    name: 'too few hosters have a valid declaration',
    says: /declaration/,
    code: 'TOO_FEW_SITES',
    refuse: () => network.enact(declarations(['0', '1'], nodeClock.now() - DAY_MS)),
    relent: () => network.enact(declarations(['0', '1'], nodeClock.now() + 300 * DAY_MS)),
  },
  {
    name: 'declarations ran out by the hosters’ clocks',
    says: /declaration of .* expired on/,
    code: 'DECLARATION_EXPIRED',
    async refuse() {
      await network.enact(declarations(['0', '1', '2', '3'], nodeClock.now() + DAY_MS));
      clocks(2 * DAY_MS);
    },
    async relent() {
      clocks(0);
      await network.enact(declarations(['0', '1', '2', '3'], nodeClock.now() + 300 * DAY_MS));
    },
  },
  {
    name: 'the quota is used up',
    says: /quota/,
    code: 'QUOTA_SPENT',
    refuse: () => network.enact(agencies({ quotaBytes: 10 })),
    relent: () => network.enact(agencies({ quotaBytes: 1_000_000_000 })),
  },
  {
    name: 'the device’s delegation ended',
    says: /delegation/,
    code: 'DELEGATION_EXPIRED',
    refuse: async () => clocks(3 * 365 * DAY_MS),
    relent: async () => clocks(0),
  },
];

const refusedNames: string[] = [];

test.each(rows)('a put ends with 6 when $name', async ({ says, code, refuse, relent }) => {
  await refuse();
  const refused = await put();
  refusedNames.push(refused.name);
  await relent();
  expect(refused.code).toBe(6);
  expect(refused.stderr).toMatch(says);
  expect(refused.stderr).toMatch(/^vauban: [^\n]*\n$/);
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { kind: 'refused', code } });
});

test('a suspended agency lists and reads; nothing refused is listed; what was refused can be stored afterwards', async () => {
  await network.enact(agencies({ suspended: true }));
  const seen = await listed();
  const got = await vauban('get', first, join(folder, 'restored'));
  // What was refused to the end stays in this device's own log, uncertified: reading does not wait for it.
  expect((await vauban('rm', first)).code).toBe(6);
  expect(await listed()).toContain(first);
  expect((await vauban('vault', 'status')).code).toBe(0);
  await network.enact(agencies({ suspended: false }));
  expect(seen).toEqual([first]);
  expect(got.code).toBe(0);
  const [name = ''] = refusedNames;
  expect(refusedNames).toHaveLength(rows.length);
  expect(await vauban('put', join(folder, name), name)).toMatchObject({ code: 0 });
  expect(await listed()).toEqual([first, name].toSorted());
});
