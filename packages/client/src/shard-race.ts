// Reading one byte range of a segment's fragments until the wanted data shards are there or any k shards are: the
// hedged race behind every read. What wins has been checked leaf by leaf; the losers are stopped before it is used.

import { asFault, assert, type Clock, type Crypto, type DaemonId, Fault, tiedController } from '@vauban/core';
import type { ErasureCode, SegmentLayout } from '@vauban/erasure';
import { fragmentBytesOf, type SegmentDescriptor } from '@vauban/ledger';
import { isLie, type ReadFacts, readFragment } from '@vauban/wire';
import { Bell } from './bell.ts';
import type { DaemonLinks } from './daemon-links.ts';
import { type FragmentRange, type Span, spansOf } from './segment-shape.ts';
import type { ShardMemory } from './shard-memory.ts';

/** How often running reads are looked at: what a stopped daemon costs on top of the limits below. */
const LOOK_MS = 20;
/** No read is late before this, however fast the others were: a busy machine pauses for tens of milliseconds. */
const LATE_MS_MIN = 50;
/** A read is late when it takes this many times as long as the median of those that have finished. */
const LATE_FACTOR = 2;
/** A read among others is late when silent for so long, even before any of them has finished. */
const SILENT_MS_MIN = 250;
/** Or so many times longer than an answer and one run of bytes normally take, on slow lines. */
const SILENT_FACTOR = 4;
/** Silence limit while nothing is known about this network. */
const SILENT_COLD_MS = 500;
/** Bytes that arrive together: what the silence between two steps may have to carry. */
const STEP_BYTES = 49_152;
/** A daemon so many times slower than the median is not asked for whole rows while others can serve them. */
const SLOW_FACTOR = 3;

export interface Holder {
  readonly index: number;
  readonly daemon: DaemonId;
}

/** Why one holder could not serve. */
export interface HolderProblem extends Holder {
  readonly fault: Fault;
}

export interface ShardRaceOptions {
  readonly links: DaemonLinks;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly code: ErasureCode;
  readonly segment: Uint8Array;
  readonly descriptor: SegmentDescriptor;
  readonly layout: SegmentLayout;
  readonly holders: readonly Holder[];
  readonly range: FragmentRange;
  /** Whether the range can be decoded; else it comes from holders of the wanted fragments, or SHARDS_LATE says so. */
  readonly decodable: boolean;
  /** Data fragments whose bytes are needed. */
  readonly wanted: readonly number[];
  /** Where each fragment's spans go. */
  readonly memory: ShardMemory;
  readonly signal: AbortSignal | undefined;
  readonly onProblem: (problem: HolderProblem) => void;
}

interface Read extends Holder {
  readonly controller: AbortController;
  readonly settled: Promise<void>;
  readonly startedAt: number;
  progressAt: number;
  readBytes: number;
  late: boolean;
}

export class ShardRace {
  readonly #o: ShardRaceOptions;
  readonly #bell: Bell;
  readonly #spans: readonly Span[];
  readonly #running = new Map<number, Read>();
  /** Duration in ms of each finished read, by index. */
  readonly #finished = new Map<number, number>();
  readonly #tried = new Set<string>();
  /** Slow, not failed. */
  readonly #gaveWay = new Set<string>();
  readonly #problems: HolderProblem[] = [];
  #lookedAt = 0;
  #pausedBefore = false;
  /** A wanted fragment does not come, and the range cannot be decoded. */
  #tooLate = false;
  #readBytes = 0;

  constructor(options: ShardRaceOptions) {
    this.#o = options;
    this.#bell = new Bell(options.clock);
    this.#spans = spansOf(options.layout, options.range);
  }

