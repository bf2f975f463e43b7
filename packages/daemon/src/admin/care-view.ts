// What looks after the fragments, as the admin plane sees it. Says nothing of what is not there yet.

import { type Charter, quorumOf, votingHosters } from '@vauban/core';
import type { Parts } from '../parts.ts';
import type { CarePorts, DrainState, Said } from './admin-ports.ts';
import type { Helpless } from '../repair/shortfalls.ts';
import { peersBySite } from './standing.ts';

export function careView({ care, keeper, fragments }: Parts, self: string): Partial<CarePorts> {
  const { standing, watch, repair, watching, erase } = care;
  const { auditor, scrub } = watching;
  const readOnly = (): Said | null => (standing.readOnly === null ? null : (standing.refusal() ?? null));
  const drainState = async (): Promise<DrainState> => {
    const held = fragments.totals();
    const { draining, ...progress } = erase.drain.progress();
    return draining
      ? { draining, ...progress }
      : { draining, ...progress, fragmentsLeft: held.fragments, bytesLeft: held.bytes };
  };
  return {
    peers: () => peersBySite(keeper.chain.current, self, (daemon) => watch.shown(daemon)),
    readOnly,
    doing: () => {
      const { segmentsToRepair, bytesToGo } = repair.progress();
      const text = `repairs ${segmentsToRepair} segments, ${bytesToGo} bytes to go`;
      return [
        ...(segmentsToRepair === 0 || standing.repairPaused ? [] : [{ what: 'repair', text }]),
        ...(standing.draining
          ? [{ what: 'drain', text: 'hands its fragments over, to leave; takes nothing' }]
          : []),
      ];
    },
    wants: () => [
      ...(watch.heard ? [] : [unheardQuorum(keeper.chain.current)]),
      ...(standing.repairPaused ? [pausedRepair] : []),
      ...helplessWants(repair.helpless),
      ...erase.eraser.wants(),
      ...rotWants(scrub.progress().waitingFragments),
      ...auditWants(auditor.progress().degraded),
    ],
    healing: () => care.healing(),
    drainState,
    drain: async (cancel) => {
      await standing.setDraining(!cancel);
      return drainState();
    },
    readmit: async () => {
      const { losses } = await care.readmit();
      return { losses, readOnly: standing.readOnly !== null };
    },
    metrics: () => {
      const { byMargin, bytesToGo, paused, doneSegments, receivedBySite } = repair.progress();
      return {
        segmentsByMargin: byMargin,
        repairBytesLeft: bytesToGo,
        repairPaused: paused,
        repairedFragments: doneSegments,
        repairBytesBySite: receivedBySite,
        audits: auditor.progress(),
        scrub: scrub.progress(),
      };
    },
  };
}

/** Until then silence counts for nobody and nothing can be certified: that nothing is to be repaired says nothing. */
function unheardQuorum(charter: Charter): Said {
  const hosters = votingHosters(charter).length;
  const needed = quorumOf(charter);
  return {
    code: 'QUORUM_UNHEARD',
    message: `it does not hear enough other hosters for a quorum (${needed} of ${hosters}, its own included): it takes no silence for a loss meanwhile, and nothing it would rebuild can be certified. Look at its own line and firewall first, then ask the other hosters to start their daemons`,
    facts: { needed, hosters },
  };
}

const pausedRepair: Said = {
  code: 'REPAIR_PAUSED',
  message: 'an operator holds repair back; let it go on in time',
  facts: {},
};

function helplessWants({ homeless, unreadable }: Helpless): Said[] {
  const wants: Said[] = [];
  if (unreadable > 0) {
    wants.push({
      code: 'SEGMENTS_UNREADABLE',
      message: `${unreadable} segments have fewer fragments left than it takes to read them: bring lost sites back, their disks before all`,
      facts: { segments: unreadable },
    });
  }
  if (homeless > 0) {
    wants.push({
      code: 'SEGMENTS_HOMELESS',
      message: `${homeless} segments lack a place for a lost fragment: every site that may hold it is full, read-only or silent; add a site or room`,
      facts: { segments: homeless },
    });
  }
  return wants;
}

function rotWants(fragments: number): Said[] {
  if (fragments === 0) return [];
  const message = `${fragments} fragments rotted on this disk and wait to be rebuilt; look at the disk if their number grows`;
  return [{ code: 'ROT_FOUND', message, facts: { fragments } }];
}

function auditWants(fragments: number): Said[] {
  if (fragments === 0) return [];
  const message = `${fragments} fragments that other hosters hold failed their audits twice: the ledger says whose`;
  return [{ code: 'AUDITS_FAILED', message, facts: { fragments } }];
}
