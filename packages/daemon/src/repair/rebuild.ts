// Bringing fragments of one segment to this disk: copied from whoever holds them, or rebuilt from what others ship, read in
// the fewest bytes its code allows. A helper that fails or lies is left out and the rest is planned anew.

import {
  asFault,
  type Clock,
  type Crypto,
  type DaemonId,
  equalBytes,
  Fault,
  LEAF_BYTES,
  toHex,
} from '@vauban/core';
import {
  createErasureCode,
  type ErasureCode,
  type RepairPlan,
  type SegmentLayout,
  subChunkRanges,
} from '@vauban/erasure';
import type { PlacedFragment, Place } from '@vauban/ledger';
import { type FragmentRead, isLie, type PeerClient, readFragment } from '@vauban/wire';
import type { FragmentStore } from '../fragment-store.ts';
import { layoutOfPlace, type PlacedSegment } from './placed-segment.ts';

export interface RebuildPorts {
  /** This daemon: what it holds itself is read from its own disk. */
  readonly id: DaemonId;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly store: FragmentStore;
  readonly client: (daemon: DaemonId) => PeerClient | undefined;
  /** Resolves when so many bytes may be asked of that daemon. */
  readonly pace: (daemon: DaemonId, bytes: number, signal: AbortSignal) => Promise<void>;
  /** Bytes that came from it. */
  readonly received: (daemon: DaemonId, bytes: number) => void;
  /** A holder that could not be used, and why; a lie when its leaves are not what the root says. */
  readonly trouble: (of: HelperTrouble) => void;
}

export interface HelperTrouble {
  readonly daemon: DaemonId;
  readonly segment: Uint8Array;
  readonly index: number;
  readonly fault: Fault;
  readonly lied: boolean;
}

export interface Rebuild {
  readonly placed: PlacedSegment;
  /** Indices this daemon is to hold. */
  readonly wanted: readonly number[];
  /** Whom to ask for an index, best first. */
  readonly sources: (index: number) => readonly DaemonId[];
  /** Writes over what lies there: it was found damaged. */
  readonly replace?: boolean;
  /** `index/daemon` of helpers that failed before: asked only when nobody else can help. Those that fail now are added. */
  readonly useless?: Set<string>;
  readonly signal: AbortSignal;
}

/** A helper that ships more slowly than this holds up everything: another way is found without it. */
const SLOWEST_BYTES_PER_SECOND = 100_000;
const PATIENCE_MS = 20_000;
const RETRY_MS = 1_000;
const HASH_BYTES = 32;

interface Helper {
  readonly index: number;
  readonly daemon: DaemonId;
  /** Ranges of the fragment that are needed. */
  readonly ranges: readonly { readonly offset: number; readonly length: number }[];
}

/**
 * Resolves when all wanted fragments are durable here. Faults: REPAIR_SOURCES_SHORT (too few can be asked now),
 * ROOT_MISMATCH (the segment was never a codeword), those of the store, or the signal's reason.
 */
export async function rebuildFragments(ports: RebuildPorts, of: Rebuild): Promise<void> {
  const { placed, signal } = of;
  const layout = layoutOfPlace(placed.place);
  const code = codeOf(placed.place);
  const remembered = of.useless ?? new Set<string>();
  let before: ReadonlySet<string> = new Set(remembered);
  const failed = new Set<string>();
  const isUseless = (helper: string) => failed.has(helper) || before.has(helper);
  const reaches = (daemon: DaemonId) => daemon === ports.id || ports.client(daemon) !== undefined;
  const source = (index: number) =>
    of.sources(index).find((daemon) => !isUseless(`${index}/${daemon}`) && reaches(daemon));
  let left = [...of.wanted];
  while (left.length > 0) {
    signal.throwIfAborted();
    if (before.size > 0 && isShort(code, { left, source, k: layout.k })) before = new Set();
    const copied = left.find((index) => source(index) !== undefined);
    const lost = copied === undefined ? left : [copied];
    const whole = [{ offset: 0, length: layout.fragmentBytes }];
    const plan = copied === undefined ? planOf(code, layout, { lost, source, placed }) : undefined;
    const helpers =
      plan === undefined
        ? [{ index: copied as number, daemon: source(copied as number) as DaemonId, ranges: whole }]
        : plan.helpers.map(({ index, runs }) => ({
            index,
            daemon: source(index) as DaemonId,
            ranges: subChunkRanges(layout, runs),
          }));
    const shipped = await fetchAll(ports, of, helpers, failed);
    for (const helper of failed) remembered.add(helper);
    if (shipped === undefined) continue;
    const fragments =
      plan === undefined ? [shipped[0]?.bytes as Uint8Array] : rebuilt(code, layout, plan, shipped);
    for (const [nth, index] of lost.entries()) {
      await keep(ports, of, { index, bytes: fragments[nth] as Uint8Array });
    }
    left = left.filter((index) => !lost.includes(index));
  }
}

