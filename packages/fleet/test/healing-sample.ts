// What a daemon says of its repairs when it has nothing to do, for tests to change.

import type { DaemonHealing } from '../src/healing-overview.ts';

export function healingOfDaemon(site: string, said: Partial<DaemonHealing> = {}): DaemonHealing {
  return {
    id: site,
    site,
    paused: false,
    segmentsToRepair: 0,
    byMargin: {},
    bytesToGo: 0,
    rateByLink: {},
    etaSeconds: null,
    doneSegments: 0,
    doneBytes: 0,
    leaving: null,
    readOnly: null,
    ...said,
  };
}
