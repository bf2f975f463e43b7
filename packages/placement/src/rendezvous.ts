// Weighted rendezvous hashing (SPEC section 2) in integers only: floating-point logarithms differ between machines, and
// two programs that rank daemons differently disagree on where fragments belong.

import { assert, type Crypto, type DaemonId, daemonIdBytes, utf8 } from '@vauban/core';

const domain = utf8('vauban/rendezvous/0\n');
const TOP = 1n << 64n;
const FRACTION_BITS = 32n;

/** One daemon's draw for one seed. The smallest cost / weight ranks first. */
export interface Draw {
  readonly daemon: DaemonId;
  /** −log2 of a uniform number, in units of 2⁻³²: exponentially distributed, 1 to 2³⁸. */
  readonly cost: bigint;
  readonly weight: bigint;
  /** Uniform and independent of the cost: orders fragment indices. */
  readonly order: bigint;
}

/** `weight` is a positive integer: bytes that may be filled. */
export function draw(
  crypto: Crypto,
  seed: Uint8Array,
  o: { readonly daemon: DaemonId; readonly weight: number },
): Draw {
  assert(Number.isSafeInteger(o.weight) && o.weight > 0, 'a weight is a positive integer');
  const digest = crypto.sha256(domain, seed, daemonIdBytes(o.daemon));
  const view = new DataView(digest.buffer, digest.byteOffset, digest.byteLength);
  return {
    daemon: o.daemon,
    cost: negativeLog2(view.getBigUint64(0)),
    weight: BigInt(o.weight),
    order: view.getBigUint64(8),
  };
}

/** Negative when `a` ranks before `b`: cost / weight compared exactly, by cross-multiplying; then by daemon id. */
export function compareDraws(a: Draw, b: Draw): number {
  const left = a.cost * b.weight;
  const right = b.cost * a.weight;
  if (left !== right) return left < right ? -1 : 1;
  return a.daemon < b.daemon ? -1 : 1;
}

/** Negative when `a` takes the lower fragment index. */
export function compareOrder(a: Draw, b: Draw): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.daemon < b.daemon ? -1 : 1;
}

/**
 * 64·2³² − ⌊2³²·log2(h | 1)⌋ for a 64-bit h, by squaring: each squaring of the mantissa brings one more bit of the
 * logarithm into the integer part. The mantissa keeps 63 fraction bits and is truncated, never rounded, so every
 * language with wide integers gets the same bits.
 */
export function negativeLog2(h: bigint): bigint {
  let mantissa = h | 1n;
  let exponent = 63n;
  while (mantissa < TOP >> 1n) {
    mantissa <<= 1n;
    exponent--;
  }
  let log = exponent;
  for (let bit = 0n; bit < FRACTION_BITS; bit++) {
    mantissa = (mantissa * mantissa) >> 63n;
    log <<= 1n;
    if (mantissa >= TOP) {
      mantissa >>= 1n;
      log |= 1n;
    }
  }
  return (64n << FRACTION_BITS) - log;
}
