// What the tests of the libp2p network share: started networks that are stopped again, and a TCP proxy that can freeze.

import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import type { Clock, Network, NetworkHandler, Peer } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { afterEach } from 'vitest';
import { libp2pNetwork } from '../src/adapters/libp2p-network.ts';

const cleanups: (() => Promise<void> | void)[] = [];
let seeds = 0;

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

export function later(cleanup: () => Promise<void> | void): void {
  cleanups.push(cleanup);
}

export function freshSeed(): Uint8Array {
  seeds += 1;
  const seed = new Uint8Array(32);
  crypto.getRandomValues(seed);
  return seed;
}

const echo: NetworkHandler = {
  request: async (_from, body) => body,
  bulk: async (_from, stream) => {
    const header = await stream.read(4);
    const length = new DataView(header.buffer).getUint32(0);
    for (let left = length; left > 0; ) {
      const part = await stream.read(Math.min(left, 100_000));
      await stream.write(part);
      left -= part.length;
    }
  },
  closed: () => undefined,
};

export type TestNetwork = ReturnType<typeof libp2pNetwork>;

export async function startNetwork(
  options: {
    handler?: Partial<NetworkHandler>;
    listen?: readonly string[];
    clock?: Clock;
    seed?: Uint8Array;
  } = {},
): Promise<TestNetwork> {
  const network = libp2pNetwork({
    transportSeed: options.seed ?? freshSeed(),
    listen: options.listen ?? ['/ip4/127.0.0.1/tcp/0'],
    clock: options.clock ?? nodeClock,
  });
  network.serve({ ...echo, ...options.handler });
  await network.start();
  later(() => network.stop());
  return network;
}

export function startClient(
  options: { clock?: Clock; handler?: Partial<NetworkHandler> } = {},
): Promise<TestNetwork> {
  return startNetwork({ listen: [], ...options });
}

export function peerOf(network: Network): Peer {
  return { peer: network.self, addresses: network.addresses };
}

export function portOf(network: Network): number {
  return Number(/\/tcp\/(\d+)/.exec(network.addresses[0] ?? '')?.[1]);
}

/** Time that runs `factor` times faster: every deadline is a real timer, only shorter. */
export function fastClock(factor: number): Clock {
  return {
    now: () => nodeClock.now(),
    monotonic: () => nodeClock.monotonic() * factor,
    sleep: (ms, signal) => nodeClock.sleep(ms / factor, signal),
    after: (ms, call) => nodeClock.after(ms / factor, call),
  };
}

export interface Proxy {
  readonly port: number;
  /** Connections taken so far. */
  readonly count: number;
  /** The connections open now stop forwarding, without being closed; later ones work. */
  freeze(): void;
}

export async function startProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let pairs: [Socket, Socket][] = [];
  let count = 0;
  const server = createServer((inside) => {
    count += 1;
    const outside = connect(targetPort, '127.0.0.1');
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    inside.pipe(outside);
    outside.pipe(inside);
    pairs.push([inside, outside]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    get count() {
      return count;
    },
    freeze: () => {
      for (const [inside, outside] of pairs) {
        inside.unpipe();
        outside.unpipe();
      }
      pairs = [];
    },
  };
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nodeClock.sleep(5);
}

export async function faultOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no fault';
}

export function gate(): { readonly open: () => void; readonly opened: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: resolve, opened: promise };
}
