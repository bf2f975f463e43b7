// Entries of a sealed log in the log that took them over: what an `adopt` entry stands for.

import { concat, encodeCbor, utf8 } from '@vauban/core';
import {
  claimKey,
  type ClaimName,
  decodeEntry,
  decodePayload,
  type Payload,
  type Payloads,
} from './entry.ts';

export type Adopt = Payloads['adopt'];

/** The payload taken over, unchecked; undefined when there is none to be read. */
export function adoptedPayload(adopt: Adopt): Payload | undefined {
  try {
    return decodePayload(decodeEntry(adopt.record.entry).kind, adopt.record.payload);
  } catch {
    // Held without being judged: it has no effect.
    return undefined;
  }
}

/** What an entry does to the ledger: an adopted `place` or `keep` claims like any other, under the adopter's name. */
export function effectOf(payload: Payload): Payload {
  if (payload.kind !== 'adopt') return payload;
  const adopted = adoptedPayload(payload);
  return adopted?.kind === 'place' || adopted?.kind === 'keep' ? adopted : payload;
}

/** Which entry of which branch, as one key: no log takes it over twice. */
export function adoptionKey({ origin, index, branch }: Adopt): Uint8Array {
  return concat(claimKey({ origin, index }), branch);
}

/** Rows by which a log's adoptions are found again: `D/`. */
export function adoptionRowKey(by: string, adopt: Adopt): Uint8Array {
  return concat(utf8('D/'), utf8(by), Uint8Array.of(0), adoptionKey(adopt));
}

export function adoptionRow(by: ClaimName, adopt: Adopt) {
  return { put: adoptionRowKey(by.origin, adopt), value: encodeCbor(by.index) };
}
