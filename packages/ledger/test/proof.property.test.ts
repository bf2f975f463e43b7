// No damaged proof checks: a sample of the ways to change one byte or a few. Every byte has its turn in the long tier.

import { Fault } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkProof } from '../src/index.ts';
import { damaged } from './proof-corruption.ts';
import { storedProof, storedProofs } from './proof-fixtures.ts';
import { crypto } from './sample-charter.ts';

test.each(storedProofs)('$name, damaged, is refused with an integrity fault', async ({ name }) => {
  const { file, root } = storedProof(name);
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000_000), async (seed) => {
      const { what, file: changed } = damaged(file, seed);
      const verdict = await checkProof(crypto, changed, root).then(
        () => 'accepted',
        (error: unknown) => (error instanceof Fault ? error.kind : String(error)),
      );
      expect(`${what}: ${verdict}`).toBe(`${what}: integrity`);
    }),
    { numRuns: 120 },
  );
});
