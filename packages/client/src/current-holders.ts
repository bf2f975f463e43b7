// Who holds a segment's fragments now, as hosters' mirrors of the ledger say it: daemons that rebuilt or received a
// fragment say so in their own logs, which a client does not follow. Hints: bytes are checked against the place's roots.

import {
  asFault,
  type Clock,
  type DaemonId,
  equalBytes,
  Fault,
  findDaemon,
  orAborted,
  quorumOf,
  toHex,
  votingHosters,
} from '@vauban/core';
import { holdersOf, type Place } from '@vauban/ledger';
import { HOLDERS_SEGMENTS_MAX } from '@vauban/wire';
import type { DaemonLinks } from './daemon-links.ts';
import type { Holder } from './shard-race.ts';

/** A read of a few index rows: who has not answered by then is as good as silent. */
const HOLDERS_DEADLINE_MS = 3_000;
/** A repair takes minutes; an answer this old is still news. */
const KNOWN_MS_MAX = 30_000;
/** Answers kept: about a kilobyte each. */
const KNOWN_MAX = 10_000;
/** Per fragment, from one voter: a liar must not make a read try every daemon of the charter. */
const HOLDERS_PER_INDEX_MAX = 4;

/** A holder, and how many of the voters that answered name it. */
export interface NamedHolder extends Holder {
  readonly by: number;
}

export interface HolderWords {
  /** Voters that answered. */
  readonly answers: number;
  readonly named: readonly NamedHolder[];
}

interface Question {
  readonly segment: Uint8Array;
  readonly voters: number;
  readonly resolve: (words: HolderWords) => void;
}

interface Known {
  readonly words: HolderWords;
  readonly voters: number;
  readonly at: number;
}

const nothing: HolderWords = { answers: 0, named: [] };

export interface CurrentHoldersOptions {
  readonly links: DaemonLinks;
  readonly clock: Clock;
  /** Resolves when a newer charter that an answer spoke of is in force here, or could not be had. */
  readonly newer?: () => Promise<void>;
}

export class CurrentHolders {
  readonly #o: CurrentHoldersOptions;
  readonly #known = new Map<string, Known>();
  #questions: Question[] = [];
  #asking = false;

  constructor(options: CurrentHoldersOptions) {
    this.#o = options;
  }

  /** What f + 1 voters say, one of whom does not lie. Never rejects but with the signal's reason. */
  some(segment: Uint8Array, signal?: AbortSignal): Promise<HolderWords> {
    return this.#wordsOf(segment, this.#o.links.charter.f + 1, signal);
  }

  /** What every voter says that answers. Never rejects but with the signal's reason. */
  all(segment: Uint8Array, signal?: AbortSignal): Promise<HolderWords> {
    return this.#wordsOf(segment, votingHosters(this.#o.links.charter).length, signal);
  }

  /**
   * Whom to count on for a place without asking them: those whom more hosters name than may lie, or whom the place names
   * while too few answer, or know of it. Never rejects but with the signal's reason.
   */
  async of(place: Place, signal?: AbortSignal): Promise<readonly Holder[]> {
    const { charter } = this.#o.links;
    const { answers, named } = await this.all(place.segment, signal);
    const known = named.filter(({ index, by }) => by > charter.f && index < place.fragments.length);
    return answers < quorumOf(charter) || known.length === 0 ? holdersOf(place) : known;
  }

  #wordsOf(segment: Uint8Array, voters: number, signal?: AbortSignal): Promise<HolderWords> {
    const known = this.#known.get(toHex(segment));
    if (known && known.voters >= voters && this.#o.clock.monotonic() - known.at < KNOWN_MS_MAX) {
      return Promise.resolve(known.words);
    }
    const words = new Promise<HolderWords>((resolve) => {
      this.#questions.push({ segment, voters, resolve });
      if (!this.#asking) void this.#run();
    });
    return orAborted(words, signal);
  }

