// Emptying this daemon before it leaves: others copy what it holds because its standing says so; here is judged how far that
// is, and when stopping it for good would lose nothing. Its standing is on the disk: a restart goes on where this was.

import {
  asFault,
  type Clock,
  concat,
  type DaemonId,
  daemonIdBytes,
  equalBytes,
  fromHex,
  type Startable,
  toHex,
  utf8,
} from '@vauban/core';
import {
  fragmentBytesOf,
  holdersNow,
  holdersOf,
  type PlacedFragment,
  type SegmentFacts,
  segmentFacts,
} from '@vauban/ledger';
import type { Holder } from '@vauban/placement';
import { type FragmentFacts, type FragmentKey, keyText } from '../fragment-file.ts';
import type { OwnStanding } from '../own-standing.ts';
import type { PeerWatch } from '../peer-watch.ts';
import type { ConsortiumStanding } from '../repair/healing-view.ts';
import type { Erasing } from './erasing.ts';
import { auditKeeper } from './keeper-audit.ts';
import type { PlanOf } from './segment-look.ts';

/** What was uploaded so lately, or given a receipt, may still be placed here. */
const PLACE_WAIT_MS = 3_600_000;
/** What is not safe yet is looked at so often, all of it so often. */
const LOOK_MS = 2_000;
const LOOK_ALL_MS = 600_000;
/** The estimate goes by what was done in this time. */
const RATE_MS = 600_000;
const relyPrefix = utf8('rely/');

export interface DrainPorts {
  readonly erasing: Erasing;
  readonly planOf: PlanOf;
  readonly standing: OwnStanding;
  readonly watch: Pick<PeerWatch, 'presence' | 'answer' | 'watch'>;
  readonly consortium: Pick<ConsortiumStanding, 'isLost'>;
}

export interface DrainProgress {
  readonly draining: boolean;
  /** Fragments that nobody else is known to hold well; those that nobody needs do not count. */
  readonly fragmentsLeft: number;
  readonly bytesLeft: number;
  readonly etaSeconds: number | null;
  /** No fragment is lost when this daemon is switched off for good; what the sites that stay allow is the margin then. */
  readonly safeToStop: boolean;
  /** What it waits for, in words; null when it just goes on. */
  readonly waitsFor: string | null;
}

/** Why a fragment still ties this daemon down. */
type Tie =
  | 'row-unreadable'
  | 'copy'
  | 'no-home'
  | 'upload'
  | 'silent-holder'
  | 'unsound-holder'
  | 'purge-begun';

interface Tied {
  readonly key: FragmentKey;
  readonly bytes: number;
  readonly tie: Tie;
}

const words: readonly (readonly [Tie, (count: string) => string])[] = [
  ['row-unreadable', (count) => `${count} whose rows in the index rotted, to be written again`],
  ['no-home', (count) => `${count} that no other site can take now`],
  ['unsound-holder', (count) => `${count} whose other holder failed its audit`],
  ['silent-holder', (count) => `${count} whose other holder is silent, leaving or read-only`],
  ['purge-begun', (count) => `${count} whose segments somebody has begun to purge`],
  ['upload', (count) => `${count} uploaded so lately that a place of theirs may still come`],
];

export class Drain implements Startable {
  readonly #ports: DrainPorts;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  readonly #tied = new Map<string, Tied>();
  readonly #dirty = new Set<string>();
  /** Latest receipts since the start, by the clock that only grows. */
  readonly #receipts = new Map<string, number>();
  readonly #ends: readonly (() => void)[];
  /** When all was looked at; undefined before, and again when somebody relied on has gone. */
  #lookedAllAt: number | undefined;
  /** What the walk under way has seen so far does not hold any more. */
  #upset = false;
  /** There may be rows about who answered for a fragment. */
  #mayRely = true;
  #steps: { readonly at: number; readonly bytesLeft: number }[] = [];
  #running: Promise<void> = Promise.resolve();

