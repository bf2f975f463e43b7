// Bulk streams: a header that says what follows, then raw fragment bytes. One stream carries one fragment, one way.
//
//   put:  header → verdict ← ; bytes → ; receipt ←        get:  header → ; found ← leaf hashes ← bytes ←

import {
  BULK_HEADER_BYTES_MAX,
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

const headerSchema = v.variant('bulk', [
  v.strictObject({ bulk: v.literal('put'), segment: segmentSchema, index: shape.count(SHARDS_MAX) }),
  v.strictObject({
    bulk: v.literal('get'),
    segment: shape.bytes(32),
    index: shape.count(SHARDS_MAX),
    /** Byte range of the fragment; whole leaves but for the fragment's end. */
    offset: shape.count(),
    length: shape.count(),
  }),
]);
export type BulkHeader = v.InferOutput<typeof headerSchema>;

const faultField = v.unknown();
const replySchema = v.variant('reply', [
  /** Send the bytes. */
  v.strictObject({ reply: v.literal('go') }),
  v.strictObject({ reply: v.literal('receipt'), generation: shape.count(), receipt: shape.bytes(64) }),
  /** Fragment length in bytes; 32 bytes per leaf and then the range follow raw. */
  v.strictObject({ reply: v.literal('found'), bytes: shape.count() }),
  v.strictObject({ reply: v.literal('fault'), fault: faultField }),
]);
export type BulkReply = Exclude<v.InferOutput<typeof replySchema>, { reply: 'fault' }>;

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
