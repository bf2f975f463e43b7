// Four mirrors of one consortium in memory, and a pen that writes to them without scruples.

import {
  type Charter,
  CompactRange,
  daemonIdOf,
  memoryFiles,
  memoryStore,
  type Random,
  u32be,
  utf8,
} from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import {
  type Append,
  CharterChain,
  cosignerName,
  type Delegation,
  type HeadsAnswer,
  LogStore,
  makeEntry,
  Mirror,
  NO_PREVIOUS,
  openHeads,
  originOf,
  type Payload,
  signCharter,
  signCheckpoint,
  signRootNote,
  VoteJournal,
  type Voter,
} from '@vauban/ledger';

export const NOW = 1_790_000_000_000;
const YEAR_MS = 365 * 86_400_000;
export const seedOf = (name: string) => crypto.sha256(utf8(`gossip ${name}`));
export const publicOf = (name: string) => crypto.ed25519Public(seedOf(name));
const daemonOf = (hoster: string) => daemonIdOf(crypto, publicOf(`receipt ${hoster}`));
const HOSTERS = ['h1', 'h2', 'h3', 'h4'];
export const clock = {
  now: () => NOW,
  monotonic: () => 0,
  sleep: async () => undefined,
  after: () => () => undefined,
};
export const random: Random = { bytes: (length) => new Uint8Array(length) };

const charter: Charter = {
  format: 'vauban/charter/0',
  name: 'grand-est',
  version: 1,
  previous: null,
  issued: NOW - 1,
  expires: NOW + YEAR_MS,
  epoch: 0,
  f: 1,
  officers: [{ id: 'ana', key: publicOf('officer ana') }],
  officersLying: 0,
  operators: [],
  hosters: HOSTERS.map((id) => ({
    id,
    name: id,
    identityKey: publicOf(`identity ${id}`),
    voter: daemonOf(id),
    votingSince: 0,
    votingKeys: [{ epoch: 0, key: publicOf(`voting ${id}`) }],
    declaration: {
      seat: 'FR',
      law: 'FR',
      data: 'FR',
      foreignShareLargest: 0,
      foreignShareTotal: 0,
      foreignVeto: false,
      certifications: [],
      validFrom: NOW - 1,
      validUntil: NOW + YEAR_MS,
      signedBy: 'a director',
    },
  })),
  sites: HOSTERS.map((id) => ({
    id,
    hoster: id,
    city: 'Metz',
    country: 'FR',
    building: `b-${id}`,
    address: '',
    latitude: 0,
    longitude: 0,
  })),
  daemons: HOSTERS.map((id) => ({
    id: daemonOf(id),
    site: id,
    receiptKey: publicOf(`receipt ${id}`),
    logKey: publicOf(`log ${id}`),
    peer: `peer-${id}`,
    addresses: [],
    capacityBytes: 1e12,
  })),
  agencies: [
    {
      id: 'metz',
      name: 'Metz',
      rootKey: publicOf('root metz'),
      quotaBytes: 1e12,
      suspended: false,
      policies: ['standard'],
    },
  ],
  policies: [
    {
      name: 'standard',
      code: 'rs',
      k: 2,
      m: 1,
      sitesLost: 1,
      minSurvives: 1,
      cellBytes: 16_384,
      segmentFrames: 12,
      packObjectBytes: 1_048_576,
      retentionMs: 0,
      sovereignty: {
        countries: ['FR'],
        foreignShareLargestMax: 24,
        foreignShareTotalMax: 39,
        foreignVetoAllowed: false,
      },
    },
  ],
};

export const charters = new CharterChain(
  crypto,
  signCharter(crypto, charter, [{ id: 'ana', seed: seedOf('officer ana') }]),
);

export interface TestMirror extends Voter {
  readonly mirror: Mirror;
}

export function mirrors(): Promise<TestMirror[]> {
  return Promise.all(HOSTERS.map(mirrorOf));
}

async function mirrorOf(hoster: string): Promise<TestMirror> {
  const files = memoryFiles();
  await VoteJournal.create(files, 'votes');
  const cosigner = {
    name: cosignerName('grand-est', hoster, 0),
    seed: seedOf(`voting ${hoster}`),
    publicKey: publicOf(`voting ${hoster}`),
  };
  const journal = await VoteJournal.open(files, 'votes', crypto);
  const mirror = new Mirror({
    logs: await LogStore.open(memoryStore(), crypto),
    crypto,
    clock,
    charters,
    voting: { hoster, epoch: 0, cosigner, journal },
  });
  mirror.startVoting();
  return {
    mirror,
    hoster,
    append: (append, certificate) => mirror.append(append, certificate),
    heads: (nonce, scope) => mirror.heads(nonce, scope, null),
    batches: (origin, from) => mirror.batches(origin, from),
    certify: (origin, certificate) => mirror.certify(origin, certificate),
    putNote: (note) => mirror.putNote(note),
    notes: (after) => mirror.notes(after, null),
  };
}

/** What a voter says it holds, opened. */
export async function answerOf(voter: Voter): Promise<HeadsAnswer> {
  const nonce = random.bytes(32);
  const scope = { of: 'all' } as const;
  const asked = { hoster: voter.hoster, nonce, scope };
  return { voter, body: openHeads(crypto, charters.current, asked, await voter.heads(nonce, scope)) };
}

export function delegationOf(device: string): Uint8Array {
  const delegation: Delegation = {
    format: 'vauban/delegate/0',
    charter: 'grand-est',
    agency: 'metz',
    deviceKey: publicOf(device),
    peer: `peer-${device}`,
    vault: seedOf('vault'),
    policy: 'standard',
    rights: ['write'],
    issued: NOW,
    until: NOW + YEAR_MS,
  };
  return signRootNote(crypto, delegation, seedOf('root metz'));
}

/** A device's log, whatever its writer signs. */
export class Pen {
  readonly origin: string;
  readonly #device: string;
  #previous = NO_PREVIOUS;
  #range = new CompactRange(crypto);

  constructor(device: string) {
    this.#device = device;
    this.origin = originOf(crypto, 'grand-est', publicOf(device));
  }

  /** The same key on a second machine. */
  copy(): Pen {
    const other = new Pen(this.#device);
    other.#previous = this.#previous;
    other.#range = new CompactRange(crypto, this.#range.snapshot());
    return other;
  }

  begin(): Append {
    return this.write({ kind: 'genesis', writer: 'device', note: delegationOf(this.#device), adopts: null });
  }

  objects(text: string): Append {
    return this.write({ kind: 'objects', sealed: utf8(text) });
  }

  write(payload: Payload): Append {
    const oldSize = this.#range.size;
    const salt = crypto.sha256(this.#previous, u32be(oldSize));
    const made = makeEntry(crypto, { previous: this.#previous, time: NOW, payload, salt });
    this.#previous = made.leafHash;
    this.#range.append(made.leafHash);
    const head = { origin: this.origin, size: this.#range.size, root: this.#range.root() };
    const keys = { seed: seedOf(this.#device), publicKey: publicOf(this.#device) };
    const checkpoint = signCheckpoint(crypto, head, keys);
    return { origin: this.origin, oldSize, checkpoint, records: [{ entry: made.entry, ...made.salted }] };
  }
}