/** Whether it takes those that failed before as well: neither a copy nor k others can be had without them. */
function isShort(
  { n }: ErasureCode,
  of: {
    readonly left: readonly number[];
    readonly source: (index: number) => DaemonId | undefined;
    readonly k: number;
  },
): boolean {
  const there = Array.from({ length: n }, (_, index) => index).filter(
    (index) => of.source(index) !== undefined,
  );
  return there.length < of.k && !of.left.some((index) => there.includes(index));
}

function planOf(
  code: ErasureCode,
  layout: SegmentLayout,
  of: {
    readonly lost: readonly number[];
    readonly source: (index: number) => DaemonId | undefined;
    readonly placed: PlacedSegment;
  },
): RepairPlan {
  const indices = Array.from({ length: code.n }, (_, index) => index);
  const up = indices.filter((index) => !of.lost.includes(index) && of.source(index) !== undefined);
  if (up.length >= layout.k) return code.planRepair({ lost: of.lost, up });
  throw new Fault(
    'missing-fragments',
    'REPAIR_SOURCES_SHORT',
    `${up.length} fragments of segment ${toHex(of.placed.segment)} can be read now, ${layout.k} are needed to rebuild others`,
    { segment: toHex(of.placed.segment), up: up.length, k: layout.k },
  );
}

/** What each helper ships; undefined when one failed, which is then left out. */
async function fetchAll(
  ports: RebuildPorts,
  of: Rebuild,
  helpers: readonly Helper[],
  useless: Set<string>,
): Promise<readonly (Helper & { readonly bytes: Uint8Array })[] | undefined> {
  const stop = new AbortController();
  const signal = AbortSignal.any([of.signal, stop.signal]);
  const results = await Promise.allSettled(
    helpers.map(async (helper) => {
      try {
        return { ...helper, bytes: await fetchTwice(ports, of.placed, helper, signal) };
      } catch (error) {
        if (!signal.aborted) {
          const fault = asFault(error);
          useless.add(`${helper.index}/${helper.daemon}`);
          const { daemon, index } = helper;
          ports.trouble({ daemon, index, segment: of.placed.segment, fault, lied: isLie(fault) });
          stop.abort(fault);
        }
        throw error;
      }
    }),
  );
  of.signal.throwIfAborted();
  const shipped = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  return shipped.length === helpers.length ? shipped : undefined;
}

/** A connection that broke is tried once more: another plan would read everything anew. */
async function fetchTwice(...of: Parameters<typeof fetchOne>): Promise<Uint8Array> {
  const [{ clock }, , , signal] = of;
  try {
    return await fetchOne(...of);
  } catch (error) {
    const { kind, code } = asFault(error);
    if (signal.aborted || kind !== 'unreachable' || code === 'HELPER_SLOW') throw error;
    await clock.sleep(RETRY_MS, signal);
    return fetchOne(...of);
  }
}

/** The helper's ranges, end to end. Only whole leaves can be checked: those around a range are read with it. */
async function fetchOne(
  ports: RebuildPorts,
  { segment, place, fragmentBytes }: PlacedSegment,
  { index, daemon, ranges }: Helper,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const runs = wholeLeaves(ranges, fragmentBytes);
  const readBytes = runs.reduce((sum, { length }) => sum + length, 0);
  const memory = new Uint8Array(readBytes);
  let filled = 0;
  const targets = runs.map(({ offset: at, length }) => {
    filled += length;
    return { at, into: memory.subarray(filled - length, filled) };
  });
  const [root] = place.fragments[index] as PlacedFragment;
  const read = { fragment: { segment, index, root, bytes: fragmentBytes }, targets };
  if (daemon === ports.id) await readOwn(ports, read);
  else await readFrom(ports, daemon, { ...read, readBytes, signal });
  const wantedBytes = ranges.reduce((sum, { length }) => sum + length, 0);
  if (wantedBytes === readBytes) return memory;
  const shipped = new Uint8Array(wantedBytes);
  let at = 0;
  for (const { offset, length } of ranges) {
    const target = targets.findLast((one) => one.at <= offset) as (typeof targets)[number];
    shipped.set(target.into.subarray(offset - target.at, offset - target.at + length), at);
    at += length;
  }
  return shipped;
}

type Read = Pick<FragmentRead, 'fragment' | 'targets'>;

