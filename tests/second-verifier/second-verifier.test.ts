// Two verifiers, one written from the pages alone: they accept the same proofs and refuse the same damage.

import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nodeCrypto } from '@vauban/core/node';
import { checkProof } from '@vauban/ledger';
import { expect, test } from 'vitest';
import { damaged } from './damage.ts';
import { verifyProof } from './verify-proof.ts';

const CORRUPTIONS = 200;
const VECTORS = fileURLToPath(new URL('../../packages/ledger/vectors/', import.meta.url));

const fixtures = globSync('proof-*.txt', { cwd: VECTORS }).map((name) => ({
  name,
  file: new Uint8Array(readFileSync(`${VECTORS}${name}`)),
  root: JSON.parse(readFileSync(`${VECTORS}${name.replace('.txt', '.json')}`, 'utf8')).root as string,
}));

function second(file: Uint8Array, root: string): string {
  try {
    verifyProof(file, root);
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? `refused: ${error.message}` : String(error);
  }
}

const first = (file: Uint8Array, root: string) =>
  checkProof(nodeCrypto, file, root).then(
    () => 'accepted',
    () => 'refused',
  );

test('both accept the fixtures, under their own charter root only', async () => {
  const roots = new Set(fixtures.map(({ root }) => root));
  expect(roots.size).toBeGreaterThan(1);
  for (const { file, root } of fixtures) {
    for (const given of roots) {
      const verdict = given === root ? 'accepted' : 'refused';
      expect([await first(file, given), second(file, given).split(':')[0]]).toEqual([verdict, verdict]);
    }
  }
});

test(`both refuse ${CORRUPTIONS} corruptions of the fixtures`, async () => {
  for (let seed = 0; seed < CORRUPTIONS; seed++) {
    const { name, file, root } = fixtures[seed % fixtures.length] as (typeof fixtures)[0];
    const { what, file: changed } = damaged(file, seed);
    const verdicts = [await first(changed, root), second(changed, root).split(':')[0]];
    expect([name, what, ...verdicts]).toEqual([name, what, 'refused', 'refused']);
  }
});
