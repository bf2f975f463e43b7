// The chain of versions as a reader wants it: what each changed, who signed, who cosigned and when.

import type { CharterChain, SignedCharter } from '@vauban/ledger';
import { parseNote } from '@vauban/ledger';
import { charterChanges } from './charter-changes.ts';

export interface CharterVersion {
  readonly version: number;
  readonly epoch: number;
  /** ms since 1970. */
  readonly issued: number;
  /** Against the version before; empty for the first and for a renewal. */
  readonly changes: readonly string[];
  readonly signedBy: readonly string[];
  /** Hosters, by their cosignatures; empty for the first version, which is in force by its officers. */
  readonly cosignedBy: readonly string[];
  /** The newest of the cosignatures that made the quorum, ms since 1970. */
  readonly inForceAt: number;
}

/** Oldest first. The chain has been checked. */
export function charterHistory(chain: CharterChain): CharterVersion[] {
  const signed = chain.signedFrom(1);
  return chain.versions().map((charter, nth) => {
    const before = chain.versions()[nth - 1];
    const { cosignedBy, newestMs } = cosignatures(signed[nth] as SignedCharter);
    return {
      version: charter.version,
      epoch: charter.epoch,
      issued: charter.issued,
      changes: before === undefined ? [] : charterChanges(before, charter),
      signedBy: (signed[nth] as SignedCharter).signatures.map(({ officer }) => officer).sort(),
      cosignedBy,
      inForceAt: newestMs ?? charter.issued,
    };
  });
}

function cosignatures({ certificate }: SignedCharter): {
  readonly cosignedBy: readonly string[];
  readonly newestMs: number | undefined;
} {
  if (certificate === null) return { cosignedBy: [], newestMs: undefined };
  const { signatures } = parseNote(certificate);
  const times = signatures.map(({ signature }) =>
    Number(new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0)),
  );
  return {
    cosignedBy: signatures.map(({ name }) => name.split('/')[1] ?? name),
    newestMs: Math.max(...times) * 1_000,
  };
}
