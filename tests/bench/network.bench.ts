// The main figures: nine daemons and one agency on this machine, 6 + 3, fsync on, after a warm-up. Medians of RUNS.

import { randomFillSync } from 'node:crypto';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  allocatedBytes,
  burnSite,
  createNetwork,
  networkStatus,
  startNetwork,
  stopNetwork,
} from '@vauban/fleet';
import { AgencyProcess, cpuSecondsOf, peakBytesOf } from './agency.ts';
import type { Took } from './agency-process.ts';

const RUNS = 3;
const MIB = 1 << 20;
const GIB = 1 << 30;
const LARGE_BYTES = 512 * MIB;
const WARM_UP_BYTES = 256 * MIB;
const SMALL_FILES = 10_000;
const SMALL_BYTES = 4_096;
const command = [
  process.execPath,
  fileURLToPath(new URL('../../packages/cli/bin/vauban.js', import.meta.url)),
];

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly floor?: number;
  readonly aim?: number;
}

export async function bench(): Promise<Figure[]> {
  const root = await mkdtemp(join(tmpdir(), 'vauban-bench-'));
  const network = join(root, 'network');
  try {
    const { daemons } = await createNetwork(network, { sites: 9, k: 6, m: 3 });
    await startNetwork(network, { command });
    const agency = await AgencyProcess.start(network, join(root, 'vault'));
    try {
      return await measure({ root, network, agency, sites: daemons.map(({ site }) => site) });
    } finally {
      await agency.end();
    }
  } finally {
    await stopNetwork(network);
    await rm(root, { recursive: true, force: true });
  }
}

interface Ground {
  readonly root: string;
  readonly network: string;
  readonly agency: AgencyProcess;
  readonly sites: readonly string[];
}

async function measure(ground: Ground): Promise<Figure[]> {
  const { root, network, agency, sites } = ground;
  const pids = (await networkStatus(network)).daemons.flatMap(({ pid }) => (pid === null ? [] : [pid]));
  const large = join(root, 'large');
  await randomFile(large, WARM_UP_BYTES);
  await agency.ask({ verb: 'put', source: large, path: 'warm-up' });
  await agency.ask({ verb: 'get', path: 'warm-up', out: join(root, 'warm-up') });
  await rm(join(root, 'warm-up'));

  const puts: (Took & { readonly storedBytes: number; readonly daemonCpu: number })[] = [];
  const gets: (Took & { readonly daemonCpu: number })[] = [];
  for (let run = 0; run < RUNS; run++) {
    await randomFile(large, LARGE_BYTES);
    const stored = await allocatedBytes(network);
    const cpu = await cpuOf(pids);
    const took = await agency.ask({ verb: 'put', source: large, path: `large-${run}` });
    const daemonCpu = (await cpuOf(pids)) - cpu;
    puts.push({ ...took, storedBytes: (await allocatedBytes(network)) - stored, daemonCpu });
    gets.push(await timedGet(ground, `large-${run}`, pids));
  }
  const tree = await smallTree(root);
  const before = await allocatedBytes(network);
  const small = await agency.ask({ verb: 'put', source: tree, path: 'small' });
  const smallStored = (await allocatedBytes(network)) - before;
  const smallGot = await agency.ask({ verb: 'get', path: 'small', out: join(root, 'small-back') });
  const stopped = await slowedByStop(ground, pids[1] as number);
  const daemonPeak = Math.max(...(await Promise.all(pids.map(peakBytesOf))));

  for (const site of sites.slice(0, 3)) await burnSite(network, site);
  const degraded: Took[] = [];
  const left = (await networkStatus(network)).daemons.flatMap(({ pid }) => (pid === null ? [] : [pid]));
  for (let run = 0; run < RUNS; run++) degraded.push(await timedGet(ground, `large-${run}`, left));

  const rate = (runs: readonly Took[]) => median(runs.map(({ bytes, seconds }) => bytes / 1e6 / seconds));
  const perGib = (runs: readonly (Took & { daemonCpu: number })[]) =>
    median(runs.map(({ bytes, cpuSeconds, daemonCpu }) => ((cpuSeconds + daemonCpu) * GIB) / bytes));
  const peakOf = (runs: readonly Took[]) => Math.max(...runs.map(({ peakBytes }) => peakBytes)) / 1e6;
  return [
    { figure: 'put 512 MiB', value: rate(puts), unit: 'MB/s', floor: 60, aim: 75 },
    { figure: 'get 512 MiB', value: rate(gets), unit: 'MB/s', floor: 120, aim: 170 },
    { figure: 'get 512 MiB, three sites burnt', value: rate(degraded), unit: 'MB/s', floor: 90, aim: 130 },
    {
      figure: 'get with one daemon stopped in the middle, time against healthy',
      value: stopped,
      unit: '×',
      floor: 2,
      aim: 1.3,
    },
    {
      figure: 'client peak memory, 512 MiB files',
      value: peakOf([...puts, ...gets]),
      unit: 'MB',
      floor: 400,
      aim: 300,
    },
    { figure: 'client peak memory, then 10,000 small files', value: peakOf([small, smallGot]), unit: 'MB' },
    { figure: 'daemon peak memory', value: daemonPeak / 1e6, unit: 'MB', floor: 250, aim: 150 },
    {
      figure: 'stored / user bytes, 512 MiB file',
      value: median(puts.map(({ storedBytes, bytes }) => storedBytes / bytes)),
      unit: '×',
      floor: 1.52,
      aim: 1.505,
    },
    { figure: '10,000 files of 4 KiB, put', value: small.seconds, unit: 's', floor: 20, aim: 5 },
    {
      figure: '10,000 files of 4 KiB, stored / user bytes',
      value: smallStored / small.bytes,
      unit: '×',
      floor: 2,
      aim: 1.6,
    },
    { figure: '10,000 files of 4 KiB, get', value: smallGot.seconds, unit: 's' },
    { figure: 'CPU per GiB put, client and all daemons', value: perGib(puts), unit: 's' },
    { figure: 'CPU per GiB got, client and all daemons', value: perGib(gets), unit: 's' },
  ];
}

