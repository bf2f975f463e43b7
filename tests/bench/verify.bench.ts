// Checking a whole ledger: places with nine receipts each, and entries of sealed objects. The nine hosters answer from
// memory, so that the wire costs nothing; what was verified goes to LevelDB, as the command does it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LedgerProcessors, type LedgerReport, ledgerWorkers, verifyLedger } from '@vauban/client';
import { checkedStore, concat, type Store } from '@vauban/core';
import { nodeClock, nodeRandom as random, openLevelStore } from '@vauban/core/node';
import {
  type Append,
  type CharterChain,
  cosign,
  counterMessage,
  heldRecord,
  makeCertificate,
  readHead,
  signHeads,
  type Voter,
} from '@vauban/ledger';
import {
  chainOf,
  cosignerOf,
  crypto,
  hosterName,
  NOW,
  sampleCharter,
} from '../../packages/ledger/test/sample-charter.ts';
import { deviceGenesis, Pen, placeOf } from '../../packages/ledger/test/samples.ts';
import type { Figure } from './network.bench.ts';

const HOSTERS = 9;
const PLACES = 4_000;
const OTHERS = 200_000;
/** Places before it counts, and twenty times as many other entries. */
const WARMING = 500;
/** Entries in one signed append of a busy writer. */
const BATCH = 50;
/** A sealed record of a few objects. */
const SEALED_BYTES = 400;
/** What a hoster hands out at once. */
const PAGE_BYTES = 524_288;

export async function bench(): Promise<Figure[]> {
  const charters = chainOf(sampleCharter(HOSTERS));
  const processors = ledgerWorkers();
  const places = (count: number) =>
    logsOf('places', 4, count, (nth) => placeOf(charters.current, { name: `segment ${nth}` }));
  const others = (count: number) =>
    logsOf('others', 10, count, () => ({ kind: 'objects', sealed: random.bytes(SEALED_BYTES) }));
  const ground = { charters, processors };
  // A second of a large ledger's check goes into starting workers and compiling: not of a small one's rate.
  await measured(ground, [...places(WARMING), ...others(20 * WARMING)]);
  const ofPlaces = await measured(ground, places(PLACES));
  const ofOthers = await measured(ground, others(OTHERS));
  await processors.close();
  return [
    {
      figure: 'ledger verify, places with nine receipts',
      value: PLACES / ofPlaces.seconds,
      unit: '/s',
      floor: 1_500,
    },
    {
      figure: 'ledger verify, processor time of a place',
      value: (1_000 * ofPlaces.cpuSeconds) / PLACES,
      unit: 'ms',
    },
    { figure: 'ledger verify, other entries', value: OTHERS / ofOthers.seconds, unit: '/s', floor: 50_000 },
    {
      figure: 'ledger verify, processor time of another entry',
      value: (1e6 * ofOthers.cpuSeconds) / OTHERS,
      unit: 'µs',
    },
    { figure: 'ledger verify again, nothing new', value: 1_000 * ofOthers.againSeconds, unit: 'ms' },
  ];
}

/** An append as hosters keep it: its records are bytes, and become objects when they are handed out. */
interface Kept extends Omit<Append, 'records'> {
  readonly bytes: Uint8Array;
  /** Where each entry, salt and payload ends. */
  readonly ends: readonly number[];
}

interface Log {
  readonly origin: string;
  readonly appends: readonly Kept[];
}

function kept({ records, ...append }: Append): Kept {
  const parts = records.map(heldRecord).flatMap(({ entry, salt, payload }) => [entry, salt, payload]);
  let at = 0;
  const ends = parts.map((part) => (at += part.length));
  return { ...append, bytes: concat(...parts), ends };
}

function handedOut({ bytes, ends, ...append }: Kept): Append {
  const part = (nth: number) => bytes.subarray(ends[nth - 1] ?? 0, ends[nth]);
  const records = Array.from({ length: ends.length / 3 }, (_, nth) => {
    return { entry: part(3 * nth), salt: part(3 * nth + 1), payload: part(3 * nth + 2) };
  });
  return { ...append, records };
}

function logsOf(
  name: string,
  logs: number,
  entries: number,
  payloadAt: (nth: number) => Parameters<Pen['write']>[0][number],
): Log[] {
  return Array.from({ length: logs }, (_, log) => {
    const device = `${name} ${log}`;
    const pen = new Pen(`device ${device}`);
    const appends = [kept(pen.write([deviceGenesis(device)]))];
    for (let nth = log; nth < entries; ) {
      const payloads = [];
      for (; payloads.length < BATCH && nth < entries; nth += logs) payloads.push(payloadAt(nth));
      appends.push(kept(pen.write(payloads)));
    }
    return { origin: pen.origin, appends };
  });
}

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly againSeconds: number;
}

interface Ground {
  readonly charters: CharterChain;
  readonly processors: LedgerProcessors;
}

async function measured(ground: Ground, logs: readonly Log[]): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), 'vauban-verify-bench-'));
  const level = await openLevelStore(directory, { writeBufferBytes: 64 << 20 });
  const memory = checkedStore(level, crypto);
  try {
    const voters = votersOf(ground.charters, logs);
    const before = process.cpuUsage();
    const seconds = await timed(ground, voters, memory);
    const { user, system } = process.cpuUsage(before);
    return {
      seconds,
      cpuSeconds: (user + system) / 1e6,
      againSeconds: await timed(ground, voters, memory),
    };
  } finally {
    await level.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function timed(ground: Ground, voters: readonly Voter[], memory: Store): Promise<number> {
  const start = performance.now();
  const report: LedgerReport = await verifyLedger({
    ...ground,
    crypto,
    clock: nodeClock,
    random,
    voters,
    scopes: [{ of: 'all' }],
    copies: 'heads',
    memory,
  });
  if (!report.ok) throw new Error(JSON.stringify(report.problems.slice(0, 3)));
  return (performance.now() - start) / 1_000;
}

/** Hosters that all hold the same, certified by seven of them. */
function votersOf(charters: CharterChain, logs: readonly Log[]): Voter[] {
  const { current } = charters;
  const names = Array.from({ length: HOSTERS }, (_, at) => hosterName(at + 1));
  const heads = logs.map(({ origin, appends }) => {
    const checkpoint = appends.at(-1)?.checkpoint ?? '';
    const head = readHead(checkpoint);
    const lines = names.map((name) => cosign(crypto, head, cosignerOf(name), NOW / 1_000));
    return { origin, size: head.size, checkpoint, certificate: makeCertificate(current, checkpoint, lines) };
  });
  return names.map((hoster): Voter => {
    const { seed } = cosignerOf(hoster);
    const answers: Pick<Voter, 'heads' | 'batches'> = {
      heads: async (nonce, scope) =>
        signHeads(
          crypto,
          {
            format: 'vauban/heads/0',
            charter: current.name,
            version: current.version,
            epoch: current.epoch,
            hoster,
            starting: false,
            nonce,
            scope,
            counter: 1,
            counterSignature: crypto.ed25519Sign(seed, counterMessage(hoster, current.epoch, 1)),
            yourCounter: null,
            heads,
            seals: [],
            forks: [],
            next: null,
            unready: [],
          },
          seed,
        ),
      batches: async (origin, from) => {
        const page: Append[] = [];
        let bytes = 0;
        for (const append of logs.find((one) => one.origin === origin)?.appends ?? []) {
          if (append.oldSize < from) continue;
          if (bytes > PAGE_BYTES) break;
          page.push(handedOut(append));
          bytes += append.bytes.length;
        }
        return page;
      },
    };
    return { hoster, ...answers } as Voter;
  });
}
