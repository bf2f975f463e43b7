// Scrubbing: every daemon re-reads all it holds, once in the charter's scrub period, and has what rotted rebuilt from others
// before anybody asks for it. Slow on purpose, slower still while clients are served; after a restart it goes on where it was.

import {
  asFault,
  type Charter,
  type Clock,
  concat,
  type Fault,
  isFault,
  type Startable,
  type Store,
  toHex,
} from '@vauban/core';
import { fileBytes, type FragmentFacts, type FragmentKey, keyText } from '../fragment-file.ts';
import type { FragmentStore } from '../fragment-store.ts';
import type { Log } from '../log.ts';
import { certifyLosses } from '../lost-fragments.ts';
import type { OwnLog } from '../own-log.ts';
import { type Foreground, Pace } from '../repair/pace.ts';
import { type Damaged, ScrubRows } from './scrub-rows.ts';

const DIRECTORIES = 256;
const DAY_MS = 86_400_000;
const RETRY_MS = 2_000;
const RETRY_MS_MAX = 300_000;
const TICK_MS_MIN = 20;
const TICK_MS_MAX = 5_000;
/** Fragments that somebody stumbled over and that are not read yet; when there are more, the next pass finds them. */
const STUMBLED_MAX = 10_000;

export interface ScrubPorts {
  readonly clock: Clock;
  readonly charter: () => Charter;
  readonly fragments: FragmentStore;
  /** Rebuilds a fragment in place: `Repair.mend`. */
  readonly mend: (segment: Uint8Array, index: number) => Promise<void>;
  /** Whether the ledger says that this daemon holds it. */
  readonly owes: (key: FragmentKey) => Promise<boolean>;
  readonly ownLog: Pick<OwnLog, 'append'>;
  readonly foreground: Pick<Foreground, 'busy'>;
  /** Read from the disk, at most. */
  readonly bytesPerSecond: number;
  /** Where it is, and what waits to be made whole. */
  readonly store: Store;
  readonly log: Log;
}

export interface ScrubProgress {
  /** Since the start of the daemon. */
  readonly readBytes: number;
  readonly damagedFragments: number;
  readonly mendedFragments: number;
  /** Found damaged and not whole yet. */
  readonly waitingFragments: number;
  /** Of the pass under way, 0 to 1. */
  readonly progress: number;
}

/** A directory being read. */
interface Stretch {
  readonly digits: number;
  /** What is left of it, last first. */
  readonly rows: (readonly [FragmentKey, FragmentFacts])[];
}

export class Scrub implements Startable {
  readonly #ports: ScrubPorts;
  readonly #abort = new AbortController();
  readonly #pace: Pace;
  readonly #stumbled = new Map<string, FragmentKey>();
  /** When each damaged fragment is tried next, by the clock that only grows, and how often it was. */
  readonly #tries = new Map<string, { readonly at: number; readonly attempts: number }>();
  #rows: ScrubRows | undefined;
  #stretch: Stretch | undefined;
  #counts = { readBytes: 0, damagedFragments: 0, mendedFragments: 0 };
  #running: Promise<void> = Promise.resolve();
  #certifying: Promise<void> | undefined;

  constructor(ports: ScrubPorts) {
    this.#ports = ports;
    this.#pace = new Pace(ports);
  }

  /** Reads where the last run was, then goes on until `stop`. */
  async start(): Promise<void> {
    this.#rows = await ScrubRows.open(this.#ports.store, this.#ports.log);
    this.#running = this.#run(this.#rows);
  }

  /** A mending under way is waited for: stop what it reads from first. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
    await this.#certifying;
  }

  /** Somebody who wanted to read it could not: it is looked at soon, and made whole. */
  check({ segment, index }: FragmentKey): void {
    if (this.#stumbled.size >= STUMBLED_MAX) return;
    const key = { segment: segment.slice(), index };
    this.#stumbled.set(keyText(key), key);
  }

  progress(): ScrubProgress {
    const waitingFragments = this.#rows?.damaged().length ?? 0;
    const at = this.#rows?.place?.after;
    return {
      ...this.#counts,
      waitingFragments,
      progress: at === undefined || at === null ? 0 : positionOf(at),
    };
  }

  async #run(rows: ScrubRows): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const more = await this.#turn(rows).catch((error: unknown) => this.#failed('scrub', error));
      if (more !== true) await clock.sleep(this.#tickMs(), signal).catch(() => undefined);
    }
  }