  /** Questions that come up together, or while others are under way, are asked as one. Never rejects. */
  async #run(): Promise<void> {
    this.#asking = true;
    await Promise.resolve();
    while (this.#questions.length > 0) {
      const some = this.#questions.slice(0, HOLDERS_SEGMENTS_MAX);
      this.#questions = this.#questions.slice(some.length);
      const voters = Math.max(...some.map((one) => one.voters));
      const segments = some.map(({ segment }) => segment);
      const answers = await this.#ask(segments, voters);
      const at = this.#o.clock.monotonic();
      for (const [nth, { segment, resolve }] of some.entries()) {
        const words = joined(answers.map((one) => one[nth] ?? []));
        if (words.answers > 0) this.#remember(segment, { words, voters, at });
        resolve(words);
      }
    }
    // In the same turn as the last look at the queue: nobody can slip in between.
    this.#asking = false;
  }

  #remember(segment: Uint8Array, known: Known): void {
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(toHex(segment), known);
  }

  /** Per voter that answered, per segment. */
  async #ask(segments: readonly Uint8Array[], wanted: number): Promise<(readonly Holder[])[][]> {
    const { links } = this.#o;
    const voters = votingHosters(links.charter).flatMap(
      ({ voter }) => findDaemon(links.charter, voter ?? '')?.id ?? [],
    );
    const usable = voters.filter((one) => links.usable(one));
    const queue = [...usable, ...voters.filter((one) => !usable.includes(one))];
    const answers: (readonly Holder[])[][] = [];
    const lane = async () => {
      for (let voter = queue.shift(); voter !== undefined; voter = queue.shift()) {
        try {
          answers.push(await this.#askOne(voter, segments));
          return;
        } catch (error) {
          const fault = asFault(error);
          if (fault.kind === 'unreachable') links.suspect(voter, fault);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(wanted, voters.length) }, lane));
    return answers;
  }

  async #askOne(voter: DaemonId, segments: readonly Uint8Array[]): Promise<(readonly Holder[])[]> {
    const { links, newer } = this.#o;
    if (!(await links.revive(voter))) {
      throw links.health(voter).fault ?? new Fault('unreachable', 'SILENT', `Daemon ${voter} is down.`, {});
    }
    const asked = { segments: [...segments] };
    const answer = await links.client(voter).ask('holders', asked, { deadlineMs: HOLDERS_DEADLINE_MS });
    // A site that joined since is in the charter that this very answer spoke of.
    const named = answer.segments.flatMap(({ holders }) => holders.map(([, daemon]) => daemon));
    if (!named.every((daemon) => links.has(daemon))) await newer?.();
    return segments.map((segment, nth) => {
      const found = answer.segments[nth];
      if (found === undefined || !equalBytes(found.segment, segment)) {
        throw new Fault('refused', 'MALFORMED', `Daemon ${voter} answered for other segments.`, { voter });
      }
      return believable(
        found.holders.map(([index, daemon]) => ({ index, daemon })),
        links,
      );
    });
  }
}

/** Each once, of daemons that the charter lists, and not too many. */
function believable(holders: readonly Holder[], links: DaemonLinks): Holder[] {
  const ofIndex = new Map<number, Set<DaemonId>>();
  const kept: Holder[] = [];
  for (const { index, daemon } of holders) {
    const daemons = ofIndex.get(index) ?? new Set();
    if (!links.has(daemon) || daemons.has(daemon) || daemons.size >= HOLDERS_PER_INDEX_MAX) continue;
    ofIndex.set(index, daemons.add(daemon));
    kept.push({ index, daemon });
  }
  return kept;
}

function joined(answers: readonly (readonly Holder[])[]): HolderWords {
  if (answers.length === 0) return nothing;
  const named = new Map<string, NamedHolder>();
  for (const { index, daemon } of answers.flat()) {
    const key = `${index} ${daemon}`;
    named.set(key, { index, daemon, by: (named.get(key)?.by ?? 0) + 1 });
  }
  return { answers: answers.length, named: [...named.values()] };
}
