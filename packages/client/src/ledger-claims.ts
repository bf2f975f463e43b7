// What every hoster says it holds, for whoever checks the whole ledger: the heads it signed, log by log, and which logs
// hosters have sealed. Nothing of it is believed before the bytes are there.

import { asFault, type Crypto, type Random } from '@vauban/core';
import { type CharterChain, type HeadsScope, openHeads, type StoredHead, type Voter } from '@vauban/ledger';

/** One hoster's word on one log. */
export interface Claim {
  readonly voter: Voter;
  readonly head: StoredHead;
}

export type Tell = (hoster: string, origin: string | null, error: unknown) => void;

export interface ClaimsOptions {
  readonly crypto: Crypto;
  readonly random: Random;
  readonly charters: CharterChain;
  readonly voters: readonly Voter[];
  readonly scopes: readonly HeadsScope[];
  readonly onHoster?: (done: number, total: number, hoster: string) => void;
  readonly signal?: AbortSignal;
}

export interface Claims {
  readonly claims: ReadonlyMap<string, readonly Claim[]>;
  /** Logs of revoked devices: more hosters than can lie say that they have sealed them. */
  readonly sealed: ReadonlySet<string>;
  readonly reached: string[];
  readonly silent: string[];
}

/** What a voter says that has no word yet, or none just now: that ends by itself. */
const passing: ReadonlySet<string> = new Set(['VOTER_STARTING', 'VOTER_UNREADY', 'EPOCH_OPENING']);

/** Whether a hoster did not answer, or not yet: that is no problem of the ledger's. */
export function isSilence(error: unknown): boolean {
  const { kind, code } = asFault(error);
  // Who answers, and does not hand out what it signed for, is a problem.
  return (kind === 'unreachable' && code !== 'UNFINISHED') || passing.has(code);
}

/** One hoster after the other; what one of them answers wrongly is told. */
export async function gatherClaims(options: ClaimsOptions, tell: Tell): Promise<Claims> {
  const claims = new Map<string, readonly Claim[]>();
  const sealers = new Map<string, Set<string>>();
  const reached: string[] = [];
  const silent: string[] = [];
  for (const [nth, voter] of options.voters.entries()) {
    options.signal?.throwIfAborted();
    options.onHoster?.(nth, options.voters.length, voter.hoster);
    try {
      const { heads, seals } = await headsOf(options, voter);
      for (const head of heads) {
        const others = claims.get(head.origin) ?? [];
        claims.set(head.origin, [...others.filter((one) => one.voter !== voter), { voter, head }]);
      }
      for (const origin of seals) {
        sealers.set(origin, (sealers.get(origin) ?? new Set()).add(voter.hoster));
      }
      reached.push(voter.hoster);
    } catch (error) {
      if (isSilence(error)) silent.push(voter.hoster);
      else tell(voter.hoster, null, error);
    }
  }
  const { f } = options.charters.current;
  const sealed = [...sealers].filter(([, hosters]) => hosters.size > f).map(([origin]) => origin);
  return { claims, sealed: new Set(sealed), reached, silent };
}

async function headsOf(
  { crypto, random, charters, scopes }: ClaimsOptions,
  voter: Voter,
): Promise<{ readonly heads: readonly StoredHead[]; readonly seals: readonly string[] }> {
  const heads: StoredHead[] = [];
  const seals: string[] = [];
  for (const scope of scopes) {
    const nonce = random.bytes(32);
    const signed = await voter.heads(nonce, scope);
    const body = openHeads(crypto, charters.current, { hoster: voter.hoster, nonce, scope }, signed);
    heads.push(...body.heads);
    seals.push(...body.seals.map(({ origin }) => origin));
  }
  return { heads, seals };
}
