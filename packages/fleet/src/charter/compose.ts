// The next version of a charter, composed from what officers decided and what newcomers said of themselves. Fills in
// number, dates, epoch and voting keys; whether the result may follow is checked by the chain that it extends.

import { type Charter, CHARTER_VALIDITY_MS, Fault, type Hoster, votingHosters } from '@vauban/core';
import type { DaemonFacts } from '@vauban/daemon';
import type { CharterChain } from '@vauban/ledger';
import { type CharterDecisions, checkComposed } from './charter-text.ts';

export interface Newcomers {
  readonly daemons: readonly DaemonFacts[];
  readonly agencies: readonly { readonly id: string; readonly name: string; readonly rootKey: Uint8Array }[];
}

/** What a local network grants a new agency until officers decide otherwise: a terabyte of its own files. */
const QUOTA_BYTES = 1_000_000_000_000;

/**
 * Decisions with newcomers added; one that is there already is brought up to date with what it says now. A daemon whose
 * line brings a voting key for `nextEpoch` is to vote for its hoster; any other joins without a vote.
 */
export function withNewcomers(
  decisions: CharterDecisions,
  { daemons, agencies }: Newcomers,
  nextEpoch: number,
): CharterDecisions {
  let next = decisions;
  for (const { hoster, site, daemon, voting, declaration } of daemons) {
    const known = next.hosters.find((one) => one.id === hoster.id);
    const voter = voting?.epoch === nextEpoch ? daemon.id : (known?.voter ?? null);
    next = {
      ...next,
      hosters: put(next.hosters, { ...hoster, voter, declaration }),
      sites: put(next.sites, { ...site, hoster: hoster.id }),
      daemons: put(next.daemons, { ...daemon, site: site.id }),
    };
  }
  const policies = decisions.policies.map((one) => one.name);
  for (const { id, name, rootKey } of agencies) {
    const known = next.agencies.find((one) => one.id === id);
    const terms = known ?? { quotaBytes: QUOTA_BYTES, suspended: false, policies };
    next = { ...next, agencies: put(next.agencies, { ...terms, id, name, rootKey }) };
  }
  return next;
}

/** Voters of the next version, and which of them enter anew. */
export interface VotersChange {
  /** Hosters that vote now and will go on, each with a key that only its daemon can make. */
  readonly staying: readonly string[];
  /** Hosters that enter: new ones, another voting daemon, or a key that is replaced. */
  readonly entering: readonly string[];
  readonly leaving: readonly string[];
}

/** Undefined when who votes stays as it is: then no epoch opens. `renew`: hosters whose voting key is replaced. */
export function votersChange(
  current: Charter,
  decisions: CharterDecisions,
  renew: readonly string[],
): VotersChange | undefined {
  const before = new Map(votingHosters(current).map((one) => [one.id, one.voter]));
  const after = new Map(
    decisions.hosters.flatMap(({ id, voter }): [string, string][] => (voter === null ? [] : [[id, voter]])),
  );
  const entering = [...after].flatMap(([id, voter]) =>
    before.get(id) === voter && !renew.includes(id) ? [] : [id],
  );
  const leaving = [...before.keys()].filter((id) => !after.has(id));
  if (entering.length === 0 && leaving.length === 0 && current.f === decisions.f) return undefined;
  const staying = [...after.keys()].filter((id) => !entering.includes(id));
  return { staying, entering, leaving };
}

/**
 * The next version. `votingKeys`: of every voter, for the epoch that opens; needed only when one does.
 * Faults: CHARTER_TEXT, CHARTER_INVALID, VOTING_KEY_MISSING (refused) {hoster, epoch}, VOTER_UNKNOWN.
 */
export function composeNext(of: {
  readonly chain: CharterChain;
  readonly decisions: CharterDecisions;
  readonly change: VotersChange | undefined;
  readonly votingKeys: ReadonlyMap<string, Uint8Array>;
  /** ms since 1970. */
  readonly now: number;
}): Charter {
  const { chain, decisions, change, votingKeys, now } = of;
  const { current } = chain;
  const epoch = change === undefined ? current.epoch : current.epoch + 1;
  const hosters = decisions.hosters.map((one): Hoster => {
    const before = current.hosters.find(({ id }) => id === one.id);
    const known = { votingKeys: before?.votingKeys ?? [], votingSince: before?.votingSince ?? 0 };
    if (one.voter === null) return { ...one, ...known, votingSince: 0 };
    if (change === undefined) return { ...one, ...known };
    const key = votingKeys.get(one.id);
    if (key === undefined) throw keyMissing(one.id, epoch);
    return {
      ...one,
      votingKeys: [...known.votingKeys.filter((each) => each.epoch !== epoch), { epoch, key }],
      votingSince: change.entering.includes(one.id) ? epoch : known.votingSince,
    };
  });
  const next: Charter = {
    ...decisions,
    format: 'vauban/charter/0',
    version: current.version + 1,
    previous: chain.currentHash,
    issued: now,
    expires: now + CHARTER_VALIDITY_MS,
    epoch,
    hosters,
  };
  return checkComposed(next);
}

/** Voting keys that newcomers brought for the epoch. Faults: VOTING_KEY_MISSING. */
export function broughtKeys(
  current: Charter,
  change: VotersChange,
  daemons: readonly DaemonFacts[],
): Map<string, Uint8Array> {
  const epoch = current.epoch + 1;
  const keys = new Map<string, Uint8Array>();
  for (const id of change.entering) {
    const brought = daemons.find((one) => one.hoster.id === id && one.voting?.epoch === epoch);
    if (brought === undefined || brought.voting === null) throw keyMissing(id, epoch);
    keys.set(id, brought.voting.key);
  }
  return keys;
}

function keyMissing(hoster: string, epoch: number): Fault {
  return new Fault(
    'refused',
    'VOTING_KEY_MISSING',
    `the voter of ${hoster} has no key for epoch ${epoch} yet: its engineer makes one with vauban daemon voting-key --epoch ${epoch} and sends the public line, which goes here with --add`,
    { hoster, epoch },
  );
}

function put<Item extends { readonly id: string }>(list: readonly Item[], item: Item): Item[] {
  return list.some(({ id }) => id === item.id)
    ? list.map((one) => (one.id === item.id ? item : one))
    : [...list, item];
}
