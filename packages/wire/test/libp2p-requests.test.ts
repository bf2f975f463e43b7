import { Fault, isFault, MESSAGE_BYTES_MAX, PEER_REQUESTS_MAX } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { describe, expect, test } from 'vitest';
import { libp2pNetwork, peerIdOfSeed } from '../src/adapters/libp2p-network.ts';
import {
  faultOf,
  freshSeed,
  gate,
  peerOf,
  portOf,
  startClient,
  startNetwork,
  startProxy,
  until,
} from './libp2p-fixture.ts';

const patient = { deadlineMs: 10_000 };

describe('identity', () => {
  test('the peer id of a seed is the one libp2p derives, in text form', () => {
    // The well-known identity multihash of an Ed25519 key: always this long, always with this beginning.
    expect(peerIdOfSeed(new Uint8Array(32))).toMatch(/^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/);
    expect(peerIdOfSeed(new Uint8Array(32).fill(1))).not.toBe(peerIdOfSeed(new Uint8Array(32)));
  });

  test('the answering side sees the peer id that the seed gives', async () => {
    const seed = freshSeed();
    const server = await startNetwork({
      handler: { request: async (from) => new TextEncoder().encode(from) },
    });
    const client = await startNetwork({ seed, listen: [] });
    const answer = await client.request(peerOf(server), new Uint8Array(0), patient);
    expect(new TextDecoder().decode(answer)).toBe(peerIdOfSeed(seed));
    expect(client.self).toBe(peerIdOfSeed(seed));
    expect(client.addresses).toEqual([]);
  });

  test('another peer at the address is not spoken to', async () => {
    const server = await startNetwork();
    const client = await startClient();
    const impostor = { peer: peerIdOfSeed(freshSeed()), addresses: [`/ip4/127.0.0.1/tcp/${portOf(server)}`] };
    expect(await faultOf(client.request(impostor, new Uint8Array(1), patient))).toBe('PEER_UNREACHABLE');
  });
});

describe('requests', () => {
  test('answers find their requests, also when they overtake each other', async () => {
    const server = await startNetwork({
      handler: {
        request: async (_from, body) => {
          await nodeClock.sleep((body[0] as number) % 7);
          return body;
        },
      },
    });
    const client = await startClient();
    const bodies = Array.from(
      { length: 300 },
      (_, index) => new Uint8Array([index % 251, index >> 8, index & 255]),
    );
    const answers = await Promise.all(bodies.map((body) => client.request(peerOf(server), body, patient)));
    expect(answers).toEqual(bodies);
  });

  test('empty and largest bodies pass', async () => {
    const server = await startNetwork();
    const client = await startClient();
    const large = new Uint8Array(MESSAGE_BYTES_MAX).map((_, index) => index % 253);
    expect(await client.request(peerOf(server), new Uint8Array(0), patient)).toEqual(new Uint8Array(0));
    const answer = await client.request(peerOf(server), large, patient);
    expect(Buffer.compare(answer, large)).toBe(0);
    await expect(
      client.request(peerOf(server), new Uint8Array(MESSAGE_BYTES_MAX + 1), patient),
    ).rejects.toThrow('exceeds');
  });

  test('requests that come while no connection exists share one dial', async () => {
    const server = await startNetwork();
    const proxy = await startProxy(portOf(server));
    const client = await startClient();
    const peer = { peer: server.self, addresses: [`/ip4/127.0.0.1/tcp/${proxy.port}`] };
    await Promise.all(Array.from({ length: 20 }, () => client.request(peer, new Uint8Array(1), patient)));
    expect(proxy.count).toBe(1);
  });

  test('both sides may ask over one connection, also a side without addresses', async () => {
    const server = await startNetwork();
    const client = await startClient({ handler: { request: async () => new Uint8Array([42]) } });
    await client.request(peerOf(server), new Uint8Array(1), patient);
    const answer = await server.request({ peer: client.self, addresses: [] }, new Uint8Array(1), patient);
    expect(answer).toEqual(new Uint8Array([42]));
  });

  test('no more than the limit is served at once, and all are served in the end', async () => {
    let running = 0;
    let most = 0;
    const all = gate();
    const server = await startNetwork({
      handler: {
        request: async (_from, body) => {
          running += 1;
          most = Math.max(most, running);
          await all.opened;
          running -= 1;
          return body;
        },
      },
    });
    const client = await startClient();
    const asked = Array.from({ length: 3 * PEER_REQUESTS_MAX }, (_, index) =>
      client.request(peerOf(server), new Uint8Array([index]), patient),
    );
    await until(() => running === PEER_REQUESTS_MAX);
    await nodeClock.sleep(50);
    expect(running).toBe(PEER_REQUESTS_MAX);
    all.open();
    expect((await Promise.all(asked)).map((answer) => answer[0])).toEqual(asked.map((_, index) => index));
    expect(most).toBe(PEER_REQUESTS_MAX);
  });

  test('traffic counts at least the bodies, and the same on both sides', async () => {
    const server = await startNetwork();
    const client = await startClient();
    await client.request(peerOf(server), new Uint8Array(100_000), patient);
    expect(client.traffic.sentBytes).toBeGreaterThan(100_000);
    expect(client.traffic.sentBytes).toBeLessThan(110_000);
    expect(client.traffic.receivedBytes).toBeGreaterThan(100_000);
    await client.stop();
    await until(() => server.traffic.receivedBytes >= client.traffic.sentBytes);
    expect(server.traffic.receivedBytes).toBe(client.traffic.sentBytes);
  });
});

