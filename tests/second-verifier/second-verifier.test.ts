// Two verifiers, one written from the pages alone: they accept the same proofs and refuse the same damage.

import { nodeCrypto } from '@vauban/core/node';
import { checkProof } from '@vauban/ledger';
import { expect, test } from 'vitest';
import { damaged } from '../../packages/ledger/test/proof-corruption.ts';
import { storedProof, storedProofs } from '../../packages/ledger/test/proof-fixtures.ts';
import { verifyProof } from './verify-proof.ts';

const CORRUPTIONS = 200;

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
  const roots = new Set(storedProofs.map(({ name }) => storedProof(name).root));
  expect(roots.size).toBeGreaterThan(1);
  for (const { name } of storedProofs) {
    const { file, root } = storedProof(name);
    for (const given of roots) {
      const verdict = given === root ? 'accepted' : 'refused';
      expect([await first(file, given), second(file, given).split(':')[0]]).toEqual([verdict, verdict]);
    }
  }
});

test(`both refuse ${CORRUPTIONS} corruptions of each fixture`, async () => {
  for (const { name } of storedProofs) {
    const { file, root } = storedProof(name);
    for (let seed = 0; seed < CORRUPTIONS; seed++) {
      const { what, file: changed } = damaged(file, seed);
      const verdicts = [await first(changed, root), second(changed, root).split(':')[0]];
      expect([what, ...verdicts]).toEqual([what, 'refused', 'refused']);
    }
  }
});
