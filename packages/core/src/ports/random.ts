// The random port: the only source of unpredictable bytes.

export interface Random {
  /** `length` fresh bytes from a cryptographically secure source (deterministic only in the simulator). */
  bytes(length: number): Uint8Array;
}

/** A whole number in [0, bound), unbiased enough for choices that are no secret (48 bits are drawn). */
export function randomBelow(random: Random, bound: number): number {
  const bytes = random.bytes(6);
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value % bound;
}
