// Who takes part in the world: nine hosters with one site and one voting daemon each, one officer, one operator, and
// the first version of their charter. Every key is a function of the seed and a name.

import {
  type Charter,
  CHARTER_VALIDITY_MS,
  type Crypto,
  type DaemonId,
  daemonIdOf,
  type Declaration,
  type Durations,
  type Policy,
  toHex,
} from '@vauban/core';
import { type SignedCharter, signCharter } from '@vauban/ledger';
import { WORLD_STARTS_AT } from './program.ts';
import { keySeed } from './seeded-random.ts';

const CHARTER_NAME = 'world';
export const OFFICER = 'officer';
export const OPERATOR = 'operator';
/** Hosters that may lie or be down together: ⌊(9 − 1) / 3⌋. */
export const FAULTY_MAX = 2;
const EPOCH = 1;
/** The consortium was founded a day before any history begins, so that no clock that is off lies before it. */
export const FOUNDED_AT = WORLD_STARTS_AT - 86_400_000;
/** Every history begins with the same consortium: what a seed changes is what happens to it. */
export const FOUNDING_SEED = 0;
/** Two weeks for everybody else. Nobody waits for it here: clocks leap. */
export const GRACE_MS = 600_000;
export const LEAP_MS = 3_600_000;
const DAEMON_CAPACITY_BYTES = 1_000_000_000;
export const hosterNames = [
  'strasbourg',
  'metz',
  'nancy',
  'reims',
  'mulhouse',
  'colmar',
  'troyes',
  'epinal',
  'verdun',
];

/** Small segments of two stripes, in cells of one leaf: what matters is how many there are, not how many bytes. */
const policy: Policy = {
  name: 'standard',
  code: 'rs',
  k: 6,
  m: 3,
  sitesLost: 3,
  minSurvives: 3,
  cellBytes: 16_384,
  segmentFrames: 3,
  packObjectBytes: 20_000,
  retentionMs: 0,
  sovereignty: {
    countries: ['FR'],
    foreignShareLargestMax: 24,
    foreignShareTotalMax: 39,
    foreignVetoAllowed: false,
  },
};

/** A machine that was off for longer comes back read-only. */
export const AWAY_MAX_MS = 3 * 86_400_000;

/** A history lasts minutes: what takes others quarters of an hour takes seconds here. */
const durations: Durations = {
  suspectAfterMs: 12_000,
  lostAfterMs: 30_000,
  takeoverMs: 10_000,
  // Histories begin a day after the founding.
  awayMaxMs: AWAY_MAX_MS,
  eraseGraceMs: GRACE_MS,
  sweepGraceMs: GRACE_MS,
  trimGraceMs: GRACE_MS,
  // One leap is a whole round of audits.
  auditPeriodMs: 2 * LEAP_MS,
  scrubPeriodMs: LEAP_MS,
  recheckMs: 12_000,
};

export interface HosterIdentity {
  /** Names hoster, site and daemon alike. */
  readonly name: string;
  readonly daemon: DaemonId;
  readonly peer: string;
  readonly transportSeed: Uint8Array;
  readonly receiptSeed: Uint8Array;
  readonly logSeed: Uint8Array;
  readonly votingSeed: Uint8Array;
  readonly epoch: number;
}

export function hosterIdentities(crypto: Crypto, seed: number): HosterIdentity[] {
  return hosterNames.map((name) => {
    const key = (role: string) => keySeed(crypto, seed, `${name}/${role}`);
    const receiptSeed = key('receipt');
    return {
      name,
      daemon: daemonIdOf(crypto, crypto.ed25519Public(receiptSeed)),
      peer: peerIdOf(crypto, key('transport')),
      transportSeed: key('transport'),
      receiptSeed,
      logSeed: key('log'),
      votingSeed: key('voting'),
      epoch: EPOCH,
    };
  });
}

/** What a transport key is called on the wires of the world. */
export function peerIdOf(crypto: Crypto, transportSeed: Uint8Array): string {
  return toHex(crypto.ed25519Public(transportSeed)).slice(0, 32);
}

/** Version 1, signed by the officer. */
export function foundCharter(
  crypto: Crypto,
  seed: number,
  members: readonly HosterIdentity[],
  agencies: Charter['agencies'] = [],
): SignedCharter {
  const publicOf = (name: string) => crypto.ed25519Public(keySeed(crypto, seed, name));
  const charter: Charter = {
    format: 'vauban/charter/0',
    name: CHARTER_NAME,
    version: 1,
    previous: null,
    issued: FOUNDED_AT,
    expires: FOUNDED_AT + CHARTER_VALIDITY_MS,
    epoch: EPOCH,
    f: FAULTY_MAX,
    officers: [{ id: OFFICER, key: publicOf(OFFICER) }],
    officersLying: 0,
    operators: [{ id: OPERATOR, key: publicOf(OPERATOR) }],
    hosters: members.map((one) => ({
      id: one.name,
      name: one.name,
      identityKey: publicOf(`${one.name}/identity`),
      voter: one.daemon,
      votingSince: EPOCH,
      votingKeys: [{ epoch: EPOCH, key: crypto.ed25519Public(one.votingSeed) }],
      declaration,
    })),
    sites: members.map(({ name }) => ({
      id: name,
      hoster: name,
      city: name,
      country: 'FR',
      building: name,
      address: '',
      latitude: 0,
      longitude: 0,
    })),
    daemons: members.map((one) => ({
      id: one.daemon,
      site: one.name,
      receiptKey: crypto.ed25519Public(one.receiptSeed),
      logKey: crypto.ed25519Public(one.logSeed),
      peer: one.peer,
      addresses: [`world/${one.name}`],
      capacityBytes: DAEMON_CAPACITY_BYTES,
    })),
    agencies,
    policies: [policy],
    durations,
  };
  return signCharter(crypto, charter, [{ id: OFFICER, seed: keySeed(crypto, seed, OFFICER) }]);
}

const declaration: Declaration = {
  seat: 'FR',
  law: 'FR',
  data: 'FR',
  foreignShareLargest: 0,
  foreignShareTotal: 0,
  foreignVeto: false,
  certifications: [],
  validFrom: FOUNDED_AT - 86_400_000,
  validUntil: WORLD_STARTS_AT + 365 * 86_400_000,
  signedBy: 'its director',
};