describe('failures', () => {
  test('a refused dial is PEER_UNREACHABLE, and names the peer and the reason', async () => {
    const gone = await startNetwork();
    const peer = peerOf(gone);
    await gone.stop();
    const client = await startClient();
    const error = await client.request(peer, new Uint8Array(1), patient).catch((fault) => fault);
    expect(isFault(error, 'PEER_UNREACHABLE')).toBe(true);
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.facts.peer).toBe(peer.peer);
    expect(await faultOf(client.bulk(peer, patient))).toBe('PEER_UNREACHABLE');
  });

  test('the next address is tried when one refuses; nonsense addresses and none at all are faults', async () => {
    const server = await startNetwork();
    const client = await startClient();
    const addresses = ['/ip4/127.0.0.1/tcp/1', ...server.addresses];
    await client.request({ peer: server.self, addresses }, new Uint8Array(1), patient);
    const other = peerIdOfSeed(freshSeed());
    for (const bad of [['nonsense'], [], ['/ip4/127.0.0.1/udp/1']]) {
      expect(await faultOf(client.request({ peer: other, addresses: bad }, new Uint8Array(1), patient))).toBe(
        'PEER_UNREACHABLE',
      );
    }
    expect(await faultOf(client.request({ peer: 'nobody', addresses: [] }, new Uint8Array(1), patient))).toBe(
      'PEER_UNREACHABLE',
    );
  });

  test('a slow handler costs its caller a DEADLINE and nobody else anything', async () => {
    const slow = gate();
    const server = await startNetwork({
      handler: {
        request: async (_from, body) => {
          if (body[0] === 1) await slow.opened;
          return body;
        },
      },
    });
    const proxy = await startProxy(portOf(server));
    const client = await startClient();
    const peer = { peer: server.self, addresses: [`/ip4/127.0.0.1/tcp/${proxy.port}`] };
    await client.request(peer, new Uint8Array([0]), patient);
    const late = faultOf(client.request(peer, new Uint8Array([1]), { deadlineMs: 60 }));
    await client.request(peer, new Uint8Array([2]), patient);
    expect(await late).toBe('DEADLINE');
    slow.open();
    expect(await client.request(peer, new Uint8Array([3]), patient)).toEqual(new Uint8Array([3]));
    expect(proxy.count).toBe(1);
  });

  test('a connection from which nothing comes is given up with the deadline, and the next request dials anew', async () => {
    const server = await startNetwork();
    const proxy = await startProxy(portOf(server));
    const client = await startClient();
    const peer = { peer: server.self, addresses: [`/ip4/127.0.0.1/tcp/${proxy.port}`] };
    await client.request(peer, new Uint8Array(1), patient);
    proxy.freeze();
    expect(await faultOf(client.request(peer, new Uint8Array(1), { deadlineMs: 80 }))).toBe('DEADLINE');
    await client.request(peer, new Uint8Array(1), patient);
    proxy.freeze();
    expect(await faultOf(client.bulk(peer, { deadlineMs: 80 }))).toBe('DEADLINE');
    await client.request(peer, new Uint8Array(1), patient);
    expect(proxy.count).toBe(3);
  });

  test('a dial that hangs ends with the deadline of its call', async () => {
    const silent = await startProxy(1);
    const client = await startClient();
    const server = await startNetwork();
    const proxy = await startProxy(portOf(server));
    const peer = { peer: server.self, addresses: [`/ip4/127.0.0.1/tcp/${proxy.port}`] };
    const hanging = client.request(peer, new Uint8Array(1), { deadlineMs: 100 });
    const freezing = setInterval(() => proxy.freeze(), 0);
    const code = await faultOf(hanging);
    clearInterval(freezing);
    expect(code).toBe('DEADLINE');
    expect(
      await faultOf(
        client.request(
          { peer: server.self, addresses: [`/ip4/127.0.0.1/tcp/${silent.port}`] },
          new Uint8Array(1),
          patient,
        ),
      ),
    ).toBe('PEER_UNREACHABLE');
  });

  test('an abort signal ends the wait with its reason, before and during', async () => {
    const server = await startNetwork({ handler: { request: () => new Promise(() => undefined) } });
    const client = await startClient();
    const reason = new Error('enough');
    await expect(
      client.request(peerOf(server), new Uint8Array(1), { ...patient, signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const controller = new AbortController();
    const asked = client.request(peerOf(server), new Uint8Array(1), {
      ...patient,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 50);
    await expect(asked).rejects.toBe(reason);
  });

  test('a peer that restarts with its identity and address is reached again', async () => {
    const seed = freshSeed();
    const first = await startNetwork({ seed });
    const listen = [`/ip4/127.0.0.1/tcp/${portOf(first)}`];
    const client = await startClient();
    const peer = peerOf(first);
    await client.request(peer, new Uint8Array(1), patient);
    const cut = faultOf(client.request(peer, new Uint8Array(1), patient));
    await first.stop();
    expect(['PEER_UNREACHABLE', 'no fault']).toContain(await cut);
    expect(await faultOf(client.request(peer, new Uint8Array(1), patient))).toBe('PEER_UNREACHABLE');
    const second = await startNetwork({ seed, listen });
    expect(second.self).toBe(peer.peer);
    expect(await client.request(peer, new Uint8Array([5]), patient)).toEqual(new Uint8Array([5]));
  });

  test('a handler that rejects costs the connection; everything in flight on it is PEER_UNREACHABLE', async () => {
    const never = new Promise<Uint8Array>(() => undefined);
    const closed: string[] = [];
    const server = await startNetwork({
      handler: {
        request: async (_from, body) => {
          if (body[0] === 1)
            throw new Fault('unreachable', 'STREAM_ENDED', 'whatever the handler met elsewhere');
          return body[0] === 2 ? never : body;
        },
        closed: (from) => closed.push(from),
      },
    });
    const client = await startClient();
    await client.request(peerOf(server), new Uint8Array([0]), patient);
    const asked = [2, 2, 1].map((byte) =>
      faultOf(client.request(peerOf(server), new Uint8Array([byte]), patient)),
    );
    expect(await Promise.all(asked)).toEqual(['PEER_UNREACHABLE', 'PEER_UNREACHABLE', 'PEER_UNREACHABLE']);
    await until(() => closed.length === 1);
    expect(closed).toEqual([client.self]);
    expect(server.counts.droppedConnections).toBe(1);
    expect(await client.request(peerOf(server), new Uint8Array([7]), patient)).toEqual(new Uint8Array([7]));
  });
});

describe('life cycle', () => {
  test('stopping fails what is in flight, tells the other side, and a second stop is harmless', async () => {
    const closed: string[] = [];
    const server = await startNetwork({
      handler: { request: () => new Promise(() => undefined), closed: (from) => closed.push(from) },
    });
    const client = await startClient();
    const asked = faultOf(client.request(peerOf(server), new Uint8Array(1), patient));
    await until(() => server.traffic.receivedBytes > 500);
    await client.stop();
    expect(await asked).toBe('PEER_UNREACHABLE');
    await until(() => closed.length === 1);
    await client.stop();
    expect(await faultOf(client.request(peerOf(server), new Uint8Array(1), patient))).toBe(
      'PEER_UNREACHABLE',
    );
  });

  test('a port in use is LISTEN_FAILED', async () => {
    const server = await startNetwork();
    const listen = [`/ip4/127.0.0.1/tcp/${portOf(server)}`];
    const second = libp2pNetwork({ transportSeed: freshSeed(), listen, clock: nodeClock });
    expect(await faultOf(second.start())).toBe('LISTEN_FAILED');
  });

  test('a network may be started again', async () => {
    const network = await startNetwork();
    await network.stop();
    await network.start();
    const client = await startClient();
    expect(await client.request(peerOf(network), new Uint8Array(1), patient)).toBeInstanceOf(Uint8Array);
  });
});

test('a small request is one message each way: no window is granted for it', async () => {
  const server = await startNetwork({ handler: { request: async (_from, body) => body } });
  const client = await startClient();
  const body = new Uint8Array(100);
  await client.request(peerOf(server), body, patient);
  const before = client.traffic;
  for (let nth = 0; nth < 100; nth++) await client.request(peerOf(server), body, patient);
  const sent = (client.traffic.sentBytes - before.sentBytes) / 100;
  // Frame 8, muxer 12, encryption 18; granting the window after each answer would cost 30 more.
  expect(sent).toBeLessThan(body.length + 50);
  // Many times the window: what is used up is granted again.
  const large = new Uint8Array(200_000);
  for (let nth = 0; nth < 10; nth++)
    expect((await client.request(peerOf(server), large, patient)).length).toBe(large.length);
});
