// What waits for repair: segments by how few fragments they have to spare, each from a time on. Only numbers and keys, since
// a lost site can put a million of them here; what is to be done is planned when its turn comes.

export interface QueuedSegment {
  /** Segment id in hex. */
  readonly key: string;
  /** Fragments to spare. */
  readonly margin: number;
  /** Not before this time, by the clock that only grows. */
  readonly dueAt: number;
  /** When it was first seen short. */
  readonly noticedAt: number;
  /** Fragment bytes to bring here; 0 while it is another daemon's turn. */
  readonly bytes: number;
  readonly attempts: number;
}

export class RepairQueue {
  readonly #items = new Map<string, QueuedSegment>();
  /** Keys by margin, in order of coming. */
  readonly #due = new Map<number, Set<string>>();
  /** A binary heap by time. What was replaced since stays in it until its time comes. */
  readonly #later: QueuedSegment[] = [];

  get size(): number {
    return this.#items.size;
  }

  get(key: string): QueuedSegment | undefined {
    return this.#items.get(key);
  }

  put(item: QueuedSegment): void {
    const before = this.#items.get(item.key);
    if (before !== undefined) this.#due.get(before.margin)?.delete(item.key);
    this.#items.set(item.key, item);
    this.#push(item);
  }

  /**
   * As if all but those at work had been noticed at `now`: nobody was to act before, so nobody failed to. What had been tried
   * is due at once; whoever tries sees whose turn it is.
   */
  restart(now: number, isAtWork: (key: string) => boolean): void {
    for (const item of this.#items.values()) {
      if (isAtWork(item.key)) continue;
      const waitMs = item.attempts > 0 ? 0 : Math.max(0, item.dueAt - item.noticedAt);
      this.put({ ...item, noticedAt: now, dueAt: now + waitMs, attempts: 0 });
    }
  }

  remove(key: string): void {
    const item = this.#items.get(key);
    if (item === undefined) return;
    this.#items.delete(key);
    this.#due.get(item.margin)?.delete(key);
  }

  /** Takes the one with the least margin of those that are due; it is no longer waiting, but still counted. */
  take(now: number): QueuedSegment | undefined {
    for (let first = this.#later[0]; first !== undefined && first.dueAt <= now; first = this.#later[0]) {
      this.#pop();
      if (this.#items.get(first.key) !== first) continue;
      const waiting = this.#due.get(first.margin) ?? new Set();
      this.#due.set(first.margin, waiting.add(first.key));
    }
    for (const margin of [...this.#due.keys()].sort((a, b) => a - b)) {
      const waiting = this.#due.get(margin) as Set<string>;
      for (const key of waiting) {
        waiting.delete(key);
        return this.#items.get(key);
      }
      this.#due.delete(margin);
    }
    return undefined;
  }

  /** Of what this daemon is first in line for: how many, by margin, and how many bytes. */
  totals(): {
    readonly segments: number;
    readonly bytes: number;
    readonly byMargin: Record<string, number>;
  } {
    let segments = 0;
    let bytes = 0;
    const byMargin: Record<string, number> = {};
    for (const item of this.#items.values()) {
      if (item.bytes === 0) continue;
      segments += 1;
      bytes += item.bytes;
      byMargin[item.margin] = (byMargin[item.margin] ?? 0) + 1;
    }
    return { segments, bytes, byMargin };
  }

  #push(item: QueuedSegment): void {
    const heap = this.#later;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as QueuedSegment;
      if (above.dueAt <= item.dueAt) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = item;
  }

  #pop(): void {
    const heap = this.#later;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const child =
        (heap[left + 1]?.dueAt ?? Number.POSITIVE_INFINITY) < (heap[left]?.dueAt ?? 0) ? left + 1 : left;
      const below = heap[child];
      if (below === undefined || below.dueAt >= last.dueAt) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
