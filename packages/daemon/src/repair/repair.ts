// Repair: every daemon finds, in its mirror, the segments that lost fragments, plans where these belong, and pulls those
// that belong here. No coordinator; whoever is first in line begins, the next waits. What is begun and interrupted is found
// again from the ledger and from a row written before the first byte came.

import {
  asFault,
  concat,
  type DaemonId,
  Fault,
  fromHex,
  isFault,
  type Startable,
  type Store,
  toHex,
  utf8,
} from '@vauban/core';
import type { PlacedFragment } from '@vauban/ledger';
import type { Holder } from '@vauban/placement';
import type { FragmentKey } from '../fragment-file.ts';
import type { FragmentStore } from '../fragment-store.ts';
import type { OwnLog } from '../own-log.ts';
import { readOwnRows } from '../own-rows.ts';
import type { OwnStanding } from '../own-standing.ts';
import type { PeerWatch } from '../peer-watch.ts';
import type { Peers } from '../peers.ts';
import type { Receipts } from '../receipts.ts';
import { isThere } from './healing-view.ts';
import { type Foreground, Pace, type RepairLimits } from './pace.ts';
import type { PlacedSegment } from './placed-segment.ts';
import { type HelperTrouble, rebuildFragments, type RebuildPorts } from './rebuild.ts';
import type { QueuedSegment } from './repair-queue.ts';
import { type RepairProgress, RepairRates, type RepairWork } from './repair-rates.ts';
import { type Helpless, type Planned, type ShortfallPorts, Shortfalls } from './shortfalls.ts';
import { LeftOut } from './left-out.ts';

/** Segments worked on at once: one is read while another is coded and written. */
const AT_ONCE = 2;
const RETRY_MS = 5_000;
const RETRY_MS_MAX = 300_000;
/** What waiting does not mend is left to the next in line for so many takeovers: each try costs reads, or entries of the log. */
const TAKEOVERS = 3;
/** Nothing due: how often the queue is looked at. */
const IDLE_MS = 1_000;
const pendingPrefix = utf8('pending/');

export interface RepairPorts extends ShortfallPorts {
  readonly fragments: FragmentStore;
  readonly peers: Pick<Peers, 'daemon'>;
  readonly watch: PeerWatch;
  readonly standing: OwnStanding;
  readonly receipts: Receipts;
  readonly ownLog: Pick<OwnLog, 'append'>;
  readonly foreground: Foreground;
  /** Bytes a second from one site, and written here. */
  readonly rates: RepairLimits;
  /** Rows of fragments on their way here. */
  readonly store: Store;
  /** Told of helpers that failed or lied. */
  readonly trouble: (of: HelperTrouble) => void;
}

export class Repair implements Startable {
  readonly #ports: RepairPorts;
  readonly #abort = new AbortController();
  readonly #shortfalls: Shortfalls;
  readonly #links = new Map<string, Pace>();
  readonly #disk: Pace;
  readonly #rates: RepairRates;
  readonly #rebuild: RebuildPorts;
  readonly #useless: LeftOut;
  /** Segments with rows of fragments on their way here, in hex. */
  readonly #pending = new Set<string>();
  #atWork = 0;
  #running: Promise<unknown> = Promise.resolve();

