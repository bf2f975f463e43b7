// Nothing that is claimed is erased: a certified purge names only segments whose every claim has a certified release of
// its own vault, seen before the purge; a trim leaves its keeper; what a sweep made void is not placed afterwards.

import { toHex } from '@vauban/core';
import type { Checker } from '../checker.ts';
import { bytesOf, field, listOf, numberOf, wordOf } from './cbor.ts';
import { type CertifiedEntry, type CertifiedLog, certifiedLogs } from './certified-entries.ts';
import { type Claim, claimsOf, entryName, type Release, releasesOf } from './claims.ts';
import { daemonText, type Evidence } from './evidence.ts';
import { judgedPlace } from './places.ts';

export function erasing(evidence: Evidence): Checker {
  return {
    name: 'erasing',
    judge(end) {
      const logs = certifiedLogs(evidence, end);
      const claims = logs.flatMap(claimsOf);
      const releases = logs.flatMap(releasesOf);
      for (const { entries, genesis } of logs) {
        for (const entry of entries) {
          if (entry.voided || entry.payload === undefined) continue;
          if (entry.kind === 'purge') judgePurge(entry, { claims, releases });
          if (entry.kind === 'sweep') judgeSweep(entry, daemonText(field(genesis, 'daemon')), logs);
        }
      }
      judgeTrims(logs);
    },
  };
}

function judgePurge(
  { payload, origin, index, certifiedNth }: CertifiedEntry,
  of: { readonly claims: readonly Claim[]; readonly releases: readonly Release[] },
): void {
  const before = of.releases.filter(({ nth }) => nth < certifiedNth);
  const purged = listOf(field(payload, 'segments')).map((one) =>
    one instanceof Uint8Array ? toHex(one) : '',
  );
  for (const claim of of.claims) {
    if (!purged.includes(claim.segment)) continue;
    if (before.some(({ name, vault }) => name === claim.name && vault === claim.vault)) continue;
    throw new Error(
      `the purge at ${origin} ${index} erases segment ${claim.segment}, which ${claim.name} claims`,
    );
  }
  for (const one of listOf(field(payload, 'payloads'))) {
    const wanted = entryName(one);
    if (before.some(({ name }) => name === wanted)) continue;
    throw new Error(`the purge at ${origin} ${index} erases the payload at ${wanted}, which nobody released`);
  }
}

/** Receipts older than a sweep are worth nothing in places that came after it. */
function judgeSweep(sweep: CertifiedEntry, daemon: string, logs: readonly CertifiedLog[]): void {
  const generation = numberOf(field(sweep.payload, 'generation')) ?? 0;
  for (const { entries } of logs) {
    for (const { kind, payload, voided, broughtNth, origin, index } of entries) {
      // A voter that had voted for it before keeps its word; nobody can have voted for what nobody had seen.
      if (kind !== 'place' || voided || payload === undefined || broughtNth < sweep.certifiedNth) continue;
      const old = judgedPlace(payload)?.held.find(
        (one) => one.daemon === daemon && one.generation < generation,
      );
      if (old === undefined) continue;
      throw new Error(
        `the place at ${origin} ${index} relies on a receipt of ${daemon} from before it swept`,
      );
    }
  }
}

/** Nobody gives a fragment up for a keeper that gives it up too. */
function judgeTrims(logs: readonly CertifiedLog[]): void {
  const trims = logs.flatMap(({ entries, genesis }) =>
    entries
      .filter(({ kind, voided }) => kind === 'trim' && !voided)
      .map(({ payload }) => ({
        fragment: `${toHex(bytesOf(field(payload, 'segment')) ?? new Uint8Array(0))} ${wordOf(field(payload, 'index'))}`,
        daemon: daemonText(field(genesis, 'daemon')),
        keeper: daemonText(field(payload, 'keeper')),
      })),
  );
  for (const { fragment, daemon, keeper } of trims) {
    if (trims.some((other) => other.fragment === fragment && other.daemon === keeper))
      throw new Error(`${daemon} trimmed fragment ${fragment} for ${keeper}, which trimmed it too`);
  }
}
