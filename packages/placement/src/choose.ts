// Choosing the daemons of a segment: the largest k for which a set of sites keeps the domain rule, the widest spread
// over hosters and buildings, then rank (SPEC section 3). Everything here must come out the same on every machine.

import { assert, type Charter, type Crypto, type DaemonId, Fault, type Policy } from '@vauban/core';
import { bestWithRoom, type Candidate, candidates, type LiveHint } from './eligible.ts';
import { compareDraws, compareOrder, type Draw } from './rendezvous.ts';
import { firstSpread, type Stand, standsMissing } from './spread.ts';

export type { LiveHint } from './eligible.ts';

export interface ChooseOptions {
  /** Valid, as `decodeCharter` says. */
  readonly charter: Charter;
  readonly policy: Policy;
  /** Daemons believed up, with their free space; absent means not live. */
  readonly live: ReadonlyMap<DaemonId, LiveHint>;
  /** Size in bytes of one fragment, were the segment coded k + m. */
  readonly fragmentBytesOf: (k: number, m: number) => number;
  /** Any bytes that name the segment, such as content id and segment index. */
  readonly seed: Uint8Array;
  /** ms since 1970. */
  readonly now: number;
  readonly crypto: Crypto;
  /** Daemons not to use, such as those that just failed to answer. */
  readonly avoid?: ReadonlySet<DaemonId>;
}

export interface Choice {
  readonly k: number;
  readonly m: number;
  /** By fragment index, k + m of them, each on a site of its own. */
  readonly daemons: readonly DaemonId[];
}

interface Ranked extends Stand {
  readonly draw: Draw;
}

/**
 * Throws faults TOO_FEW_SITES {wanted, found, missing: [{site, reason}], fragmentBytes} and POLICY_UNPLACEABLE (k = 1:
 * whoever holds a fragment holds the segment).
 */
export function choose(o: ChooseOptions): Choice {
  const { policy } = o;
  const { m } = policy;
  assert(
    m >= 1 && policy.k >= m && policy.sitesLost >= 1 && policy.sitesLost <= m,
    `policy ${policy.name} is valid`,
  );
  // No hoster may hold k, so a segment with k = 1 can stand nowhere.
  const kMin = Math.max(m, 2);
  if (policy.k < kMin) {
    throw new Fault(
      'refused',
      'POLICY_UNPLACEABLE',
      `Policy ${policy.name} codes ${policy.k} + ${m}, so each hoster could rebuild the segment alone; it needs k of at least 2.`,
      { policy: policy.name, k: policy.k, m },
    );
  }
  const known = candidates(o);
  for (let k = policy.k; k >= kMin; k--) {
    const ranked = rank(known, o.fragmentBytesOf(k, m));
    for (let lost = m; lost >= policy.sitesLost; lost--) {
      const positions = firstSpread(ranked, { k, m, lost });
      if (positions === undefined) continue;
      const draws = positions.map((at) => (ranked[at] as Ranked).draw).sort(compareOrder);
      return { k, m, daemons: draws.map((one) => one.daemon) };
    }
  }
  throw tooFewSites(o, known, kMin);
}

/** Bytes stored per byte of ciphertext, padding left out: 1.5 for 6 + 3. */
export function expansionOf(code: { readonly k: number; readonly m: number }): number {
  return (code.k + code.m) / code.k;
}

function rank(known: readonly Candidate[], fragmentBytes: number): readonly Ranked[] {
  assert(fragmentBytes >= 0, 'a fragment has a size');
  const ranked: Ranked[] = [];
  for (const candidate of known) {
    const best = bestWithRoom(candidate, fragmentBytes);
    const { building, hoster } = candidate.site;
    if (best !== undefined) ranked.push({ building, hoster, draw: best });
  }
  return ranked.sort((a, b) => compareDraws(a.draw, b.draw));
}

/** `wanted` counts the sites found and those still needed for the smallest code the policy allows. */
function tooFewSites(o: ChooseOptions, known: readonly Candidate[], k: number): Fault {
  const { m, name, sitesLost } = o.policy;
  const fragmentBytes = o.fragmentBytesOf(k, m);
  const ranked = rank(known, fragmentBytes);
  const more = standsMissing(ranked, { k, m, lost: sitesLost });
  const missing = known
    .filter((candidate) => bestWithRoom(candidate, fragmentBytes) === undefined)
    .map((candidate) => ({ site: candidate.site.id, reason: candidate.missing ?? 'full' }));
  const crowded = ranked.length + more > k + m ? ' at hosters and in buildings of their own' : '';
  const listed = missing.slice(0, SITES_LISTED_MAX).map((one) => `${one.site} (${one.reason})`);
  if (missing.length > listed.length) listed.push(`and ${missing.length - listed.length} others`);
  const others = listed.length === 0 ? '' : ` Not available: ${listed.join(', ')}.`;
  return new Fault(
    'refused',
    'TOO_FEW_SITES',
    `${more} more ${more === 1 ? 'site' : 'sites'}${crowded} with ${bytesInWords(fragmentBytes)} free ${more === 1 ? 'is' : 'are'} needed: ` +
      `${ranked.length} of ${known.length} sites can take a fragment, and policy ${name} needs ${k} + ${m} at least.${others}`,
    { wanted: ranked.length + more, found: ranked.length, missing, fragmentBytes },
  );
}

/** A message is read by a person: the facts list every site. */
const SITES_LISTED_MAX = 12;

/** Decimal units, rounded up, since it is a need: 2.1 GB. */
function bytesInWords(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1_000 && unit < units.length - 1) {
    size /= 1_000;
    unit++;
  }
  return `${unit === 0 ? size : (Math.ceil(size * 10) / 10).toFixed(1)} ${units[unit]}`;
}
