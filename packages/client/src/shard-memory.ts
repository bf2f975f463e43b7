// Where the shards of one race go. Wanted ones go straight into the caller's buffer where they lie wholly inside the
// range, elsewhere into pooled memory from which they are copied at the end. Others never touch the caller's buffer: a
// helper may be wrong or unfinished, and its place may belong to another race that has already ended.

import type { Slab, SlabPool } from './slab-pool.ts';
import type { Span } from './segment-shape.ts';

interface Edge {
  readonly view: Uint8Array;
  /** Offset in the segment. */
  readonly at: number;
}

export class ShardMemory {
  readonly #slabs: SlabPool;
  readonly #wanted: ReadonlySet<number>;
  readonly #offset: number;
  readonly #into: Uint8Array;
  readonly #views = new Map<number, readonly Uint8Array[]>();
  readonly #lent: Slab[] = [];
  readonly #edges: Edge[] = [];

  /** `into` holds the segment's bytes from `offset` on; `wanted` are data fragments. */
  constructor(o: { slabs: SlabPool; wanted: readonly number[]; offset: number; into: Uint8Array }) {
    this.#slabs = o.slabs;
    this.#wanted = new Set(o.wanted);
    this.#offset = o.offset;
    this.#into = o.into;
  }

  /** One view per span; the same ones each time for one index. */
  viewsOf(index: number, spans: readonly Span[]): readonly Uint8Array[] {
    let views = this.#views.get(index);
    if (views === undefined) {
      views = this.#make(index, spans);
      this.#views.set(index, views);
    }
    return views;
  }

  /** Copies what was wanted out of the pooled memory, once every wanted shard is there. */
  finish(): void {
    for (const { view, at } of this.#edges) {
      const from = Math.max(at, this.#offset);
      const to = Math.min(at + view.length, this.#offset + this.#into.length);
      if (from < to) this.#into.set(view.subarray(from - at, to - at), from - this.#offset);
    }
  }

  /** Nothing may write to the views afterwards. */
  release(): void {
    for (const slab of this.#lent.splice(0)) slab.release();
    this.#edges.length = 0;
    this.#views.clear();
  }

  #make(index: number, spans: readonly Span[]): Uint8Array[] {
    const wanted = this.#wanted.has(index);
    const direct = (span: Span) => {
      const at = span.stripeAt + index * span.cellBytes - this.#offset;
      return wanted && at >= 0 && at + span.length <= this.#into.length ? at : undefined;
    };
    const pooledBytes = spans.reduce((sum, one) => sum + (direct(one) === undefined ? one.length : 0), 0);
    const slab = pooledBytes > 0 ? this.#slabs.acquire(pooledBytes) : undefined;
    if (slab) this.#lent.push(slab);
    let used = 0;
    return spans.map((span) => {
      const at = direct(span);
      if (at !== undefined) return this.#into.subarray(at, at + span.length);
      const view = (slab as Slab).bytes.subarray(used, used + span.length);
      used += span.length;
      if (wanted) this.#edges.push({ view, at: span.stripeAt + index * span.cellBytes });
      return view;
    });
  }
}
