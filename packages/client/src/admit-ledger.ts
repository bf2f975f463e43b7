// Admission of every certified entry that no void cancels, as it had to hold when it was written. What needs nothing but
// its own log is judged while it is pulled; the rest when all logs are there, its signatures on other processors ahead.

import { asFault, type Crypto, decodeCbor, encodeCbor, shape, type Store, utf8 } from '@vauban/core';
import {
  admit,
  admitWriter,
  type CharterChain,
  type EntryKind,
  generationOf,
  type HeadsScope,
  LogStore,
  type Payload,
  type Place,
  receiptChecksOf,
  resolveWriter,
  type SignatureCheck,
  type StoredEntry,
  voidedOf,
  type Writer,
} from '@vauban/ledger';
import { heldRows } from './held-rows.ts';
import type { LedgerProcessors } from './ledger-processors.ts';
import { charterAt, seenPart, viewAt } from './view-at.ts';

/** Entries read at once, and pages whose signatures are checked ahead. */
const PAGE = 64;
const PAGES_AHEAD = 3;
/** Entries as last opened: those of the pages ahead, and then some. */
const OPENED_MAX = 2 * PAGE * (PAGES_AHEAD + 1);
/** Rows that are asked for with almost every entry: of segments, voids, releases, purges and generations. */
const HELD = ['S/', 'V/', 'R/', 'P/', 'G/'];

export interface AdmittedProblem {
  readonly origin: string;
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

export interface AdmitLedgerOptions {
  readonly crypto: Crypto;
  readonly charters: CharterChain;
  readonly scopes: readonly HeadsScope[];
  /** Where it is remembered up to where each log was admitted. */
  readonly memory?: Store | undefined;
  readonly processors?: LedgerProcessors | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What has come of a log in this run, from an index on; all but some of it is judged already. */
interface Arrived {
  readonly from: number;
  readonly left: number[];
}

export class LedgerAdmission {
  readonly #options: AdmitLedgerOptions;
  readonly #arrived = new Map<string, Arrived>();

  constructor(options: AdmitLedgerOptions) {
    this.#options = options;
  }

  /** Entries that were pulled just now. Objects stand alone: that their writer might write them then is all there is to it. */
  take(
    { origin, from, writer }: { readonly origin: string; readonly from: number; readonly writer: Writer },
    { kinds, times }: { readonly kinds: readonly EntryKind[]; readonly times: readonly number[] },
  ): void {
    const { charters } = this.#options;
    const arrived = this.#arrived.get(origin) ?? { from, left: [] };
    this.#arrived.set(origin, arrived);
    let judged: number | undefined;
    for (const [nth, kind] of kinds.entries()) {
      const time = times[nth] as number;
      if (kind === 'objects' && (time === judged || mayWrite(charters, writer, time))) judged = time;
      else arrived.left.push(from + nth);
    }
  }

  /** Judges what is left of every certified log. */
  async finish(
    union: LogStore,
  ): Promise<{ readonly problems: readonly AdmittedProblem[]; readonly erased: number }> {
    const { crypto, memory } = this.#options;
    const problems: AdmittedProblem[] = [];
    const logs = await LogStore.open(await heldRows(union.store, HELD), crypto);
    logs.rememberOpened(OPENED_MAX);
    const sound = new Map<string, number>();
    const generations = new Map<string, number>();
    let erased = 0;
    for await (const page of this.#pagesAhead(logs)) {
      const { origin, writer } = page.log;
      const holding = await page.holding;
      for (const { index, open } of page.entries) {
        try {
          if (open.payload === null) {
            erased += 1;
            continue;
          }
          const { payload } = open;
          const { kind, time } = open.entry;
          const generation = generations.get(origin) ?? page.log.generation;
          const at = { name: { origin, index }, kind, time, generation };
          const view = viewAt({ ...this.#options, logs }, at);
          generations.set(origin, Math.max(generation, generationIn(payload)));
          const whole = this.#options.scopes.some(({ of }) => of === 'all');
          const seen = whole ? payload : await seenPart(payload, logs);
          if (seen === null) continue;
          const ahead = { ...view, receiptsHold: (place: Place) => holding.has(place) };
          await admit(ahead, { origin, index, writer }, { ...open, payload: seen });
        } catch (error) {
          const { code, message } = asFault(error);
          problems.push({ origin, index, code, message });
          sound.set(origin, Math.min(sound.get(origin) ?? index, index));
        }
      }
    }
    if (memory !== undefined) await this.#remember(union, sound);
    return { problems, erased };
  }

  async #remember(logs: LogStore, sound: ReadonlyMap<string, number>): Promise<void> {
    const rows = logs.origins().flatMap((origin) => {
      const size = sound.get(origin) ?? logs.state(origin).certifiedSize;
      return size > 0 ? [{ put: admittedKey(origin), value: encodeCbor(size) }] : [];
    });
    if (rows.length > 0) await logs.write(rows);
  }

  /** All pages in order, with some of them opened and on their way to other processors before they are asked for. */
  async *#pagesAhead(logs: LogStore): AsyncGenerator<Page> {
    const pages = this.#pages(logs);
    const ahead: Page[] = [];
    for (let open = true; open || ahead.length > 0; ) {
      while (open && ahead.length <= PAGES_AHEAD) {
        const { value, done } = await pages.next();
        if (done === true) open = false;
        else ahead.push(value);
      }
      const next = ahead.shift();
      if (next !== undefined) yield next;
    }
  }