  constructor(ports: DrainPorts) {
    this.#ports = ports;
    this.#clock = ports.erasing.ports.clock;
    const { erasing, watch, standing } = ports;
    const { mirror, receipts } = erasing.ports;
    standing.watch(() => {
      if (!standing.draining) this.#clear();
    });
    watch.watch((changed) => {
      if (changed.some((daemon) => !this.#standsWell(daemon))) this.#lookAgain();
    });
    this.#ends = [
      mirror.logs.watchSegments((segments) => {
        if (standing.draining) for (const segment of segments) this.#dirty.add(toHex(segment));
      }),
      receipts.watch((key) => {
        if (standing.draining) this.#receipts.set(keyText(key), this.#clock.monotonic());
      }),
    ];
  }

  async start(): Promise<void> {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    this.#abort.abort();
    await this.#running;
  }

  /** From now on, over restarts too, it takes nothing, and others copy what it holds. */
  async begin(): Promise<DrainProgress> {
    await this.#ports.standing.setDraining(true);
    return this.progress();
  }

  /** It takes again; copies made meanwhile are surplus, and the planner says which. */
  async cancel(): Promise<DrainProgress> {
    await this.#ports.standing.setDraining(false);
    await this.#forgetReliance();
    return this.progress();
  }

  progress(): DrainProgress {
    const { erasing, standing } = this.#ports;
    const { draining } = standing;
    if (!draining) {
      const idle = { fragmentsLeft: 0, bytesLeft: 0, etaSeconds: null, safeToStop: false, waitsFor: null };
      return { draining, ...idle };
    }
    if (this.#lookedAllAt === undefined) {
      const { fragments: fragmentsLeft, bytes: bytesLeft } = erasing.ports.fragments.totals();
      const waitsFor = 'a first look at all it holds';
      return { draining, fragmentsLeft, bytesLeft, etaSeconds: null, safeToStop: false, waitsFor };
    }
    const bytesLeft = this.#bytesLeft();
    const missing = erasing.ports.fragments.missing.length;
    return {
      draining,
      fragmentsLeft: this.#tied.size,
      bytesLeft,
      etaSeconds: this.#etaSeconds(bytesLeft),
      safeToStop: this.#tied.size === 0 && missing === 0,
      waitsFor: missing > 0 ? `the ledger to know of ${missing} missing fragments` : this.#waitsFor(),
    };
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      if (this.#ports.standing.draining) {
        await this.round(signal).catch((error: unknown) => {
          if (!signal.aborted)
            this.#ports.erasing.ports.log('debug', 'drain-look', { code: asFault(error).code });
        });
        this.#mayRely = true;
      } else if (this.#mayRely) {
        await this.#forgetReliance().catch(() => undefined);
      }
      await this.#clock.sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }

  /** Looks at what may have changed, or at all of it. Faults: those of the store, of a damaged ledger. */
  async round(signal: AbortSignal): Promise<void> {
    const { fragments } = this.#ports.erasing.ports;
    const now = this.#clock.monotonic();
    if (this.#lookedAllAt === undefined || now - this.#lookedAllAt > LOOK_ALL_MS) {
      await this.#lookAtAll(signal);
    } else {
      const again = new Map([...this.#tied.values()].map(({ key }) => [toHex(key.segment), key.segment]));
      for (const text of this.#dirty) again.set(text, fromHex(text) as Uint8Array);
      this.#dirty.clear();
      const tiedOf = Map.groupBy(this.#tied, ([, { key }]) => toHex(key.segment));
      for (const [text, segment] of again) {
        signal.throwIfAborted();
        // Tied until it is known not to be: somebody may ask in between whether it is safe to stop.
        const gone = new Set(tiedOf.get(text)?.map(([known]) => known));
        const unreadable = (key: FragmentKey) => {
          gone.delete(keyText(key));
          this.#tieUnreadable(key);
        };
        for (const [key, facts] of await fragments.ofSegment(segment, unreadable)) {
          gone.delete(keyText(key));
          await this.#look(key, facts, signal);
        }
        for (const known of gone) this.#tied.delete(known);
      }
    }
    this.#steps.push({ at: this.#clock.monotonic(), bytesLeft: this.#bytesLeft() });
    this.#steps = this.#steps.filter(({ at }) => at >= this.#clock.monotonic() - RATE_MS);
  }

  async #lookAtAll(signal: AbortSignal): Promise<void> {
    const { fragments } = this.#ports.erasing.ports;
    const before = new Set(this.#tied.keys());
    const began = this.#clock.monotonic();
    this.#upset = false;
    const unreadable = (key: FragmentKey) => {
      before.delete(keyText(key));
      this.#tieUnreadable(key);
    };
    for await (const [key, facts] of fragments.list(undefined, undefined, unreadable)) {
      signal.throwIfAborted();
      before.delete(keyText(key));
      await this.#look(key, facts, signal);
    }
    // They are not here any more.
    for (const text of before) this.#tied.delete(text);
    if (!this.#upset) this.#lookedAllAt = began;
  }

  /** Nobody knows what it is: until its row is written again it holds this daemon here. */
  #tieUnreadable(key: FragmentKey): void {
    this.#ports.erasing.corrupt(key);
    this.#tied.set(keyText(key), { key, bytes: 0, tie: 'row-unreadable' });
  }

  async #look(key: FragmentKey, facts: FragmentFacts, signal: AbortSignal): Promise<void> {
    const tie = await this.#tieOf(key, facts, signal);
    if (tie === undefined) this.#tied.delete(keyText(key));
    else this.#tied.set(keyText(key), { key, bytes: facts.bytes, tie });
  }

  /** Undefined when nobody misses the fragment once this daemon is gone. */
  async #tieOf(key: FragmentKey, stored: FragmentFacts, signal: AbortSignal): Promise<Tie | undefined> {
    const { erasing, planOf } = this.#ports;
    const { id, mirror } = erasing.ports;
    const facts = await segmentFacts(mirror.logs, key.segment);
    const purges = facts.purges.filter(({ voided }) => !voided);
    if (purges.length > 0) {
      const certified = purges.some(({ by }) => erasing.isCertified(by));
      return certified ? undefined : 'purge-begun';
    }
    const holders = holdersNow(facts).filter(({ index }) => index === key.index);
    if (!holders.some(({ daemon }) => daemon === id)) {
      return this.#mayBePlaced(key, stored) ? 'upload' : undefined;
    }
    const found = await planOf(key.segment);
    if (found === undefined) return this.#mayBePlaced(key, stored) ? 'upload' : undefined;
    const certified = certifiedHolders(facts, erasing.isCertified);
    const others = holders.filter(({ daemon }) => daemon !== id && certified.has(`${key.index}/${daemon}`));
    if (others.length === 0) {
      const move = found.plan.moves.find(({ index }) => index === key.index);
      return move?.homes.length === 0 ? 'no-home' : 'copy';
    }
    const well = others.filter((one) => this.#standsWell(one.daemon) && !isDoubted(one, found.holders));
    if (well.length === 0) return 'silent-holder';
    const { place } = found.placed;
    const [root] = place.fragments[key.index] as PlacedFragment;
    for (const { daemon } of well) {
      const of = { ...key, root, bytes: fragmentBytesOf(place), keeper: daemon };
      if (await this.#mayRelyOn(of, signal)) return undefined;
    }
    return 'unsound-holder';
  }

  #mayBePlaced(key: FragmentKey, { storedAt }: FragmentFacts): boolean {
    const { charters } = this.#ports.erasing.ports;
    const waitMs = Math.min(PLACE_WAIT_MS, charters.current.durations.sweepGraceMs);
    const receipt = this.#receipts.get(keyText(key)) ?? Number.NEGATIVE_INFINITY;
    return this.#clock.now() - storedAt < waitMs || this.#clock.monotonic() - receipt < waitMs;
  }

  /** Up, staying, and nobody's lost site. */
  #standsWell(daemon: DaemonId): boolean {
    const { watch, consortium } = this.#ports;
    const answer = watch.answer(daemon);
    const up = watch.presence(daemon) === 'up' && answer !== undefined;
    return up && !answer.draining && !answer.readOnly && !consortium.isLost(daemon);
  }

  /** Asked for leaves once per holder and fragment, over restarts. */
  async #mayRelyOn(of: Parameters<typeof auditKeeper>[1], signal: AbortSignal): Promise<boolean> {
    const { ports } = this.#ports.erasing;
    const row = concat(relyPrefix, of.segment, Uint8Array.of(of.index));
    const keeper = daemonIdBytes(of.keeper);
    const known = await ports.store.get(row);
    if (known !== undefined && equalBytes(known, keeper)) return true;
    try {
      await auditKeeper(ports, of, signal);
      await ports.store.batch([{ put: row, value: keeper }], { sync: false });
      return true;
    } catch (error) {
      signal.throwIfAborted();
      ports.log('warn', 'keeper-not-relied-on', { keeper: of.keeper, code: asFault(error).code });
      return false;
    }
  }

  /** Answers of a draining that is over say nothing for the next one. */
  async #forgetReliance(): Promise<void> {
    const { store } = this.#ports.erasing.ports;
    this.#mayRely = false;
    for await (const [row] of store.range({ gte: relyPrefix, lt: utf8('rely0') }))
      await store.batch([{ del: row }], { sync: false });
  }

  #clear(): void {
    this.#tied.clear();
    this.#receipts.clear();
    this.#steps = [];
    this.#lookAgain();
  }

  #lookAgain(): void {
    this.#lookedAllAt = undefined;
    this.#upset = true;
  }