  /** Faults: FRAGMENTS_MISSING, SHARDS_LATE {readBytes}, or the signal's reason. */
  async run(): Promise<{ readonly readBytes: number; readonly decoded: boolean }> {
    const { signal, clock, wanted } = this.#o;
    const ring = () => this.#bell.ring();
    signal?.addEventListener('abort', ring, { once: true });
    try {
      this.#lookedAt = clock.monotonic();
      for (;;) {
        signal?.throwIfAborted();
        if (this.#complete()) break;
        this.#startReads();
        if (this.#tooLate) break;
        await this.#bell.wait(LOOK_MS);
        this.#markLate();
      }
    } finally {
      signal?.removeEventListener('abort', ring);
      await this.#stopLosers();
    }
    const missing = wanted.filter((index) => !this.#finished.has(index));
    if (this.#tooLate) {
      const facts = { readBytes: this.#readBytes };
      throw new Fault('unreachable', 'SHARDS_LATE', 'a wanted fragment does not come in time', facts);
    }
    if (missing.length > 0) this.#decode(missing);
    return { readBytes: this.#readBytes, decoded: missing.length > 0 };
  }

  #complete(): boolean {
    const { wanted, code, decodable } = this.#o;
    const enough = decodable && this.#finished.size >= code.k;
    return enough || wanted.every((index) => this.#finished.has(index));
  }

  /** Starts what is needed so that the reads believed to be in time suffice. */
  #startReads(): void {
    const { wanted, code, links } = this.#o;
    for (const index of wanted) {
      if (this.#finished.has(index) || this.#running.has(index)) continue;
      const holder = this.#candidates().find((one) => one.index === index);
      if (holder && links.usable(holder.daemon) && !this.#isSlow(holder.daemon)) this.#start(holder);
    }
    const inTime = new Set(this.#finished.keys());
    for (const read of this.#running.values()) if (!read.late) inTime.add(read.index);
    if (wanted.every((index) => inTime.has(index))) return;
    if (!this.#o.decodable) {
      this.#tooLate = true;
      return;
    }
    for (const holder of this.#candidates()) {
      if (inTime.size >= code.k) return;
      if (inTime.has(holder.index) || this.#running.has(holder.index)) continue;
      this.#start(holder);
      inTime.add(holder.index);
    }
    if (inTime.size >= code.k) return;
    this.#replaceLate();
    const possible = new Set([...this.#finished.keys(), ...this.#running.keys()]);
    if (possible.size >= code.k || wanted.every((index) => possible.has(index))) return;
    if (!this.#takeBack()) throw this.#missing();
    this.#startReads();
  }

  /** Holders not tried yet, best first: usable, fast, and data before parity when nothing tells them apart. */
  #candidates(): Holder[] {
    const { holders, links, code, range } = this.#o;
    const bytes = range.to - range.from;
    const usual = this.#typicalMs(bytes) ?? 0;
    return holders
      .filter((one) => links.has(one.daemon) && !this.#tried.has(keyOf(one)))
      .map((holder) => ({
        holder,
        rank: [
          links.usable(holder.daemon) ? 0 : 1,
          links.health(holder.daemon).expectedMs(bytes) ?? usual,
          holder.index < code.k ? 0 : 1,
          holder.index,
        ],
      }))
      .sort((a, b) => compareRanks(a.rank, b.rank))
      .map((one) => one.holder);
  }

  #isSlow(daemon: DaemonId): boolean {
    const { links, range, wanted, code } = this.#o;
    if (wanted.length < code.k) return false;
    const bytes = range.to - range.from;
    const expected = links.health(daemon).expectedMs(bytes);
    const usual = this.#typicalMs(bytes);
    return expected !== undefined && usual !== undefined && expected > SLOW_FACTOR * usual;
  }

  #typicalMs(bytes: number): number | undefined {
    const { typical } = this.#o.links;
    return typical && typical.latencyMs + bytes * typical.msPerByte;
  }

  #start(holder: Holder): void {
    const { clock, signal } = this.#o;
    this.#tried.add(keyOf(holder));
    const { controller, release } = tiedController(signal);
    const now = clock.monotonic();
    const settled = this.#read(holder, controller)
      .catch((error: unknown) => this.#failed(read, error))
      .finally(() => {
        release();
        this.#readBytes += read.readBytes;
        if (this.#running.get(read.index) === read) this.#running.delete(read.index);
        this.#bell.ring();
      });
    const read: Read = {
      ...holder,
      controller,
      settled,
      startedAt: now,
      progressAt: now,
      readBytes: 0,
      late: false,
    };
    this.#running.set(holder.index, read);
  }

  async #read(holder: Holder, controller: AbortController): Promise<void> {
    const { links, crypto, clock, memory, segment, descriptor } = this.#o;
    const { index, daemon } = holder;
    if (!links.usable(daemon) && !(await links.revive(daemon))) {
      throw links.health(daemon).fault ?? silent(daemon);
    }
    const startedAt = clock.monotonic();
    const views = memory.viewsOf(index, this.#spans);
    const targets = this.#spans.map((span, i) => ({ at: span.at, into: views[i] as Uint8Array }));
    const { signal } = controller;
    const onProgress = (bytes: number) => {
      const read = this.#running.get(index);
      if (read === undefined) return;
      read.progressAt = clock.monotonic();
      read.readBytes += bytes;
    };
    const client = links.client(daemon);
    const root = descriptor.roots[index] as Uint8Array;
    const fragment = { segment, index, root, bytes: fragmentBytesOf(descriptor) };
    const facts: ReadFacts = await readFragment({
      client,
      crypto,
      clock,
      fragment,
      targets,
      signal,
      onProgress,
    });
    links.health(daemon).measured({ ...facts, bytes: this.#o.range.to - this.#o.range.from });
    links.health(daemon).succeeded();
    this.#finished.set(index, clock.monotonic() - startedAt);
  }

  #failed(read: Read, error: unknown): void {
    if (read.controller.signal.aborted) return;
    const { links, onProblem } = this.#o;
    const { index, daemon } = read;
    const fault = asFault(error);
    const problem = { index, daemon, fault };
    this.#problems.push(problem);
    if (isLie(fault) && links.has(daemon)) links.health(daemon).lied(fault);
    if (fault.kind === 'unreachable') links.suspect(daemon, fault);
    onProblem(problem);
  }

  #markLate(): void {
    const { clock } = this.#o;
    const now = clock.monotonic();
    // After a pause of this program everyone looks late; a second look tells.
    const paused = !this.#pausedBefore && now - this.#lookedAt > 3 * LOOK_MS;
    this.#lookedAt = now;
    this.#pausedBefore = paused;
    if (paused) return;
    const median = this.#medianMs();
    for (const read of this.#running.values()) {
      const others = this.#finished.size + this.#running.size - 1;
      const slow = median !== undefined && now - read.startedAt > Math.max(LATE_MS_MIN, LATE_FACTOR * median);
      read.late ||= slow || now - read.progressAt > this.#silenceMs(others);
    }
  }

  /** How long the finished reads took, once they are half of those that were started. */
  #medianMs(): number | undefined {
    const durations = [...this.#finished.values()].sort((a, b) => a - b);
    const others = durations.length + this.#running.size - 1;
    if (durations.length === 0 || durations.length * 2 < others) return undefined;
    return durations[Math.floor((durations.length - 1) / 2)];
  }

  #silenceMs(others: number): number {
    const usual = this.#typicalMs(STEP_BYTES);
    if (usual === undefined) return SILENT_COLD_MS;
    return Math.max(others === 0 ? LATE_MS_MIN : SILENT_MS_MIN, SILENT_FACTOR * usual);
  }

  /** Nothing else is left: a late read gives way to another holder of the same fragment, if that is not down. */
  #replaceLate(): void {
    for (const { index, daemon } of this.#candidates()) {
      const read = this.#running.get(index);
      if (!read?.late || !this.#o.links.usable(daemon)) continue;
      this.#gaveWay.add(keyOf(read));
      read.controller.abort(new Error('another holder of the fragment is tried'));
    }
  }

  /** Late is better than never: those that gave way to holders that failed are asked once more. */
  #takeBack(): boolean {
    const some = this.#gaveWay.size > 0;
    for (const key of this.#gaveWay) this.#tried.delete(key);
    this.#gaveWay.clear();
    return some;
  }

  /** Aborts what still runs, waits until it has let go of the memory, and remembers who was silent. */
  async #stopLosers(): Promise<void> {
    const { clock, links, range, signal } = this.#o;
    const losers = [...this.#running.values()];
    const now = clock.monotonic();
    const silenceMs = Math.max(LATE_MS_MIN, this.#medianMs() ?? 0);
    for (const read of losers) {
      if (read.late && !signal?.aborted && links.has(read.daemon)) {
        const bytes = Math.max(read.readBytes, Math.min(STEP_BYTES, range.to - range.from));
        links.health(read.daemon).overtaken({ bytes, ms: now - read.startedAt });
        if (now - read.progressAt > silenceMs) links.suspect(read.daemon, silent(read.daemon));
      }
      read.controller.abort(new Error('the others were faster'));
    }
    await Promise.all(losers.map((read) => read.settled));
  }

  #decode(missing: readonly number[]): void {
    const { code, memory } = this.#o;
    assert(this.#finished.size >= code.k, 'k shards are at hand');
    const have = [...this.#finished.keys()].sort((a, b) => a - b).slice(0, code.k);
    const shards = have.map((index) => ({ index, views: memory.viewsOf(index, this.#spans) }));
    const into = missing.map((index) => memory.viewsOf(index, this.#spans));
    for (let i = 0; i < this.#spans.length; i++) {
      code.decode({
        have: shards.map(({ index, views }) => ({ index, bytes: views[i] as Uint8Array })),
        want: missing,
        into: into.map((views) => views[i] as Uint8Array),
      });
    }
  }

  #missing(): Fault {
    const { code, holders, links, segment: _ } = this.#o;
    const unknown = holders.filter((one) => !links.has(one.daemon));
    const missing = [
      ...this.#problems.map(({ index, daemon, fault }) => ({ index, daemon, why: fault.code })),
      ...unknown.map(({ index, daemon }) => ({ index, daemon, why: 'DAEMON_UNKNOWN' })),
    ].map((one) => {
      const home = links.home(one.daemon);
      return { ...one, site: home?.site.id ?? null, hoster: home?.hoster.id ?? null };
    });
    const found = new Set([...this.#finished.keys(), ...this.#running.keys()]).size;
    const places = missing.map((one) => `${one.site ?? `daemon ${one.daemon}`} (${one.why})`);
    const listed = [...new Set(places)].slice(0, SITES_LISTED_MAX).join(', ');
    return new Fault(
      'missing-fragments',
      'FRAGMENTS_MISSING',
      `${found} of the ${code.k} fragments that are needed can be had. Out of reach: ${listed || 'no other holder is known'}. ` +
        'Try again when one of them is back.',
      { k: code.k, found, missing },
    );
  }
}

/** A message is read by a person: the facts list every holder. */
const SITES_LISTED_MAX = 12;

function keyOf(of: Holder): string {
  return `${of.index} ${of.daemon}`;
}

function silent(daemon: DaemonId): Fault {
  return new Fault('unreachable', 'SILENT', `Daemon ${daemon} stopped sending.`, { daemon });
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
