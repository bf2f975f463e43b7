// Receipts asked anew from a daemon that has erased since it gave them: hosters refuse the older ones, and no bytes have to
// travel again.

import { asFault, type Charter, type Crypto, type DaemonId, findDaemon, toHex } from '@vauban/core';
import { descriptorOf, type Payload } from '@vauban/ledger';
import type { DaemonLinks } from './daemon-links.ts';
import { holderFailed } from './failed-holder.ts';
import { checkReceipt } from './fragment-transfer.ts';

const RECEIPT_DEADLINE_MS = 10_000;

type Claim = Extract<Payload, { kind: 'place' | 'keep' }>;

/** The same claims with fresh receipts wherever the daemon holds something. Faults: HOLDER_FAILED. */
export function freshReceipts(of: {
  readonly links: DaemonLinks;
  readonly crypto: Crypto;
  readonly charter: () => Charter;
}): (claims: readonly Claim[], daemon: DaemonId) => Promise<Claim[]> {
  const { links, crypto, charter } = of;
  return async (claims, id) => {
    const daemon = findDaemon(charter(), id);
    if (daemon === undefined) return [...claims];
    const renewed = async (claim: Claim): Promise<Claim> => {
      if (claim.kind === 'keep') return claim;
      const descriptor = descriptorOf(claim);
      const fragments = claim.fragments.map(async (fragment, index): Promise<typeof fragment> => {
        const [root, holder] = fragment;
        if (holder === undefined || toHex(holder) !== id) return fragment;
        const segment = { ...descriptor, roots: [...descriptor.roots] };
        const told = await links
          .client(id)
          .ask('receipt', { segment, index }, { deadlineMs: RECEIPT_DEADLINE_MS });
        const what = { segment: claim.segment, descriptor, index };
        checkReceipt({ crypto, charterName: charter().name, daemon, ...what }, told);
        return [root, holder, told.generation, told.receipt];
      });
      return { ...claim, fragments: await Promise.all(fragments) };
    };
    try {
      return await Promise.all(claims.map(renewed));
    } catch (error) {
      const fault = asFault(error);
      if (fault.kind === 'unreachable') links.suspect(id, fault);
      throw holderFailed(id, fault);
    }
  };
}
