// Deterministic CBOR (the DAG-CBOR subset, RFC 8949 section 4.2): one value, one byte string.
// Decoding is strict: whatever does not re-encode to the same bytes, or does not match its schema, is rejected.

import { decode, encode } from '@ipld/dag-cbor';
import * as v from 'valibot';
import { equalBytes } from './bytes.ts';
import { Fault } from './fault.ts';

export function encodeCbor(value: unknown): Uint8Array {
  return encode(value);
}

/**
 * Decodes and checks. `bytesMax` is checked before anything is parsed.
 * Faults: TOO_LARGE, MALFORMED (not CBOR, not deterministic, or not the schema; `what` names the thing).
 */
export function decodeCbor<const Schema extends v.GenericSchema>(
  schema: Schema,
  bytes: Uint8Array,
  what: string,
  bytesMax: number,
): v.InferOutput<Schema> {
  if (bytes.length > bytesMax) {
    throw new Fault('refused', 'TOO_LARGE', `${what} of ${bytes.length} bytes exceeds ${bytesMax}`, {
      what,
      bytes: bytes.length,
      bytesMax,
    });
  }
  let value: unknown;
  try {
    value = decode(bytes);
    if (!equalBytes(encode(value), bytes)) throw new Error('not in its one deterministic form');
  } catch (error) {
    throw malformed(what, error instanceof Error ? error.message : String(error));
  }
  const result = v.safeParse(schema, value);
  if (!result.success) {
    const issue = result.issues[0];
    throw malformed(what, `${v.getDotPath(issue) ?? '(root)'}: ${issue.message}`);
  }
  return result.output;
}

function malformed(what: string, detail: string): Fault {
  return new Fault('refused', 'MALFORMED', `${what} is malformed: ${detail}`, { what, detail });
}

const byteString = v.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected bytes');

/** Schema pieces every format shares. Objects are strict: an unknown key is an error. */
export const shape = {
  bytes: (length: number) =>
    v.pipe(
      byteString,
      v.check((bytes) => bytes.length === length, `expected ${length} bytes`),
    ),
  bytesUpTo: (bytesMax: number) =>
    v.pipe(
      byteString,
      v.check((bytes) => bytes.length <= bytesMax, `expected at most ${bytesMax} bytes`),
    ),
  count: (max: number = Number.MAX_SAFE_INTEGER) =>
    v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(max)),
  text: (lengthMax: number) => v.pipe(v.string(), v.maxLength(lengthMax)),
  time: () => v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
} as const;
