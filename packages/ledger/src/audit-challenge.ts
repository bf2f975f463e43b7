// Which leaves of a fragment an auditor asks for: derived from a certified head, which nobody knew beforehand and everybody
// can look up, so that neither side chooses them (SPEC: audits).

import { assert, type Crypto, daemonIdBytes, u32be, u64be, utf8 } from '@vauban/core';

export interface Challenge {
  readonly crypto: Crypto;
  /** The certified head of the round. */
  readonly head: { readonly size: number; readonly root: Uint8Array };
  /** Daemon ids, in hex. */
  readonly auditor: string;
  readonly holder: string;
  readonly segment: Uint8Array;
  readonly index: number;
  /** How many leaves the fragment has, at least 1, and how many of them are asked for. */
  readonly leaves: number;
  readonly count: number;
}

/** Draws for each leaf asked for, repeated ones being left out: with fewer left to draw than that, chance rarely fails. */
const DRAWS = 4;

/**
 * Different leaf numbers in the order drawn, `count` of them or, by bad luck, fewer; every leaf, ascending, where the
 * fragment has no more than `count`.
 */
export function auditLeaves(of: Challenge): number[] {
  const { crypto, leaves, count } = of;
  assert(leaves > 0 && of.index < 256, 'a fragment has leaves and an index');
  if (leaves <= count) return Array.from({ length: leaves }, (_, leaf) => leaf);
  const drawn = new Set<number>();
  for (let nth = 0; nth < DRAWS * count && drawn.size < count; nth++) {
    const digest = crypto.sha256(
      utf8('vauban/audit/0\n'),
      of.head.root,
      u64be(of.head.size),
      daemonIdBytes(of.auditor),
      daemonIdBytes(of.holder),
      of.segment,
      Uint8Array.of(of.index),
      u32be(nth),
    );
    const number = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
    drawn.add(Number(number % BigInt(leaves)));
  }
  return [...drawn];
}
