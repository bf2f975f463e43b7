// Damage to a proof file, chosen by a number: a run can be repeated, and two verifiers are shown the same.

import { createHash } from 'node:crypto';

/** What was done, for a failing test's message, and the bytes after it; they always differ from those before. */
export interface Damage {
  readonly what: string;
  readonly file: Uint8Array;
}

/** A number below `below`, from a seed and a name. */
function draw(seed: number, name: string, below: number): number {
  return createHash('sha256').update(`damage ${name} ${seed}`).digest().readUInt32BE(0) % below;
}

/** The seed-th way of damaging a file: bytes flipped, put in and taken out, lines and numbers exchanged. */
export function damaged(file: Uint8Array, seed: number): Damage {
  const made = attempt(file, seed);
  return Buffer.compare(made.file, file) === 0 ? damaged(file, seed + 1_000_003) : made;
}

function attempt(file: Uint8Array, seed: number): Damage {
  const at = draw(seed, 'at', file.length);
  const byte = draw(seed, 'byte', 255) + 1;
  const lines = Buffer.from(file).toString('utf8').split('\n');
  const line = draw(seed, 'line', lines.length);
  const other = draw(seed, 'other line', lines.length);
  const text = (what: string, changed: readonly string[]) => ({
    what,
    file: new Uint8Array(Buffer.from(changed.join('\n'))),
  });
  switch (seed % 10) {
    case 0:
    case 1:
      return changedByte(file, at, byte);
    case 2:
      return changedByte(file, at, 1 << draw(seed, 'bit', 8));
    case 3:
      return {
        what: `byte ${byte} put in at ${at}`,
        file: new Uint8Array([...file.subarray(0, at), byte, ...file.subarray(at)]),
      };
    case 4:
      return {
        what: `byte taken out at ${at}`,
        file: new Uint8Array([...file.subarray(0, at), ...file.subarray(at + 1)]),
      };
    case 5:
      return text(`line ${line + 1} taken out`, lines.toSpliced(line, 1));
    case 6:
      return text(`line ${line + 1} twice`, lines.toSpliced(line, 0, lines[line] as string));
    case 7:
      return text(`lines ${line + 1} and ${other + 1} exchanged`, exchanged(lines, line, other));
    case 8:
      return text(`a digit in line ${line + 1}`, withDigit(lines, line, seed));
    default:
      return { what: `cut at ${at}`, file: file.slice(0, at) };
  }
}

function changedByte(file: Uint8Array, at: number, difference: number): Damage {
  const changed = file.slice();
  changed[at] = (changed[at] as number) ^ difference;
  return { what: `byte ${at} changed by ${difference}`, file: changed };
}

function exchanged(lines: readonly string[], a: number, b: number): string[] {
  return lines.with(a, lines[b] as string).with(b, lines[a] as string);
}

/** The first digit at or after a line becomes another one, in words and evidence alike where that line stands in both. */
function withDigit(lines: readonly string[], from: number, seed: number): string[] {
  const nth = lines.findIndex((text, at) => at >= from && /[0-9]/.test(text));
  if (nth < 0) return [...lines, ''];
  const line = lines[nth] as string;
  const changed = line.replace(/[0-9]/, (digit) => String((Number(digit) + 1 + draw(seed, 'digit', 9)) % 10));
  return lines.map((one) => (one === line ? changed : one));
}
