// Reading byte ranges of segments from whoever serves them fastest, data fragments first, any k when it must be.
// Only bytes whose leaves the ledger's roots vouch for reach the caller.

import {
  assert,
  type Clock,
  type Crypto,
  type DaemonId,
  type Fault,
  isFault,
  tiedController,
} from '@vauban/core';
import { createErasureCode, type ErasureCode, type SegmentLayout } from '@vauban/erasure';
import { type SegmentDescriptor, segmentIdOf } from '@vauban/ledger';
import { isLie } from '@vauban/wire';
import type { CurrentHolders } from './current-holders.ts';
import type { DaemonLinks } from './daemon-links.ts';
import {
  decodableRange,
  type FragmentRange,
  fragmentRanges,
  hullOf,
  paddedLayoutOf,
} from './segment-shape.ts';
import { ShardMemory } from './shard-memory.ts';
import { type Holder, type HolderProblem, ShardRace } from './shard-race.ts';
import type { SlabPool } from './slab-pool.ts';

/** Fragments are read over one common range, so that any k suffice, while this costs at most a quarter more bytes. */
const COMMON_RANGE_EXCESS = 1.25;

/** A daemon that sent what the ledger does not vouch for. */
export interface Liar {
  readonly daemon: DaemonId;
  readonly site: string | undefined;
  readonly hoster: string | undefined;
  readonly segment: Uint8Array;
  readonly index: number;
  /** The first wrong leaf; undefined when the list of leaf hashes or the length was wrong. */
  readonly leaf: number | undefined;
  readonly fault: Fault;
}

export interface ReadableSegment {
  readonly descriptor: SegmentDescriptor;
  /** Several holders of one index are welcome. */
  readonly holders: readonly Holder[];
}

export interface SegmentRead {
  readonly place: ReadableSegment;
  /** Range of the segment's ciphertext. */
  readonly offset: number;
  readonly length: number;
  /** At least `length` bytes; whole when the promise resolves, undefined content when it rejects. */
  readonly into: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface ReadAccount {
  /** Fragment bytes received, those of losers included. */
  readonly readBytes: number;
  /** Whether some shard had to be rebuilt. */
  readonly decoded: boolean;
}

/** Bytes of some data fragments over one range. */
interface Part {
  readonly range: FragmentRange;
  readonly wanted: readonly number[];
  readonly layout: SegmentLayout;
  readonly segment: Uint8Array;
  readonly signal: AbortSignal;
}

export interface SegmentReaderOptions {
  readonly links: DaemonLinks;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly slabs: SlabPool;
  readonly onLiar?: (liar: Liar) => void;
  /** Asked when those whom the place names do not suffice: repair moves fragments. */
  readonly holders?: CurrentHolders;
}

export class SegmentReader {
  readonly #o: SegmentReaderOptions;
  readonly #codes = new Map<string, ErasureCode>();

  constructor(options: SegmentReaderOptions) {
    this.#o = options;
  }

  /** Faults: SEGMENT_SHAPE, SEGMENT_RANGE, FRAGMENTS_MISSING {k, found, missing}, or the signal's reason. */
  async read(o: SegmentRead): Promise<ReadAccount> {
    assert(o.into.length >= o.length, 'room for the range');
    if (o.length === 0) return { readBytes: 0, decoded: false };
    const segment = segmentIdOf(this.#o.crypto, o.place.descriptor);
    const place = this.#mayDo(o.place) ? o.place : await this.#widened(o, segment);
    try {
      return await this.#readFrom({ ...o, place }, segment);
    } catch (error) {
      if (!isFault(error, 'FRAGMENTS_MISSING')) throw error;
      const wider = await this.#widened({ ...o, place }, segment);
      if (wider.holders.length === place.holders.length) throw error;
      return this.#readFrom({ ...o, place: wider }, segment);
    }
  }

  /** Whether the holders known could serve it, for all that is believed of them. */
  #mayDo({ descriptor, holders }: ReadableSegment): boolean {
    const usable = holders.filter((one) => this.#o.links.usable(one.daemon));
    return new Set(usable.map(({ index }) => index)).size >= descriptor.k;
  }

  /** With whoever holds a fragment of it by now, besides those known. */
  async #widened({ place, signal }: SegmentRead, segment: Uint8Array): Promise<ReadableSegment> {
    const words = await this.#o.holders?.some(segment, signal);
    const { holders, descriptor } = place;
    const further = (words?.named ?? []).filter(
      ({ index, daemon }) =>
        index < descriptor.roots.length &&
        !holders.some((one) => one.index === index && one.daemon === daemon),
    );
    return { descriptor, holders: [...holders, ...further] };
  }

