// Nobody says that it took a fragment over which a power cut could take back: when a daemon's custody is first brought to
// anybody, the fragment is on its disk for certain. Looks at the disk at that moment.

import { toHex } from '@vauban/core';
import type { Checker } from '../checker.ts';
import { bytesOf, field, listOf, numberOf, readCbor, textOf, wordOf } from './cbor.ts';
import type { Evidence } from './evidence.ts';
import { Harmed } from './harmed.ts';
import { judgedHead } from './note.ts';

/** CBOR: a text of seven bytes. */
const CUSTODY = Buffer.from('gcustody');

export function custodyFirst(
  evidence: Evidence,
  durable: (hoster: string, path: string) => boolean,
): Checker {
  const harmed = new Harmed();
  const seen = new Set<string>();
  let wrong: string | undefined;
  return {
    name: 'custody-first',
    told: (event) => harmed.told(event),
    saw({ from, what, body }) {
      if (what !== 'ask append' || harmed.has(from)) return;
      if (!Buffer.from(body.buffer, body.byteOffset, body.length).includes(CUSTODY)) return;
      const append = field(readCbor(body), 'append');
      const origin = judgedHead(textOf(field(append, 'checkpoint')) ?? '')?.origin;
      const charter = evidence.charters.at(-1);
      const key = charter?.daemons.find(({ site }) => site === from)?.logKey;
      // Others' words are brought on, too.
      if (key === undefined || origin !== `${charter?.name}/${toHex(evidence.crypto.sha256(key))}`) return;
      for (const [nth, record] of listOf(field(append, 'records')).entries()) {
        const name = `${origin} ${wordOf(field(append, 'oldSize'))} ${nth}`;
        const payload = readCbor(bytesOf(field(record, 'payload')) ?? new Uint8Array(0));
        if (textOf(field(payload, 'kind')) !== 'custody' || seen.has(name)) continue;
        seen.add(name);
        const segment = toHex(bytesOf(field(payload, 'segment')) ?? new Uint8Array(0));
        const index = numberOf(field(payload, 'index')) ?? -1;
        if (durable(from, `fragments/${segment.slice(0, 2)}/${segment}-${index}`)) continue;
        wrong ??= `${from} says that it took fragment ${index} of ${segment} over before its disk had it`;
      }
    },
    judge() {
      if (wrong !== undefined) throw new Error(wrong);
    },
  };
}
