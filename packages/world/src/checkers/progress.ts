// Once everything has healed every honest log goes on: what any honest hoster holds of it is certified to the end.

import type { Checker } from '../checker.ts';
import { delegationOf } from './certified-entries.ts';
import { field, listOf, readCbor } from './cbor.ts';
import { daemonText, type Evidence } from './evidence.ts';
import { Harmed } from './harmed.ts';
import { leafOf } from './tree.ts';

export function progress(evidence: Evidence): Checker {
  const harmed = new Harmed();
  const revoked = new Set<string>();
  return {
    name: 'progress',
    told(event) {
      harmed.told(event);
      if (event.of === 'revoked') revoked.add(event.device);
      if (event.of === 'crooked') revoked.add(event.origin);
    },
    judge({ logs, charter, crypto }) {
      const dead = (entry: Uint8Array | undefined) => {
        const genesis = entry === undefined ? undefined : evidence.payload(leafOf(crypto, entry));
        const daemon = daemonText(field(genesis, 'daemon'));
        const site = charter.daemons.find(({ id }) => id === daemon)?.site;
        if (daemon !== '') return harmed.has(charter.sites.find(({ id }) => id === site)?.hoster ?? '');
        return delegationOf(genesis) === undefined || listOf(readCbor(entry as Uint8Array)).length !== 5;
      };
      for (const { daemon, origin, size, entries } of logs) {
        if (harmed.has(daemon) || revoked.has(origin) || dead(entries[0])) continue;
        if (evidence.seals.some((one) => one.origin === origin)) continue;
        const certified = Math.max(
          0,
          ...evidence.certified.filter((one) => one.origin === origin).map((one) => one.size),
        );
        if (certified < size)
          throw new Error(
            `${daemon} holds ${origin} up to ${size}, and it was certified up to ${certified} only`,
          );
      }
    },
  };
}
