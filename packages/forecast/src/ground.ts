// A charter as the simulation sees it: daemons by number, and what fails together as lists of daemons. And charters that
// nobody signed, for networks that do not exist yet.

import { assert, type Charter, type Policy, standardDurations, votingHosters } from '@vauban/core';

/** How a daemon stands when futures begin. */
export const UP = 0;
/** It does not answer, and has its disks. */
export const SILENT = 1;
/** What it held is gone, and known to be. */
export const LOST = 2;
export type Standing = typeof UP | typeof SILENT | typeof LOST;

/** How a network begins, where it does not begin whole with bytes as capacities are. Both by daemon number. */
export interface Beginning {
  readonly standing: readonly Standing[];
  readonly shareOf: Float64Array;
}

/** Daemons of each site, and sites of each building, zone and hoster, all by number. */
export interface Ground {
  readonly charter: Charter;
  readonly daemons: number;
  readonly daemonsOfSite: readonly (readonly number[])[];
  readonly sitesOfBuilding: readonly (readonly number[])[];
  readonly sitesOfZone: readonly (readonly number[])[];
  readonly daemonsOfHoster: readonly (readonly number[])[];
  /** Daemons that vote: without a quorum of them nothing rebuilt counts. */
  readonly voters: readonly number[];
  /** Whether no two daemons share a site, a building or a hoster. */
  readonly isAlone: boolean;
  /** Share of all stored bytes, by daemon: as capacities are, unless told. */
  readonly shareOf: Float64Array;
  readonly standing: readonly Standing[];
}

export function groundOf(
  charter: Charter,
  floodZones: readonly (readonly string[])[],
  beginning?: Beginning,
): Ground {
  const numberOf = new Map(charter.daemons.map(({ id }, at) => [id, at]));
  const siteAt = new Map(charter.sites.map(({ id }, at) => [id, at]));
  const daemonsOfSite: number[][] = charter.sites.map(() => []);
  for (const [at, { site }] of charter.daemons.entries()) daemonsOfSite[siteAt.get(site) as number]?.push(at);
  const sitesBy = (nameOf: (site: Charter['sites'][number]) => string) => [
    ...Map.groupBy(charter.sites.keys(), (at) =>
      nameOf(charter.sites[at] as Charter['sites'][number]),
    ).values(),
  ];
  const zoneOf = new Map(floodZones.flatMap((cities, at) => cities.map((city) => [city, `zone ${at}`])));
  const capacity = charter.daemons.reduce((sum, one) => sum + one.capacityBytes, 0);
  return {
    charter,
    daemons: charter.daemons.length,
    daemonsOfSite,
    sitesOfBuilding: sitesBy(({ building }) => building),
    sitesOfZone: sitesBy(({ city }) => zoneOf.get(city) ?? `city ${city}`),
    daemonsOfHoster: sitesBy(({ hoster }) => hoster).map((sites) =>
      sites.flatMap((site) => daemonsOfSite[site] ?? []),
    ),
    voters: votingHosters(charter).flatMap(({ voter }) => {
      const at = voter === null ? undefined : numberOf.get(voter);
      return at === undefined ? [] : [at];
    }),
    isAlone: isAlone(charter),
    shareOf:
      beginning?.shareOf ??
      Float64Array.from(charter.daemons, ({ capacityBytes }) =>
        capacity === 0 ? 1 / charter.daemons.length : capacityBytes / capacity,
      ),
    standing: beginning?.standing ?? charter.daemons.map(() => UP),
  };
}

/** Each daemon on a site, in a building and at a hoster of its own. */
export function isAlone({ sites, daemons }: Charter): boolean {
  const alone = (names: readonly string[]) => new Set(names).size === daemons.length;
  return (
    sites.length === daemons.length &&
    alone(daemons.map(({ site }) => site)) &&
    alone(sites.map(({ building }) => building)) &&
    alone(sites.map(({ hoster }) => hoster))
  );
}

/** Where synthetic datacenters stand. */
export interface Place {
  readonly name: string;
  /** Degrees, WGS 84. */
  readonly latitude: number;
  readonly longitude: number;
  readonly hoster: string;
}

/** Name of networks that do not exist. */
export const SYNTHETIC = 'imagined';

