// The limits of the code's parameters, and the one way they are refused.

import { type Fact, Fault } from '@vauban/core';

/** A Cauchy matrix over 256 elements has room for 256 rows and columns together; 255 keeps every count and index in a byte. */
const shardsMax = 255;

/** Always throws. Faults: CODE_PARAMETERS. */
export function refuseParameters(message: string, facts: { readonly [key: string]: Fact }): never {
  throw new Fault('refused', 'CODE_PARAMETERS', message, facts);
}

/** Faults: CODE_PARAMETERS unless 1 ≤ k, 0 ≤ m and k + m ≤ 255. */
export function checkShardCounts(o: { k: number; m: number }): void {
  const { k, m } = o;
  if (Number.isInteger(k) && k >= 1 && Number.isInteger(m) && m >= 0 && k + m <= shardsMax) return;
  refuseParameters(
    `k = ${k} and m = ${m}: k must be at least 1, m at least 0 and k + m at most ${shardsMax}`,
    { k, m },
  );
}
