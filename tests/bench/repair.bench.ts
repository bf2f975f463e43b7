// A lost site: what its repair costs on the wire, how fast the margin returns, and whether the time it is said to take is
// right. Nine daemons and one agency on this machine, 6 + 3, fsync on; clay, then rs with the same bytes. The estimate is judged
// twice: with daemons that are bound by their own limits, as on machines of their own, and with all of them as fast as they
// can on the processor they share, where whoever is done leaves it to the others.

import { randomFillSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CodeName } from '@vauban/core';
import {
  burnSite,
  createNetwork,
  daemonPlaces,
  declareSiteLost,
  healingOf,
  OperatorDesk,
  startNetwork,
  stopNetwork,
} from '@vauban/fleet';
import { bytesInWords } from '@vauban/daemon';
import { metricOf } from '../support/admin.ts';
import { AgencyProcess } from './agency.ts';
import type { Figure } from './network.bench.ts';

const SITES = 9;
const K = 6;
const FILE_BYTES = 512 << 20;
const FILES = 2;
/** What a daemon may write by repair: together less than the machine can do. */
const OWN_LIMIT = 1_500_000;
const POLL_MS = 500;
/** Estimates count from when this part is done; before, little is known of the speed. */
const ESTIMATE_FROM = 0.2;
const ESTIMATE_TO = 0.8;
const command = [
  process.execPath,
  fileURLToPath(new URL('../../packages/cli/bin/vauban.js', import.meta.url)),
];

export async function bench(): Promise<Figure[]> {
  const clay = await repairOf('clay');
  const rs = await repairOf('rs');
  const limited = await repairOf('clay', OWN_LIMIT);
  return [
    {
      figure: 'repair of one site, clay 6+3: wire bytes per lost byte',
      value: clay.ratio,
      unit: 'B/B',
      floor: 2.72,
      aim: 2.4,
    },
    { figure: 'the same, rs 6+3', value: rs.ratio, unit: 'B/B' },
    { figure: 'rebuilt bytes a second, clay', value: clay.bytesPerSecond / 1e6, unit: 'MB/s' },
    { figure: 'rebuilt bytes a second, rs', value: rs.bytesPerSecond / 1e6, unit: 'MB/s' },
    {
      figure: 'estimate of the time left off by, each daemon at its own limit',
      value: limited.estimateOff,
      unit: '%',
      floor: 30,
      aim: 10,
    },
    { figure: 'the same, all on one processor', value: clay.estimateOff, unit: '%' },
  ];
}

interface Repaired {
  readonly ratio: number;
  readonly bytesPerSecond: number;
  /** Of all estimates between a fifth and four fifths: the median of how far they were off, in percent of the time left. */
  readonly estimateOff: number;
}

async function repairOf(code: CodeName, bytesPerSecond?: number): Promise<Repaired> {
  const root = await mkdtemp(join(tmpdir(), 'vauban-bench-'));
  const network = join(root, 'network');
  try {
    const { daemons } = await createNetwork(network, { sites: SITES, k: K, m: SITES - K, code });
    if (bytesPerSecond !== undefined) await limitRepair(network, bytesPerSecond);
    await startNetwork(network, { command });
    const agency = await AgencyProcess.start(network, join(root, 'vault'));
    for (let nth = 0; nth < FILES; nth++) {
      const source = join(root, `file-${nth}`);
      await writeFile(source, randomFillSync(Buffer.alloc(FILE_BYTES)));
      await agency.ask({ verb: 'put', source, path: `file-${nth}` });
    }
    await agency.end();
    return await burn(network, daemons[0]?.site as string);
  } finally {
    await stopNetwork(network);
    await rm(root, { recursive: true, force: true });
  }
}

async function burn(network: string, site: string): Promise<Repaired> {
  const places = await daemonPlaces(network);
  const burnt = places.find(({ facts }) => facts.site.id === site) as (typeof places)[number];
  const others = places.filter((place) => place !== burnt);
  const lost = await fragmentBytesIn(burnt.data);
  const desk = await OperatorDesk.open(network);
  try {
    await burnSite(network, site);
    const sent = async () => {
      const all = await Promise.all(others.map((one) => metricOf(one, 'vauban_network_sent_bytes_total')));
      return all.reduce((sum, one) => sum + one, 0);
    };
    const sentBefore = await sent();
    await declareSiteLost(desk, site);
    const startedAt = performance.now();
    const seen: { readonly at: number; readonly doneBytes: number; readonly etaSeconds: number | null }[] =
      [];
    for (;;) {
      const { doneBytes, etaSeconds } = await healingOf(desk);
      seen.push({ at: performance.now(), doneBytes, etaSeconds });
      if (doneBytes >= lost.bytes) break;
      if (performance.now() - startedAt > 600_000) throw new Error('repair did not end');
      await sleep(POLL_MS);
    }
    const endedAt = performance.now();
    const begun = seen.find(({ doneBytes }) => doneBytes > 0) ?? seen[0];
    const off = seen
      .filter(({ doneBytes, etaSeconds }) => {
        const part = doneBytes / lost.bytes;
        return etaSeconds !== null && part >= ESTIMATE_FROM && part <= ESTIMATE_TO;
      })
      .map(({ at, etaSeconds }) => {
        const left = (endedAt - at) / 1_000;
        return (100 * Math.abs((etaSeconds as number) - left)) / left;
      })
      .sort((a, b) => a - b);
    return {
      ratio: ((await sent()) - sentBefore) / lost.bytes,
      bytesPerSecond: (1_000 * (lost.bytes - (begun?.doneBytes ?? 0))) / (endedAt - (begun?.at ?? startedAt)),
      estimateOff: off[Math.floor(off.length / 2)] ?? Number.NaN,
    };
  } finally {
    await desk.close();
  }
}

async function limitRepair(network: string, bytesPerSecond: number): Promise<void> {
  for (const { config } of await daemonPlaces(network)) {
    const text = await readFile(config, 'utf8');
    const limited = text.replace(/^disk = .*$/m, `disk = "${bytesInWords(bytesPerSecond)}"`);
    if (limited === text) throw new Error(`${config} has no line for the disk's rate`);
    await writeFile(config, limited);
  }
}

/** Fragment bytes on a disk: the files less their leaf hashes and trailers (daemon SPEC). */
async function fragmentBytesIn(data: string): Promise<{ readonly bytes: number }> {
  let bytes = 0;
  for (const name of await readdir(join(data, 'fragments'), { recursive: true })) {
    if (!/[0-9a-f]{64}-[0-9]+$/.test(name)) continue;
    const both = (await stat(join(data, 'fragments', name))).size - 224;
    bytes += both - 32 * Math.ceil(both / (16_384 + 32));
  }
  return { bytes };
}