const CAPACITY_BYTES = 1e14;
/** 2026-01-01 and 2100-01-01: declarations of a network that does not exist never end. */
const ISSUED_MS = 1_767_225_600_000;
const EXPIRES_MS = 4_102_444_800_000;

/**
 * A charter without keys or signatures: `sites` datacenters in the places taken round, each a hoster of its own in its own
 * building, with `daemonsPerSite` daemons. Every hoster votes up to 25 of them. For simulation only; nothing would accept it.
 */
export function syntheticCharter(o: {
  readonly places: readonly Place[];
  readonly sites: number;
  readonly daemonsPerSite?: number;
  readonly policy?: Partial<Pick<Policy, 'code' | 'k' | 'm' | 'sitesLost'>>;
}): Charter {
  const { places, sites, daemonsPerSite = 1 } = o;
  assert(places.length > 0 && sites > 0 && daemonsPerSite > 0, 'a network has sites, and daemons on them');
  const numbers = Array.from({ length: sites }, (_, at) => at);
  const nameOf = (at: number) => `site-${String(at + 1).padStart(4, '0')}`;
  const placeOf = (at: number) => places[at % places.length] as Place;
  const idOf = (at: number, nth: number) => (at * 4_096 + nth + 1).toString(16).padStart(32, '0');
  const none = new Uint8Array(32);
  const votes = (at: number) => at < VOTERS_MAX;
  return {
    format: 'vauban/charter/0',
    name: SYNTHETIC,
    version: 1,
    previous: null,
    issued: ISSUED_MS,
    expires: EXPIRES_MS,
    epoch: 1,
    f: Math.floor((Math.min(sites, VOTERS_MAX) - 1) / 3),
    officers: [],
    officersLying: 0,
    operators: [],
    hosters: numbers.map((at) => ({
      id: `hoster-${String(at + 1).padStart(4, '0')}`,
      name:
        at < places.length
          ? placeOf(at).hoster
          : `${placeOf(at).hoster} ${Math.floor(at / places.length) + 1}`,
      identityKey: none,
      voter: votes(at) ? idOf(at, 0) : null,
      votingSince: votes(at) ? 1 : 0,
      votingKeys: votes(at) ? [{ epoch: 1, key: none }] : [],
      declaration: {
        seat: 'FR',
        law: 'FR',
        data: 'FR',
        foreignShareLargest: 0,
        foreignShareTotal: 0,
        foreignVeto: false,
        certifications: [],
        validFrom: 0,
        validUntil: EXPIRES_MS,
        signedBy: 'nobody',
      },
    })),
    sites: numbers.map((at) => ({
      id: nameOf(at),
      hoster: `hoster-${String(at + 1).padStart(4, '0')}`,
      city: placeOf(at).name,
      country: 'FR',
      building: `building-${String(at + 1).padStart(4, '0')}`,
      address: '',
      latitude: Math.round(placeOf(at).latitude * 1e6),
      longitude: Math.round(placeOf(at).longitude * 1e6),
    })),
    daemons: numbers.flatMap((at) =>
      Array.from({ length: daemonsPerSite }, (_, nth) => ({
        id: idOf(at, nth),
        site: nameOf(at),
        receiptKey: none,
        logKey: none,
        peer: idOf(at, nth),
        addresses: [],
        capacityBytes: CAPACITY_BYTES,
      })),
    ),
    agencies: [],
    policies: [policyOf(o.policy ?? {})],
    durations: standardDurations,
  };
}

/** Mirrors and votes cost every hoster something: a network of hundreds would elect its voters. */
const VOTERS_MAX = 25;

function policyOf({
  code = 'clay',
  k = 6,
  m = 3,
  sitesLost = m,
}: Partial<Pick<Policy, 'code' | 'k' | 'm' | 'sitesLost'>>): Policy {
  return {
    name: 'standard',
    code,
    k,
    m,
    sitesLost,
    minSurvives: m,
    cellBytes: 1,
    segmentFrames: 1,
    packObjectBytes: 1,
    retentionMs: 0,
    sovereignty: {
      countries: ['FR'],
      foreignShareLargestMax: 100,
      foreignShareTotalMax: 100,
      foreignVetoAllowed: true,
    },
  };
}
