// The states seen so far, in the order found, as fixed numbers of 32-bit words in one array, with a hash table over them.
// Holds tens of millions of small states; a state is never taken out.

const GROWTH = 2;
/** A slot of the table holds number + 1 and, above it, a few bits of the hash, so that most other states are told at once. */
const NUMBER_BITS = 26;
const NUMBER_MASK = (1 << NUMBER_BITS) - 1;
const STATES_MAX = NUMBER_MASK - 1;

export class StateSet {
  readonly #words: number;
  #arena: Uint32Array<ArrayBuffer>;
  #table: Int32Array<ArrayBuffer>;
  #count = 0;

  constructor(words: number) {
    this.#words = words;
    this.#arena = new Uint32Array(words * 1024);
    this.#table = new Int32Array(4096);
  }

  get count(): number {
    return this.#count;
  }

  /** Its number when the state is new, and −1 − number when it was there. */
  add(state: Uint32Array): number {
    const mask = this.#table.length - 1;
    const hash = hashOf(state, 0, this.#words);
    const tag = hash & ~NUMBER_MASK;
    let slot = hash & mask;
    for (let held = this.#table[slot] ?? 0; held !== 0; held = this.#table[slot] ?? 0) {
      const number = (held & NUMBER_MASK) - 1;
      if ((held & ~NUMBER_MASK) === tag && this.#is(number, state)) return -1 - number;
      slot = (slot + 1) & mask;
    }
    if (this.#count === STATES_MAX) throw new RangeError(`More than ${STATES_MAX} states.`);
    if ((this.#count + 1) * this.#words > this.#arena.length) {
      const larger = new Uint32Array(this.#arena.length * GROWTH);
      larger.set(this.#arena);
      this.#arena = larger;
    }
    this.#arena.set(state, this.#count * this.#words);
    this.#count += 1;
    this.#table[slot] = this.#count | tag;
    if (this.#count * 2 > this.#table.length) this.#rehash();
    return this.#count - 1;
  }

  read(number: number, into: Uint32Array): void {
    const first = number * this.#words;
    for (let word = 0; word < this.#words; word++) into[word] = this.#arena[first + word] ?? 0;
  }

  #is(number: number, state: Uint32Array): boolean {
    const first = number * this.#words;
    for (let word = 0; word < this.#words; word++) {
      if (this.#arena[first + word] !== state[word]) return false;
    }
    return true;
  }

  #rehash(): void {
    const table = new Int32Array(this.#table.length * GROWTH);
    const mask = table.length - 1;
    for (let number = 0; number < this.#count; number++) {
      const hash = hashOf(this.#arena, number * this.#words, this.#words);
      let slot = hash & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = (number + 1) | (hash & ~NUMBER_MASK);
    }
    this.#table = table;
  }
}

function hashOf(words: Uint32Array, first: number, many: number): number {
  let hash = 0x2545f491;
  for (let word = 0; word < many; word++) {
    hash = Math.imul(hash ^ (words[first + word] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