  async #readFrom(o: SegmentRead, segment: Uint8Array): Promise<ReadAccount> {
    const layout = paddedLayoutOf(o.place.descriptor);
    const ranges = fragmentRanges(layout, o);
    const parts = this.#parts(o.place, layout, ranges);
    const { controller, release } = tiedController(o.signal);
    const reads = parts.map((part) =>
      this.#readPart(o, { ...part, layout, segment, signal: controller.signal }),
    );
    try {
      const accounts = await Promise.all(reads);
      return {
        readBytes: accounts.reduce((sum, one) => sum + one.readBytes, 0),
        decoded: accounts.some((one) => one.decoded),
      };
    } catch (error) {
      controller.abort(error);
      await Promise.allSettled(reads);
      throw error;
    } finally {
      release();
    }
  }

  /** One race over the common range, or, when that would read much more than is wanted, one per fragment. */
  #parts(
    place: ReadableSegment,
    layout: SegmentLayout,
    ranges: ReadonlyMap<number, FragmentRange>,
  ): { readonly range: FragmentRange; readonly wanted: readonly number[] }[] {
    const hull = hullOf(ranges.values());
    const wanted = [...ranges.keys()];
    let exact = 0;
    for (const { from, to } of ranges.values()) exact += to - from;
    const common = (hull.to - hull.from) * wanted.length;
    const healthy = wanted.every((index) => this.#hasHealthyHolder(place, index));
    if (common <= exact * COMMON_RANGE_EXCESS || (!healthy && wanted.length * 2 >= layout.k)) {
      return [{ range: hull, wanted }];
    }
    return [...ranges].map(([index, range]) => ({ range, wanted: [index] }));
  }

  #hasHealthyHolder(place: ReadableSegment, index: number): boolean {
    return place.holders.some((one) => one.index === index && this.#o.links.usable(one.daemon));
  }

  /** What the wanted fragments' holders do not give in time is decoded, for which a wider range may have to be read. */
  async #readPart(o: SegmentRead, part: Part): Promise<ReadAccount> {
    const range = decodableRange(part.layout, part.range);
    const whole = (): Promise<ReadAccount> => this.#race(o, { ...part, range }, true);
    if (range === part.range || !part.wanted.every((index) => this.#hasHealthyHolder(o.place, index)))
      return whole();
    try {
      return await this.#race(o, part, false);
    } catch (error) {
      if (!isFault(error, 'SHARDS_LATE')) throw error;
      const account = await whole();
      return { ...account, readBytes: account.readBytes + Number(error.facts['readBytes']) };
    }
  }

  async #race(o: SegmentRead, part: Part, decodable: boolean): Promise<ReadAccount> {
    const { links, crypto, clock, slabs } = this.#o;
    const { descriptor, holders } = o.place;
    const { wanted } = part;
    const memory = new ShardMemory({ slabs, wanted, offset: o.offset, into: o.into.subarray(0, o.length) });
    try {
      const race = new ShardRace({
        ...part,
        decodable,
        links,
        crypto,
        clock,
        descriptor,
        holders,
        memory,
        code: this.#code(descriptor),
        onProblem: (problem) => this.#note(part.segment, problem),
      });
      const account = await race.run();
      memory.finish();
      return account;
    } finally {
      memory.release();
    }
  }

  #code({ code, k, m }: SegmentDescriptor): ErasureCode {
    const name = `${code} ${k}+${m}`;
    const known = this.#codes.get(name) ?? createErasureCode(code, k, m);
    this.#codes.set(name, known);
    return known;
  }

  #note(segment: Uint8Array, { daemon, index, fault }: HolderProblem): void {
    if (!isLie(fault)) return;
    const home = this.#o.links.home(daemon);
    const leaf = typeof fault.facts['leaf'] === 'number' ? fault.facts['leaf'] : undefined;
    this.#o.onLiar?.({ daemon, site: home?.site.id, hoster: home?.hoster.id, segment, index, leaf, fault });
  }
}