  async *#pages(logs: LogStore): AsyncGenerator<Page> {
    for (const origin of logs.origins()) {
      const log = await this.#logOf(logs, origin);
      if (log === undefined) continue;
      for (let at = 0; at < log.left.length; at += PAGE) {
        this.#options.signal?.throwIfAborted();
        const entries = await entriesOf(logs, origin, log.left.slice(at, at + PAGE));
        const holding = this.#holding(entries);
        // Whoever takes the page hears of it.
        holding.catch(() => undefined);
        yield { log, entries, holding };
      }
    }
  }

  async #logOf(logs: LogStore, origin: string): Promise<JudgedLog | undefined> {
    const { certifiedSize } = logs.state(origin);
    const writer = await logs.writer(origin, (genesis) => resolveWriter(this.#options, genesis, origin));
    if (writer === undefined) return undefined;
    const first = await admittedBefore(logs, origin);
    const arrived = this.#arrived.get(origin) ?? { from: certifiedSize, left: [] };
    const left: number[] = [];
    for (let index = first; index < Math.min(arrived.from, certifiedSize); index++) left.push(index);
    left.push(...arrived.left.filter((index) => index >= first && index < certifiedSize));
    const voided = left.length === 0 ? new Set() : await voidedOf(logs.store, origin);
    const generation =
      writer.kind === 'daemon' && first > 0
        ? await generationOf(logs.store, writer.daemon, { origin, index: first })
        : 0;
    return { origin, writer, left: left.filter((index) => !voided.has(index)), generation };
  }

  /** Places of which every receipt holds under the charter version they name. */
  async #holding(entries: readonly OpenedEntry[]): Promise<WeakSet<Place>> {
    const { crypto, charters, processors } = this.#options;
    const holding = new WeakSet<Place>();
    if (processors === undefined) return holding;
    const all: SignatureCheck[] = [];
    const places: { readonly place: Place; readonly from: number; readonly to: number }[] = [];
    for (const { open } of entries) {
      if (open.payload?.kind !== 'place') continue;
      const charter = charters.version(open.payload.charter);
      const checks = charter === undefined ? undefined : receiptChecksOf(crypto, charter, open.payload);
      if (checks === undefined || checks.length === 0) continue;
      places.push({ place: open.payload, from: all.length, to: all.length + checks.length });
      all.push(...checks);
    }
    if (all.length === 0) return holding;
    const holds = await processors.verify(all);
    for (const { place, from, to } of places) if (holds.slice(from, to).every(Boolean)) holding.add(place);
    return holding;
  }
}

interface JudgedLog {
  readonly origin: string;
  readonly writer: Writer;
  /** Indexes of the entries to be judged. */
  readonly left: readonly number[];
  /** Of the erasings before them. */
  readonly generation: number;
}

interface OpenedEntry {
  readonly index: number;
  readonly open: StoredEntry;
}

interface Page {
  readonly log: JudgedLog;
  readonly entries: readonly OpenedEntry[];
  readonly holding: Promise<WeakSet<Place>>;
}

/** Entries by ascending index; those that follow one another are read at once. */
async function entriesOf(logs: LogStore, origin: string, indexes: readonly number[]): Promise<OpenedEntry[]> {
  const found: OpenedEntry[] = [];
  for (let at = 0; at < indexes.length; ) {
    const from = indexes[at] as number;
    let to = from + 1;
    while (indexes[at + to - from] === to) to += 1;
    at += to - from;
    const opened = await logs.storedRange(origin, from, to);
    found.push(...opened.map((open, nth) => ({ index: from + nth, open })));
  }
  return found;
}

/** Whether a device might append objects at a time. */
function mayWrite(charters: CharterChain, writer: Writer, time: number): boolean {
  if (writer.kind !== 'device' || !writer.delegation.rights.includes('write')) return false;
  try {
    admitWriter({ now: time, current: charterAt(charters, time) }, writer);
    return true;
  } catch {
    // Judged again with the others, where it is told.
    return false;
  }
}

/** Beside the logs' own rows: up to where each was admitted in an earlier run. */
const admittedKey = (origin: string) => utf8(`Z/${origin}`);

async function admittedBefore(logs: LogStore, origin: string): Promise<number> {
  const value = await logs.store.get(admittedKey(origin));
  return value === undefined ? 0 : decodeCbor(shape.count(), value, 'verified size', 16);
}

/** Generation that an erasing raises its daemon to; 0 for other entries. */
function generationIn(payload: Payload): number {
  return 'generation' in payload && payload.kind !== 'custody' ? payload.generation : 0;
}
