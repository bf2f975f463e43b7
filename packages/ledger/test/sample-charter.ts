// A whole, valid charter for tests, with every key made by hashing a name, so that a run is the same each time.

import {
  type Charter,
  type DaemonId,
  type Declaration,
  daemonIdOf,
  type Policy,
  quorumOf,
  votingHosters,
  utf8,
  standardDurations,
} from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import type { Cosigner } from '../src/index.ts';
import { CharterChain, cosign, formatNote, type SignedCharter, signCharter } from '../src/index.ts';

export const crypto = nodeCrypto;
/** 2026-09-21T13:33:20Z. */
export const NOW = 1_790_000_000_000;
export const DAY_MS = 86_400_000;

const publics = new Map<string, Uint8Array>();

export function seedOf(name: string): Uint8Array {
  return crypto.sha256(utf8(`seed ${name}`));
}

export function publicOf(name: string): Uint8Array {
  const known = publics.get(name);
  if (known !== undefined) return known;
  const made = crypto.ed25519Public(seedOf(name));
  publics.set(name, made);
  return made;
}

/** Hosters are h1 … hn, each with one site and one daemon of the same name; h0 has no vote. */
export const hosterName = (at: number) => `h${at}`;
export const daemonOf = (name: string): DaemonId => daemonIdOf(crypto, publicOf(`receipt ${name}`));

export function cosignerOf(hoster: string, epoch = 0, charterName = 'grand-est'): Cosigner {
  const key = `voting ${hoster} ${epoch}`;
  return { name: `${charterName}/${hoster}/${epoch}`, seed: seedOf(key), publicKey: publicOf(key) };
}

const declaration: Declaration = {
  seat: 'FR',
  law: 'FR',
  data: 'FR',
  foreignShareLargest: 0,
  foreignShareTotal: 10,
  foreignVeto: false,
  certifications: [],
  validFrom: NOW - 30 * DAY_MS,
  validUntil: NOW + 30 * DAY_MS,
  signedBy: 'a director',
};

export function policyOf(name: string, of: Pick<Policy, 'k' | 'm' | 'sitesLost' | 'minSurvives'>): Policy {
  return {
    name,
    code: 'rs',
    ...of,
    cellBytes: 16_384,
    segmentFrames: 12,
    packObjectBytes: 1_048_576,
    retentionMs: 7 * DAY_MS,
    sovereignty: {
      countries: ['FR', 'DE'],
      foreignShareLargestMax: 24,
      foreignShareTotalMax: 39,
      foreignVetoAllowed: false,
    },
  };
}

const faultsBorne = (voters: number) => Math.floor((voters - 1) / 3);

/** Their rows in a charter: each has one site and one daemon; h0 has no vote. */
export function membersOf(names: readonly string[]): Pick<Charter, 'hosters' | 'sites' | 'daemons'> {
  return {
    hosters: names.map((id) => ({
      id,
      name: id,
      identityKey: publicOf(`identity ${id}`),
      voter: id === 'h0' ? null : daemonOf(id),
      votingSince: 0,
      votingKeys: id === 'h0' ? [] : [{ epoch: 0, key: publicOf(`voting ${id} 0`) }],
      declaration,
    })),
    sites: names.map((id) => ({
      id,
      hoster: id,
      city: 'Metz',
      country: 'FR',
      building: `b-${id}`,
      address: '',
      latitude: 0,
      longitude: 0,
    })),
    daemons: names.map((id) => ({
      id: daemonOf(id),
      site: id,
      receiptKey: publicOf(`receipt ${id}`),
      logKey: publicOf(`log ${id}`),
      peer: `peer-${id}`,
      addresses: [],
      capacityBytes: 1_000_000_000,
    })),
  };
}

/** `voters` hosters with a vote and one without. */
export function sampleCharter(voters: number, change: Partial<Charter> = {}): Charter {
  const names = Array.from({ length: voters }, (_, at) => hosterName(at + 1));
  const wide = voters >= 9;
  return {
    format: 'vauban/charter/0',
    name: 'grand-est',
    version: 1,
    previous: null,
    issued: NOW - DAY_MS,
    expires: NOW + 89 * DAY_MS,
    epoch: 0,
    f: faultsBorne(voters),
    officers: ['ana', 'bob', 'eve', 'max'].map((id) => ({ id, key: publicOf(`officer ${id}`) })),
    officersLying: 1,
    operators: [{ id: 'crisis', key: publicOf('operator crisis') }],
    ...membersOf([...names, 'h0']),
    agencies: [
      {
        id: 'metz',
        name: 'Ville de Metz',
        rootKey: publicOf('root metz'),
        quotaBytes: 1_000_000_000,
        suspended: false,
        policies: ['standard', 'other'],
      },
    ],
    durations: standardDurations,
    policies: ['standard', 'other'].map((name) =>
      policyOf(
        name,
        wide ? { k: 6, m: 3, sitesLost: 3, minSurvives: 2 } : { k: 2, m: 1, sitesLost: 1, minSurvives: 1 },
      ),
    ),
    ...change,
  };
}

export const officersOf = (...ids: string[]) => ids.map((id) => ({ id, seed: seedOf(`officer ${id}`) }));

/** Signed by as many officers as are needed: t = ⌊(4 + 1) / 2⌋ + 1 = 3. */
export function signed(charter: Charter, ...officers: string[]): SignedCharter {
  return signCharter(
    crypto,
    charter,
    officersOf(...(officers.length > 0 ? officers : ['ana', 'bob', 'eve'])),
  );
}

export function chainOf(first: Charter): CharterChain {
  return new CharterChain(crypto, signed(first));
}

/** The next version with `change` in it. */
export function successor(chain: CharterChain, change: Partial<Charter> = {}): Charter {
  const { current, currentHash } = chain;
  return { ...current, version: current.version + 1, previous: currentHash, ...change };
}

/** A draft with the certificate that `cosigners` give its head; a quorum of the voters unless told. */
export function certified(
  chain: CharterChain,
  draft: SignedCharter,
  cosigners?: readonly string[],
  epoch = chain.current.epoch,
): SignedCharter {
  const { head } = chain.checkDraft(draft);
  const text = `${head.origin}\n${head.size}\n${Buffer.from(head.root).toString('base64')}\n`;
  const voters = votingHosters(chain.current).map(({ id }) => id);
  const names = cosigners ?? voters.slice(0, quorumOf(chain.current));
  const signatures = names.map((name) => cosign(crypto, head, cosignerOf(name, epoch), NOW / 1_000));
  return { ...draft, certificate: formatNote({ text, signatures }) };
}

/** The next version, opening `epoch` with a fresh key for every voter. */
export function opened(
  chain: CharterChain,
  epoch: number,
  keyName = (id: string) => `voting ${id} ${epoch}`,
): Charter {
  const hosters = chain.current.hosters.map((one) => ({
    ...one,
    votingKeys: one.voter === null ? [] : [{ epoch, key: publicOf(keyName(one.id)) }],
  }));
  return successor(chain, { epoch, hosters });
}

/** Puts the next epoch in force, with the voters as they are but for `change`. */
export function openEpoch(
  chain: CharterChain,
  epoch: number,
  change: (charter: Charter) => Charter = (charter) => charter,
): void {
  chain.extend(certified(chain, signed(change(opened(chain, epoch)))));
}

/** Puts `change` in force as the next version. */
export function advance(chain: CharterChain, change: Partial<Charter>): void {
  chain.extend(certified(chain, signed(successor(chain, change))));
}