  /** Answers whether there is more to do at once. */
  async #turn(rows: ScrubRows): Promise<boolean> {
    for (const [text, key] of this.#stumbled) {
      this.#stumbled.delete(text);
      await this.#read(rows, key);
      if (this.#abort.signal.aborted) return false;
    }
    await this.#mendDue(rows);
    return this.#readNext(rows);
  }

  /** The next fragment of the pass, if it is time for it. */
  async #readNext(rows: ScrubRows): Promise<boolean> {
    const { clock, charter } = this.#ports;
    const { scrubPeriodMs } = charter().durations;
    const now = clock.now();
    const place = rows.place ?? { startedAt: now, after: null };
    if (rows.place === undefined || place.startedAt > now) await rows.move({ ...place, startedAt: now });
    const due = (now - place.startedAt) / scrubPeriodMs;
    this.#stretch ??= await this.#open(rows, place.after);
    if (this.#stretch === undefined) {
      // All is read: the next pass begins a period after this one did, or at once when this one took longer.
      if (due < 1) return false;
      const next = place.startedAt + scrubPeriodMs;
      await rows.move({ startedAt: now - next > scrubPeriodMs ? now : next, after: null });
      return true;
    }
    const next = this.#stretch.rows.at(-1);
    if (next === undefined) {
      const { digits } = this.#stretch;
      if (due < (digits + 1) / DIRECTORIES) return false;
      this.#stretch = undefined;
      await rows.move({ startedAt: place.startedAt, after: endOf(digits) });
      return true;
    }
    const [key, { bytes }] = next;
    if (positionOf(key.segment) > due) return false;
    await this.#pace.take(fileBytes(bytes), this.#abort.signal);
    this.#stretch.rows.pop();
    await this.#read(rows, key, bytes);
    await rows.move({ startedAt: place.startedAt, after: concat(key.segment, Uint8Array.of(key.index)) });
    return true;
  }

  /** The directory that comes after a fragment, with what is left of it; undefined when that was the last. */
  async #open(rows: ScrubRows, after: Uint8Array | null): Promise<Stretch | undefined> {
    const ended = after !== null && after[32] === 255;
    const digits = after === null ? 0 : (after[0] as number) + Number(ended);
    if (digits >= DIRECTORIES) return undefined;
    const found = await this.#ports.fragments.agree(toHex(Uint8Array.of(digits)));
    if (found.rewritten.length > 0)
      this.#ports.log('warn', 'index-rewritten', { rows: found.rewritten.length });
    for (const key of found.unreadable) await this.#damaged(rows, key, 'unreadable');
    const passed = after === null || ended ? '' : toHex(after);
    const left = found.rows.filter(([key]) => keyText(key) > passed);
    return { digits, rows: left.toReversed() };
  }

  /** Reads one fragment whole, and has it made whole again when it is not. `bytes`: of the fragment, when it is counted. */
  async #read(rows: ScrubRows, key: FragmentKey, bytes = 0): Promise<void> {
    const { fragments } = this.#ports;
    if (rows.isDamaged(key)) return;
    try {
      if ((await fragments.get(key)) === undefined) {
        // Erased since, or never here; unless others count on it, and are not being told that it is lost.
        if (!this.#isMissing(key) && (await this.#ports.owes(key))) await this.#damaged(rows, key, 'missing');
        return;
      }
      await fragments.verify(key);
      if (bytes > 0) this.#counts.readBytes += fileBytes(bytes);
    } catch (error) {
      if (isFault(error, 'STORE_CORRUPT')) {
        const { unreadable } = await fragments.agree(toHex(key.segment.subarray(0, 1)));
        for (const one of unreadable) await this.#damaged(rows, one, 'unreadable');
      } else if (isFault(error, 'FRAGMENT_DAMAGED') || isFault(error, 'FRAGMENT_MISSING')) {
        // Erased between the two looks, it is nobody's loss.
        if ((await fragments.get(key)) === undefined) return;
        await this.#damaged(rows, key, error.facts['part'] ?? 'missing');
      } else throw error;
    }
  }

  async #damaged(rows: ScrubRows, key: FragmentKey, part: Fault['facts'][string]): Promise<void> {
    if (rows.isDamaged(key)) return;
    this.#counts.damagedFragments++;
    this.#ports.log('warn', 'fragment-damaged', { part });
    await rows.note(key, this.#ports.clock.now());
    await this.#mendDue(rows);
  }

  async #mendDue(rows: ScrubRows): Promise<void> {
    for (const damaged of rows.damaged()) {
      if (this.#abort.signal.aborted) return;
      const text = keyText(damaged);
      const tried = this.#tries.get(text);
      if (tried !== undefined && tried.at > this.#ports.clock.monotonic()) continue;
      if (await this.#mend(rows, damaged)) this.#tries.delete(text);
      else {
        const attempts = (tried?.attempts ?? 0) + 1;
        const waitMs = Math.min(
          RETRY_MS_MAX,
          this.#ports.charter().durations.recheckMs,
          RETRY_MS * 2 ** Math.min(attempts, 10),
        );
        this.#tries.set(text, { attempts, at: this.#ports.clock.monotonic() + waitMs });
      }
    }
  }

  /** Whether nothing is left to do about it. */
  async #mend(rows: ScrubRows, { since, ...key }: Damaged): Promise<boolean> {
    const { clock, fragments, mend, log, charter, owes } = this.#ports;
    try {
      if (!(await this.#isOurs(key))) {
        // Its row could not be read, so it was taken for missing; but nobody misses it.
        if (this.#isMissing(key)) await fragments.forgetMissing(key);
        await rows.clear(key);
        return true;
      }
      await mend(key.segment, key.index);
      await fragments.verify(key);
      await rows.clear(key);
      this.#counts.mendedFragments++;
      log('info', 'fragment-mended', {});
      return true;
    } catch (error) {
      this.#failed('fragment-not-mended', error);
      // With too few others its sound leaves may be what is needed: it goes on being served.
      if (isFault(error, 'REPAIR_SOURCES_SHORT')) return false;
    }
    if (this.#abort.signal.aborted) return false;
    try {
      const patienceMs = Math.min(DAY_MS, charter().durations.awayMaxMs);
      if (clock.now() - since < patienceMs) return false;
      // What nobody claims is nobody's loss; what erases such fragments will come by.
      if (await owes(key)) {
        await fragments.giveUp(key);
        this.#certify();
      }
      await rows.clear(key);
      return true;
    } catch (error) {
      this.#failed('fragment-not-given-up', error);
      return false;
    }
  }

  /** Not erased meanwhile: there is a row, if a corrupt one, or others count on it. */
  async #isOurs(key: FragmentKey): Promise<boolean> {
    const { fragments, owes } = this.#ports;
    const row = await fragments.get(key).catch((error: unknown) => {
      if (isFault(error, 'STORE_CORRUPT')) return null;
      throw error;
    });
    return row !== undefined || owes(key);
  }

  #isMissing(key: FragmentKey): boolean {
    return this.#ports.fragments.missing.some((one) => keyText(one) === keyText(key));
  }

  /** States what was lost, as the start does. */
  #certify(): void {
    const { signal } = this.#abort;
    this.#certifying ??= certifyLosses({ ...this.#ports, signal }).finally(() => {
      this.#certifying = undefined;
    });
  }

  #tickMs(): number {
    const { scrubPeriodMs, recheckMs } = this.#ports.charter().durations;
    const wanted = Math.min(scrubPeriodMs / 1_000, recheckMs / 8);
    return Math.max(TICK_MS_MIN, Math.min(TICK_MS_MAX, Math.floor(wanted)));
  }

  #failed(event: string, error: unknown): undefined {
    if (this.#abort.signal.aborted) return;
    const { code, message } = asFault(error);
    this.#ports.log('debug', event, { code, message });
  }
}

/** Behind every fragment of a directory: no index is 255. */
function endOf(digits: number): Uint8Array {
  return concat(Uint8Array.of(digits), new Uint8Array(32).fill(255));
}

/** Where among all segment ids this one stands, from 0 to 1: they are hashes, so equally many in each stretch. */
function positionOf(segment: Uint8Array): number {
  return new DataView(segment.buffer, segment.byteOffset).getUint32(0) / 2 ** 32;
}