/** Time of a get in whose first third one daemon is stopped (not killed), over the median of healthy ones around it. */
async function slowedByStop(ground: Ground, pid: number): Promise<number> {
  const out = join(ground.root, 'back');
  const get = async (): Promise<number> => {
    const { seconds } = await ground.agency.ask({ verb: 'get', path: 'large-0', out });
    await rm(out);
    return seconds;
  };
  const healthy = [await get(), await get(), await get()];
  const timer = setTimeout(() => process.kill(pid, 'SIGSTOP'), (median(healthy) * 1_000) / 3);
  try {
    return (await get()) / median(healthy);
  } finally {
    clearTimeout(timer);
    process.kill(pid, 'SIGCONT');
  }
}

async function timedGet(ground: Ground, path: string, pids: readonly number[]) {
  const out = join(ground.root, 'back');
  const cpu = await cpuOf(pids);
  const took = await ground.agency.ask({ verb: 'get', path, out });
  const daemonCpu = (await cpuOf(pids)) - cpu;
  await rm(out);
  return { ...took, daemonCpu };
}

async function cpuOf(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(cpuSecondsOf));
  return each.reduce((sum, one) => sum + one, 0);
}

async function randomFile(path: string, bytes: number): Promise<void> {
  const part = Buffer.alloc(8 * MIB);
  const file = await open(path, 'w');
  for (let done = 0; done < bytes; done += part.length) await file.write(randomFillSync(part));
  await file.close();
}

async function smallTree(root: string): Promise<string> {
  const tree = join(root, 'small');
  for (let nth = 0; nth < SMALL_FILES; nth++) {
    const directory = join(tree, String(nth % 100).padStart(2, '0'));
    if (nth < 100) await mkdir(directory, { recursive: true });
    await writeFile(join(directory, `file-${nth}`), randomFillSync(Buffer.alloc(SMALL_BYTES)));
  }
  return tree;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
