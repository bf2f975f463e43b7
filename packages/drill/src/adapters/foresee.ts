// The dry run against a live network: what the ledger says now, without the sites that the scenario takes.

import type { Charter } from '@vauban/core';
import { nodeClock, nodeCrypto } from '@vauban/core/node';
import { preview } from '../preview.ts';
import type { Preview } from '../result.ts';
import { worstMoment } from '../worst-moment.ts';
import type { LedgerView } from './ledger-watch.ts';
import type { Cast, DrillOptions } from './run-drill.ts';

/** `objectsOf`: paths that a segment (hex) holds bytes of, where a vault is at hand. */
export async function foresee(
  { stage, file }: Pick<DrillOptions, 'stage' | 'file'>,
  of: {
    readonly view: LedgerView;
    readonly draw: Cast['draw'];
    readonly charter: Charter;
    readonly objectsOf?: (segment: string) => readonly string[];
  },
): Promise<Preview> {
  const { view, draw, charter, objectsOf } = of;
  const { burnt } = await stage.look();
  const standing = stage.sites.filter((site) => !burnt.has(site));
  const gone = charter.daemons.filter(({ site }) => burnt.has(site)).map(({ id }) => id);
  return preview({
    charter,
    crypto: nodeCrypto,
    now: nodeClock.now(),
    segments: view.segments,
    sites: worstMoment(file.scenario, { draw, standing, known: stage.sites }),
    silent: new Set(gone),
    budgets: await stage.repairBudgets(),
    ...(objectsOf === undefined ? {} : { objectsOf }),
  });
}
