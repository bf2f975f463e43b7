// Entries of one append see each other: what the earlier ones say is laid over what is stored, so that no rule is kept
// by each entry alone and broken by all of them together.

import { toHex } from '@vauban/core';
import type { AdmissionView } from './admission-view.ts';
import { adoptionKey, effectOf } from './adoption.ts';
import type { ClaimName, EntryKind } from './entry.ts';
import { noFacts, type ReleaseFact, type SegmentFacts } from './segment-facts.ts';
import { doubtsIn, type IndexedEntry, policyOf } from './segment-index.ts';

type Growing = { -readonly [Key in keyof SegmentFacts]: SegmentFacts[Key][number][] };

export class PendingFacts {
  readonly #origin: string;
  readonly #from: number;
  readonly #segments = new Map<string, Growing>();
  readonly #releases = new Map<string, ReleaseFact[]>();
  readonly #generations = new Map<string, number>();
  readonly #kinds: ReadonlyMap<number, EntryKind>;
  readonly #voided = new Set<number>();
  readonly #adopted = new Map<string, number>();
  readonly #siteLosses = new Map<number, string>();

  /** Of the log `origin`, from entry `from` on: what is stored of it there (adopted, not admitted) counts only once added. */
  constructor(origin: string, from: number, kinds: ReadonlyMap<number, EntryKind>) {
    this.#origin = origin;
    this.#from = from;
    this.#kinds = kinds;
  }

  /** An entry that passed: what it says counts for those after it. */
  add({ name, open, writer, now }: IndexedEntry): void {
    const payload = effectOf(open.payload);
    if (open.payload.kind === 'adopt') this.#adopted.set(toHex(adoptionKey(open.payload)), name.index);
    const { time } = open.entry;
    const daemon = writer.kind === 'daemon' ? writer.daemon : '';
    const of = (segment: Uint8Array) => this.#of(segment);
    switch (payload.kind) {
      case 'place': {
        const policy = policyOf(open.payload, writer);
        of(payload.segment).places.push({ claim: name, place: payload, policy, voided: false });
        break;
      }
      case 'keep': {
        const vault = writer.kind === 'device' ? writer.delegation.vault : new Uint8Array(32);
        for (const segment of payload.segments) of(segment).keeps.push({ claim: name, vault, voided: false });
        break;
      }
      case 'custody':
        of(payload.segment).custody.push({ by: name, time, daemon, index: payload.index, voided: false });
        break;
      case 'lost':
        for (const [segment, index] of payload.fragments)
          of(segment).lost.push({ by: name, time, daemon, index, voided: false });
        break;
      case 'void':
        this.#voided.add(payload.index);
        break;
      case 'release':
        for (const [origin, index] of payload.claims) this.#release({ origin, index }, name, now);
        for (const index of payload.objects) this.#release({ ...name, index }, name, now);
        break;
      case 'purge':
        for (const segment of payload.segments) of(segment).purges.push({ by: name, daemon, voided: false });
        this.#raise(daemon, payload.generation);
        break;
      case 'sweep':
        this.#raise(daemon, payload.generation);
        break;
      case 'trim': {
        const keeper = toHex(payload.keeper);
        const trim = { by: name, time, daemon, index: payload.index, keeper, voided: false };
        of(payload.segment).trims.push(trim);
        this.#raise(daemon, payload.generation);
        break;
      }
      case 'audit':
        for (const { segment, index, degraded } of doubtsIn(payload)) {
          const said = { auditor: daemon, daemon: toHex(payload.daemon), index, degraded };
          of(segment).doubts.push({ by: name, time, ...said, voided: false });
        }
        break;
      case 'site-lost':
        this.#siteLosses.set(name.index, payload.site);
        break;
      default:
    }
  }

  /** The view with all that laid over it. */
  over(view: AdmissionView): AdmissionView {
    return {
      ...view,
      segment: async (id) => this.#laidOver(await view.segment(id), this.#segments.get(toHex(id)) ?? noFacts),
      generationOf: async (daemon) => {
        const stored = await view.generationOf(daemon, { origin: this.#origin, index: this.#from });
        return Math.max(stored, this.#generations.get(daemon) ?? 0);
      },
      adoptedAt: async (by, adopt) => {
        const mine = by.origin === this.#origin;
        const pending = mine ? this.#adopted.get(toHex(adoptionKey(adopt))) : undefined;
        const found = pending ?? (await view.adoptedAt(by, adopt));
        return found === undefined || (mine && this.#voided.has(found)) ? undefined : found;
      },
      kindOf: async (name) =>
        name.origin === this.#origin && name.index >= this.#from
          ? this.#kinds.get(name.index)
          : view.kindOf(name),
      siteLost: async (name) =>
        name.origin === this.#origin && name.index >= this.#from
          ? (this.#siteLosses.get(name.index) ?? null)
          : view.siteLost(name),
      payloadReleases: async (name) =>
        this.#seen(await view.payloadReleases(name), this.#releases.get(keyOf(name)) ?? [], ({ by }) => by),
    };
  }

  #laidOver(stored: SegmentFacts, pending: SegmentFacts): SegmentFacts {
    const places = this.#seen(stored.places, pending.places, ({ claim }) => claim);
    const keeps = this.#seen(stored.keeps, pending.keeps, ({ claim }) => claim);
    const released = [...places, ...keeps].flatMap(({ claim }) => this.#releases.get(keyOf(claim)) ?? []);
    return {
      places,
      keeps,
      releases: this.#seen(stored.releases, released, ({ by }) => by),
      custody: this.#seen(stored.custody, pending.custody, ({ by }) => by),
      lost: this.#seen(stored.lost, pending.lost, ({ by }) => by),
      trims: this.#seen(stored.trims, pending.trims, ({ by }) => by),
      purges: this.#seen(stored.purges, pending.purges, ({ by }) => by),
      doubts: this.#seen(stored.doubts, pending.doubts, ({ by }) => by),
    };
  }

  /** Stored facts but for those now judged, then the pending ones, each with the voids seen so far. */
  #seen<Fact extends { readonly voided: boolean }>(
    stored: readonly Fact[],
    pending: readonly Fact[],
    nameOf: (fact: Fact) => ClaimName,
  ): Fact[] {
    const before = stored.filter((fact) => {
      const { origin, index } = nameOf(fact);
      return origin !== this.#origin || index < this.#from;
    });
    return [...before, ...pending].map((fact) => {
      const { origin, index } = nameOf(fact);
      return origin === this.#origin && this.#voided.has(index) ? { ...fact, voided: true } : fact;
    });
  }

  #of(segment: Uint8Array): Growing {
    const key = toHex(segment);
    const known = this.#segments.get(key);
    if (known !== undefined) return known;
    const empty: Growing = {
      places: [],
      keeps: [],
      releases: [],
      custody: [],
      lost: [],
      trims: [],
      purges: [],
      doubts: [],
    };
    this.#segments.set(key, empty);
    return empty;
  }

  #release(of: ClaimName, by: ClaimName, since: number): void {
    const known = this.#releases.get(keyOf(of)) ?? [];
    this.#releases.set(keyOf(of), [...known, { of, by, since, voided: false }]);
  }

  #raise(daemon: string, generation: number): void {
    this.#generations.set(daemon, Math.max(this.#generations.get(daemon) ?? 0, generation));
  }
}

const keyOf = ({ origin, index }: ClaimName): string => `${origin} ${index}`;
