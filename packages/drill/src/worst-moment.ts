// Which sites a scenario leaves without, all together, at its worst moment: what its dry run is made of.

import { type SiteDraw, sitesOfStep } from './draw.ts';
import type { Deed, Scenario } from './scenario.ts';

/** After these nobody can count on what the site holds. */
const takes: ReadonlySet<Deed> = new Set(['burn', 'kill', 'stop', 'cut', 'lie', 'late-purge']);
const gives: ReadonlySet<Deed> = new Set(['start', 'rejoin']);

/** In the order in which they go. What was rebuilt by the time a step waits for is not missing any more. */
export function worstMoment(
  { steps }: Pick<Scenario, 'steps'>,
  of: { readonly draw: SiteDraw; readonly standing: readonly string[]; readonly known: readonly string[] },
): readonly string[] {
  let dark: readonly string[] = [];
  let worst: readonly string[] = [];
  for (const { when, deed, sites } of steps) {
    const named = sitesOfStep(sites, of);
    if ('once' in when && when.once === 'healed') dark = [];
    // One at a time: the first stands for the others.
    if (deed === 'restart-each' && worst.length === 0) worst = named.slice(0, 1);
    if (takes.has(deed)) dark = [...new Set([...dark, ...named])];
    if (gives.has(deed)) dark = dark.filter((site) => !named.includes(site));
    if (dark.length > worst.length) worst = dark;
  }
  return worst;
}
