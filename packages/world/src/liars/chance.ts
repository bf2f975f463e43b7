// How often a liar lies: rarely enough that honest work goes on, often enough that every history sees it.

import { randomBelow } from '@vauban/core';
import type { LiarSetting } from '../liar.ts';

/** True once in `times`, by the liar's own stream. */
export function sometimes({ random }: LiarSetting, times: number): boolean {
  return randomBelow(random, times) === 0;
}

/** What this liar remembers across its restarts: its own drawer of the ring. */
export function memory<Kept>({ ring, identity }: LiarSetting, what: string, first: () => Kept): Kept {
  return shared(ring, `${identity.name}/${what}`, first);
}

/** What all liars remember together. */
export function shared<Kept>(ring: Map<string, unknown>, what: string, first: () => Kept): Kept {
  if (!ring.has(what)) ring.set(what, first());
  return ring.get(what) as Kept;
}
