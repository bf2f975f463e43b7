// Watching, hung together: audits of what competitors hold, and the re-reading of what is held here.

import {
  type Charter,
  type Clock,
  type Crypto,
  type DaemonId,
  prefixedStore,
  type Store,
  utf8,
} from '@vauban/core';
import { holdersNow, type LogStore, segmentFacts } from '@vauban/ledger';
import type { FragmentStore } from '../fragment-store.ts';
import type { Log } from '../log.ts';
import type { OwnLog } from '../own-log.ts';
import type { PeerWatch } from '../peer-watch.ts';
import type { Peers } from '../peers.ts';
import type { Foreground } from '../repair/pace.ts';
import { auditLedger } from './audit-ledger.ts';
import { Auditor, type AuditorPorts } from './auditor.ts';
import { Scrub, type ScrubPorts } from './scrub.ts';

/** Limits for catching up: usually it is far less. A tenth of a small line, and a tenth of a spinning disk. */
const AUDIT_BYTES_PER_SECOND = 1_000_000;
const SCRUB_BYTES_PER_SECOND = 16_000_000;

export interface WatchingPorts {
  readonly id: DaemonId;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charter: () => Charter;
  readonly logs: LogStore;
  readonly watch: PeerWatch;
  readonly consortium: AuditorPorts['consortium'];
  readonly peers: Pick<Peers, 'daemon'>;
  readonly fragments: FragmentStore;
  readonly mend: ScrubPorts['mend'];
  readonly ownLog: Pick<OwnLog, 'append'>;
  readonly foreground: Pick<Foreground, 'busy'>;
  readonly store: Store;
  readonly log: Log;
}

/** Opened, not started. Stop the auditor before repair, and the scrub after it. */
export interface Watching {
  readonly auditor: Auditor;
  readonly scrub: Scrub;
}

export function openWatching(ports: WatchingPorts): Watching {
  const { id, logs, peers, store } = ports;
  const auditor = new Auditor({
    ...ports,
    ledger: auditLedger(ports),
    client: (daemon) => peers.daemon(daemon),
    bytesPerSecond: AUDIT_BYTES_PER_SECOND,
    store: prefixedStore(store, utf8('audit/')),
  });
  const scrub = new Scrub({
    ...ports,
    owes: async ({ segment, index }) => {
      const holders = holdersNow(await segmentFacts(logs, segment));
      return holders.some((one) => one.daemon === id && one.index === index);
    },
    bytesPerSecond: SCRUB_BYTES_PER_SECOND,
    store: prefixedStore(store, utf8('scrub/')),
  });
  return { auditor, scrub };
}
