import { MESSAGE_BYTES_MAX } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteQueue, encodeFrame, FrameDecoder, type RequestFrame } from '../src/framing.ts';

const cuts = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 50 });
const frames = fc.array(
  fc.record({ id: fc.integer({ min: 0, max: 0xffffffff }), body: fc.uint8Array({ maxLength: 4_000 }) }),
  { maxLength: 30 },
);

function* cut(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, index = 0; at < bytes.length; index++) {
    const length = lengths[index % lengths.length] as number;
    yield bytes.slice(at, at + length);
    at += length;
  }
}

test('frames come out of any cut as they went in, whenever they are asked for', () => {
  fc.assert(
    fc.property(frames, cuts, fc.boolean(), (sent, lengths, eager) => {
      const decoder = new FrameDecoder();
      const received: RequestFrame[] = [];
      const drain = () => {
        for (let frame = decoder.next(); frame; frame = decoder.next()) received.push(frame);
      };
      for (const part of cut(Buffer.concat(sent.map(encodeFrame)), lengths)) {
        decoder.push(part);
        if (eager) drain();
      }
      drain();
      expect(received.map(({ id, body }) => [id, Buffer.from(body).toString('hex')])).toEqual(
        sent.map(({ id, body }) => [id, Buffer.from(body).toString('hex')]),
      );
      expect(decoder.pendingBytes).toBe(0);
    }),
  );
});

test('a frame longer than a message is refused by its header alone', () => {
  const decoder = new FrameDecoder();
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, MESSAGE_BYTES_MAX + 1);
  decoder.push(header);
  expect(() => decoder.next()).toThrow('at most');
});

test('a queue gives back the bytes it took, in order, for any pushes and takes', () => {
  fc.assert(
    fc.property(cuts, cuts, fc.integer({ min: 0, max: 40_000 }), (pushes, takes, length) => {
      const bytes = new Uint8Array(length).map((_, index) => (index * 31 + (index >> 8)) & 255);
      const queue = new ByteQueue();
      const out: Uint8Array[] = [];
      let turn = 0;
      for (const part of cut(bytes, pushes)) {
        queue.push(part);
        const wanted = takes[turn++ % takes.length] as number;
        if (queue.byteLength >= wanted) out.push(queue.take(wanted));
      }
      out.push(queue.take(queue.byteLength));
      expect(Buffer.compare(Buffer.concat(out), bytes)).toBe(0);
      expect(queue.byteLength).toBe(0);
    }),
  );
});
