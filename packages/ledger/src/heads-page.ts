// A voter's answer to "what do you hold?", a message at a time: complete for its scope, and signed with the key under which
// it was gathered.

import { MESSAGE_BYTES_MAX } from '@vauban/core';
import { counterMessage, type HeadsScope, signHeads, type StoredHead } from './heads.ts';
import type { HeldLogs } from './held-logs.ts';
import type { LogState } from './log-rows.ts';
import type { MirrorGround } from './mirror-ground.ts';
import { quarantined } from './quarantine.ts';
import { forkReports, sealReports } from './seal-report.ts';
import type { VotingRight } from './voting-seat.ts';

/** Heads of one answer: half a message, so that seals and proofs of forks have room beside them. */
const HEADS_PAGE_BYTES = MESSAGE_BYTES_MAX / 2;
/** What a head costs beside its texts. */
const HEAD_BYTES = 64;

export interface HeadsAsked {
  readonly nonce: Uint8Array;
  readonly scope: HeadsScope;
  /** The hoster that asks, when it is one. */
  readonly asker: string | null;
}

/** As much of the answer as fits a message, signed, and from which log on there is more. */
export interface HeadsPage {
  readonly signed: Uint8Array;
  readonly next: string | null;
}

/** Faults: VOTER_NONE, LOG_QUARANTINED, EPOCH_OPENING, and what stopped the vote for good. */
export async function headsPage(ground: MirrorGround, asked: HeadsAsked): Promise<HeadsPage> {
  const { logs, seat, crypto } = ground;
  const { nonce, scope, asker } = asked;
  const voting = seat.demandHeads();
  // As of now, before anything is looked at: what is read while starting is no answer of one that has started.
  const starting = seat.silent !== null;
  const { quarantine } = logs;
  if (quarantine.doubt !== null) throw quarantined('the ledger', quarantine.doubt);
  const { origins: inScope, next } = onePage(await originsInScope(logs, scope), (one) => logs.state(one));
  const inPage = (origin: string) => next === null || origin <= next;
  const origins = inScope.filter((origin) => quarantine.of(origin) === null && !seat.unready.has(origin));
  // A damaged log that is not known at all may be of any vault.
  const concerns = (origin: string) =>
    (scope.of === 'all' && origin > (scope.after ?? '') && inPage(origin)) ||
    (scope.of === 'origins' ? scope.origins.includes(origin) : inScope.includes(origin) || !logs.has(origin));
  const heads: StoredHead[] = origins.map((origin) => {
    const { size, checkpoint, certificate } = logs.state(origin);
    return { origin, size, checkpoint, certificate };
  });
  const seals = (await sealReports(logs, { scope, origins })).filter(({ origin }) => concerns(origin));
  const forks = await forkReports(logs.store, new Set(inScope));
  const unready = new Set([...seat.unready, ...quarantine.entries().map(([origin]) => origin)]);
  // The disks were waited for. What was looked at before a fence is not to be signed with the key that comes after:
  // votes given in between would be missing, and whoever enters would believe that there are none.
  seat.demandHeadsStill(voting);
  const charter = ground.charters.current;
  const signed = signHeads(
    crypto,
    {
      format: 'vauban/heads/0',
      charter: charter.name,
      version: charter.version,
      epoch: voting.epoch,
      hoster: voting.hoster,
      starting,
      nonce,
      scope,
      ...signedCounter(ground, voting),
      yourCounter: seat.remembered(asker),
      heads,
      seals,
      forks,
      next,
      unready: [...unready].filter(concerns).sort(),
    },
    voting.cosigner.seed,
  );
  return { signed, next };
}

/** How many votes are durable, as this voter's key says it. */
function signedCounter(
  { crypto }: Pick<MirrorGround, 'crypto'>,
  { hoster, epoch, cosigner, journal }: VotingRight,
) {
  const { counter } = journal;
  const counterSignature = crypto.ed25519Sign(cosigner.seed, counterMessage(hoster, epoch, counter));
  return { counter, counterSignature };
}

async function originsInScope(logs: HeldLogs, scope: HeadsScope): Promise<string[]> {
  if (scope.of === 'all') return logs.origins().filter((origin) => origin > (scope.after ?? ''));
  if (scope.of === 'origins') return scope.origins.filter((origin) => logs.has(origin));
  // A log's first batch names its vault a moment before the log itself is known.
  return (await logs.originsOfVault(scope.vault)).filter((origin) => logs.has(origin));
}

/** The first of these logs, as many as fit a message; `next` is the last of them when there are more. */
function onePage(
  origins: readonly string[],
  stateOf: (origin: string) => LogState,
): { readonly origins: readonly string[]; readonly next: string | null } {
  let bytes = 0;
  for (const [nth, origin] of origins.entries()) {
    const { checkpoint, certificate } = stateOf(origin);
    bytes += origin.length + checkpoint.length + (certificate?.length ?? 0) + HEAD_BYTES;
    if (bytes > HEADS_PAGE_BYTES && nth > 0)
      return { origins: origins.slice(0, nth), next: origins[nth - 1] ?? null };
  }
  return { origins, next: null };
}
