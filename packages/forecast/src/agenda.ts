// What is going to happen at a known time in one possible future: a binary heap over flat arrays, cheap to copy, since
// splitting copies whole futures. Of equal times, what was put in first comes first: results depend on nothing else.

/** Kinds of entries. */
export const RETURNS = 0;
export const REPLACED = 1;
export const NOTICED = 2;
export const REPAIRED = 3;
export const FOUND = 4;
export const SPREAD = 5;

const KINDS = 8;

export class Agenda {
  size = 0;
  #times = new Float64Array(32);
  #order = new Float64Array(32);
  #codes = new Int32Array(32);
  #put = 0;

  /** Years; Infinity when empty. */
  get next(): number {
    return this.size === 0 ? Infinity : (this.#times[0] as number);
  }

  put(atYears: number, kind: number, daemon: number): void {
    if (this.size === this.#times.length) this.#grow(this.size * 2);
    let at = this.size++;
    const order = this.#put++;
    const times = this.#times;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] as number) <= atYears) break;
      this.#move(parent, at);
      at = parent;
    }
    times[at] = atYears;
    this.#order[at] = order;
    this.#codes[at] = daemon * KINDS + kind;
  }

  /** Takes the first entry out: its kind is `code & 7`, its daemon `code >> 3`. Not of an empty agenda. */
  take(): number {
    const code = this.#codes[0] as number;
    const last = --this.size;
    if (last > 0) this.#sink(0, last);
    return code;
  }

  clear(): void {
    this.size = 0;
    this.#put = 0;
  }

  copyFrom(other: Agenda): void {
    if (this.#times.length < other.size) this.#grow(other.#times.length);
    this.size = other.size;
    this.#put = other.#put;
    for (let at = 0; at < other.size; at++) {
      this.#times[at] = other.#times[at] as number;
      this.#order[at] = other.#order[at] as number;
      this.#codes[at] = other.#codes[at] as number;
    }
  }

  /** Gives every entry of one kind a new time. */
  redraw(kind: number, timeOf: () => number): void {
    for (let at = 0; at < this.size; at++) {
      if (((this.#codes[at] as number) & (KINDS - 1)) === kind) this.#times[at] = timeOf();
    }
    for (let at = (this.size >> 1) - 1; at >= 0; at--) this.#sink(at, at);
  }

  /** The entry at `from` finds its place from `at` downwards. */
  #sink(at: number, from: number): void {
    const times = this.#times;
    const time = times[from] as number;
    const order = this.#order[from] as number;
    const code = this.#codes[from] as number;
    let hole = at;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= this.size) break;
      if (child + 1 < this.size && this.#before(child + 1, child)) child++;
      const childTime = times[child] as number;
      if (time < childTime || (time === childTime && order < (this.#order[child] as number))) break;
      this.#move(child, hole);
      hole = child;
    }
    times[hole] = time;
    this.#order[hole] = order;
    this.#codes[hole] = code;
  }

  #before(a: number, b: number): boolean {
    const difference = (this.#times[a] as number) - (this.#times[b] as number);
    return difference < 0 || (difference === 0 && (this.#order[a] as number) < (this.#order[b] as number));
  }

  #move(from: number, to: number): void {
    this.#times[to] = this.#times[from] as number;
    this.#order[to] = this.#order[from] as number;
    this.#codes[to] = this.#codes[from] as number;
  }

  #grow(room: number): void {
    const grown = <A extends Float64Array | Int32Array>(from: A, to: A): A => {
      to.set(from);
      return to;
    };
    this.#times = grown(this.#times, new Float64Array(room));
    this.#order = grown(this.#order, new Float64Array(room));
    this.#codes = grown(this.#codes, new Int32Array(room));
  }
}
