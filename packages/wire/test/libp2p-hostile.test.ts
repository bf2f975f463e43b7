import { connect } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPair } from '@libp2p/crypto/keys';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import type { Network } from '@vauban/core';
import { assert, MESSAGE_BYTES_MAX, PEER_BULK_STREAMS_MAX, PEER_REQUESTS_MAX } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { createLibp2p } from 'libp2p';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeFrame } from '../src/framing.ts';
import {
  fastClock,
  faultOf,
  later,
  peerOf,
  portOf,
  startClient,
  startNetwork,
  type TestNetwork,
  until,
} from './libp2p-fixture.ts';

const REQUEST = '/vauban/request/0';
const BULK = '/vauban/bulk/0';
const patient = { deadlineMs: 10_000 };

const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);
beforeAll(() => {
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterAll(async () => {
  await nodeClock.sleep(50);
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  assert(unhandled.length === 0, `nothing unhandled: ${unhandled.join()}`);
});

/** A peer that speaks libp2p and then does as it likes. */
async function stranger(options: { listen?: boolean } = {}): Promise<Libp2p> {
  const libp2p = await createLibp2p({
    privateKey: await generateKeyPair('Ed25519'),
    addresses: { listen: options.listen ? ['/ip4/127.0.0.1/tcp/0'] : [] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionGater: { denyDialMultiaddr: () => false },
  });
  later(async () => {
    await libp2p.stop();
  });
  return libp2p;
}

async function dialled(server: Network): Promise<Connection> {
  const libp2p = await stranger();
  return libp2p.dial(multiaddr(server.addresses[0] ?? ''));
}

function lengthPrefix(length: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, length);
  return bytes;
}

async function expectStillServes(server: TestNetwork): Promise<void> {
  const client = await startClient();
  expect(await client.request(peerOf(server), new Uint8Array([1, 2]), patient)).toEqual(
    new Uint8Array([1, 2]),
  );
  await client.stop();
}

async function isCut(connection: Connection): Promise<void> {
  await until(() => connection.status !== 'open');
}

test('bytes that are no handshake, and a dialler that says nothing, leave the others served', async () => {
  const server = await startNetwork();
  const sockets = Array.from({ length: 20 }, (_, index) => {
    const socket = connect(portOf(server), '127.0.0.1');
    socket.on('error', () => undefined);
    if (index % 4 === 1) socket.write(Buffer.alloc(100_000, index));
    if (index % 4 === 2) socket.end('GET / HTTP/1.1\r\n\r\n');
    if (index % 4 === 3) socket.write('\u0013/multistream/1.0.0\n', () => socket.resetAndDestroy());
    return socket;
  });
  await expectStillServes(server);
  await server.stop();
  for (const socket of sockets) socket.destroy();
});

test('a frame that announces more than a message may have costs the connection, before its bytes come', async () => {
  const server = await startNetwork();
  for (const length of [MESSAGE_BYTES_MAX + 1, 0xffffffff]) {
    const connection = await dialled(server);
    const stream = await connection.newStream(REQUEST);
    stream.send(lengthPrefix(length));
    await isCut(connection);
  }
  expect(server.counts.droppedConnections).toBe(2);
  await expectStillServes(server);
});

test('a frame that is begun and never ended costs the connection after the idle time; rest between frames does not', async () => {
  const server = await startNetwork({ clock: fastClock(200) });
  const restful = await dialled(server);
  const resting = await restful.newStream(REQUEST);
  resting.send(encodeFrame({ id: 1, body: new Uint8Array(5) }));
  const connection = await dialled(server);
  const stream = await connection.newStream(REQUEST);
  stream.send(encodeFrame({ id: 1, body: new Uint8Array(5) }).subarray(0, 10));
  await isCut(connection);
  await nodeClock.sleep(150);
  expect(restful.status).toBe('open');
  await expectStillServes(server);
});

test('a peer that asks without end and reads no answer is served within its limit, then cut', async () => {
  let running = 0;
  let most = 0;
  const server = await startNetwork({
    clock: fastClock(50),
    handler: {
      request: async () => {
        running += 1;
        most = Math.max(most, running);
        await nodeClock.sleep(1);
        running -= 1;
        return new Uint8Array(200_000);
      },
    },
  });
  const connection = await dialled(server);
  const stream = await connection.newStream(REQUEST);
  stream.pause();
  const flood = setInterval(() => {
    try {
      for (let id = 0; id < 100; id++) stream.send(encodeFrame({ id, body: new Uint8Array(500) }));
    } catch {
      clearInterval(flood);
    }
  }, 5);
  later(() => clearInterval(flood));
  // Cut by the server, or by the peer's own muxer when more arrives than a paused stream may hold.
  await until(() => connection.status !== 'open' || stream.status !== 'open');
  clearInterval(flood);
  expect(most).toBeLessThanOrEqual(PEER_REQUESTS_MAX);
});

test('several request streams of one peer share its allowance', async () => {
  let running = 0;
  const open = Promise.withResolvers<void>();
  const server = await startNetwork({
    handler: {
      request: async (_from, body) => {
        running += 1;
        await open.promise;
        return body;
      },
    },
  });
  const connection = await dialled(server);
  let answers = 0;
  for (let index = 0; index < 3; index++) {
    const stream = await connection.newStream(REQUEST);
    stream.addEventListener('message', (event) => {
      answers += event.data.byteLength / 9;
    });
    for (let id = 0; id < 60; id++) stream.send(encodeFrame({ id, body: new Uint8Array(1) }));
  }
  await until(() => running === PEER_REQUESTS_MAX);
  await nodeClock.sleep(50);
  expect(running).toBe(PEER_REQUESTS_MAX);
  open.resolve();
  await until(() => answers === 180);
});

test('unknown protocols, streams opened by the hundred, and resets in the middle leave the others served', async () => {
  const server = await startNetwork();
  const connection = await dialled(server);
  for (const protocol of ['/ipfs/id/1.0.0', '/ipfs/ping/1.0.0', '/libp2p/circuit/relay/0.2.0/hop', '/x']) {
    await expect(connection.newStream(protocol)).rejects.toThrow(/protocol/i);
  }
  const opened = await Promise.allSettled(
    Array.from({ length: 300 }, (_, index) =>
      connection.newStream(index % 10 === 0 ? REQUEST : BULK, { maxOutboundStreams: 1_000 }),
    ),
  );
  const streams = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  await nodeClock.sleep(50);
  const living = connection.streams.filter((stream) => stream.protocol === BULK && stream.status === 'open');
  expect(living.length).toBeLessThanOrEqual(PEER_BULK_STREAMS_MAX);
  for (const stream of streams) {
    try {
      stream.send(new Uint8Array([0, 0, 1]));
    } catch {
      // Reset already.
    }
    stream.abort(new Error('reset'));
  }
  await expectStillServes(server);
});

test('a bulk stream that never ends is cut off once its handler is done', async () => {
  const server = await startNetwork({
    handler: { bulk: async (_from, stream) => void (await stream.read(10)) },
  });
  const connection = await dialled(server);
  const stream = await connection.newStream(BULK);
  let sent = 0;
  while (stream.status === 'open' && sent < 50_000_000) {
    if (!stream.writableNeedsDrain) {
      stream.send(new Uint8Array(50_000));
      sent += 50_000;
    }
    await nodeClock.sleep(0);
  }
  expect(stream.status).not.toBe('open');
  expect(sent).toBeLessThan(20_000_000);
});

test('a bulk stream whose other half stays open is cut off after the linger time', async () => {
  const server = await startNetwork({ clock: fastClock(50), handler: { bulk: async () => undefined } });
  const connection = await dialled(server);
  const stream = await connection.newStream(BULK);
  await until(() => stream.status !== 'open');
  expect(stream.status).not.toBe('open');
});

test('a connection cut in the middle of everything leaves nothing unhandled', async () => {
  const server = await startNetwork({
    handler: {
      request: async (_from, body) => {
        await nodeClock.sleep(5);
        return body;
      },
      bulk: async (_from, stream) => {
        for (;;) await stream.write(new Uint8Array(100_000));
      },
    },
  });
  for (let index = 0; index < 10; index++) {
    const connection = await dialled(server);
    const requests = await connection.newStream(REQUEST);
    const bulk = await connection.newStream(BULK);
    bulk.send(new Uint8Array(10));
    requests.send(encodeFrame({ id: 1, body: new Uint8Array(100_000) }));
    await nodeClock.sleep(index);
    if (index % 2 === 0) connection.abort(new Error('gone'));
    else await connection.close();
  }
  await expectStillServes(server);
});

async function hostileServer(
  behave: (stream: Stream, connection: Connection) => void,
): Promise<{ peer: string; addresses: string[] }> {
  const libp2p = await stranger({ listen: true });
  await libp2p.handle([REQUEST, BULK], behave);
  return { peer: libp2p.peerId.toString(), addresses: libp2p.getMultiaddrs().map(String) };
}

test('answers nobody asked for are thrown away, and by the thousand cost the connection', async () => {
  const client = await startClient();
  const few = await hostileServer((stream) => {
    stream.addEventListener('message', () => {
      for (let id = 1_000; id < 1_500; id++) stream.send(encodeFrame({ id, body: new Uint8Array(3) }));
      stream.send(encodeFrame({ id: 0, body: new Uint8Array([9]) }));
    });
  });
  expect(await client.request(few, new Uint8Array(1), patient)).toEqual(new Uint8Array([9]));
  const many = await hostileServer((stream) => {
    stream.addEventListener('message', () => {
      for (let id = 1_000; id < 3_000; id++) stream.send(encodeFrame({ id, body: new Uint8Array(3) }));
    });
  });
  expect(await faultOf(client.request(many, new Uint8Array(1), patient))).toBe('PEER_UNREACHABLE');
  expect(client.counts.droppedConnections).toBe(1);
});

test('a server that answers with huge lengths, closes its half, resets, or hangs up is PEER_UNREACHABLE', async () => {
  const client = await startClient();
  const behaviours: ((stream: Stream, connection: Connection) => void)[] = [
    (stream) => void stream.send(lengthPrefix(0xfffffff0)),
    (stream) => void stream.close(),
    (stream) => stream.abort(new Error('no')),
    (_stream, connection) => connection.abort(new Error('no')),
  ];
  for (const behave of behaviours) {
    const peer = await hostileServer(behave);
    expect(await faultOf(client.request(peer, new Uint8Array(1), patient))).toBe('PEER_UNREACHABLE');
  }
});

test('a server without our protocols is PEER_UNREACHABLE', async () => {
  const libp2p = await stranger({ listen: true });
  const peer = { peer: libp2p.peerId.toString(), addresses: libp2p.getMultiaddrs().map(String) };
  const client = await startClient();
  expect(await faultOf(client.request(peer, new Uint8Array(1), patient))).toBe('PEER_UNREACHABLE');
  expect(await faultOf(client.bulk(peer, patient))).toBe('PEER_UNREACHABLE');
});

test('a server that sends bulk bytes without end is held back by its window', async () => {
  let sent = 0;
  const peer = await hostileServer((stream) => {
    const timer = setInterval(() => {
      if (stream.status !== 'open') clearInterval(timer);
      else if (!stream.writableNeedsDrain) {
        stream.send(new Uint8Array(50_000));
        sent += 50_000;
      }
    }, 0);
    later(() => clearInterval(timer));
  });
  const client = await startClient();
  const stream = await client.bulk(peer, patient);
  let before = -1;
  while (sent !== before) {
    before = sent;
    await nodeClock.sleep(150);
  }
  expect(sent).toBeGreaterThan(1_000_000);
  expect(sent).toBeLessThan(4_000_000);
  expect((await stream.read(900_000)).length).toBe(900_000);
  stream.abort();
});
