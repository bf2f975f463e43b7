// Going through what is held here, again and again, for what may be erased: purges of what its agency released, sweeps of what
// was never placed, trims of copies that nobody needs. Certified first, erased second; whatever a crash leaves in between is
// found again. Who may not erase looks all the same, and says why it does not.

import {
  asFault,
  decodeCbor,
  encodeCbor,
  Fault,
  fromHex,
  shape,
  type Startable,
  toHex,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import { type FragmentKey, keyText } from '../fragment-file.ts';
import { readOwnRow } from '../own-rows.ts';
import { PURGED_TOGETHER_MAX, purgeOf } from './erase-entries.ts';
import type { ErasedCounts, Erasing } from './erasing.ts';
import { lookAt, type PlanOf, type SegmentLook } from './segment-look.ts';
import { SWEPT_TOGETHER_MAX, sweep } from './sweep.ts';
import { Trimmer } from './trimmer.ts';

/** Changed segments that are remembered; the walk finds the others. */
const DIRTY_MAX = 100_000;
/** Fragments of one stretch of the walk, and the pause after it: a million are gone through in three hours. */
const PAGE = 128;
const PAUSE_MS = 1_000;
/** From the end of one walk to the start of the next. */
const REST_MS_MAX = 600_000;
/** A purge that was refused leaves its segment alone for so long. */
const RETRY_MS = 3_600_000;
const cursorKey = utf8('cursor');
const cursorSchema = v.strictTuple([shape.bytes(32), shape.count(255)]);

export interface EraserPorts {
  readonly erasing: Erasing;
  /** Repair's plan for a segment as things stand. */
  readonly planOf: PlanOf;
}

export class Eraser implements Startable {
  readonly #erasing: Erasing;
  readonly #planOf: PlanOf;
  readonly #trimmer: Trimmer;
  readonly #abort = new AbortController();
  readonly #dirty = new Set<string>();
  readonly #purgeable = new Map<string, Uint8Array>();
  readonly #unplaced = new Map<string, FragmentKey>();
  /** Segments whose purge was refused, and until when, by the clock that only grows. */
  readonly #later = new Map<string, number>();
  /** Each sweep makes whoever is uploading ask for fresh receipts: once a day of a week's grace. */
  #sweepAfter = Number.NEGATIVE_INFINITY;
  #cursor: FragmentKey | undefined;
  #refused: Fault | undefined;
  /** Something could not go in this walk. */
  #hindered = false;
  /** Copies kept for want of sites: in the walk under way, and in the last one. */
  #keeping = 0;
  #kept = 0;
  /** What the last run left on its way out is being judged, or was. */
  #takesUp = false;
  #running: Promise<void> = Promise.resolve();
  #forget: () => void = () => undefined;

  private constructor({ erasing, planOf }: EraserPorts, trimmer: Trimmer, cursor: FragmentKey | undefined) {
    this.#erasing = erasing;
    this.#planOf = planOf;
    this.#trimmer = trimmer;
    this.#cursor = cursor;
  }

  /** To be opened before the daemon serves: what is on its way out gets no receipts. */
  static async open(ports: EraserPorts): Promise<Eraser> {
    const trimmer = await Trimmer.open(ports.erasing);
    const { store, log } = ports.erasing.ports;
    // Without it the walk begins anew.
    const at = await readOwnRow(store, { key: cursorKey, what: 'walk', log }, (row) =>
      decodeCbor(cursorSchema, row, 'walk', 64),
    );
    return new Eraser(ports, trimmer, at && { segment: at[0], index: at[1] });
  }

  async start(): Promise<void> {
    const { mirror } = this.#erasing.ports;
    this.#forget = mirror.logs.watchSegments((segments) => {
      for (const segment of segments) if (this.#dirty.size < DIRTY_MAX) this.#dirty.add(toHex(segment));
    });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#forget();
    this.#abort.abort();
    await this.#running;
  }

  get counts(): ErasedCounts {
    return this.#erasing.counts;
  }

  /** Why something that could go does not; for a person. */
  wants(): readonly Fault[] {
    return [...(this.#refused === undefined ? [] : [this.#refused]), ...keptWants(this.#kept)];
  }

  async #run(): Promise<void> {
    const { clock } = this.#erasing.ports;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      let restMs = PAUSE_MS;
      try {
        const ended = await this.round(signal);
        if (ended && (this.#trimmer.due === 0 || this.#refused !== undefined)) restMs = this.#restMs();
      } catch (error) {
        this.#say('erasing', error);
      }
      const until = clock.monotonic() + restMs;
      do await clock.sleep(PAUSE_MS, signal).catch(() => undefined);
      while (!signal.aborted && this.#dirty.size === 0 && clock.monotonic() < until);
    }
  }

  /** One stretch: what changed since, and a page of the walk. Resolves to true at the end of a walk. */
  async round(signal: AbortSignal): Promise<boolean> {
    if (!this.#takesUp) void this.#takeUp();
    let left = PAGE;
    for (const text of this.#dirty) {
      if (left-- === 0) break;
      this.#dirty.delete(text);
      await this.#look(fromHex(text) as Uint8Array, signal);
    }
    const ended = await this.#walk(signal);
    if (ended || this.#purgeable.size >= PURGED_TOGETHER_MAX) await this.#purge(signal);
    if (this.#trimmer.due > 0) await this.#tried(() => this.#trimmer.trim(signal));
    if (!ended) return false;
    await this.#sweep(signal);
    if (!this.#hindered) this.#refused = undefined;
    this.#hindered = false;
    this.#kept = this.#keeping;
    this.#keeping = 0;
    return true;
  }

  /** What the last run left on its way out; meanwhile it gets no receipts, and all else goes on. Never rejects. */
  async #takeUp(): Promise<void> {
    this.#takesUp = true;
    try {
      for (const segment of await this.#trimmer.takeUp()) this.#dirty.add(toHex(segment));
    } catch (error) {
      this.#say('erasing-take-up', error);
      this.#takesUp = false;
    }
  }

  async #walk(signal: AbortSignal): Promise<boolean> {
    const { fragments, store } = this.#erasing.ports;
    const segments = new Map<string, Uint8Array>();
    let seen = 0;
    for await (const [key] of fragments.list(this.#cursor, PAGE, this.#erasing.corrupt)) {
      this.#cursor = key;
      segments.set(toHex(key.segment), key.segment);
      seen += 1;
    }
    for (const segment of segments.values()) {
      signal.throwIfAborted();
      this.#keeping += (await this.#look(segment, signal))?.kept ?? 0;
    }
    const ended = seen < PAGE;
    if (ended) this.#cursor = undefined;
    const at = this.#cursor;
    const row =
      at === undefined ? { del: cursorKey } : { put: cursorKey, value: encodeCbor([at.segment, at.index]) };
    await store.batch([row], { sync: false });
    return ended;
  }

  async #look(segment: Uint8Array, signal: AbortSignal): Promise<SegmentLook | undefined> {
    try {
      const look = await lookAt(this.#erasing, this.#planOf, segment);
      const held = look.held.map(([key]) => key);
      const text = toHex(segment);
      if (look.purged.length > 0) {
        await this.#tried(() => this.#erasing.erase('purged', look.purged, { signal }));
      }
      const waits = (this.#later.get(text) ?? Number.NEGATIVE_INFINITY) > this.#now();
      if (look.purgeable && !waits) this.#purgeable.set(text, segment);
      else this.#purgeable.delete(text);
      await this.#tried(() => this.#trimmer.settle({ held, trimmed: look.trimmed }, signal));
      await this.#trimmer.note(held, look.surplus);
      for (const key of look.unplaced)
        if (this.#unplaced.size < SWEPT_TOGETHER_MAX) this.#unplaced.set(keyText(key), key);
      return look;
    } catch (error) {
      // A segment that cannot be read now holds up no other.
      this.#say('erasing-look', error);
      return undefined;
    }
  }

  async #purge(signal: AbortSignal): Promise<void> {
    while (this.#purgeable.size > 0) {
      const batch = [...this.#purgeable].slice(0, PURGED_TOGETHER_MAX);
      const done = await this.#tried(async () => {
        await this.#erasing.ports.permit.demand(signal);
        await this.#purgeTogether(batch, signal);
      });
      for (const [text] of batch) this.#purgeable.delete(text);
      if (!done) this.#purgeable.clear();
    }
  }

  async #purgeTogether(
    batch: readonly (readonly [string, Uint8Array])[],
    signal: AbortSignal,
  ): Promise<void> {
    const { fragments, log } = this.#erasing.ports;
    const segments = batch.map(([, segment]) => segment);
    try {
      await this.#erasing.certify([(generation) => purgeOf(segments, generation)]);
    } catch (error) {
      const { kind, code, message, facts } = asFault(error);
      if (kind !== 'refused' || signal.aborted) throw error;
      log('debug', 'purge-refused', { code, message });
      const named = batch.filter(([text]) => text === facts['segment']);
      for (const [text] of named.length > 0 ? named : batch) this.#later.set(text, this.#now() + RETRY_MS);
      return;
    }
    const keys: FragmentKey[] = [];
    for (const segment of segments) {
      const held = await fragments.ofSegment(segment, this.#erasing.corrupt);
      keys.push(...held.map(([key]) => key));
    }
    await this.#erasing.erase('purged', keys, { signal });
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const set = [...this.#unplaced.values()];
    this.#unplaced.clear();
    if (set.length === 0 || this.#now() < this.#sweepAfter) return;
    if (await this.#tried(() => sweep(this.#erasing, set, signal)))
      this.#sweepAfter = this.#now() + this.#erasing.ports.charters.current.durations.sweepGraceMs / 7;
  }

  /** False when nothing may be erased now, which is remembered, or the step failed. */
  async #tried(work: () => Promise<unknown>): Promise<boolean> {
    const { permit } = this.#erasing.ports;
    try {
      await work();
      return true;
    } catch (error) {
      if (this.#abort.signal.aborted) return false;
      const fault = asFault(error);
      if (fault !== permit.said) this.#say('erasing-step', error);
      else {
        if (fault.code !== this.#refused?.code)
          this.#erasing.ports.log('info', 'erases-nothing', { code: fault.code, message: fault.message });
        this.#refused = fault;
        this.#hindered = true;
      }
      return false;
    }
  }

  #restMs(): number {
    const { eraseGraceMs, sweepGraceMs, trimGraceMs } = this.#erasing.ports.charters.current.durations;
    return Math.min(REST_MS_MAX, Math.ceil(Math.min(eraseGraceMs, sweepGraceMs, trimGraceMs) / 16));
  }

  #now(): number {
    return this.#erasing.ports.clock.monotonic();
  }

  #say(event: string, error: unknown): void {
    if (this.#abort.signal.aborted) return;
    const { code, message } = asFault(error);
    this.#erasing.ports.log('debug', event, { code, message });
  }
}

function keptWants(copies: number): Fault[] {
  if (copies === 0) return [];
  const message = `${copies} fragments here have a second copy elsewhere and are kept all the same: too few sites that take fragments are left to keep the promise of their policies with one copy of each. They go once sites were added or came back, or the officers lowered the policies' sitesLost`;
  return [new Fault('refused', 'COPIES_KEPT', message, { fragments: copies })];
}
