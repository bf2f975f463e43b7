// Arithmetic of GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d), in which 2 generates every non-zero element.
// Addition is XOR. Changing the polynomial changes every parity byte ever stored.

const polynomial = 0x11d;

const powers = new Uint8Array(510);
const logarithms = new Uint8Array(256);

let element = 1;
for (let exponent = 0; exponent < 255; exponent++) {
  powers[exponent] = element;
  powers[exponent + 255] = element;
  logarithms[element] = exponent;
  element <<= 1;
  if (element & 0x100) element ^= polynomial;
}

export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  return powers[(logarithms[a] as number) + (logarithms[b] as number)] as number;
}

/** a / b; b is not zero. */
export function divide(a: number, b: number): number {
  if (a === 0) return 0;
  return powers[(logarithms[a] as number) + 255 - (logarithms[b] as number)] as number;
}

/** For each coefficient c, 32 bytes: c·0 … c·15, then c·0x00, c·0x10 … c·0xf0. The tables of the SIMD kernels. */
export function nibbleProducts(): Uint8Array {
  const tables = new Uint8Array(256 * 32);
  for (let c = 0; c < 256; c++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      tables[c * 32 + nibble] = multiply(c, nibble);
      tables[c * 32 + 16 + nibble] = multiply(c, nibble << 4);
    }
  }
  return tables;
}
