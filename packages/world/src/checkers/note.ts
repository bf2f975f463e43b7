// Checkpoints and certificates read by a second hand, from the C2SP specifications alone: the judges of the world must
// not share a mistake with what they judge.

import { type Charter, type Crypto, fromBase64, utf8 } from '@vauban/core';

export interface JudgedHead {
  readonly origin: string;
  readonly size: number;
  /** Base64, as written. */
  readonly root: string;
}

/** The head of a signed note: its first three lines. */
export function judgedHead(note: string): JudgedHead {
  const [origin, size, root] = note.split('\n');
  if (origin === undefined || size === undefined || root === undefined) throw new Error(`no head: ${note}`);
  return { origin, size: Number(size), root };
}

/** Hosters whose cosignature on this note holds, under the keys of the charter's epoch (tlog-cosignature, format). */
export function cosignersOf(crypto: Crypto, charter: Charter, note: string): Set<string> {
  const [text = '', signatures = ''] = note.split('\n\n');
  const found = new Set<string>();
  for (const line of signatures.split('\n')) {
    const [, name = '', base64 = ''] = line.split(' ');
    // A 4-byte key id, an 8-byte time in seconds, an Ed25519 signature.
    const bytes = fromBase64(base64);
    const hoster = charter.hosters.find((one) => name === `${charter.name}/${one.id}/${charter.epoch}`);
    const key = hoster?.votingKeys.find((one) => one.epoch === charter.epoch)?.key;
    if (hoster === undefined || key === undefined || bytes?.length !== 76) continue;
    const seconds = new DataView(bytes.buffer, bytes.byteOffset + 4, 8).getBigUint64(0);
    const message = utf8(`cosignature/v1\ntime ${seconds}\n${text}\n`);
    if (crypto.ed25519Verify(bytes.subarray(12), message, key)) found.add(hoster.id);
  }
  return found;
}

/** n = 9, f = 2: q = ⌊11 / 2⌋ + 1. Written out, so that a wrong formula elsewhere shows. */
export const QUORUM = 6;
