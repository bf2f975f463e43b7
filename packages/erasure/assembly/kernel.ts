// The region kernel: up to four outputs, each a GF(2^8) linear combination of any number of inputs, in one sweep over memory.
// AssemblyScript, compiled by build.ts into src/kernel-wasm.ts. A wrong byte here is a lost file: the tests compare every
// variant with the scalar oracle.

// Compile-time numbers: offsetof<T>() is the class's size in bytes, so each variant of `sweep` is compiled on its own.
class No {}
class Yes {
  a: u8;
}
class One {
  a: u8;
}
class Two {
  a: u8;
  b: u8;
}
class Three {
  a: u8;
  b: u8;
  c: u8;
}
class Four {
  a: u8;
  b: u8;
  c: u8;
  d: u8;
}

/** Sixteen table look-ups. Indices are below 16, where the relaxed form is deterministic. RELAXED is set by build.ts. */
function look(table: v128, indices: v128): v128 {
  return RELAXED ? i8x16.relaxed_swizzle(table, indices) : i8x16.swizzle(table, indices);
}

/** c times x, from the products of c with the low nibbles (at `table`) and the high nibbles (at `table` + 16). */
function product(low: v128, high: v128, xLow: v128, xHigh: v128): v128 {
  return v128.xor(look(low, xLow), look(high, xHigh));
}

/** Twice x in the field: 0x1d is what the polynomial leaves of x^8. */
function doubled(x: v128): v128 {
  return v128.xor(i8x16.add(x, x), v128.and(i8x16.lt_s(x, i8x16.splat(0)), i8x16.splat(0x1d)));
}

/** 16 bytes of an input: of a strip, or of what its descriptor says. Described is known when this is compiled. */
function taken<Described>(input: usize, at: usize): v128 {
  if (offsetof<Described>() == 0) return v128.load(input + at);
  const x = v128.load(load<usize>(input) + at);
  const how = load<u32>(input, 8);
  if (how == 0) return x;
  const y = v128.xor(x, v128.load(load<usize>(input, 4) + at));
  return how == 1 ? y : v128.xor(y, doubled(x));
}

/**
 * tables: for each input, for each row, 16 + 16 bytes of nibble products. Input j is at inputs + j·stride, output i at
 * outputs + i·stride; `bytes` is a multiple of 32. OnesRow: row 0 is all ones. OnesColumn: input 0 has only ones.
 * Described: strips are anywhere. `inputs` points to 12 bytes for each input: its address a, its partner's address b, and 0
 * for a, 1 for a + b, 2 for 3a + b; `outputs` to an address for each row. An output may be an input: what is written at one
 * place has been read there before.
 */
