// One officer's key signs one draft of each number, whatever happens in between.

import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Charter, charterHash, encodeCharter, toHex } from '@vauban/core';
import { nodeCrypto, nodeRandom } from '@vauban/core/node';
import { encodeKeyFile, makeKey } from '@vauban/daemon';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { abandonOnce, openOfficerKey, signOnce } from '../src/adapters/officer-key.ts';
import { sampleCharter } from './sample-charter.ts';

const key = makeKey('officer', { random: nodeRandom, crypto: nodeCrypto });
const charter: Charter = {
  ...sampleCharter(),
  officers: [{ id: 'first', key: key.publicKey }],
  officersLying: 0,
};
const draft = (expires: number) => ({
  body: encodeCharter({ ...charter, expires: charter.expires + expires }),
  signatures: [],
  certificate: null,
});
let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'officer-'));
  path = join(folder, 'first.key');
  await writeFile(path, encodeKeyFile(key), { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => openOfficerKey(path, [charter]);

test('it signs, and signs the same draft again', async () => {
  const first = await signOnce(await open(), draft(1));
  const again = await signOnce(await open(), draft(1));
  expect(first.officer).toBe('first');
  expect(toHex(again.signature)).toBe(toHex(first.signature));
  expect((await readFile(`${path}.signed`, 'utf8')).trim().split('\n')).toHaveLength(1);
});

test('a rival draft is refused, and signed once the first is dead', async () => {
  await signOnce(await open(), draft(1));
  await expect(signOnce(await open(), draft(2))).rejects.toMatchObject({ code: 'DRAFT_RIVAL' });
  const dead = new Set([toHex(charterHash(nodeCrypto, draft(1).body))]);
  await signOnce(await open(), draft(2), dead);
  await expect(signOnce(await open(), draft(3), dead)).rejects.toMatchObject({ code: 'DRAFT_RIVAL' });
});

test('whoever abandoned a draft never signs it, and whoever signed it cannot abandon it', async () => {
  await abandonOnce(await open(), draft(1));
  await expect(signOnce(await open(), draft(1))).rejects.toMatchObject({ code: 'DRAFT_ABANDONED' });
  await signOnce(await open(), draft(2));
  await expect(abandonOnce(await open(), draft(2))).rejects.toMatchObject({ code: 'DRAFT_SIGNED' });
});

test('a torn last line was never acted on; any other damage stops the key', async () => {
  await signOnce(await open(), draft(1));
  await appendFile(`${path}.signed`, 'signed grand-est 2 ab');
  await expect(signOnce(await open(), draft(1))).resolves.toMatchObject({ officer: 'first' });
  await abandonOnce(await open(), draft(7));
  await expect(signOnce(await open(), draft(2))).rejects.toMatchObject({ code: 'DRAFT_RIVAL' });
  const text = await readFile(`${path}.signed`, 'utf8');
  await writeFile(`${path}.signed`, text.replace('signed', 'sigmed'));
  await expect(signOnce(await open(), draft(1))).rejects.toMatchObject({ code: 'OFFICER_RECORD' });
});

test('a key of nobody in the charter is refused', async () => {
  await expect(openOfficerKey(path, [{ ...charter, officers: [] }])).rejects.toMatchObject({
    code: 'OFFICER_UNKNOWN',
  });
});
