// Getting a damaged log back: what is sound here stays, what is missing comes from peers, and every step is checked as
// if it came from a stranger. Nothing is written before the whole leads to all that this store is known to have held and
// this voter to have voted; nothing is ever cut off. What contradicts the own votes stays in quarantine for good.

import {
  CompactRange,
  type Crypto,
  equalBytes,
  Fault,
  fromUtf8,
  isFault,
  toHex,
  type StoreOperation,
} from '@vauban/core';
import { type Append, type CheckedAppend, checkAppend, stateAfter } from './append-check.ts';
import { appendRows, derivedRows } from './append-rows.ts';
import type { CharterChain } from './charter-log.ts';
import { readHead } from './checkpoint.ts';
import type { StoredHead } from './heads.ts';
import type { LogRecord } from './log-record.ts';
import { boundaryKey, decodeRecord, emptyLog, entryKey, type LogState } from './log-rows.ts';
import { genesisOf } from './held-logs.ts';
import type { LogStore } from './log-store.ts';
import { missingRows } from './log-scrub.ts';
import type { Vote } from './vote-journal.ts';
import type { Voter } from './voter.ts';
import { type Writer, writerUnder } from './writer.ts';

/** Rows are written in batches of about this many. */
const ROWS_AT_ONCE = 1_000;

export interface HealOptions {
  readonly crypto: Crypto;
  readonly logs: LogStore;
  readonly charters: CharterChain;
  readonly now: number;
  /** What this voter voted last of the log: its own journal, which is no part of the damaged store. */
  readonly vote: Vote | undefined;
  readonly signal?: AbortSignal;
}

/** A hoster that vouches for its copy, and the head it showed. */
export interface HealSource {
  readonly voter: Pick<Voter, 'hoster' | 'batches'>;
  readonly head: StoredHead;
}

/** A size and root that the healed log has to pass. */
interface Must {
  readonly size: number;
  readonly root: Uint8Array;
  readonly code: 'VOTE_HISTORY_CONTRADICTS' | 'STORE_CONTRADICTS';
}

interface Step {
  readonly checked: CheckedAppend;
  readonly local: boolean;
}

/**
 * Makes the stored log whole, from the own rows and from one of the sources; resolves with its state. The caller lifts
 * the quarantine. Faults: HEAL_BEHIND (unreachable: nobody shows all that was held here), VOTE_HISTORY_CONTRADICTS,
 * STORE_CONTRADICTS (integrity), and what each source's bytes were refused for.
 */
export async function healLog(
  options: HealOptions,
  origin: string,
  sources: readonly HealSource[],
): Promise<LogState> {
  const { logs } = options;
  const musts = mustHold(options, origin);
  let refused: Fault | undefined;
  const largestFirst = sources.toSorted((a, b) => b.head.size - a.head.size);
  for (const source of [...largestFirst, undefined]) {
    options.signal?.throwIfAborted();
    try {
      const ends = new Map<number, Uint8Array>();
      const found = await walk(options, { origin, musts, source }, async ({ checked }) => {
        ends.set(checked.head.size, checked.head.root);
      });
      let rows: StoreOperation[] = [];
      await walk(options, { origin, musts, source }, async ({ checked, local }) => {
        // A source that hands out something else than it did a moment ago.
        const same = ends.get(checked.head.size);
        if (same === undefined || !equalBytes(same, checked.head.root))
          throw behind(origin, checked.head.size);
        const derived = await missingRows(logs.raw, derivedRows(checked, options.now));
        rows.push(...(local ? derived : [...appendRows(checked, options.now), ...derived]));
        if (rows.length < ROWS_AT_ONCE) return;
        await logs.write(rows);
        rows = [];
      });
      const state = healedState(options, found);
      await logs.restore(state, rows);
      return state;
    } catch (error) {
      if (!isFault(error) || ['STORE_FAILED', 'STORE_UNREADABLE'].includes(error.code)) throw error;
      // A contradiction says more than that somebody could not be reached.
      if (refused === undefined || error.kind === 'integrity') refused = error;
    }
  }
  throw refused ?? behind(origin, 0);
}

function mustHold({ logs, vote }: HealOptions, origin: string): Must[] {
  const musts: Must[] = [];
  const known = logs.state(origin);
  if (known.size > 0) {
    musts.push({ size: known.size, root: readHead(known.checkpoint).root, code: 'STORE_CONTRADICTS' });
  }
  if (vote !== undefined) musts.push({ size: vote.size, root: vote.root, code: 'VOTE_HISTORY_CONTRADICTS' });
  return musts;
}

