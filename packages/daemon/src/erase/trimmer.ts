// Giving up copies that nobody needs: each only after its grace, after asking its keeper for leaves now, and by a certified
// entry. Owns the rows of what waits and of what is on its way out: those get no receipts, over a crash too.

import {
  concat,
  type DaemonId,
  decodeCbor,
  encodeCbor,
  asFault,
  shape,
  type StoreOperation,
  toHex,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import { type FragmentKey, keyText } from '../fragment-file.ts';
import { keptOwnRows, readOwnRows } from '../own-rows.ts';
import { trimOf } from './erase-entries.ts';
import type { Erasing } from './erasing.ts';
import { auditKeeper, type RelyOn } from './keeper-audit.ts';

/** One append; each keeper is asked before it, so many at once. */
const TRIMMED_TOGETHER_MAX = 128;
const AUDITS_AT_ONCE = 8;
/** Between two appends: each makes whoever is uploading here ask for fresh receipts. */
const EVERY_MS = 5_000;
/** A keeper that failed, or voters that refused, are left alone for so long. */
const RETRY_MS = 600_000;
const seenPrefix = utf8('seen/');
const leavingPrefix = utf8('leaving/');
const seenSchema = v.strictTuple([shape.text(32), shape.time()]);

interface Seen {
  readonly keeper: DaemonId;
  /** When this mirror first knew the keeper to be enough. */
  readonly since: number;
}

export class Trimmer {
  readonly #erasing: Erasing;
  readonly #seen = new Map<string, Seen>();
  readonly #leaving = new Map<string, FragmentKey>();
  /** Of those, what was taken back: a void is on its way, and which of the two is certified is open. */
  readonly #takenBack = new Set<string>();
  /** Not before this time, by the clock that only grows. */
  readonly #later = new Map<string, number>();
  readonly #due = new Map<string, RelyOn>();
  #after = Number.NEGATIVE_INFINITY;

  private constructor(erasing: Erasing) {
    this.#erasing = erasing;
  }

  /** Before a receipt can be given: what was on its way out still is. */
  static async open(erasing: Erasing): Promise<Trimmer> {
    const { store, receipts, log } = erasing.ports;
    const trimmer = new Trimmer(erasing);
    // Of those that rotted the grace begins anew.
    const seen = { range: { gte: seenPrefix, lt: utf8('seen0') }, what: 'surplus', log };
    const rows = await keptOwnRows(store, seen, (row) => decodeCbor(seenSchema, row, seen.what, 64));
    for (const [row, [keeper, since]] of rows)
      trimmer.#seen.set(keyText(keyOf(seenPrefix, row)), { keeper, since });
    const leavingRange = { range: { gte: leavingPrefix, lt: utf8('leaving0') }, what: 'leaving', log };
    const leaving = await readOwnRows(store, leavingRange, () => undefined);
    // Such a row says nothing beyond its key.
    for (const row of [...leaving.rows.map(([name]) => name), ...leaving.rotted]) {
      const key = keyOf(leavingPrefix, row);
      trimmer.#leaving.set(keyText(key), key);
      receipts.withhold(key);
    }
    return trimmer;
  }

  /**
   * Segments of what a crash left on its way out, once it is known what became of their trims; those that went already are
   * forgotten. Faults: those of the own log, of the store.
   */
  async takeUp(): Promise<readonly Uint8Array[]> {
    if (this.#leaving.size === 0) return [];
    const { fragments } = this.#erasing.ports;
    const held = new Map<string, Uint8Array>();
    for (const key of this.#leaving.values()) {
      const stored: FragmentKey[] = [];
      const readable = await fragments.ofSegment(key.segment, (one) => void stored.push(one));
      stored.push(...readable.map(([one]) => one));
      if (stored.some(({ index }) => index === key.index)) held.set(toHex(key.segment), key.segment);
      else await this.#forget([key]);
    }
    if (held.size > 0) await this.#erasing.settle();
    return [...held.values()];
  }

  /** How many wait for nothing but `trim`. */
  get due(): number {
    return this.#due.size;
  }

  /** Takes note of what was found of a segment: `surplus` begins to wait or goes on waiting, all else that is held ceases to. */
  async note(held: readonly FragmentKey[], surplus: readonly RelyOn[]): Promise<void> {
    const { clock, charters, store } = this.#erasing.ports;
    const { trimGraceMs } = charters.current.durations;
    this.#erasing.readable(held);
    const rows: StoreOperation[] = [];
    const found = new Map(surplus.map((one) => [keyText(one), one]));
    for (const key of held) {
      const text = keyText(key);
      const one = found.get(text);
      const seen = this.#seen.get(text);
      if (one === undefined) {
        this.#due.delete(text);
        if (seen === undefined) continue;
        this.#seen.delete(text);
        rows.push({ del: rowKey(seenPrefix, key) });
      } else if (seen?.keeper !== one.keeper) {
        const since = clock.now();
        this.#seen.set(text, { keeper: one.keeper, since });
        rows.push({ put: rowKey(seenPrefix, key), value: encodeCbor([one.keeper, since]) });
      }
      const { since } = this.#seen.get(text) ?? { since: Number.POSITIVE_INFINITY };
      const later = (this.#later.get(text) ?? Number.NEGATIVE_INFINITY) > clock.monotonic();
      const waits = later || this.#takenBack.has(text);
      if (one !== undefined && since + trimGraceMs <= clock.now() && !waits) this.#due.set(text, one);
    }
    if (rows.length > 0) await store.batch(rows, { sync: false });
  }

  /** Trims what is due, no two fragments of one segment together. Faults: those of the permit and of the store. */
  async trim(signal: AbortSignal): Promise<void> {
    const { clock, permit } = this.#erasing.ports;
    if (this.#due.size === 0 || clock.monotonic() < this.#after) return;
    await permit.demand(signal);
    this.#after = clock.monotonic() + EVERY_MS;
    const waiting = this.#take();
    const sound: RelyOn[] = [];
    const audit = async () => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift())
        if (await this.#audit(one, signal)) sound.push(one);
    };
    await Promise.all(Array.from({ length: AUDITS_AT_ONCE }, audit));
    if (sound.length === 0) return;
    await this.#withhold(sound);
    await this.#certifyAndErase(sound, signal);
  }

  /** Erases what certified trims left here, and gives receipts again for what was not trimmed after all. */
  async settle(
    { held, trimmed }: { readonly held: readonly FragmentKey[]; readonly trimmed: readonly FragmentKey[] },
    signal: AbortSignal,
  ): Promise<void> {
    if (trimmed.length > 0) {
      await this.#erasing.erase('trimmed', trimmed, { signal });
      await this.#forget(trimmed);
    }
    const leaving = held.filter((key) => this.#leaving.has(keyText(key)));
    if (leaving.length === 0) return;
    if (this.#erasing.settled) return this.#stay(leaving.filter((key) => !trimmed.includes(key)));
    // Nobody waits for a quorum here: whoever looks once it was had finds them.
    void this.#erasing.settle().catch((error: unknown) => {
      if (!signal.aborted) this.#erasing.ports.log('debug', 'trims-unsettled', { code: asFault(error).code });
    });
  }

  #take(): RelyOn[] {
    const batch = new Map<string, RelyOn>();
    for (const [text, one] of this.#due) {
      const segment = toHex(one.segment);
      if (batch.has(segment)) continue;
      if (batch.size >= TRIMMED_TOGETHER_MAX) break;
      batch.set(segment, one);
      this.#due.delete(text);
    }
    return [...batch.values()];
  }

  async #audit(one: RelyOn, signal: AbortSignal): Promise<boolean> {
    const { log } = this.#erasing.ports;
    try {
      await auditKeeper(this.#erasing.ports, one, signal);
      return true;
    } catch (error) {
      signal.throwIfAborted();
      log('warn', 'keeper-not-relied-on', { keeper: one.keeper, code: asFault(error).code });
      this.#putOff(one);
      return false;
    }
  }

  async #certifyAndErase(sound: readonly RelyOn[], signal: AbortSignal): Promise<void> {
    const { log } = this.#erasing.ports;
    try {
      await this.#erasing.certify(sound.map((one) => (generation: number) => trimOf(one, generation)));
    } catch (error) {
      // Without an answer, or taken back, the entries may still come to be certified: receipts wait until that is known.
      const { kind, code, message, facts } = asFault(error);
      if (kind !== 'refused' || signal.aborted) throw error;
      if (facts['takenBack'] === true) {
        log('debug', 'trim-taken-back', { code, message });
        for (const one of sound) {
          this.#takenBack.add(keyText(one));
          this.#putOff(one);
        }
        return;
      }
      if (sound.length > 1) {
        for (const one of sound) await this.#certifyAndErase([one], signal);
        return;
      }
      log('debug', 'trim-refused', { code, message });
      for (const one of sound) this.#putOff(one);
      return this.#forget(sound);
    }
    await this.#erasing.erase('trimmed', sound, { signal });
    await this.#forget(sound);
  }

  #putOff(one: FragmentKey): void {
    this.#later.set(keyText(one), this.#erasing.ports.clock.monotonic() + RETRY_MS);
  }

  /** Durable before the entry: a place made with a receipt from here on would name a copy that is about to go. */
  async #withhold(keys: readonly FragmentKey[]): Promise<void> {
    const { store, receipts } = this.#erasing.ports;
    const nothing = new Uint8Array(0);
    await store.batch(
      keys.map((key) => ({ put: rowKey(leavingPrefix, key), value: nothing })),
      { sync: true },
    );
    for (const { segment, index } of keys) {
      const key = { segment, index };
      this.#leaving.set(keyText(key), key);
      receipts.withhold(key);
    }
  }

  async #forget(keys: readonly FragmentKey[]): Promise<void> {
    const rows: StoreOperation[] = [];
    for (const key of keys) if (this.#seen.delete(keyText(key))) rows.push({ del: rowKey(seenPrefix, key) });
    await this.#stay(keys, rows);
  }

  /** Receipts are given again. */
  async #stay(keys: readonly FragmentKey[], rows: StoreOperation[] = []): Promise<void> {
    const { store, receipts } = this.#erasing.ports;
    for (const key of keys) {
      this.#takenBack.delete(keyText(key));
      if (this.#leaving.delete(keyText(key))) rows.push({ del: rowKey(leavingPrefix, key) });
      receipts.allow(key);
    }
    if (rows.length > 0) await store.batch(rows, { sync: false });
  }
}

function rowKey(prefix: Uint8Array, { segment, index }: FragmentKey): Uint8Array {
  return concat(prefix, segment, Uint8Array.of(index));
}

function keyOf(prefix: Uint8Array, row: Uint8Array): FragmentKey {
  const key = row.slice(prefix.length);
  return { segment: key.slice(0, -1), index: key[key.length - 1] as number };
}
