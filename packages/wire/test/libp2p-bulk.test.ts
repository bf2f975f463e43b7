import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ByteStream } from '@vauban/core';
import { BULK_IDLE_MS, isFault, PEER_BULK_STREAMS_MAX } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { describe, expect, test } from 'vitest';
import {
  fastClock,
  faultOf,
  gate,
  peerOf,
  portOf,
  startClient,
  startNetwork,
  startProxy,
  until,
} from './libp2p-fixture.ts';

const patient = { deadlineMs: 10_000 };

function header(length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0, state = seed; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

describe('bytes', () => {
  test('what is written in any cut is read in any other, and written memory may be reused at once', async () => {
    const server = await startNetwork();
    const client = await startClient();
    const stream = await client.bulk(peerOf(server), patient);
    const sent = pattern(5_000_000);
    const received = new Uint8Array(sent.length);
    const writing = (async () => {
      await stream.write(header(sent.length));
      const scratch = new Uint8Array(700_000);
      for (let at = 0, step = 1; at < sent.length; step = (step * 7 + 13) % 700_000) {
        const part = scratch.subarray(0, Math.min(step + 1, sent.length - at));
        part.set(sent.subarray(at, at + part.length));
        await stream.write(part);
        part.fill(0xee);
        at += part.length;
      }
      await stream.closeWrite();
    })();
    for (let at = 0, step = 5; at < sent.length; step = (step * 11 + 3) % 300_000) {
      const end = Math.min(at + step, sent.length);
      if (step % 2 === 0) await stream.readInto(received.subarray(at, end));
      else received.set(await stream.read(end - at), at);
      at = end;
    }
    await writing;
    expect(Buffer.compare(received, sent)).toBe(0);
    expect(await faultOf(stream.read(1))).toBe('STREAM_ENDED');
  });

  test('many streams at once do not mix, and small requests pass between them', async () => {
    const server = await startNetwork();
    const client = await startClient();
    const one = async (seed: number) => {
      const stream = await client.bulk(peerOf(server), patient);
      const sent = pattern(400_000, seed);
      const [back] = await Promise.all([
        stream.read(sent.length),
        stream.write(header(sent.length)).then(() => stream.write(sent)),
      ]);
      await stream.closeWrite();
      return Buffer.compare(back, sent);
    };
    const streams = Promise.all(Array.from({ length: 24 }, (_, seed) => one(seed + 1)));
    for (let index = 0; index < 20; index++) await client.request(peerOf(server), new Uint8Array(9), patient);
    expect(await streams).toEqual(new Array(24).fill(0));
  });

  test('single bytes by the thousand are cheap to hold', async () => {
    const server = await startNetwork();
    const client = await startClient();
    const stream = await client.bulk(peerOf(server), patient);
    await stream.write(header(5_000));
    const one = new Uint8Array([7]);
    await Promise.all(Array.from({ length: 5_000 }, () => stream.write(one)));
    expect(await stream.read(5_000)).toEqual(new Uint8Array(5_000).fill(7));
  });

  test('a half closed stream still carries the other direction to its end', async () => {
    const server = await startNetwork({
      handler: {
        bulk: async (_from, stream) => {
          expect(await faultOf(stream.read(10))).toBe('STREAM_ENDED');
          await stream.write(pattern(1_500_000));
        },
      },
    });
    const client = await startClient();
    const stream = await client.bulk(peerOf(server), patient);
    await stream.write(new Uint8Array(3));
    await stream.closeWrite();
    await nodeClock.sleep(30);
    const got = await stream.read(1_500_000);
    expect(Buffer.compare(got, pattern(1_500_000))).toBe(0);
    expect(await faultOf(stream.read(1))).toBe('STREAM_ENDED');
  });
});

describe('back-pressure', () => {
  test('a reader that stops stops the writer after a bounded number of bytes', async () => {
    const resume = gate();
    const total = 20_000_000;
    const server = await startNetwork({
      handler: {
        bulk: async (_from, stream) => {
          await resume.opened;
          await stream.read(total);
          await stream.write(new Uint8Array([1]));
        },
      },
    });
    const client = await startClient();
    const stream = await client.bulk(peerOf(server), patient);
    let written = 0;
    const part = new Uint8Array(100_000);
    const writing = (async () => {
      while (written < total) {
        await stream.write(part);
        written += part.length;
      }
    })();
    let before = -1;
    while (written !== before) {
      before = written;
      await nodeClock.sleep(100);
    }
    // What is read ahead, one arrival, one window, and the slice being sent: less than 3 MB of the 20.
    expect(written).toBeGreaterThan(250_000);
    expect(written).toBeLessThan(3_000_000);
    resume.open();
    await writing;
    expect(await stream.read(1)).toEqual(new Uint8Array([1]));
  });

  test('a stopped stream does not stop the others on its connection', async () => {
    const server = await startNetwork({
      handler: {
        bulk: async (_from, stream) => {
          const [kind] = await stream.read(1);
          if (kind === 0) await new Promise(() => undefined);
          await stream.read(3_000_000);
          await stream.write(new Uint8Array([1]));
        },
      },
    });
    const client = await startClient();
    const stuck = await client.bulk(peerOf(server), patient);
    const stuckWriting = faultOf(stuck.write(new Uint8Array(8_000_000)));
    const free = await client.bulk(peerOf(server), patient);
    await free.write(new Uint8Array([1]));
    await free.write(new Uint8Array(3_000_000));
    expect(await free.read(1)).toEqual(new Uint8Array([1]));
    await client.request(peerOf(server), new Uint8Array(1), patient);
    stuck.abort();
    expect(await stuckWriting).toBe('STREAM_ENDED');
  });
});

describe('ends', () => {
  test('a silent peer is a DEADLINE for reads, one that does not read for writes; slow progress is neither', async () => {
    const server = await startNetwork({
      handler: {
        bulk: async (_from, stream) => {
          const [kind] = await stream.read(1);
          const writes = kind === 1 ? 10 : 0;
          for (let index = 0; index < writes; index++) {
            await nodeClock.sleep(60);
            await stream.write(new Uint8Array(1));
          }
          await new Promise(() => undefined);
        },
      },
    });
    const client = await startClient();
    const reading = await client.bulk(peerOf(server), { deadlineMs: 150 });
    await reading.write(new Uint8Array([0]));
    expect(await faultOf(reading.read(1))).toBe('DEADLINE');
    expect(await faultOf(reading.write(new Uint8Array(1)))).toBe('DEADLINE');
    const writing = await client.bulk(peerOf(server), { deadlineMs: 150 });
    expect(await faultOf(writing.write(new Uint8Array(8_000_000)))).toBe('DEADLINE');
    const slow = await client.bulk(peerOf(server), { deadlineMs: 400 });
    await slow.write(new Uint8Array([1]));
    expect((await slow.read(10)).length).toBe(10);
  });

  test('a handler that rejects, and one that answers too little, are STREAM_ENDED', async () => {
    const server = await startNetwork({
      handler: {
        bulk: async (_from, stream) => {
          const [kind] = await stream.read(1);
          await stream.write(new Uint8Array(3));
          if (kind === 0) throw new Error('not for you');
        },
      },
    });
    const client = await startClient();
    for (const kind of [0, 1]) {
      const stream = await client.bulk(peerOf(server), patient);
      await stream.write(new Uint8Array([kind]));
      expect(await faultOf(stream.read(4))).toBe('STREAM_ENDED');
      stream.abort();
    }
    await client.request(peerOf(server), new Uint8Array(1), patient);
  });

  test('an aborted stream ends on both sides, and aborting twice is safe', async () => {
    const seen: string[] = [];
    const server = await startNetwork({
      handler: {
        bulk: async (_from, stream) => {
          seen.push(await faultOf(stream.read(10)));
        },
      },
    });
    const client = await startClient();
    const controller = new AbortController();
    const first = await client.bulk(peerOf(server), patient);
    const second = await client.bulk(peerOf(server), { ...patient, signal: controller.signal });
    const pending = faultOf(first.read(1));
    first.abort();
    first.abort();
    controller.abort();
    expect(await pending).toBe('STREAM_ENDED');
    expect(await faultOf(first.write(new Uint8Array(1)))).toBe('STREAM_ENDED');
    expect(await faultOf(second.read(1))).toBe('STREAM_ENDED');
    await until(() => seen.length === 2);
    expect(seen).toEqual(['STREAM_ENDED', 'STREAM_ENDED']);
  });

  test('losing the connection ends every stream on both sides', async () => {
    let served: ByteStream | undefined;
    const server = await startNetwork({
      handler: {
        bulk: (_from, stream) => {
          served = stream;
          return new Promise(() => undefined);
        },
      },
    });
    const client = await startClient();
    const stream = await client.bulk(peerOf(server), patient);
    await until(() => served !== undefined);
    const here = faultOf(stream.read(1));
    const there = faultOf((served as ByteStream).read(1));
    await client.stop();
    expect(await here).toBe('STREAM_ENDED');
    expect(await there).toBe('STREAM_ENDED');
  });

  test('a served stream on which nothing comes ends after the idle time', async () => {
    const factor = 100;
    const faults: unknown[] = [];
    const server = await startNetwork({
      clock: fastClock(factor),
      handler: {
        bulk: (_from, stream) =>
          stream.read(1).then(
            () => undefined,
            (fault) => void faults.push(fault),
          ),
      },
    });
    const client = await startClient();
    const stream = await client.bulk(peerOf(server), patient);
    expect(await faultOf(stream.read(1))).toBe('STREAM_ENDED');
    await until(() => faults.length === 1);
    expect(isFault(faults[0], 'DEADLINE')).toBe(true);
    expect((faults[0] as { facts: unknown }).facts).toMatchObject({ deadlineMs: BULK_IDLE_MS });
  });

  test('more streams than a peer may have are reset, and places become free again', async () => {
    const server = await startNetwork();
    const client = await startClient();
    const streams = await Promise.all(
      Array.from({ length: PEER_BULK_STREAMS_MAX + 5 }, () => client.bulk(peerOf(server), patient)),
    );
    await until(() => server.counts.refusedStreams >= 5);
    expect(server.counts.refusedStreams).toBe(5);
    const works = async (stream: ByteStream) => {
      await stream.write(header(1));
      await stream.write(new Uint8Array(1));
      await stream.read(1);
    };
    const codes = await Promise.all(streams.map((stream) => faultOf(works(stream))));
    expect(codes.filter((code) => code === 'no fault').length).toBe(PEER_BULK_STREAMS_MAX);
    expect(codes.filter((code) => code === 'STREAM_ENDED').length).toBe(5);
    for (const stream of streams) stream.abort();
    await client.request(peerOf(server), new Uint8Array(1), patient);
    await works(await client.bulk(peerOf(server), patient));
  });

  test('a frozen connection ends a stream with DEADLINE', async () => {
    const server = await startNetwork();
    const proxy = await startProxy(portOf(server));
    const client = await startClient();
    const peer = { peer: server.self, addresses: [`/ip4/127.0.0.1/tcp/${proxy.port}`] };
    const stream = await client.bulk(peer, { deadlineMs: 100 });
    await stream.write(header(10));
    proxy.freeze();
    expect(await faultOf(stream.read(1))).toBe('DEADLINE');
  });
});

test('a process that has stopped its networks ends by itself', async () => {
  const script = `
    import { libp2pNetwork } from ${JSON.stringify(fileURLToPath(new URL('../src/adapters/libp2p-network.ts', import.meta.url)))};
    import { nodeClock } from '@vauban/core/node';
    const make = (seed, listen) => libp2pNetwork({ transportSeed: new Uint8Array(32).fill(seed), listen, clock: nodeClock });
    const server = make(1, ['/ip4/127.0.0.1/tcp/0']);
    const client = make(2, []);
    server.serve({ request: async (_, body) => body, bulk: async (_, s) => { await s.read(1e6); await new Promise(() => {}); }, closed: () => {} });
    await server.start(); await client.start();
    const peer = { peer: server.self, addresses: server.addresses };
    await client.request(peer, new Uint8Array(5), { deadlineMs: 5000 });
    const stream = await client.bulk(peer, { deadlineMs: 5000 });
    await stream.write(new Uint8Array(100000));
    stream.write(new Uint8Array(9000000)).catch(() => {});
    await client.stop(); await server.stop();
    console.log('stopped');
  `;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    timeout: 20_000,
  });
  expect((await run).stdout).toBe('stopped\n');
}, 25_000);
