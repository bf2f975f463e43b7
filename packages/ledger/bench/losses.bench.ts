// What was lost with a daemon, out of a million segments on nine holders each, on LevelDB: listing it has to cost what was
// lost, not all there is. Rows only, without the entries they come from; VAUBAN_BENCH_SEGMENTS makes it smaller.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { concat, encodeCbor, type Store, type StoreOperation, toHex, u32be, utf8 } from '@vauban/core';
import { nodeRandom, openLevelStore } from '@vauban/core/node';
import { claimKey, placedSegments, segmentsHeldBy } from '../src/index.ts';
import { hintRow } from '../src/holder-index.ts';
import { allocatedBytes, ledgerOf } from './mirror.ts';

const SEGMENTS = Number(process.env['VAUBAN_BENCH_SEGMENTS'] ?? 1_000_000);
const HOLDERS = 9;
/** Daemons that hold the rest. */
const OTHERS = 20;
const ROWS_AT_ONCE = 20_000;
const RUNS = 5;
const MIB = 1 << 20;

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly floor?: number;
  readonly aim?: number;
}

/** A daemon, and whether it was named for the nth segment. */
interface Daemon {
  readonly id: Uint8Array;
  readonly holds: (nth: number) => boolean;
}

export async function bench(): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), 'vauban-bench-losses-'));
  try {
    const small = newDaemon((nth) => nth % 100 === 0);
    const large = newDaemon((nth) => nth % 10 === 0);
    const others = Array.from({ length: OTHERS }, (_, at) =>
      newDaemon((nth) => (at + nth) % OTHERS < HOLDERS),
    );
    const level = await openLevelStore(directory, { writeBufferBytes: 64 * MIB });
    await fill(ledgerOf(level), [small, large, ...others]);
    await level.close();

    const opened = await openLevelStore(directory);
    const store = ledgerOf(opened);
    const few = await listing(store, small);
    const many = await listing(store, large);
    const all = await timed(() => countOf(placedSegments(store)));
    await opened.close();
    if (few.count !== SEGMENTS / 100 || many.count !== SEGMENTS / 10 || all.count !== SEGMENTS)
      throw new Error(`listed ${few.count}, ${many.count}, ${all.count}`);
    return [
      { figure: `listing ${few.count} lost of ${SEGMENTS}`, value: few.ms, unit: 'ms', floor: 500, aim: 100 },
      { figure: `listing ${many.count} of them`, value: many.ms, unit: 'ms', floor: 5_000, aim: 1_000 },
      {
        figure: 'ten times the losses: so many times as long',
        value: many.ms / few.ms,
        unit: '',
        floor: 20,
        aim: 11,
      },
      { figure: 'walking all there are, for comparison', value: all.ms, unit: 'ms' },
      {
        figure: 'disk for a segment’s rows',
        value: (await allocatedBytes(directory)) / SEGMENTS,
        unit: 'bytes',
      },
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function newDaemon(holds: Daemon['holds']): Daemon {
  return { id: nodeRandom.bytes(16), holds };
}

/** Ids spread evenly and ascending: rows written in their own order load fast. */
function segmentAt(nth: number): Uint8Array {
  const id = new Uint8Array(32).fill(7);
  id.set(u32be(Math.floor((nth * 2 ** 32) / SEGMENTS)));
  return id;
}

async function fill(store: Store, daemons: readonly Daemon[]): Promise<void> {
  let rows: StoreOperation[] = [];
  const put = async (row: StoreOperation) => {
    rows.push(row);
    if (rows.length < ROWS_AT_ONCE) return;
    await store.batch(rows, { sync: false });
    rows = [];
  };
  const ordered = daemons.toSorted((a, b) => (toHex(a.id) < toHex(b.id) ? -1 : 1));
  for (const { id, holds } of ordered) {
    for (let nth = 0; nth < SEGMENTS; nth++) if (holds(nth)) await put(hintRow(id, segmentAt(nth)));
  }
  const origin = `grand-est/${'ab'.repeat(32)}`;
  const policy = encodeCbor('standard');
  for (let nth = 0; nth < SEGMENTS; nth++) {
    const by = claimKey({ origin, index: nth });
    await put({ put: concat(utf8('S/'), segmentAt(nth), utf8('p'), by), value: policy });
  }
  await store.batch(rows, { sync: true });
}

interface Timed {
  readonly ms: number;
  readonly count: number;
}

/** The median of several. */
async function listing(store: Store, { id }: Daemon): Promise<Timed> {
  const runs: Timed[] = [];
  for (let run = 0; run < RUNS; run++)
    runs.push(await timed(() => countOf(segmentsHeldBy(store, toHex(id)))));
  return runs.sort((a, b) => a.ms - b.ms)[RUNS >> 1] as Timed;
}

async function timed(work: () => Promise<number>): Promise<Timed> {
  const start = performance.now();
  const count = await work();
  return { ms: performance.now() - start, count };
}

async function countOf(all: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of all) count += 1;
  return count;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.table(await bench());
