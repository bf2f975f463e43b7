// How safe every certified segment is, counted in the background and only while somebody looks. Segments are remembered by
// what they have in common, who holds what: so a site that falls silent is reckoned with at once, without counting anew.

import { asFault, type Charter, type Clock, type Crypto, type DaemonId, findDaemon } from '@vauban/core';
import { doubted, holdersNow, type LogStore, placedSegments } from '@vauban/ledger';
import { margin } from '@vauban/placement';
import type { Log } from '../../log.ts';
import { isBeingErased, placedSegment } from '../../repair/placed-segment.ts';
import type { MarginView } from './network-view.ts';

/** Between pauses: some 10 ms of work. A million segments take minutes, and slow nobody down. */
const AT_ONCE = 50;
const PAUSE_MS = 5;
/** It rests for so many times as long as it took, a second at least. */
const REST = 9;
const REST_MS_MIN = 1_000;
/** Ways in which segments are held that are told apart; those beyond are judged when they are met. */
const SHAPES_MAX = 5_000;

export interface CensusPorts {
  readonly id: DaemonId;
  readonly logs: LogStore;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charter: () => Charter;
  readonly log: Log;
}

/** Who is to be counted on. `answers`: it can be read from; `counts`: and its site was not declared lost. */
export interface Presences {
  readonly answers: (daemon: DaemonId) => boolean;
  readonly counts: (daemon: DaemonId) => boolean;
}

/** What segments have in common that are held alike. */
interface Shape {
  readonly k: number;
  readonly n: number;
  readonly promised: number;
  readonly holders: readonly { readonly index: number; readonly daemon: DaemonId }[];
  segments: number;
}

interface Count {
  readonly shapes: Map<string, Shape>;
  /** Fragments by daemon. */
  readonly fragments: Map<DaemonId, number>;
  readonly judged: Tally;
  endedAt: number;
}

interface Judgement {
  readonly sites: number;
  readonly unreadable: boolean;
  readonly short: boolean;
}

export class SegmentCensus {
  readonly #ports: CensusPorts;
  #count: Count | undefined;
  #running: Promise<void> | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  /** What the last count was of. */
  #counted = '';
  readonly #judgements = new Map<string, Judgement>();
  #judgedFor = '';

  constructor(ports: CensusPorts) {
    this.#ports = ports;
  }

