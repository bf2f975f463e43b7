// The ledger alone: nine hosters as processes, fsync on, writers over the wire. How many entries a second are certified,
// and how long one append takes when every message is under way for a while.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createNetwork, enactCharter, startNetwork, stopNetwork } from '@vauban/fleet';
import type { CharterChain } from '@vauban/ledger';
import { type BenchAgency, BenchWriter, listed, newAgency } from './bench-writer.ts';
import type { Figure } from './network.bench.ts';

const command = [
  process.execPath,
  fileURLToPath(new URL('../../packages/cli/bin/vauban.js', import.meta.url)),
];
/** Appends per measured latency: p99 is the second worst. */
const LATENCY_APPENDS = 150;
/**
 * Before it counts: hosters run for months, and these have just started to compile what they run. From here on an append
 * costs the same; what the first ones cost is a figure of its own.
 */
const WARMING_APPENDS = 3_500;
const FIRST_APPENDS = 500;
const THROUGHPUT_MS = 3_000;

export async function bench(): Promise<Figure[]> {
  const root = await mkdtemp(join(tmpdir(), 'vauban-ledger-bench-'));
  const network = join(root, 'network');
  try {
    await createNetwork(network, { sites: 9, k: 6, m: 3 });
    await startNetwork(network, { command });
    const agencies = Array.from({ length: 8 }, (_, nth) => newAgency(`agency-${nth}`));
    const chain = await enactCharter(network, (charter) => ({
      ...charter,
      agencies: agencies.map((one) =>
        listed(
          one,
          charter.policies.map(({ name }) => name),
        ),
      ),
    }));
    const ground = { root, chain, agencies };
    return [...(await latencies(ground)), ...(await throughputs(ground))];
  } finally {
    await stopNetwork(network);
    await rm(root, { recursive: true, force: true });
  }
}

interface Ground {
  readonly root: string;
  readonly chain: CharterChain;
  readonly agencies: readonly BenchAgency[];
}

async function latencies({ root, chain, agencies }: Ground): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const oneWayMs of [0, 10, 40]) {
    const directory = join(root, `latency-${oneWayMs}`);
    const agency = agencies[0] as BenchAgency;
    const writer = await BenchWriter.open({ chain, agency, directory, oneWayMs });
    if (oneWayMs === 0) {
      const first = await timed(writer, FIRST_APPENDS, oneWayMs);
      for (let nth = FIRST_APPENDS; nth < WARMING_APPENDS; nth++) await writer.append(1);
      figures.push({
        figure: `append of one entry, the first ${FIRST_APPENDS} of new processes, median`,
        value: first(0.5),
        unit: 'ms',
      });
    } else await writer.append(1);
    const at = await timed(writer, LATENCY_APPENDS, oneWayMs);
    await writer.close();
    const name = `append of one entry, ${oneWayMs} ms one way: beyond the round trip`;
    figures.push(
      { figure: `${name}, median`, value: at(0.5), unit: 'ms', floor: 10, aim: 5 },
      { figure: `${name}, p99`, value: at(0.99), unit: 'ms', floor: 40, aim: 20 },
    );
  }
  return figures;
}

/** Quantiles of what so many appends took beyond the round trip, in ms. */
async function timed(
  writer: BenchWriter,
  appends: number,
  oneWayMs: number,
): Promise<(part: number) => number> {
  const beyond: number[] = [];
  for (let nth = 0; nth < appends; nth++) {
    const start = performance.now();
    await writer.append(1);
    beyond.push(performance.now() - start - 2 * oneWayMs);
  }
  const sorted = beyond.toSorted((a, b) => a - b);
  return (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

async function throughputs({ root, chain, agencies }: Ground): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const writers of [1, 8]) {
    const opened = await Promise.all(
      agencies
        .slice(0, writers)
        .map((agency, nth) =>
          BenchWriter.open({ chain, agency, directory: join(root, `writers-${writers}-${nth}`) }),
        ),
    );
    for (const batch of [1, 10, 100, 1_000]) {
      const end = performance.now() + THROUGHPUT_MS;
      const start = performance.now();
      let entries = 0;
      await Promise.all(
        opened.map(async (writer) => {
          while (performance.now() < end) {
            await writer.append(batch);
            entries += batch;
          }
        }),
      );
      const perSecond = (entries * 1_000) / (performance.now() - start);
      const who = writers === 1 ? 'one writer' : `${writers} writers`;
      figures.push({
        figure: `certified entries, ${who}, batches of ${batch}`,
        value: perSecond,
        unit: '/s',
      });
    }
    await Promise.all(opened.map((writer) => writer.close()));
  }
  return figures;
}
