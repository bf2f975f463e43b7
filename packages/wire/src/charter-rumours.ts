// Whom to ask for a later charter that an answer spoke of. Every answer names a version and anyone may name any: who has
// nothing to show for it is asked again only after a while, or one liar would keep everybody busy.

import type { Clock } from '@vauban/core';

/** An honest peer shows what it names at once; others name it too. */
const DISBELIEVED_MS = 30_000;
/** A chain of versions is read from memory; whoever needs longer is no help. */
export const CHARTER_DEADLINE_MS = 3_000;

export interface Rumour {
  readonly peer: string;
  readonly version: number;
  /** The highest version in force here. */
  readonly known: () => number;
  /** Asks that peer and puts in force what it shows. */
  readonly obtain: () => Promise<void>;
}

export class CharterRumours {
  readonly #clock: Clock;
  readonly #following = new Set<string>();
  readonly #disbelieved = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined when there is nothing to do; else rejects with what `obtain` does. */
  follow({ peer, version, known, obtain }: Rumour): Promise<void> | undefined {
    const now = this.#clock.monotonic();
    if (version <= known() || this.#following.has(peer)) return undefined;
    if (now < (this.#disbelieved.get(peer) ?? Number.NEGATIVE_INFINITY)) return undefined;
    this.#following.add(peer);
    return obtain().finally(() => {
      this.#following.delete(peer);
      if (known() >= version) this.#disbelieved.delete(peer);
      else this.#disbelieved.set(peer, this.#clock.monotonic() + DISBELIEVED_MS);
    });
  }
}