  /** Counts anew, if something was written since and it is time; never rejects. */
  look(of: Presences): Promise<void> {
    const { clock } = this.#ports;
    if (this.#running === undefined && clock.monotonic() >= this.#dueAt && this.#counted !== this.#stand()) {
      const begunAt = clock.monotonic();
      this.#running = this.#run(of).finally(() => {
        this.#running = undefined;
        const now = clock.monotonic();
        this.#dueAt = now + Math.max(REST_MS_MIN, REST * (now - begunAt));
      });
    }
    return this.#running ?? Promise.resolve();
  }

  /** Fragments that the ledger places on a daemon; undefined until the first count is through. */
  fragmentsOf(daemon: DaemonId): number | undefined {
    return this.#count === undefined ? undefined : (this.#count.fragments.get(daemon) ?? 0);
  }

  /** As of the last count, with those who answer now. */
  margin(of: Presences): MarginView {
    const { clock } = this.#ports;
    const count = this.#count;
    const tally = tallyFrom(count?.judged);
    const charter = this.#ports.charter();
    const stands = charter.daemons.map(({ id }) => `${Number(of.answers(id))}${Number(of.counts(id))}`);
    const judgedFor = `${charter.version}:${stands.join('')}:${count?.endedAt}`;
    if (this.#judgedFor !== judgedFor) this.#judgements.clear();
    this.#judgedFor = judgedFor;
    for (const [key, shape] of count?.shapes ?? []) {
      const known = this.#judgements.get(key) ?? judge(charter, shape, of);
      this.#judgements.set(key, known);
      add(tally, shape, known);
    }
    if (count === undefined) return viewOf(tally, null);
    // Nothing was written since: it is as good as counted now.
    return viewOf(tally, this.#counted === this.#stand() ? clock.now() : count.endedAt);
  }

  /** Changes with every entry and every certificate, and with the charter. */
  #stand(): string {
    const { logs, charter } = this.#ports;
    let entries = 0;
    let certified = 0;
    for (const origin of logs.origins()) {
      const state = logs.state(origin);
      entries += state.size;
      certified += state.certifiedSize;
    }
    return `${charter().version}/${entries}/${certified}`;
  }

  async #run(of: Presences): Promise<void> {
    const { logs, clock, log } = this.#ports;
    const stand = this.#stand();
    const count: Count = { shapes: new Map(), fragments: new Map(), judged: tallyFrom(), endedAt: 0 };
    try {
      let seen = 0;
      for await (const segment of placedSegments(logs.store)) {
        await this.#take(count, segment, of);
        seen += 1;
        if (seen % AT_ONCE === 0) await clock.sleep(PAUSE_MS);
      }
      count.endedAt = clock.now();
      this.#count = count;
      this.#counted = stand;
    } catch (error) {
      const { code, message } = asFault(error);
      log('debug', 'segments-not-counted', { code, message });
    }
  }

  async #take(count: Count, segment: Uint8Array, of: Presences): Promise<void> {
    const { id, logs, crypto, clock, charter: charterNow } = this.#ports;
    const charter = charterNow();
    const placed = await placedSegment({ logs, crypto, charter }, segment);
    if (placed === undefined || placed.certifiedSize === undefined) return;
    if (isBeingErased(placed, { charter, id, now: clock.now() })) return;
    const { place, policy, facts } = placed;
    const covers = ({ origin, index }: { readonly origin: string; readonly index: number }) =>
      index < logs.state(origin).certifiedSize;
    // What adds a holder counts once it is certified; what takes one away counts when it is said.
    const certified = {
      ...facts,
      places: facts.places.filter(({ claim }) => covers(claim)),
      custody: facts.custody.filter(({ by }) => covers(by)),
    };
    const wanting = new Set(doubted(facts, charter).map(({ index, daemon }) => `${index}/${daemon}`));
    const all = holdersNow(certified).filter(({ daemon }) => findDaemon(charter, daemon) !== undefined);
    const sound = all.filter(({ index, daemon }) => !wanting.has(`${index}/${daemon}`));
    for (const { daemon } of sound) count.fragments.set(daemon, (count.fragments.get(daemon) ?? 0) + 1);
    const shape = {
      k: place.k,
      n: place.k + place.m,
      promised: policy.sitesLost,
      holders: sound,
      segments: 1,
    };
    const key = keyOf(shape);
    const known = count.shapes.get(key);
    if (known !== undefined) known.segments += 1;
    else if (count.shapes.size < SHAPES_MAX) count.shapes.set(key, shape);
    else add(count.judged, shape, judge(charter, shape, of));
  }
}

/** The same for all segments that are as safe whoever falls silent: which index is whose does not matter, nor their order. */
function keyOf({ k, n, promised, holders }: Shape): string {
  const byIndex = new Map<number, string[]>();
  for (const { index, daemon } of holders) byIndex.set(index, [...(byIndex.get(index) ?? []), daemon]);
  const sets = [...byIndex.values()].map((daemons) => daemons.sort().join('+'));
  return `${k}/${n}/${promised}:${sets.sort().join()}`;
}

function judge(charter: Charter, { k, n, holders }: Shape, { answers, counts }: Presences): Judgement {
  const counted = margin(charter, { k, holders, live: counts });
  const read = margin(charter, { k, holders, live: answers });
  return { sites: counted.sites, unreadable: read.fragments < 0, short: counted.fragments < n - k };
}

/** Segments added up. */
interface Tally {
  readonly bySites: Map<number, number>;
  segments: number;
  below: number;
  unreadable: number;
  short: number;
  worst: { readonly sites: number; readonly promised: number } | undefined;
}

function tallyFrom(before?: Tally): Tally {
  const nothing = { segments: 0, below: 0, unreadable: 0, short: 0, worst: undefined };
  return { ...nothing, ...before, bySites: new Map(before?.bySites) };
}

function add(tally: Tally, { segments, promised }: Shape, { sites, unreadable, short }: Judgement): void {
  tally.segments += segments;
  tally.bySites.set(sites, (tally.bySites.get(sites) ?? 0) + segments);
  if (sites < promised) tally.below += segments;
  if (unreadable) tally.unreadable += segments;
  if (short) tally.short += segments;
  if (tally.worst === undefined || sites < tally.worst.sites) tally.worst = { sites, promised };
}

function viewOf({ bySites, worst, ...sums }: Tally, countedAt: number | null): MarginView {
  return {
    ...sums,
    worst: worst?.sites ?? null,
    promised: worst?.promised ?? null,
    bySites: Object.fromEntries([...bySites].map(([sites, segments]) => [String(sites), segments])),
    countedAt,
  };
}
