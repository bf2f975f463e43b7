// Finding what lost fragments: segments that entries speak of, those of daemons that came or went, and, slowly, all of them.
// Owns what is short, from when on this daemon is to act on it, and what nobody can heal now.

import { asFault, type Clock, type DaemonId, fromHex, type Startable, toHex } from '@vauban/core';
import { type Mirror, placedSegments, segmentsHeldBy } from '@vauban/ledger';
import type { HealingPlan, Holder } from '@vauban/placement';
import type { Log } from '../log.ts';
import { type HealingGround, healingPlan } from './healing-view.ts';
import { isBeingErased, type PlacedSegment, placedSegment } from './placed-segment.ts';
import { type QueuedSegment, RepairQueue } from './repair-queue.ts';

/** New entries are looked at together, so that the writing of a large file does not cost a look for each of them. */
const LOOK_EVERY_MS = 1_000;
/** Times that one daemon's segments are gone through in the time a turn in line takes. */
const SCANS_MAX = 4;
/** Of the walk through all segments, in one look: a million of them take an hour and half a processor. */
const WALK_AT_ONCE = 250;
/** Then it rests for so many times as long as it took, a takeover at least: what nobody told of is found all the same. */
const WALK_REST = 9;

export interface ShortfallPorts extends HealingGround {
  readonly clock: Clock;
  readonly mirror: Mirror;
  /** Holders that enough others found wanting. */
  readonly doubted: (placed: PlacedSegment) => readonly Holder[];
  /** Told, by its name in hex, of a segment that nobody claims or that is being erased. */
  readonly unclaimed?: (key: string) => Promise<void>;
  readonly log: Log;
}

/** A segment with what is to be done for it. `holders`: those that are to be counted on. */
export interface Planned {
  readonly placed: PlacedSegment;
  readonly plan: HealingPlan;
  readonly holders: readonly Holder[];
}

/** Segments that wait for something repair cannot bring about. */
export interface Helpless {
  /** No daemon may or can take their fragments. */
  readonly homeless: number;
  /** Fewer than k fragments are left: they wait for holders to return. */
  readonly unreadable: number;
}

