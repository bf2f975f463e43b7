// The voting key of the next epoch, made ahead by whoever votes in this one and vouched for with this one's key: what
// officers list in the version that opens the epoch.

import { type Charter, concat, type Crypto, encodeCbor, Fault, shape, utf8, votingKey } from '@vauban/core';
import * as v from 'valibot';

/** As it travels. */
export const nextKeySchema = v.strictObject({
  epoch: shape.count(),
  key: shape.bytes(32),
  /** By the hoster's voting key of the epoch before. */
  signature: shape.bytes(64),
});

export type NextKey = v.InferOutput<typeof nextKeySchema>;

export function signNextKey(
  crypto: Crypto,
  of: { readonly charter: string; readonly hoster: string; readonly epoch: number; readonly key: Uint8Array },
  votingSeed: Uint8Array,
): NextKey {
  const { epoch, key } = of;
  return { epoch, key, signature: crypto.ed25519Sign(votingSeed, message(of)) };
}

/** The key, when the hoster's voter vouches for it. Faults: NEXT_KEY_OTHER (another epoch), NEXT_KEY_FORGED (integrity). */
export function openNextKey(crypto: Crypto, charter: Charter, hoster: string, next: NextKey): Uint8Array {
  if (next.epoch !== charter.epoch + 1) {
    throw new Fault(
      'refused',
      'NEXT_KEY_OTHER',
      `${hoster} names its key of epoch ${next.epoch}, and epoch ${charter.epoch + 1} is next: fetch the charter in force, then ask again`,
      { hoster, epoch: next.epoch, next: charter.epoch + 1 },
    );
  }
  const one = charter.hosters.find(({ id }) => id === hoster);
  const voucher = one === undefined ? undefined : votingKey(one, charter.epoch);
  const signed = message({ charter: charter.name, hoster, ...next });
  if (voucher === undefined || !crypto.ed25519Verify(next.signature, signed, voucher)) {
    throw new Fault(
      'integrity',
      'NEXT_KEY_FORGED',
      `the key of ${hoster} for epoch ${next.epoch} is not signed with its voting key of epoch ${charter.epoch}`,
      { hoster, epoch: next.epoch },
    );
  }
  return next.key;
}

function message(of: {
  readonly charter: string;
  readonly hoster: string;
  readonly epoch: number;
  readonly key: Uint8Array;
}): Uint8Array {
  return concat(utf8('vauban/next-key/0\n'), encodeCbor([of.charter, of.hoster, of.epoch, of.key]));
}