function sweep<Rows, OnesRow, OnesColumn, Described>(
  tables: usize,
  inputs: usize,
  count: u32,
  outputs: usize,
  stride: usize,
  bytes: usize,
): void {
  const rows = offsetof<Rows>();
  const onesRow = offsetof<OnesRow>() == 1;
  const onesColumn = offsetof<OnesColumn>() == 1;
  const described = offsetof<Described>() == 1;
  const step: usize = described ? 12 : stride;
  const outputStep: usize = described ? 4 : stride;
  const nibble = i8x16.splat(15);
  for (let at: usize = 0; at < bytes; at += 32) {
    let input = inputs;
    let table = tables;
    let left = count;
    let p0 = i64x2.splat(0);
    let q0 = p0;
    let p1 = p0;
    let q1 = p0;
    let p2 = p0;
    let q2 = p0;
    let p3 = p0;
    let q3 = p0;
    if (onesColumn) {
      p0 = taken<Described>(input, at);
      q0 = taken<Described>(input, at + 16);
      p1 = p0;
      q1 = q0;
      p2 = p0;
      q2 = q0;
      p3 = p0;
      q3 = q0;
      input += step;
      table += rows << 5;
      left--;
    }
    while (left) {
      const x = taken<Described>(input, at);
      const y = taken<Described>(input, at + 16);
      const xLow = v128.and(x, nibble);
      const yLow = v128.and(y, nibble);
      const xHigh = i8x16.shr_u(x, 4);
      const yHigh = i8x16.shr_u(y, 4);
      if (onesRow) {
        p0 = v128.xor(p0, x);
        q0 = v128.xor(q0, y);
      } else {
        const low = v128.load(table);
        const high = v128.load(table, 16);
        p0 = v128.xor(p0, product(low, high, xLow, xHigh));
        q0 = v128.xor(q0, product(low, high, yLow, yHigh));
      }
      if (rows > 1) {
        const low = v128.load(table, 32);
        const high = v128.load(table, 48);
        p1 = v128.xor(p1, product(low, high, xLow, xHigh));
        q1 = v128.xor(q1, product(low, high, yLow, yHigh));
      }
      if (rows > 2) {
        const low = v128.load(table, 64);
        const high = v128.load(table, 80);
        p2 = v128.xor(p2, product(low, high, xLow, xHigh));
        q2 = v128.xor(q2, product(low, high, yLow, yHigh));
      }
      if (rows > 3) {
        const low = v128.load(table, 96);
        const high = v128.load(table, 112);
        p3 = v128.xor(p3, product(low, high, xLow, xHigh));
        q3 = v128.xor(q3, product(low, high, yLow, yHigh));
      }
      input += step;
      table += rows << 5;
      left--;
    }
    let output = described ? outputs : outputs + at;
    put<Described>(output, at, p0, q0);
    output += outputStep;
    if (rows > 1) put<Described>(output, at, p1, q1);
    output += outputStep;
    if (rows > 2) put<Described>(output, at, p2, q2);
    output += outputStep;
    if (rows > 3) put<Described>(output, at, p3, q3);
  }
}

/** 32 bytes of an output: of a strip from here on, or of the one whose address is here. */
function put<Described>(output: usize, at: usize, p: v128, q: v128): void {
  const to = offsetof<Described>() == 1 ? load<usize>(output) + at : output;
  v128.store(to, p);
  v128.store(to, q, 16);
}

function choose<Rows, Described>(
  ones: u32,
  tables: usize,
  inputs: usize,
  count: u32,
  outputs: usize,
  stride: usize,
  bytes: usize,
): void {
  if (ones == 0) sweep<Rows, No, No, Described>(tables, inputs, count, outputs, stride, bytes);
  else if (ones == 1) sweep<Rows, Yes, No, Described>(tables, inputs, count, outputs, stride, bytes);
  else if (ones == 2) sweep<Rows, No, Yes, Described>(tables, inputs, count, outputs, stride, bytes);
  else sweep<Rows, Yes, Yes, Described>(tables, inputs, count, outputs, stride, bytes);
}

function chooseInputs<Rows>(
  ones: u32,
  tables: usize,
  inputs: usize,
  count: u32,
  outputs: usize,
  stride: usize,
  bytes: usize,
): void {
  if (stride == 0) choose<Rows, Yes>(ones, tables, inputs, count, outputs, stride, bytes);
  else choose<Rows, No>(ones, tables, inputs, count, outputs, stride, bytes);
}

/**
 * One pass. `ones`: bit 0 = row 0 is all ones, bit 1 = input 0 has only ones. `rows` is 1 to 4, `count` at least 1. A stride of
 * zero says that inputs and outputs are described.
 */
export function run(
  rows: u32,
  ones: u32,
  tables: usize,
  inputs: usize,
  count: u32,
  outputs: usize,
  stride: usize,
  bytes: usize,
): void {
  if (rows == 1) chooseInputs<One>(ones, tables, inputs, count, outputs, stride, bytes);
  else if (rows == 2) chooseInputs<Two>(ones, tables, inputs, count, outputs, stride, bytes);
  else if (rows == 3) chooseInputs<Three>(ones, tables, inputs, count, outputs, stride, bytes);
  else chooseInputs<Four>(ones, tables, inputs, count, outputs, stride, bytes);
}
