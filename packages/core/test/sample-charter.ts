// A small consortium for tests of any package: valid as it is, and easy to bend. Keys are derived from names, so that a
// test that needs to sign can have the seed.

import {
  type Charter,
  charterProblems,
  type Crypto,
  type Daemon,
  daemonIdOf,
  type Hoster,
  type Policy,
  type Site,
  standardDurations,
  utf8,
} from '../src/index.ts';

export const SAMPLE_ISSUED = 1_767_225_600_000;
const DAY_MS = 86_400_000;

export interface SampleOptions {
  readonly crypto: Crypto;
  /** Voting hosters, each with one site and one daemon; default 9. */
  readonly hosters?: number;
  /** Liars among them; default as many as they can bear. */
  readonly f?: number;
  readonly name?: string;
}

/** The 32-byte Ed25519 seed behind a role: `officer-1`, `operator-1`, `identity-3`, `voting-3-0` (hoster, epoch), `receipt-3`, `log-3`, `root-archives`. */
export function sampleSeed(crypto: Crypto, role: string): Uint8Array {
  return crypto.sha256(utf8(`sample charter key/${role}`));
}

export function sampleKey(crypto: Crypto, role: string): Uint8Array {
  return crypto.ed25519Public(sampleSeed(crypto, role));
}

/** Version 1. Hosters are `hoster-1` …, sites `site-1` … (building `building-1` …), agencies `archives` and `hospital`, policy `standard` (as many parity shards as leave k ≥ m, at most 3). */
export function sampleCharter(options: SampleOptions): Charter {
  const { crypto, hosters: count = 9, name = 'sample' } = options;
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const daemons = numbers.map((number) => sampleDaemon(crypto, number));
  const m = Math.max(1, Math.min(3, Math.floor(count / 3)));
  return {
    format: 'vauban/charter/0',
    name,
    version: 1,
    previous: null,
    issued: SAMPLE_ISSUED,
    expires: SAMPLE_ISSUED + 90 * DAY_MS,
    epoch: 0,
    f: options.f ?? Math.floor((count - 1) / 3),
    officers: [1, 2, 3, 4].map((number) => ({
      id: `officer-${number}`,
      key: sampleKey(crypto, `officer-${number}`),
    })),
    officersLying: 1,
    operators: [{ id: 'operator-1', key: sampleKey(crypto, 'operator-1') }],
    hosters: numbers.map((number) => sampleHoster(crypto, number, daemons[number - 1] as Daemon)),
    sites: numbers.map(sampleSite),
    daemons,
    agencies: ['archives', 'hospital'].map((id) => ({
      id,
      name: `The ${id}`,
      rootKey: sampleKey(crypto, `root-${id}`),
      quotaBytes: 1e12,
      suspended: false,
      policies: ['standard'],
    })),
    policies: [samplePolicy({ k: Math.max(1, count - m), m, sitesLost: m, minSurvives: m })],
    durations: standardDurations,
  };
}

/** The version after `charter`, changed by `change`; `previous` is the hash of the encoded charter before it. */
export function nextCharter(charter: Charter, previous: Uint8Array, change: Partial<Charter> = {}): Charter {
  return {
    ...charter,
    version: charter.version + 1,
    previous,
    issued: charter.issued + DAY_MS,
    expires: charter.expires + DAY_MS,
    ...change,
  };
}

export function samplePolicy(change: Partial<Policy> = {}): Policy {
  return {
    name: 'standard',
    code: 'rs',
    k: 6,
    m: 3,
    sitesLost: 3,
    minSurvives: 3,
    cellBytes: 147_456,
    segmentFrames: 324,
    packObjectBytes: 1_048_576,
    retentionMs: 0,
    sovereignty: {
      countries: ['FR', 'DE', 'LU', 'BE'],
      foreignShareLargestMax: 24,
      foreignShareTotalMax: 39,
      foreignVetoAllowed: false,
    },
    ...change,
  };
}

export function sampleDaemon(crypto: Crypto, number: number, change: Partial<Daemon> = {}): Daemon {
  const receiptKey = sampleKey(crypto, `receipt-${number}`);
  return {
    id: daemonIdOf(crypto, receiptKey),
    site: `site-${number}`,
    receiptKey,
    logKey: sampleKey(crypto, `log-${number}`),
    peer: `peer-${number}`,
    addresses: [`/ip4/127.0.0.1/tcp/${4_000 + number}`],
    capacityBytes: 1e12,
    ...change,
  };
}

export function sampleSite(number: number): Site {
  return {
    id: `site-${number}`,
    hoster: `hoster-${number}`,
    city: `City ${number}`,
    country: 'FR',
    building: `building-${number}`,
    address: `${number} Canal Street`,
    latitude: 48_000_000 + 100_000 * number,
    longitude: 6_000_000 + 100_000 * number,
  };
}

export function sampleHoster(crypto: Crypto, number: number, voter: Daemon | null): Hoster {
  return {
    id: `hoster-${number}`,
    name: `Hoster ${number}`,
    identityKey: sampleKey(crypto, `identity-${number}`),
    voter: voter?.id ?? null,
    votingSince: 0,
    votingKeys: voter === null ? [] : [{ epoch: 0, key: sampleKey(crypto, `voting-${number}-0`) }],
    declaration: {
      seat: 'FR',
      law: 'FR',
      data: 'FR',
      foreignShareLargest: 0,
      foreignShareTotal: 0,
      foreignVeto: false,
      certifications: ['ISO 27001'],
      validFrom: SAMPLE_ISSUED - DAY_MS,
      validUntil: SAMPLE_ISSUED + 365 * DAY_MS,
      signedBy: `The director of hoster ${number}`,
    },
  };
}

/** For a test's own arrangement: the charter, if it is valid; otherwise the test is wrong. */
export function validCharter(charter: Charter): Charter {
  const problems = charterProblems(charter);
  if (problems.length > 0) throw new Error(`the test's charter is not valid: ${problems.join('; ')}`);
  return charter;
}
