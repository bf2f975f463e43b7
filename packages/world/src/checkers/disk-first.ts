// Nobody signs what a power cut could take back: when an honest hoster's signature on a head, or its report of a seal,
// comes in, its disk has that head, or that seal; and no key of an epoch that is over. Looks at the disk at that moment.

import { concat, utf8 } from '@vauban/core';
import type { Checker } from '../checker.ts';
import type { Evidence, SeenSeal, SeenVote } from './evidence.ts';
import { Harmed } from './harmed.ts';

/** What a judge may know of a disk without stopping it. */
export interface JudgedDisk {
  readonly durable: (key: Uint8Array) => boolean;
  readonly holds: (path: string) => boolean;
}

export function diskFirst(evidence: Evidence, diskOf: (hoster: string) => JudgedDisk | undefined): Checker {
  const harmed = new Harmed();
  let votes = 0;
  let seals = 0;
  let wrong: string | undefined;
  const say = (what: string) => {
    wrong ??= what;
  };
  const complain = () => {
    if (wrong !== undefined) throw new Error(wrong);
  };
  const vote = ({ hoster, epoch, origin, size }: SeenVote) => {
    const disk = diskOf(hoster);
    if (disk === undefined || harmed.has(hoster)) return;
    for (let old = 1; old < epoch; old++)
      if (disk.holds(`keys/voting-${old}.key`))
        say(`${hoster} votes in epoch ${epoch} and keeps its key of epoch ${old}`);
    if (!origin.endsWith('/charter') && !disk.durable(boundaryRow(origin, size)))
      say(`${hoster} signed ${origin} at size ${size} before its disk had it`);
  };
  const seal = ({ hoster, origin, notes }: SeenSeal) => {
    const disk = diskOf(hoster);
    if (disk === undefined || harmed.has(hoster)) return;
    if (notes.some((hash) => !disk.durable(concat(utf8('ledger/N/'), hash))))
      say(`${hoster} reported the seal of ${origin} before its disk had it`);
  };
  return {
    name: 'disk-first',
    saw({ from }) {
      for (; votes < evidence.votes.length; votes++) {
        const one = evidence.votes[votes] as SeenVote;
        // What others pass on may be of long ago.
        if (one.hoster === from) vote(one);
      }
      for (; seals < evidence.seals.length; seals++) {
        const one = evidence.seals[seals] as SeenSeal;
        if (one.hoster === from) seal(one);
      }
    },
    told(event) {
      harmed.told(event);
      complain();
    },
    judge: complain,
  };
}

/** The row that says that a signed batch of this log ends there, as the ledger's specification lays it out. */
function boundaryRow(origin: string, size: number): Uint8Array {
  const tail = new Uint8Array(9);
  new DataView(tail.buffer).setBigUint64(1, BigInt(size));
  return concat(utf8(`ledger/B/${origin}`), tail);
}