async function readFrom(
  ports: RebuildPorts,
  daemon: DaemonId,
  of: Read & { readonly readBytes: number; readonly signal: AbortSignal },
): Promise<void> {
  const { readBytes, signal, ...read } = of;
  await ports.pace(daemon, readBytes, signal);
  const patience = new AbortController();
  const patienceMs = PATIENCE_MS + (readBytes * 1_000) / SLOWEST_BYTES_PER_SECOND;
  const cancel = ports.clock.after(patienceMs, () => patience.abort(tooSlow(daemon, readBytes)));
  try {
    await readFragment({
      ...ports,
      ...read,
      client: ports.client(daemon) as PeerClient,
      signal: AbortSignal.any([signal, patience.signal]),
      onProgress: (bytes) => ports.received(daemon, bytes),
    });
  } finally {
    cancel();
  }
}

/** What lies here costs no line, and is checked like what comes over one. Faults: FRAGMENT_DAMAGED, FRAGMENT_MISSING. */
async function readOwn({ store, crypto }: RebuildPorts, { fragment, targets }: Read): Promise<void> {
  const hashes = await store.leafHashes(fragment);
  for (const { at, into } of targets) {
    into.set(await store.read(fragment, at, into.length));
    const found = crypto.leafHashes(into, LEAF_BYTES);
    const first = (at / LEAF_BYTES) * HASH_BYTES;
    if (equalBytes(found, hashes.subarray(first, first + found.length))) continue;
    const { segment, index } = fragment;
    throw new Fault('integrity', 'FRAGMENT_DAMAGED', `fragment ${index} is damaged on this disk`, {
      segment: toHex(segment),
      index,
    });
  }
}

function tooSlow(daemon: DaemonId, bytes: number): Fault {
  return new Fault('unreachable', 'HELPER_SLOW', `daemon ${daemon} takes too long to ship ${bytes} bytes`, {
    daemon,
    bytes,
  });
}

/** The leaves that ascending ranges touch, as ascending runs apart from each other. */
function wholeLeaves(
  ranges: readonly { readonly offset: number; readonly length: number }[],
  fragmentBytes: number,
): readonly { readonly offset: number; readonly length: number }[] {
  const runs: { offset: number; length: number }[] = [];
  for (const { offset, length } of ranges) {
    const from = offset - (offset % LEAF_BYTES);
    const to = Math.min(fragmentBytes, Math.ceil((offset + length) / LEAF_BYTES) * LEAF_BYTES);
    const last = runs.at(-1);
    if (last !== undefined && from <= last.offset + last.length) {
      last.length = Math.max(last.length, to - last.offset);
    } else runs.push({ offset: from, length: to - from });
  }
  return runs;
}

/** The lost fragments, cell by cell from what was shipped of each stripe. */
function rebuilt(
  code: ErasureCode,
  layout: SegmentLayout,
  plan: RepairPlan,
  shipped: readonly { readonly index: number; readonly bytes: Uint8Array }[],
): readonly Uint8Array[] {
  const fragments = plan.lost.map(() => new Uint8Array(layout.fragmentBytes));
  const parts = plan.helpers.map(({ runs }) => runs.reduce((sum, { count }) => sum + count, 0));
  const taken = plan.helpers.map(() => 0);
  for (let stripe = 0; stripe < layout.stripes; stripe++) {
    const cellBytes = stripe === layout.stripes - 1 ? layout.lastCellBytes : layout.cellBytes;
    const at = stripe * layout.cellBytes;
    const cells = shipped.map(({ index, bytes }, nth) => {
      const from = taken[nth] as number;
      const length = (cellBytes / code.subChunks) * (parts[nth] as number);
      taken[nth] = from + length;
      return { index, bytes: bytes.subarray(from, from + length) };
    });
    code.repair({ plan, shipped: cells, into: fragments.map((one) => one.subarray(at, at + cellBytes)) });
  }
  return fragments;
}

async function keep(
  { store }: RebuildPorts,
  { placed, replace }: Rebuild,
  { index, bytes }: { readonly index: number; readonly bytes: Uint8Array },
): Promise<void> {
  const { segment, place, agency } = placed;
  const [root] = place.fragments[index] as PlacedFragment;
  const upload = { segment, index, root, bytes: bytes.length, agency, vault: place.vault };
  const writer = await store.begin({ ...upload, ...(replace === undefined ? {} : { replace }) });
  if (writer.already) return;
  await writer.write(bytes).catch(async (error: unknown) => {
    await writer.abort();
    throw error;
  });
  await writer.commit();
}

const codes = new Map<string, ErasureCode>();

function codeOf({ code, k, m }: Place): ErasureCode {
  const name = `${code} ${k}+${m}`;
  const known = codes.get(name) ?? createErasureCode(code, k, m);
  codes.set(name, known);
  return known;
}
