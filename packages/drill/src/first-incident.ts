// When a network was first struck: by anything but what agencies and operators do on any day.

import type { Done } from './result.ts';
import type { Deed } from './scenario.ts';

const ordinary: ReadonlySet<Deed> = new Set(['release', 'maintenance']);

/** ms since the drill's start; of its first deed when it did nothing worse; undefined when it did nothing. */
export function firstIncidentMs(done: readonly Done[]): number | undefined {
  return (done.find(({ deed }) => !ordinary.has(deed)) ?? done[0])?.atMs;
}
