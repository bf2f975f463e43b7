// How states were found and where honest steps lead: the way back to the start, and what can reach a goal.
// States are expanded in the order of their numbers, so the edges of one lie next to each other.

export class Edges {
  readonly #kept: boolean;
  #parents = new Int32Array(1024);
  #targets = new Int32Array(1024);
  #firsts = new Int32Array(1024);
  #states = 0;
  #edges = 0;
  #from = -1;

  constructor(kept: boolean) {
    this.#kept = kept;
  }

  /** A new state, reached from the one being expanded. */
  found(state: number): void {
    if (state >= this.#parents.length) this.#parents = doubled(this.#parents);
    this.#parents[state] = this.#from;
    this.#states = state + 1;
  }

  /** Begins with the steps out of `state`. */
  from(state: number): void {
    this.#from = state;
    if (!this.#kept) return;
    if (state + 1 >= this.#firsts.length) this.#firsts = doubled(this.#firsts);
    this.#firsts[state] = this.#edges;
  }

  /** An honest step from the state being expanded. */
  lead(to: number): void {
    if (!this.#kept) return;
    if (this.#edges >= this.#targets.length) this.#targets = doubled(this.#targets);
    this.#targets[this.#edges] = to;
    this.#edges += 1;
  }

  /** The states from the first one to `state`. */
  wayTo(state: number): number[] {
    const way: number[] = [];
    for (let at = state; at >= 0; at = this.#parents[at] ?? -1) way.push(at);
    return way.toReversed();
  }

  /** The earliest state from which no honest steps lead to one that `reached` accepts. */
  firstWithout(reached: (state: number) => boolean): number | undefined {
    const states = this.#states;
    const starts = new Int32Array(states + 1);
    for (let edge = 0; edge < this.#edges; edge++) {
      const to = this.#targets[edge] ?? 0;
      starts[to + 1] = (starts[to + 1] ?? 0) + 1;
    }
    for (let state = 0; state < states; state++)
      starts[state + 1] = (starts[state + 1] ?? 0) + (starts[state] ?? 0);
    const next = starts.slice();
    const sources = new Int32Array(this.#edges);
    for (let state = 0; state < states; state++) {
      const end = state + 1 < states ? (this.#firsts[state + 1] ?? 0) : this.#edges;
      for (let edge = this.#firsts[state] ?? 0; edge < end; edge++) {
        const to = this.#targets[edge] ?? 0;
        const slot = next[to] ?? 0;
        sources[slot] = state;
        next[to] = slot + 1;
      }
    }
    const good = new Uint8Array(states);
    const queue = new Int32Array(states);
    let length = 0;
    for (let state = 0; state < states; state++) {
      if (!reached(state)) continue;
      good[state] = 1;
      queue[length++] = state;
    }
    for (let taken = 0; taken < length; taken++) {
      const state = queue[taken] ?? 0;
      for (let edge = starts[state] ?? 0; edge < (starts[state + 1] ?? 0); edge++) {
        const source = sources[edge] ?? 0;
        if (good[source] === 1) continue;
        good[source] = 1;
        queue[length++] = source;
      }
    }
    const state = good.indexOf(0);
    return state === -1 ? undefined : state;
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