  #bytesLeft(): number {
    return [...this.#tied.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #etaSeconds(bytesLeft: number): number | null {
    if (bytesLeft === 0) return 0;
    const [first] = this.#steps;
    if (first === undefined) return null;
    const doneBytes = first.bytesLeft - bytesLeft;
    const seconds = (this.#clock.monotonic() - first.at) / 1_000;
    return doneBytes > 0 && seconds > 0 ? Math.ceil((bytesLeft / doneBytes) * seconds) : null;
  }

  #waitsFor(): string | null {
    for (const [tie, say] of words) {
      const count = [...this.#tied.values()].filter((one) => one.tie === tie).length;
      if (count > 0) return say(count === 1 ? '1 fragment' : `${count} fragments`);
    }
    return null;
  }
}

/** `index/daemon` of those whom a certified place or custody names. */
function certifiedHolders(
  facts: SegmentFacts,
  isCertified: (by: { readonly origin: string; readonly index: number }) => boolean,
): ReadonlySet<string> {
  const placed = facts.places.flatMap(({ claim, place, voided }) =>
    voided || !isCertified(claim) ? [] : holdersOf(place),
  );
  const taken = facts.custody.filter(({ by, voided }) => !voided && isCertified(by));
  return new Set([...placed, ...taken].map(({ index, daemon }) => `${index}/${daemon}`));
}

/** The plan leaves out holders that enough auditors found wanting. */
function isDoubted(one: Holder, planned: readonly Holder[]): boolean {
  return !planned.some(({ index, daemon }) => index === one.index && daemon === one.daemon);
}