  constructor(ports: RepairPorts) {
    this.#ports = ports;
    const { clock, foreground, rates, crypto, fragments } = ports;
    this.#disk = new Pace({ clock, foreground, bytesPerSecond: rates.diskBytesPerSecond });
    this.#rates = new RepairRates(clock);
    this.#useless = new LeftOut(clock);
    this.#shortfalls = new Shortfalls({ ...ports, unclaimed: (key) => this.#unclaimed(key) });
    this.#rebuild = {
      id: ports.id,
      crypto,
      clock,
      store: fragments,
      client: (daemon) => ports.peers.daemon(daemon),
      pace: (daemon, bytes, signal) => this.#linkOf(daemon).take(bytes, signal),
      received: (daemon, bytes) => this.#rates.received(this.#siteOf(daemon), bytes),
      trouble: (of) => this.#trouble(of),
    };
  }

  async start(): Promise<void> {
    const { watch, standing, store, log } = this.#ports;
    watch.watch((changed) => this.#shortfalls.lookAtHeldBy(changed));
    let paused = standing.repairPaused;
    standing.watch(() => {
      if (paused && !standing.repairPaused) this.#shortfalls.waitAnew();
      paused = standing.repairPaused;
      this.rescan();
    });
    const range = { gte: pendingPrefix, lt: utf8('pending0') };
    const pending = await readOwnRows(store, { range, what: 'pending', log }, () => undefined);
    // Such a row says nothing beyond its key.
    for (const key of [...pending.rows.map(([name]) => name), ...pending.rotted]) {
      const segment = key.slice(pendingPrefix.length, pendingPrefix.length + 32);
      this.#pending.add(toHex(segment));
      this.recheck(segment);
    }
    await this.#shortfalls.start();
    this.#running = Promise.all(Array.from({ length: AT_ONCE }, () => this.#work()));
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#shortfalls.stop();
    await this.#running;
  }

  /** Something changed that concerns all segments: a charter, a declared loss, this daemon's own standing. */
  rescan(): void {
    this.#shortfalls.lookAtAll();
  }

  /** One segment is looked at soon. */
  recheck(segment: Uint8Array): void {
    this.#shortfalls.look(segment);
  }

  get helpless(): Helpless {
    return this.#shortfalls.helpless;
  }

  /** Segments that this daemon is in line for, its turn or not. */
  get inLine(): number {
    return this.#shortfalls.queue.size;
  }

  progress(): RepairProgress {
    return this.#rates.progress(this.#shortfalls.queue.totals(), this.#ports.standing.repairPaused);
  }

  /** The plan for a segment as things stand; undefined when nobody is to hold any of it. */
  planOf(segment: Uint8Array): Promise<Planned | undefined> {
    return this.#shortfalls.planOf(segment);
  }

  async #work(): Promise<void> {
    const { clock, standing } = this.#ports;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const item = standing.repairPaused ? undefined : this.#shortfalls.queue.take(clock.monotonic());
      if (item === undefined) {
        await clock.sleep(IDLE_MS, signal).catch(() => undefined);
        continue;
      }
      this.#shortfalls.begin(item.key);
      const work = this.#rates.began();
      this.#atWork += 1;
      try {
        await this.#heal(item, work);
        this.#shortfalls.queue.remove(item.key);
      } catch (error) {
        if (signal.aborted) return;
        this.#say('repair-waits', error, item.key);
        const waitMs = isFinal(asFault(error))
          ? Math.max(RETRY_MS_MAX, TAKEOVERS * this.#ports.charter().durations.takeoverMs)
          : Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** Math.min(10, item.attempts));
        this.#shortfalls.queue.put({
          ...item,
          dueAt: clock.monotonic() + waitMs,
          attempts: item.attempts + 1,
        });
      } finally {
        this.#atWork -= 1;
        work.end();
        this.#shortfalls.done(item.key);
      }
    }
  }

  /** Brings here what is this daemon's to hold now, and says so in the ledger. */
  async #heal(item: QueuedSegment, work: RepairWork): Promise<void> {
    const { clock, id, charter, standing } = this.#ports;
    const { signal } = this.#abort;
    const segment = fromHex(item.key) as Uint8Array;
    const found = await this.#shortfalls.shortOf(segment);
    if (found === undefined) return;
    const { placed, plan, holders } = found;
    const waitedMs = clock.monotonic() - item.noticedAt;
    const { takeoverMs } = charter().durations;
    const wanted = plan.moves
      .filter(({ homes }) => {
        const rank = homes.indexOf(id);
        return rank >= 0 && rank * takeoverMs <= waitedMs;
      })
      .map(({ index }) => index);
    if (wanted.length === 0) return;
    const refusal = standing.refusal();
    if (refusal !== undefined) throw refusal;
    if (placed.certifiedSize === undefined) {
      throw new Fault(
        'unreachable',
        'PLACE_UNCERTIFIED',
        'the place of the segment is not certified yet',
        {},
      );
    }
    await this.#disk.take(wanted.length * placed.fragmentBytes, signal);
    await this.#note(segment, wanted);
    const ports = {
      ...this.#rebuild,
      received: (daemon: DaemonId, bytes: number) => work.received(this.#siteOf(daemon), bytes),
    };
    const missing = await this.#missingHere(segment, wanted);
    await rebuildFragments(ports, {
      placed,
      wanted: missing,
      sources: (index) => this.#sourcesOf(holders, index),
      replace: true,
      useless: this.#useless.of(item.key),
      signal,
    });
    await this.#testify(placed, wanted);
    const bytes = wanted.length * placed.fragmentBytes;
    work.rebuilt(wanted.length, { bytes, brought: missing.length * placed.fragmentBytes });
    this.#ports.log('info', 'repaired', { fragments: wanted.length, bytes, margin: plan.margin.fragments });
    this.#useless.forget(item.key);
    // Those of an earlier attempt too: what is wanted by now is here.
    const indices = Array.from({ length: placed.place.fragments.length }, (_, index) => index);
    const rows = indices.map((index) => ({ del: pendingKey(segment, index) }));
    await this.#ports.store.batch(rows, { sync: false });
    this.#pending.delete(item.key);
  }

  /** Rebuilds in place what was found damaged here. Faults: those of rebuildFragments, FRAGMENT_UNPLACED. */
  async mend(segment: Uint8Array, index: number): Promise<void> {
    const { id } = this.#ports;
    const found = await this.planOf(segment);
    if (found === undefined) {
      throw new Fault(
        'refused',
        'FRAGMENT_UNPLACED',
        'nobody claims the damaged fragment: nothing vouches for it',
        {
          segment: toHex(segment),
          index,
        },
      );
    }
    const { placed, holders } = found;
    await rebuildFragments(this.#rebuild, {
      placed,
      wanted: [index],
      // Not from what is damaged.
      sources: (one) => this.#sourcesOf(holders, one).filter((daemon) => one !== index || daemon !== id),
      replace: true,
      useless: this.#useless.of(toHex(segment)),
      signal: this.#abort.signal,
    });
  }

  /** Not here, or not whole: what others found wanting may be this daemon's own copy, and it may be first in line for it. */
  async #missingHere(segment: Uint8Array, wanted: readonly number[]): Promise<number[]> {
    const missing: number[] = [];
    for (const index of wanted) if (!(await this.#isWhole({ segment, index }))) missing.push(index);
    return missing;
  }

  async #isWhole(key: FragmentKey): Promise<boolean> {
    const { fragments } = this.#ports;
    if ((await fragments.get(key)) === undefined) return false;
    try {
      await fragments.verify(key);
      return true;
    } catch (error) {
      if (isFault(error, 'FRAGMENT_DAMAGED') || isFault(error, 'FRAGMENT_MISSING')) return false;
      throw error;
    }
  }

  /** Something is being brought here: whatever can wait makes way. */
  get busy(): boolean {
    return this.#atWork > 0;
  }

  /**
   * Whom to ask for an index: this daemon itself, then those that are there, those on their way out last. One whose site was
   * given up is not tried: mostly nobody answers, and its silence is waited for.
   */
  #sourcesOf(holders: readonly Holder[], index: number): readonly DaemonId[] {
    const { id, watch, consortium } = this.#ports;
    const rank = (daemon: DaemonId) => (daemon === id ? 0 : watch.answer(daemon)?.draining === true ? 2 : 1);
    return holders
      .filter((one) => one.index === index)
      .map(({ daemon }) => daemon)
      .filter((daemon) => daemon === id || (isThere(this.#ports, daemon) && !consortium.isLost(daemon)))
      .sort((a, b) => rank(a) - rank(b));
  }

  async #testify(placed: PlacedSegment, wanted: readonly number[]): Promise<void> {
    const { receipts, ownLog, fragments } = this.#ports;
    const { segment, place, claim, certifiedSize: size, fragmentBytes: bytes } = placed;
    const custody = await Promise.all(
      wanted.map(async (index) => {
        const [root] = place.fragments[index] as PlacedFragment;
        const of = { segment, index, root, bytes };
        const receipt = await fragments.whileHeld(of, () => receipts.sign(of));
        return { kind: 'custody' as const, ...of, ...receipt, place: claim, size: size as number };
      }),
    );
    await ownLog.append(custody);
  }

  /** Before the first byte: a crash between the bytes and the entry leaves something to begin from. */
  #note(segment: Uint8Array, wanted: readonly number[]): Promise<void> {
    this.#pending.add(toHex(segment));
    const rows = wanted.map((index) => ({ put: pendingKey(segment, index), value: new Uint8Array(0) }));
    return this.#ports.store.batch(rows, { sync: false });
  }

  /** Nobody claims it any more, or it is being erased: nothing of it is on its way here. */
  async #unclaimed(key: string): Promise<void> {
    if (!this.#pending.delete(key)) return;
    const segment = fromHex(key) as Uint8Array;
    const [gte, lt] = [pendingKey(segment, 0), concat(pendingPrefix, segment, Uint8Array.of(255, 255))];
    const { store, log } = this.#ports;
    const { rows, rotted } = await readOwnRows(
      store,
      { range: { gte, lt }, what: 'pending', log },
      () => null,
    );
    const gone = [...rows.map(([name]) => name), ...rotted].map((del) => ({ del }));
    await store.batch(gone, { sync: false });
  }

  #trouble(of: HelperTrouble): void {
    const { log, trouble } = this.#ports;
    log('warn', of.lied ? 'helper-lied' : 'helper-failed', { daemon: of.daemon, code: of.fault.code });
    trouble(of);
  }

  #linkOf(daemon: DaemonId): Pace {
    const site = this.#siteOf(daemon);
    const { clock, foreground, rates } = this.#ports;
    const link =
      this.#links.get(site) ?? new Pace({ clock, foreground, bytesPerSecond: rates.linkBytesPerSecond });
    this.#links.set(site, link);
    return link;
  }

  #siteOf(daemon: DaemonId): string {
    return this.#ports.charter().daemons.find(({ id }) => id === daemon)?.site ?? '';
  }

  #say(event: string, error: unknown, key?: string): void {
    if (this.#abort.signal.aborted) return;
    const { code, message } = asFault(error);
    this.#ports.log('debug', event, { code, message, ...(key === undefined ? {} : { segment: key }) });
  }
}

/**
 * Not a codeword, or refused by too many for a quorum, and for more than the moment. An older generation is put right by asking
 * anew; what was taken back since too few answered may come through the next time.
 */
function isFinal({ kind, code, facts }: Fault): boolean {
  if (code === 'ROOT_MISMATCH') return true;
  const byQuorum = kind === 'refused' && facts['refusedBy'] !== undefined && facts['takenBack'] !== true;
  return byQuorum && facts['class'] !== 'later' && code !== 'GENERATION_OLD';
}

function pendingKey(segment: Uint8Array, index: number): Uint8Array {
  return concat(pendingPrefix, segment, Uint8Array.of(index));
}
