// How much this daemon holds, and for whom: counted once at the start, then kept current with each write and removal.

import type { FragmentFacts } from './fragment-file.ts';

export interface FragmentTotals {
  readonly fragments: number;
  /** Fragment bytes; leaf hashes, trailers and the file system's rounding come on top. */
  readonly bytes: number;
  readonly byAgency: ReadonlyMap<string, number>;
}

export class TotalsCount {
  #fragments = 0;
  #bytes = 0;
  readonly #byAgency = new Map<string, number>();

  add(facts: FragmentFacts): void {
    this.#change(facts, 1);
  }

  subtract(facts: FragmentFacts): void {
    this.#change(facts, -1);
  }

  get bytes(): number {
    return this.#bytes;
  }

  read(): FragmentTotals {
    return { fragments: this.#fragments, bytes: this.#bytes, byAgency: new Map(this.#byAgency) };
  }

  #change({ agency, bytes }: FragmentFacts, sign: 1 | -1): void {
    this.#fragments += sign;
    this.#bytes += sign * bytes;
    const left = (this.#byAgency.get(agency) ?? 0) + sign * bytes;
    if (left === 0) this.#byAgency.delete(agency);
    else this.#byAgency.set(agency, left);
  }
}
