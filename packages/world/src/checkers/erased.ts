// Nothing leaves an honest disk but by a certified word of its own: a purge, a sweep or a trim that was certified before the file
// went; what is purged, no earlier than the grace after its last claim was given up.

import { toHex } from '@vauban/core';
import type { Checker, End } from '../checker.ts';
import { bytesOf, field, listOf, numberOf } from './cbor.ts';
import { type CertifiedEntry, type CertifiedLog, certifiedLogs } from './certified-entries.ts';
import { type Claim, claimsOf, type Release, releasesOf } from './claims.ts';
import { daemonText, type Evidence } from './evidence.ts';
import { Harmed } from './harmed.ts';
import { judgedPlace } from './places.ts';

interface Gone {
  readonly hoster: string;
  readonly segment: string;
  readonly index: number;
  /** Certificates seen by then. */
  readonly nth: number;
  readonly atMs: number;
}

/** Clocks of voters may differ by so much, of the grace. */
const SLACK_PART = 0.2;

export function erased(evidence: Evidence, now: () => number): Checker {
  const harmed = new Harmed();
  const gone: Gone[] = [];
  /** True time when the n-th certificate was first seen. */
  const times: number[] = [];
  const mark = () => {
    while (times.length <= evidence.certified.length) times.push(now());
  };
  return {
    name: 'erased',
    saw: mark,
    told(event) {
      harmed.told(event);
      if (event.of !== 'fragment-went') return;
      const [, segment = '', index = ''] = /([0-9a-f]{64})-([0-9]+)$/.exec(event.path) ?? [];
      const nth = evidence.certified.at(-1)?.nth ?? 0;
      gone.push({ hoster: event.machine, segment, index: Number(index), nth, atMs: now() });
    },
    judge(end) {
      const logs = certifiedLogs(evidence, end);
      const claims = logs.flatMap(claimsOf);
      const releases = logs.flatMap(releasesOf);
      for (const one of gone) {
        if (harmed.has(one.hoster)) continue;
        const { hoster, segment, index } = one;
        const own = ownLogs(end, logs, hoster);
        const before = own.flatMap(({ entries }) =>
          entries.filter((entry) => !entry.voided && entry.certifiedNth <= one.nth),
        );
        const purge = before.find((entry) => entry.kind === 'purge' && purges(entry, segment));
        if (purge !== undefined) {
          const sinceMs = releasedAt(times, { claims, releases, segment });
          const graceMs = end.charter.durations.eraseGraceMs * (1 - SLACK_PART);
          if (sinceMs + graceMs <= one.atMs) continue;
          throw new Error(
            `${hoster} erased fragment ${index} of ${segment} before the grace after its release was over`,
          );
        }
        if (before.some((entry) => trims(entry, segment, index))) continue;
        const swept = before.some(({ kind }) => kind === 'sweep');
        if (swept && !isNamed(end, logs, one)) continue;
        throw new Error(
          `${hoster} erased fragment ${index} of ${segment}, and ${swept ? 'a certified place or custody names it there' : 'nothing certified let it'}`,
        );
      }
    },
  };
}

function daemonOf(end: End, hoster: string): string {
  return end.charter.daemons.find(({ site }) => site === hoster)?.id ?? '';
}

function ownLogs(end: End, logs: readonly CertifiedLog[], hoster: string): CertifiedLog[] {
  const daemon = daemonOf(end, hoster);
  return logs.filter(({ genesis }) => daemonText(field(genesis, 'daemon')) === daemon);
}

function purges({ payload }: CertifiedEntry, segment: string): boolean {
  return listOf(field(payload, 'segments')).some(
    (one) => one instanceof Uint8Array && toHex(one) === segment,
  );
}

function trims({ kind, payload }: CertifiedEntry, segment: string, index: number): boolean {
  const named = bytesOf(field(payload, 'segment'));
  return (
    kind === 'trim' &&
    named !== undefined &&
    toHex(named) === segment &&
    numberOf(field(payload, 'index')) === index
  );
}

/** True time before which no voter can have heard of the last release that was needed; infinite when one is missing. */
function releasedAt(
  times: readonly number[],
  of: { readonly claims: readonly Claim[]; readonly releases: readonly Release[]; readonly segment: string },
): number {
  const each = of.claims
    .filter(({ segment }) => segment === of.segment)
    .map(({ name, vault }) => {
      const given = of.releases.filter((one) => one.name === name && one.vault === vault);
      return Math.min(...given.map(({ broughtNth }) => times[broughtNth] ?? 0));
    });
  return Math.max(Number.NEGATIVE_INFINITY, ...each);
}

/** Whether a place or custody of this very fragment there was certified before it went. */
function isNamed(end: End, logs: readonly CertifiedLog[], { hoster, segment, index, nth }: Gone): boolean {
  const daemon = daemonOf(end, hoster);
  const places = logs.some(({ entries }) =>
    entries.some(({ kind, voided, payload, certifiedNth }) => {
      if (kind !== 'place' || voided || payload === undefined || certifiedNth > nth) return false;
      const place = judgedPlace(payload);
      return (
        place !== undefined &&
        toHex(place.segment) === segment &&
        place.held.some((one) => one.daemon === daemon && one.index === index)
      );
    }),
  );
  const taken = ownLogs(end, logs, hoster).some(({ entries }) =>
    entries.some(
      (entry) =>
        entry.kind === 'custody' &&
        !entry.voided &&
        entry.certifiedNth <= nth &&
        trims({ ...entry, kind: 'trim' }, segment, index),
    ),
  );
  return places || taken;
}
