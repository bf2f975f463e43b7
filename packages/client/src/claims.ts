// This vault's claims on segments: which of them nobody needs any more, and may be given up now or, where a policy still
// retains them, later. Giving up is what lets hosters erase; a claim too many costs money, one too few costs data.

import { decodeCbor, encodeCbor, equalBytes, RELEASE_SEGMENTS_MAX, shape, toHex, utf8 } from '@vauban/core';
import {
  type ClaimName,
  claimsOf,
  effectOf,
  type LogStore,
  type Payload,
  retainedUntil,
  sameName,
  type SegmentFacts,
  segmentFacts,
} from '@vauban/ledger';
import * as v from 'valibot';
import type { SegmentGroup } from './catalog.ts';
import type { VaultState } from './vault-state.ts';

/** Claims in one entry: with the longest names they stay within a payload. */
const CLAIMS_MAX = 400;
/** Segments kept by one entry. */
const KEPT_MAX = 1_000;
/** How far this clock may be behind a hoster's: who asks too early is refused. */
const RETENTION_SLACK_MS = 5_000;

type Release = Extract<Payload, { kind: 'release' }>;
type Keep = Extract<Payload, { kind: 'keep' }>;

/** What can be given up, and what has to wait. */
export interface Releasable {
  readonly claims: readonly { readonly name: ClaimName; readonly segments: number }[];
  /** Latest date up to which a policy keeps something that nobody needs; null when nothing has to wait. */
  readonly retainedUntil: number | null;
}

const settledRow = v.strictTuple([shape.count(), shape.time()]);

/**
 * Looks for claims of the vault on groups that nobody needs. What was found to be given up, or to wait, is noted, so
 * that looking again costs nothing until something changes.
 */
export async function releasable(
  state: Pick<VaultState, 'logs' | 'released'>,
  of: { readonly vault: Uint8Array; readonly unused: readonly SegmentGroup[]; readonly now: number },
): Promise<Releasable> {
  const { logs, released } = state;
  const unused = new Set(of.unused.flatMap(({ segments }) => segments.map(toHex)));
  const claims = new Map<string, { name: ClaimName; segments: number }>();
  const latest: number[] = [];
  for (const { key, segments, users } of of.unused) {
    const row = await released.get(utf8(key));
    if (row !== undefined) {
      const [usersThen, until] = decodeCbor(settledRow, row, 'released row', 32);
      if (usersThen === users && until > of.now) {
        if (until !== Number.MAX_SAFE_INTEGER) latest.push(until);
        continue;
      }
    }
    let waits: number | undefined;
    let found = false;
    for (const segment of segments) {
      for (const { claim, until } of await heldClaims(logs, { vault: of.vault, segment })) {
        if (until + RETENTION_SLACK_MS > of.now) {
          waits = Math.max(waits ?? 0, until + RETENTION_SLACK_MS);
          continue;
        }
        const all = await segmentsOfClaim(logs, claim);
        // A keep stands for several segments: all of them, or none.
        if (!all.every((one) => unused.has(toHex(one)))) continue;
        found = true;
        claims.set(`${claim.origin} ${claim.index}`, { name: claim, segments: all.length });
      }
    }
    if (waits !== undefined) latest.push(waits);
    if (found) continue;
    const value = encodeCbor([users, waits ?? Number.MAX_SAFE_INTEGER]);
    await released.batch([{ put: utf8(key), value }], { sync: false });
  }
  return {
    claims: [...claims.values()],
    retainedUntil: latest.length === 0 ? null : Math.max(...latest),
  };
}

/** Certified claims of the vault on a segment that no certified release gives up; `until`: retained so long. */
async function heldClaims(
  logs: LogStore,
  of: { readonly vault: Uint8Array; readonly segment: Uint8Array },
): Promise<{ readonly claim: ClaimName; readonly until: number }[]> {
  const facts = await segmentFacts(logs, of.segment);
  const certified = ({ origin, index }: ClaimName) => index < logs.state(origin).certifiedSize;
  const given = facts.releases.filter(({ by, voided }) => !voided && certified(by));
  return claimsOf(facts)
    .filter(({ claim, vault }) => equalBytes(vault, of.vault) && certified(claim))
    .filter(({ claim }) => !given.some((one) => sameName(one.of, claim)))
    .map(({ claim }) => ({ claim, until: retentionOf(facts, claim) }));
}

async function segmentsOfClaim(logs: LogStore, { origin, index }: ClaimName): Promise<readonly Uint8Array[]> {
  const effect = effectOf((await logs.entry(origin, index)).payload);
  if (effect.kind === 'keep') return effect.segments;
  return effect.kind === 'place' ? [effect.segment] : [];
}

/** Whether the vault once had a claim on the segment, and has given up every one of them. */
export async function isReleased(
  logs: LogStore,
  of: { readonly vault: Uint8Array; readonly segment: Uint8Array },
): Promise<boolean> {
  const { releases } = await segmentFacts(logs, of.segment);
  return releases.length > 0 && (await heldClaims(logs, of)).length === 0;
}

/** A place is kept as long as it says itself; a kept segment as long as any of its places says. */
function retentionOf(facts: SegmentFacts, claim: ClaimName): number {
  const own = facts.places.find((one) => sameName(one.claim, claim));
  return own?.place.retainUntil ?? retainedUntil(facts);
}

/** Entries that give the claims up. */
export function releaseEntries(claims: Releasable['claims']): Release[] {
  const releases: { claims: [string, number][]; segments: number }[] = [];
  for (const { name, segments } of claims) {
    let last = releases.at(-1);
    if (!last || last.claims.length >= CLAIMS_MAX || last.segments + segments > RELEASE_SEGMENTS_MAX) {
      last = { claims: [], segments: 0 };
      releases.push(last);
    }
    last.claims.push([name.origin, name.index]);
    last.segments += segments;
  }
  return releases.map((one) => ({ kind: 'release', claims: one.claims, objects: [] }));
}

/** Entries that claim a group's segments again: of its own, so that it can be given up with it. */
export function keepEntries(segments: readonly Uint8Array[]): Keep[] {
  const keeps: Keep[] = [];
  for (let from = 0; from < segments.length; from += KEPT_MAX) {
    keeps.push({ kind: 'keep', segments: segments.slice(from, from + KEPT_MAX) });
  }
  return keeps;
}
