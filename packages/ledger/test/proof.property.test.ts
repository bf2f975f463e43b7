// No damaged proof checks: a sample of bytes changed, put in, taken out and moved. Every byte has its turn in the long tier.

import { concat, Fault } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkProof } from '../src/index.ts';
import { storedProof, storedProofs } from './proof-fixtures.ts';
import { crypto } from './sample-charter.ts';

const damage = fc.record({
  how: fc.constantFrom('change', 'put in', 'take out', 'cut', 'repeat'),
  at: fc.nat(1_000_000),
  /** Often a letter, a digit or a line end. */
  byte: fc.oneof(fc.nat(255), fc.constantFrom(0x0a, 0x20, 0x30, 0x41, 0x61)),
  length: fc.integer({ min: 1, max: 100 }),
});

interface Damage {
  readonly how: string;
  readonly at: number;
  readonly byte: number;
  readonly length: number;
}

function damaged(file: Uint8Array, { how, at, byte, length }: Damage): Uint8Array {
  const from = at % file.length;
  const [before, rest] = [file.subarray(0, from), file.subarray(from)];
  switch (how) {
    case 'change':
      return concat(before, Uint8Array.of(byte), rest.subarray(1));
    case 'put in':
      return concat(before, Uint8Array.of(byte), rest);
    case 'take out':
      return concat(before, rest.subarray(length));
    case 'cut':
      return before;
    default:
      return concat(before, rest.subarray(0, length), rest);
  }
}

test.each(storedProofs)('$name, damaged, is refused with an integrity fault', async ({ name }) => {
  const { file, root } = storedProof(name);
  await fc.assert(
    fc.asyncProperty(damage, async (one) => {
      const changed = damaged(file, one);
      fc.pre(Buffer.compare(changed, file) !== 0);
      const verdict = await checkProof(crypto, changed, root).then(
        () => 'accepted',
        (error: unknown) => (error instanceof Fault ? error.kind : String(error)),
      );
      expect(verdict).toBe('integrity');
    }),
    { numRuns: 80 },
  );
});