function healedState({ logs, now, vote }: HealOptions, found: LogState): LogState {
  const known = logs.state(found.origin);
  if (known.size === found.size) return known;
  return {
    ...found,
    certifiedSize: known.certifiedSize,
    certificate: known.certificate,
    admittedSize: Math.max(known.admittedSize, vote?.size ?? 0),
    storedAt: now,
    votedSeconds: null,
  };
}

/** From the first entry to the largest head shown, held or voted, and as far beyond as the own rows go. */
async function walk(
  options: HealOptions,
  of: {
    readonly origin: string;
    readonly musts: readonly Must[];
    readonly source: HealSource | undefined;
  },
  take: (step: Step) => Promise<void>,
): Promise<LogState> {
  const { origin, musts, source } = of;
  const target = Math.max(source?.head.size ?? 0, ...musts.map(({ size }) => size));
  // What was certified decides which voids have an effect.
  let state = { ...emptyLog(origin), certifiedSize: options.logs.state(origin).certifiedSize };
  let writer: Writer | undefined;
  const step = async (append: Append, local: boolean): Promise<void> => {
    writer ??= writerOfFirst(options, append);
    const ground = { ...options, charter: options.charters.current, before: state, writer };
    const checked = await checkAppend(
      { ...ground, erased: (entry, purge) => options.logs.erasable(entry, purge) },
      append,
    );
    for (const must of musts) checkMust(options.crypto, checked, must);
    await take({ checked, local });
    state = stateAfter(checked);
  };
  for (;;) {
    options.signal?.throwIfAborted();
    const own = await ownBatch(options, state);
    if (own !== undefined && (await step(own, true).then(() => true, damaged))) continue;
    if (state.size >= target) break;
    if (source === undefined) throw behind(origin, target);
    const from = state.size;
    for (const append of await source.voter.batches(origin, from)) {
      if (append.origin === origin && append.oldSize === state.size) await step(append, false);
    }
    if (state.size === from) throw behind(origin, target);
  }
  if (state.size === 0) throw behind(origin, target);
  return state;
}

/** Own rows that do not check are what is to be replaced; anything else that went wrong is passed on. */
function damaged(error: unknown): false {
  if (isFault(error) && error.kind === 'refused' && error.code !== 'PAYLOAD_WITHHELD') return false;
  throw error;
}

function writerOfFirst({ crypto, charters }: HealOptions, append: Append): Writer {
  const { origin } = append;
  const first = append.records[0];
  if (first === undefined) throw new Fault('refused', 'MALFORMED', 'an append brings at least one entry', {});
  return writerUnder(crypto, charters.versions(), { origin, payload: genesisOf(first) });
}

/** The next signed batch that the own rows hold whole. */
async function ownBatch({ logs }: HealOptions, { origin, size }: LogState): Promise<Append | undefined> {
  const boundaries = {
    gt: boundaryKey(origin, size),
    lt: boundaryKey(origin, Number.MAX_SAFE_INTEGER),
    limit: 1,
  };
  try {
    for await (const [, value] of logs.raw.range(boundaries)) {
      const checkpoint = fromUtf8(value);
      const head = readHead(checkpoint);
      const records: LogRecord[] = [];
      const range = { gte: entryKey(origin, size), lt: entryKey(origin, head.size) };
      for await (const [key, row] of logs.raw.range(range)) {
        if (toHex(key) !== toHex(entryKey(origin, size + records.length))) return undefined;
        records.push(decodeRecord(row));
      }
      return records.length === 0 ? undefined : { origin, oldSize: size, checkpoint, records };
    }
    return undefined;
  } catch (error) {
    if (isFault(error) && error.code !== 'STORE_UNREADABLE') return undefined;
    throw error;
  }
}

/** Faults: the must's own, when the append passes its size with another root. */
function checkMust(crypto: Crypto, checked: CheckedAppend, must: Must): void {
  const { before, head, opened } = checked;
  if (must.size <= before.size || must.size > head.size) return;
  const range = new CompactRange(crypto, before.frontier);
  for (const { leafHash } of opened.slice(0, must.size - before.size)) range.append(leafHash);
  if (equalBytes(range.root(), must.root)) return;
  const what = must.code === 'STORE_CONTRADICTS' ? 'held' : 'signed';
  throw new Fault(
    'integrity',
    must.code,
    `this hoster ${what} another history of ${head.origin} at size ${must.size} than the others show: what is left of its own cannot be made whole; a fresh voting key in the charter lets it start anew`,
    { origin: head.origin, size: must.size },
  );
}

function behind(origin: string, size: number): Fault {
  return new Fault(
    'unreachable',
    'HEAL_BEHIND',
    `no other hoster hands out ${origin} up to size ${size} yet`,
    { origin, size },
  );
}
