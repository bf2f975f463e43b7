// Bulk streams: a header that says what follows, then raw fragment bytes. One stream carries one fragment, one way.
//
//   put:  header → verdict ← ; bytes → ; receipt ←        get:  header → ; found ← leaf hashes ← runs, end to end ←

import {
  BULK_HEADER_BYTES_MAX,
  BULK_RUNS_MAX,
  type ByteStream,
  concat,
  decodeCbor,
  encodeCbor,
  Fault,
  SHARDS_MAX,
  shape,
  u32be,
} from '@vauban/core';
import * as v from 'valibot';
import { faultFromWire, faultToWire, segmentSchema } from './messages.ts';

/** Offset and length, bytes of one fragment. */
export type Run = [offset: number, length: number];

/** No fragment is longer than an offset in 4 bytes reaches, and so the header has room for all runs. */
const OFFSET_MAX = 0xffff_ffff;
const runSchema = v.strictTuple([shape.count(OFFSET_MAX), v.pipe(shape.count(OFFSET_MAX), v.minValue(1))]);

const headerSchema = v.variant('bulk', [
  v.strictObject({ bulk: v.literal('put'), segment: segmentSchema, index: shape.count(SHARDS_MAX) }),
  v.strictObject({
    bulk: v.literal('get'),
    segment: shape.bytes(32),
    index: shape.count(SHARDS_MAX),
    /** What is asked of the fragment, ascending; whole leaves but for the fragment's end. */
    runs: v.pipe(
      v.array(runSchema),
      v.minLength(1),
      v.maxLength(BULK_RUNS_MAX),
      v.check((runs) => isAscending(runs), 'expected ascending runs that do not overlap'),
    ),
  }),
]);
export type BulkHeader = v.InferOutput<typeof headerSchema>;

const faultField = v.unknown();
const replySchema = v.variant('reply', [
  /** Send the bytes. */
  v.strictObject({ reply: v.literal('go') }),
  v.strictObject({ reply: v.literal('receipt'), generation: shape.count(), receipt: shape.bytes(64) }),
  /** Fragment length in bytes; 32 bytes per leaf and then the runs, end to end, follow raw. */
  v.strictObject({ reply: v.literal('found'), bytes: shape.count() }),
  v.strictObject({ reply: v.literal('fault'), fault: faultField }),
]);
export type BulkReply = Exclude<v.InferOutput<typeof replySchema>, { reply: 'fault' }>;

function isAscending(runs: readonly Run[]): boolean {
  return runs.every(([offset], nth) => {
    const [beforeOffset, beforeLength] = runs[nth - 1] ?? [0, 0];
    return offset >= beforeOffset + beforeLength;
  });
}

/** Ascending runs, those that touch made one: what lies together is read together. */
export function joinedRuns(runs: Iterable<readonly [offset: number, length: number]>): Run[] {
  const joined: Run[] = [];
  for (const [offset, length] of runs) {
    const last = joined.at(-1);
    if (last !== undefined && last[0] + last[1] === offset) last[1] += length;
    else joined.push([offset, length]);
  }
  return joined;
}

async function writeFramed(stream: ByteStream, value: unknown): Promise<void> {
  const bytes = encodeCbor(value);
  await stream.write(concat(u32be(bytes.length), bytes));
}

async function readFramed<const Schema extends v.GenericSchema>(
  stream: ByteStream,
  schema: Schema,
  what: string,
): Promise<v.InferOutput<Schema>> {
  const prefix = await stream.read(4);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 4).getUint32(0);
  if (length > BULK_HEADER_BYTES_MAX) {
    throw new Fault('refused', 'TOO_LARGE', `${what} of ${length} bytes exceeds ${BULK_HEADER_BYTES_MAX}`, {
      length,
    });
  }
  return decodeCbor(schema, await stream.read(length), what, BULK_HEADER_BYTES_MAX);
}

export function writeBulkHeader(stream: ByteStream, header: BulkHeader): Promise<void> {
  return writeFramed(stream, header);
}

/** Faults: TOO_LARGE, MALFORMED, STREAM_ENDED, DEADLINE. */
export function readBulkHeader(stream: ByteStream): Promise<BulkHeader> {
  return readFramed(stream, headerSchema, 'bulk header');
}

export function writeBulkReply(stream: ByteStream, reply: BulkReply): Promise<void> {
  return writeFramed(stream, reply);
}

export function writeBulkFault(stream: ByteStream, fault: Fault): Promise<void> {
  return writeFramed(stream, { reply: 'fault', fault: faultToWire(fault) });
}

/** The other side's reply; a fault reply is thrown. */
export async function readBulkReply(stream: ByteStream): Promise<BulkReply> {
  const reply = await readFramed(stream, replySchema, 'bulk reply');
  if (reply.reply === 'fault') throw faultFromWire(reply.fault as Parameters<typeof faultFromWire>[0]);
  return reply;
}
