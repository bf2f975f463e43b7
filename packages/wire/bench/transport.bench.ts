// What the network costs on one machine, with real processes and sockets: bulk bytes to one and to nine peers, requests.
// Both ends share the processors, so CPU seconds say more about a real network than the throughput does.

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Network, Peer } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { libp2pNetwork } from '../src/adapters/libp2p-network.ts';

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly floor?: number;
  readonly aim?: number;
}

const GIB = 2 ** 30;
const call = { deadlineMs: 15_000 };

async function startPeer(): Promise<{ child: ChildProcess; peer: Peer }> {
  const child = fork(fileURLToPath(new URL('./transport-peer.ts', import.meta.url)));
  const peer = await new Promise<Peer>((resolve) => {
    child.once('message', (message) => resolve(message as Peer));
  });
  return { child, peer };
}

async function send(network: Network, to: { peer: Peer; bytes: number }): Promise<void> {
  const stream = await network.bulk(to.peer, call);
  const header = new Uint8Array(8);
  new DataView(header.buffer).setBigUint64(0, BigInt(to.bytes));
  await stream.write(header);
  const part = new Uint8Array(147_456);
  for (let left = to.bytes; left > 0; left -= Math.min(left, part.length)) {
    await stream.write(left < part.length ? part.subarray(0, left) : part);
  }
  await stream.read(1);
  await stream.closeWrite();
}

async function cpuSecondsOf(network: Network, peers: readonly Peer[]): Promise<number> {
  const answers = await Promise.all(peers.map((peer) => network.request(peer, new Uint8Array(0), call)));
  return answers.reduce((sum, answer) => sum + Number(new TextDecoder().decode(answer)) / 1e6, 0);
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function bulkFigures(network: Network, run: { peers: readonly Peer[]; bytes: number; name: string }) {
  const { peers, bytes, name } = run;
  const each = Math.floor(bytes / peers.length);
  // Once beforehand, so that compiling is not counted.
  await Promise.all(peers.map((peer) => send(network, { peer, bytes: Math.min(each, 32_000_000) })));
  const there = await cpuSecondsOf(network, peers);
  const here = ownCpuSeconds();
  const startedAt = performance.now();
  await Promise.all(peers.map((peer) => send(network, { peer, bytes: each })));
  const seconds = (performance.now() - startedAt) / 1_000;
  const sent = each * peers.length;
  const hereUsed = ownCpuSeconds() - here;
  const thereUsed = (await cpuSecondsOf(network, peers)) - there;
  return [
    { figure: `bulk ${name}`, value: sent / 1e6 / seconds, unit: 'MB/s', floor: 80, aim: 200 },
    { figure: `bulk ${name}, sender`, value: hereUsed / (sent / GIB), unit: 'CPU s/GiB' },
    { figure: `bulk ${name}, receivers`, value: thereUsed / (sent / GIB), unit: 'CPU s/GiB' },
  ];
}

async function requestFigure(
  network: Network,
  run: { peer: Peer; atOnce: number; count: number },
): Promise<Figure> {
  const { peer, atOnce, count } = run;
  const body = new Uint8Array(200);
  let left = count;
  const ask = async () => {
    while (left-- > 0) await network.request(peer, body, call);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: atOnce }, ask));
  const value = count / ((performance.now() - startedAt) / 1_000);
  return {
    figure: `requests of 200 bytes, ${atOnce} at once`,
    value,
    unit: '1/s',
    floor: atOnce === 1 ? 800 : 4_000,
  };
}

export async function bench(): Promise<Figure[]> {
  const seed = new Uint8Array(32);
  crypto.getRandomValues(seed);
  const network = libp2pNetwork({ transportSeed: seed, listen: [], clock: nodeClock });
  await network.start();
  const started = await Promise.all(Array.from({ length: 9 }, startPeer));
  const peers = started.map(({ peer }) => peer);
  const [first] = peers as [Peer];
  try {
    const figures: Figure[] = [
      ...(await bulkFigures(network, { peers: [first], bytes: 600_000_000, name: 'to one process' })),
      ...(await bulkFigures(network, { peers, bytes: 900_000_000, name: 'to nine processes' })),
    ];
    await requestFigure(network, { peer: first, atOnce: 64, count: 5_000 });
    figures.push(await requestFigure(network, { peer: first, atOnce: 1, count: 4_000 }));
    figures.push(await requestFigure(network, { peer: first, atOnce: 64, count: 20_000 }));
    return figures;
  } finally {
    await network.stop();
    for (const { child } of started) child.send('stop');
  }
}

if (import.meta.main) {
  for (const { figure, value, unit } of await bench()) console.log(`${figure}: ${value.toFixed(2)} ${unit}`);
}