export class Shortfalls implements Startable {
  readonly queue = new RepairQueue();
  readonly #ports: ShortfallPorts;
  readonly #abort = new AbortController();
  readonly #atWork = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #homeless = new Set<string>();
  readonly #unreadable = new Set<string>();
  /** Daemons whose segments are to be gone through. */
  #scans = new Set<DaemonId>();
  readonly #scannedAt = new Map<DaemonId, readonly number[]>();
  /** Where the walk through all segments stands; undefined while it rests. */
  #walkAfter: Uint8Array | undefined = new Uint8Array(0);
  #walkBeganAt = 0;
  #walkDueAt = 0;
  /** It goes to its end all the same: whoever chatters holds up nobody's repair. */
  #walkAgain = false;
  #version = 0;
  /** How the ledger has each daemon stand, as of the last look. */
  #stood = new Map<DaemonId, string>();
  #took = false;
  #unwatch: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(ports: ShortfallPorts) {
    this.#ports = ports;
  }

  async start(): Promise<void> {
    this.#unwatch = this.#ports.mirror.logs.watchSegments((segments) => {
      for (const segment of segments) this.look(segment);
    });
    this.#version = this.#ports.charter().version;
    this.#walkBeganAt = this.#ports.clock.monotonic();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#unwatch();
    await this.#running;
  }

  /** Soon. */
  look(segment: Uint8Array): void {
    this.#dirty.add(toHex(segment));
  }

  /** Everything that the ledger ever named these daemons for. */
  lookAtHeldBy(daemons: readonly DaemonId[]): void {
    for (const daemon of daemons) if (this.#mayScan(daemon)) this.#scans.add(daemon);
    // Who could take them is not among those who hold them.
    const takes = daemons.some((daemon) => this.#ports.watch.answer(daemon)?.takes === true);
    if (takes && this.#homeless.size > 0) this.lookAtAll();
  }

  /** Whoever says now this, now that, is gone through a few times, and then when the walk comes by. */
  #mayScan(daemon: DaemonId): boolean {
    const { clock, charter, watch, consortium } = this.#ports;
    const now = clock.monotonic();
    const lately = (this.#scannedAt.get(daemon) ?? []).filter(
      (at) => now - at < charter().durations.takeoverMs,
    );
    const may = lately.length < SCANS_MAX || watch.presence(daemon) === 'lost' || consortium.isLost(daemon);
    this.#scannedAt.set(daemon, may ? [...lately.slice(1 - SCANS_MAX), now] : lately);
    return may;
  }

  /** All segments, in time: a charter, this daemon's own standing changed. */
  lookAtAll(): void {
    if (this.#walkAfter === undefined) this.#beginWalk();
    else if (this.#walkAfter.length > 0) this.#walkAgain = true;
  }

  /** Repair was held back and goes on: whoever is next in line waits from now on, or all would begin at once. */
  waitAnew(): void {
    this.queue.restart(this.#ports.clock.monotonic(), (key) => this.#atWork.has(key));
  }

  get helpless(): Helpless {
    return { homeless: this.#homeless.size, unreadable: this.#unreadable.size };
  }

  /** It is out of the queue's hands until `done`. */
  begin(key: string): void {
    this.#atWork.add(key);
  }

  done(key: string): void {
    this.#atWork.delete(key);
    this.#dirty.add(key);
  }

  /** What is to be brought to new holders; undefined when that is no concern of repair. */
  async shortOf(segment: Uint8Array): Promise<Planned | undefined> {
    const found = await this.planOf(segment);
    if (found === undefined) return undefined;
    const { charter, id, now } = this.#ports;
    return isBeingErased(found.placed, { charter: charter(), id, now: now() }) ? undefined : found;
  }

  /** The plan for a segment as things stand; undefined when nobody is to hold any of it. */
  async planOf(segment: Uint8Array): Promise<Planned | undefined> {
    const { mirror, crypto, charter, doubted } = this.#ports;
    const placed = await placedSegment({ logs: mirror.logs, crypto, charter: charter() }, segment);
    if (placed === undefined) return undefined;
    const wanting = new Set(doubted(placed).map(({ index, daemon }) => `${index}/${daemon}`));
    const holders = placed.holders.filter(({ index, daemon }) => !wanting.has(`${index}/${daemon}`));
    return { placed, holders, plan: healingPlan(this.#ports, placed, holders) };
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#ports;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        await this.#round();
      } catch (error) {
        const { code, message } = asFault(error);
        if (!signal.aborted) log('debug', 'repair-look', { code, message });
      }
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    }
  }

  async #round(): Promise<void> {
    this.#noticeStandings();
    for (const daemon of Array.from(this.#scans)) {
      if (!(await this.#scan(daemon))) return;
    }
    for (const key of this.#dirty) {
      if (this.#abort.signal.aborted) return;
      this.#dirty.delete(key);
      await this.#lookAt(fromHex(key) as Uint8Array);
    }
    await this.#walk();
  }

  /** What changes without anybody's telling: a maintenance is over, this daemon begins to take; and what the ledger says. */
  #noticeStandings(): void {
    const { charter, consortium, self } = this.#ports;
    const { version, daemons } = charter();
    const takes = self().takes !== undefined;
    if (version !== this.#version || (takes && !this.#took)) this.lookAtAll();
    this.#version = version;
    this.#took = takes;
    const stands = new Map<DaemonId, string>();
    for (const { id, site } of daemons)
      stands.set(id, `${consortium.isLost(id)} ${consortium.inMaintenance(site)}`);
    const before = this.#stood;
    this.#stood = stands;
    this.lookAtHeldBy(
      [...stands].flatMap(([id, now]) => ((before.get(id) ?? 'false false') === now ? [] : [id])),
    );
  }

  /** False when the end has come. */
  async #scan(daemon: DaemonId): Promise<boolean> {
    // What changes from here on makes another scan: the segments gone through by then were judged without it.
    this.#scans.delete(daemon);
    try {
      for await (const segment of segmentsHeldBy(this.#ports.mirror.logs.store, daemon)) {
        if (this.#abort.signal.aborted) return false;
        await this.#lookAt(segment);
      }
      return true;
    } catch (error) {
      this.#scans.add(daemon);
      throw error;
    }
  }

  #beginWalk(): void {
    this.#walkAfter = new Uint8Array(0);
    this.#walkBeganAt = this.#ports.clock.monotonic();
    this.#walkAgain = false;
  }

  async #walk(): Promise<void> {
    const now = this.#ports.clock.monotonic();
    if (this.#walkAfter === undefined && now >= this.#walkDueAt) this.#beginWalk();
    const after = this.#walkAfter;
    if (after === undefined) return;
    let left = WALK_AT_ONCE;
    for await (const segment of placedSegments(this.#ports.mirror.logs.store, after)) {
      if (this.#abort.signal.aborted || left === 0) return;
      left -= 1;
      this.#walkAfter = segment.slice();
      await this.#lookAt(segment);
    }
    const ended = this.#ports.clock.monotonic();
    const restMs = Math.max(
      this.#ports.charter().durations.takeoverMs,
      WALK_REST * (ended - this.#walkBeganAt),
    );
    this.#walkDueAt = ended + restMs;
    this.#walkAfter = undefined;
    if (this.#walkAgain) this.#beginWalk();
  }

  /** One that cannot be read or planned now holds up no other: what heals the ledger tells of it, or the next walk finds it. */
  async #lookAt(segment: Uint8Array): Promise<void> {
    try {
      await this.#consider(segment);
    } catch (error) {
      const { code, message } = asFault(error);
      if (!this.#abort.signal.aborted)
        this.#ports.log('debug', 'repair-look', { code, message, segment: toHex(segment) });
    }
  }

  /** Puts it into the queue, or takes it out. */
  async #consider(segment: Uint8Array): Promise<void> {
    const key = toHex(segment);
    if (this.#atWork.has(key)) return;
    const found = await this.shortOf(segment);
    if (found === undefined) await this.#ports.unclaimed?.(key);
    const moves = found?.plan.moves ?? [];
    mark(
      this.#homeless,
      key,
      moves.some(({ homes }) => homes.length === 0),
    );
    mark(this.#unreadable, key, found !== undefined && found.plan.margin.fragments < 0);
    const before = this.queue.get(key);
    const now = this.#ports.clock.monotonic();
    const item = found && this.#itemOf(found, { key, noticedAt: before?.noticedAt ?? now });
    if (item === undefined) this.queue.remove(key);
    else if (before === undefined || differs(before, item)) {
      const waits = before !== undefined && before.attempts > 0 && before.dueAt > now;
      this.queue.put(waits ? { ...item, dueAt: before.dueAt, attempts: before.attempts } : item);
    }
  }

  #itemOf(
    { placed, plan }: Planned,
    of: { readonly key: string; readonly noticedAt: number },
  ): QueuedSegment | undefined {
    const ranks = plan.moves.map(({ homes }) => homes.indexOf(this.#ports.id)).filter((rank) => rank >= 0);
    if (ranks.length === 0) return undefined;
    const first = Math.min(...ranks);
    return {
      ...of,
      margin: plan.margin.fragments,
      dueAt: of.noticedAt + first * this.#ports.charter().durations.takeoverMs,
      bytes: ranks.filter((rank) => rank === 0).length * placed.fragmentBytes,
      attempts: 0,
    };
  }
}

function mark(set: Set<string>, key: string, is: boolean): void {
  if (is) set.add(key);
  else set.delete(key);
}

function differs(before: QueuedSegment, item: QueuedSegment): boolean {
  return before.dueAt !== item.dueAt || before.bytes !== item.bytes || before.margin !== item.margin;
}
