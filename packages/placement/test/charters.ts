// Charters for tests: from a short list of sites to a whole, valid charter, with keys and ids made by hashing names.

import {
  type Charter,
  type DaemonId,
  daemonIdOf,
  type Declaration,
  type Hoster,
  type Policy,
  toHex,
  utf8,
  standardDurations,
} from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import fc from 'fast-check';
import { type ChooseOptions, choose, type Holder } from '../src/index.ts';

export const NOW = 1_760_000_000_000;
export const GB = 1_000_000_000;

export interface SiteSketch {
  readonly id: string;
  readonly hoster: string;
  readonly building?: string;
  /** Free bytes of each daemon of the site; one daemon with 1,000 GB unless told. */
  readonly daemons?: readonly number[];
}

export const declaration: Declaration = {
  seat: 'FR',
  law: 'FR',
  data: 'FR',
  foreignShareLargest: 0,
  foreignShareTotal: 10,
  foreignVeto: false,
  certifications: [],
  validFrom: NOW - 1_000,
  validUntil: NOW + 1_000,
  signedBy: 'a director',
};

const key = (name: string) => nodeCrypto.sha256(utf8(`key ${name}`));
export const daemonId = (site: string, at = 0): DaemonId =>
  daemonIdOf(nodeCrypto, key(`receipt ${site} ${at}`));

export function policyOf(k: number, m: number, sitesLost = m): Policy {
  return {
    name: 'standard',
    code: 'rs',
    k,
    m,
    sitesLost,
    minSurvives: m,
    cellBytes: 147_456,
    segmentFrames: 324,
    packObjectBytes: 1_048_576,
    retentionMs: 0,
    sovereignty: {
      countries: ['FR', 'DE'],
      foreignShareLargestMax: 24,
      foreignShareTotalMax: 39,
      foreignVetoAllowed: false,
    },
  };
}

export function charterOf(
  sketch: readonly SiteSketch[],
  declared: { readonly [hoster: string]: Partial<Declaration> } = {},
): Charter {
  const hosters = [...new Set(sketch.map((one) => one.hoster))].map(
    (id): Hoster => ({
      id,
      name: id,
      identityKey: key(`identity ${id}`),
      voter: null,
      votingSince: 0,
      votingKeys: [],
      declaration: { ...declaration, ...declared[id] },
    }),
  );
  return {
    format: 'vauban/charter/0',
    name: 'test',
    version: 1,
    previous: null,
    issued: NOW,
    expires: NOW + 1,
    epoch: 0,
    f: 0,
    officers: [],
    officersLying: 0,
    operators: [],
    hosters,
    sites: sketch.map((one) => ({
      id: one.id,
      hoster: one.hoster,
      city: 'Metz',
      country: 'FR',
      building: one.building ?? `b-${one.id}`,
      address: '',
      latitude: 0,
      longitude: 0,
    })),
    daemons: sketch.flatMap((one) =>
      (one.daemons ?? [1_000 * GB]).map((capacityBytes, at) => ({
        id: daemonId(one.id, at),
        site: one.id,
        receiptKey: key(`receipt ${one.id} ${at}`),
        logKey: key(`log ${one.id} ${at}`),
        peer: `${one.id}-${at}`,
        addresses: [],
        capacityBytes,
      })),
    ),
    agencies: [],
    policies: [],
    durations: standardDurations,
  };
}

/** Sites s1, s2, … of hosters h1, h2, …, one each. */
export function separateSites(count: number, daemons?: (at: number) => readonly number[]): SiteSketch[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `s${i + 1}`,
    hoster: `h${i + 1}`,
    ...(daemons && { daemons: daemons(i) }),
  }));
}

/** Everything live, each daemon's capacity free, a fragment of 15 MB of data. */
export function optionsOf(
  charter: Charter,
  policy: Policy,
  more: Partial<ChooseOptions> = {},
): ChooseOptions {
  return {
    charter,
    policy,
    live: new Map(charter.daemons.map((one) => [one.id, { freeBytes: one.capacityBytes }])),
    fragmentBytesOf: (k) => Math.ceil(15_000_000 / k),
    seed: utf8('segment 0'),
    now: NOW,
    crypto: nodeCrypto,
    ...more,
  };
}

export function liveBut(charter: Charter, ...silent: readonly string[]): ChooseOptions['live'] {
  const up = charter.daemons.filter((one) => !silent.includes(one.site));
  return new Map(up.map((one) => [one.id, { freeBytes: one.capacityBytes }]));
}

export function holdersOf(daemons: readonly DaemonId[]): Holder[] {
  return daemons.map((daemon, index) => ({ index, daemon }));
}

/** One fragment per site named. */
export function heldBy(...sites: readonly string[]): Holder[] {
  return holdersOf(sites.map((site) => daemonId(site)));
}

export const siteOf = (charter: Charter, id: DaemonId): string =>
  charter.daemons.find((one) => one.id === id)?.site as string;

export const tryChoose = (o: ChooseOptions) => {
  try {
    return choose(o);
  } catch (error) {
    return error;
  }
};

/** Charters of 1 to `sitesMax` sites, in which hosters own several sites and buildings are shared, sometimes by hosters. */
export function anySites(sitesMax: number): fc.Arbitrary<SiteSketch[]> {
  const one = fc.record({
    hoster: fc.integer({ min: 0, max: sitesMax }),
    building: fc.integer({ min: 0, max: 2 * sitesMax }),
    daemons: fc.array(fc.constantFrom(1, 6_000_000, 40 * GB, 900 * GB), { minLength: 1, maxLength: 3 }),
  });
  return fc.array(one, { minLength: 1, maxLength: sitesMax }).map((sites) =>
    sites.map(({ hoster, building, daemons }, i) => ({
      id: `s${i}`,
      hoster: `h${hoster}`,
      building: `b${building}`,
      daemons,
    })),
  );
}

/** Policies with k + m up to 10, and sitesLost from 1 to m. */
export const anyPolicy: fc.Arbitrary<Policy> = fc
  .integer({ min: 1, max: 4 })
  .chain((m) =>
    fc
      .tuple(fc.integer({ min: Math.max(2, m), max: 6 }), fc.integer({ min: 1, max: m }))
      .map(([k, sitesLost]) => policyOf(k, m, sitesLost)),
  );

export const anySeed: fc.Arbitrary<Uint8Array> = fc.nat(1_000_000).map((n) => utf8(`seed ${n}`));

export const hex = toHex;
