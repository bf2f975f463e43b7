// Entries to try: delegations, places with true receipts, keeps, custody. Each is right unless a test bends it.

import { type Charter, CompactRange, concat, daemonIdBytes, merkleProof, u32be, utf8 } from '@vauban/core';
import {
  type Append,
  type ClaimName,
  type Delegation,
  fragmentBytesOf,
  leafHashOf,
  type HeldRecord,
  makeEntry,
  NO_PREVIOUS,
  originOf,
  type Payload,
  type Payloads,
  type Place,
  type PlacedFragment,
  signCheckpoint,
  signDelegation,
  signReceipt,
  segmentIdOf,
} from '../src/index.ts';
import { crypto, DAY_MS, daemonOf, hosterName, NOW, publicOf, seedOf } from './sample-charter.ts';

export const VAULT = crypto.sha256(utf8('vault archives'));

export function delegationOf(device: string, change: Partial<Delegation> = {}): Delegation {
  return {
    format: 'vauban/delegate/0',
    charter: 'grand-est',
    agency: 'metz',
    deviceKey: publicOf(`device ${device}`),
    peer: `peer-${device}`,
    vault: VAULT,
    policy: 'standard',
    rights: ['write'],
    issued: NOW - DAY_MS,
    until: NOW + 60 * DAY_MS,
    ...change,
  };
}

type Genesis = Payloads['genesis'];

export function deviceGenesis(device: string, change: Partial<Delegation> = {}, root = 'root metz'): Genesis {
  const note = signDelegation(crypto, delegationOf(device, change), seedOf(root));
  return { kind: 'genesis', writer: 'device', note, adopts: null };
}

export function daemonGenesis(name: string): Genesis {
  return { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(daemonOf(name)) };
}

export const objects = (text: string): Payloads['objects'] => ({ kind: 'objects', sealed: utf8(text) });
export const voidOf = (index: number): Payloads['void'] => ({ kind: 'void', index });
export const keepOf = (...segments: Uint8Array[]): Payloads['keep'] => ({ kind: 'keep', segments });

export const releaseOf = (claims: readonly ClaimName[], ...released: number[]): Payloads['release'] => ({
  kind: 'release',
  claims: claims.map(({ origin, index }) => [origin, index]),
  objects: released,
});
export const purgeOf = (
  generation: number,
  segments: readonly Uint8Array[],
  payloads: readonly ClaimName[] = [],
): Payloads['purge'] => ({
  kind: 'purge',
  segments: [...segments],
  payloads: payloads.map(({ origin, index }) => [origin, index]),
  generation,
});
export const sweepOf = (generation: number): Payloads['sweep'] => ({ kind: 'sweep', generation });
export const trimOf = (
  of: { segment: Uint8Array; index: number; keeper: string },
  generation: number,
): Payloads['trim'] => ({
  kind: 'trim',
  segment: of.segment,
  index: of.index,
  keeper: daemonIdBytes(daemonOf(of.keeper)),
  generation,
});

export const siteLostOf = (site: string): Payloads['site-lost'] => ({ kind: 'site-lost', site });
export const maintenanceOf = (site: string, until: number): Payloads['maintenance'] => ({
  kind: 'maintenance',
  site,
  until,
});
export const readmitOf = (...losses: ClaimName[]): Payloads['readmit'] => ({
  kind: 'readmit',
  losses: losses.map(({ origin, index }) => [origin, index]),
});
export const drillOf = (change: Partial<Payloads['drill']> = {}): Payloads['drill'] => ({
  kind: 'drill',
  drill: new Uint8Array(16).fill(7),
  phase: 'begun',
  scenario: 'burn-one-site',
  plan: new Uint8Array(32).fill(8),
  floor: 1,
  report: null,
  ...change,
});
export const auditOf = (
  holder: string,
  head: Payloads['audit']['head'],
  change: Partial<Payloads['audit']> = {},
): Payloads['audit'] => ({
  kind: 'audit',
  daemon: daemonIdBytes(daemonOf(holder)),
  head,
  round: 1,
  challenged: 8,
  failed: [],
  degraded: [],
  restored: [],
  ...change,
});

export interface PlaceOptions {
  readonly name?: string;
  /** Who holds fragment i; undefined where it was not stored. */
  readonly holders?: readonly (string | undefined)[];
  readonly change?: Partial<Place>;
  readonly generation?: number;
}

/** A place on h1 … hn, n = k + m of the charter's policy, with true receipts. */
export function placeOf(charter: Charter, of: PlaceOptions = {}): Place {
  const policy = charter.policies[0];
  if (policy === undefined) throw new Error('a policy');
  const shape = {
    vault: VAULT,
    code: 'rs' as const,
    k: policy.k,
    m: policy.m,
    cellBytes: policy.cellBytes,
    stripes: 2,
    lastCellBytes: 1_024,
    ...of.change,
  };
  const n = shape.k + shape.m;
  const roots = Array.from({ length: n }, (_, index) =>
    crypto.sha256(utf8(`${of.name ?? 'segment'} ${index}`)),
  );
  const segment = segmentIdOf(crypto, { ...shape, roots });
  const bytes = fragmentBytesOf(shape);
  const generation = of.generation ?? 0;
  const fragments = roots.map((root, index): PlacedFragment => {
    const holder = of.holders === undefined ? hosterName(index + 1) : of.holders[index];
    if (holder === undefined) return [root];
    const daemon = daemonOf(holder);
    const claim = { charterName: charter.name, segment, index, root, bytes, daemon, generation };
    return [root, daemonIdBytes(daemon), generation, signReceipt(crypto, claim, seedOf(`receipt ${holder}`))];
  });
  return {
    kind: 'place',
    segment,
    charter: charter.version,
    retainUntil: NOW + 8 * DAY_MS,
    ...shape,
    fragments,
    ...of.change,
  };
}

/** Custody of one fragment of a place, by the daemon of `holder`, with a true receipt. */
export function custodyOf(
  place: Place,
  of: { holder: string; index: number; claim: ClaimName; size: number; generation?: number },
  change: Partial<Payloads['custody']> = {},
): Payloads['custody'] {
  const root = place.fragments[of.index]?.[0] ?? new Uint8Array(32);
  const claim = {
    charterName: 'grand-est',
    segment: place.segment,
    index: of.index,
    root,
    bytes: fragmentBytesOf(place),
    daemon: daemonOf(of.holder),
    generation: of.generation ?? 0,
  };
  return {
    kind: 'custody',
    segment: place.segment,
    index: of.index,
    root,
    bytes: claim.bytes,
    generation: claim.generation,
    receipt: signReceipt(crypto, claim, seedOf(`receipt ${of.holder}`)),
    place: of.claim,
    size: of.size,
    ...change,
  };
}

/** Takes entry `index` of a pen's log over, as its head of now says. */
export function adoptOf(pen: Pen, index: number, change: Partial<Payloads['adopt']> = {}): Payloads['adopt'] {
  const { checkpoint, records } = pen.appendFrom(0);
  const leaves = records.map(({ entry }) => leafHashOf(crypto, entry));
  const record = records[index];
  const branch = leaves[index];
  if (record === undefined || branch === undefined) throw new Error(`entry ${index}`);
  return {
    kind: 'adopt',
    origin: pen.origin,
    index,
    branch,
    checkpoint,
    proof: merkleProof(crypto, concat(...leaves), index),
    note: (deviceGenesis(pen.key.replace('device ', '')) as { note: Uint8Array }).note,
    record,
    ...change,
  };
}

/** Nothing of it is erased yet. */
export type WrittenAppend = Append & { readonly records: readonly HeldRecord[] };

/** A writer without scruples: signs any tree, remembers where it is, and can be copied to make a fork. */
export class Pen {
  readonly origin: string;
  readonly key: string;
  readonly #records: HeldRecord[];
  #previous: Uint8Array;
  #range: CompactRange;

  constructor(key: string, from?: Pen) {
    this.key = key;
    this.origin = originOf(crypto, 'grand-est', publicOf(key));
    this.#records = from === undefined ? [] : [...from.#records];
    this.#previous = from === undefined ? NO_PREVIOUS : from.#previous;
    this.#range = new CompactRange(crypto, from === undefined ? undefined : from.#range.snapshot());
  }

  get size(): number {
    return this.#range.size;
  }

  copy(): Pen {
    return new Pen(this.key, this);
  }

  /** The next append with these payloads. */
  write(payloads: readonly Payload[], time = NOW): WrittenAppend {
    const oldSize = this.size;
    const records = payloads.map((payload, nth) => {
      const salt = crypto.sha256(utf8(`salt ${this.key} `), concat(u32be(oldSize + nth), this.#previous));
      const made = makeEntry(crypto, { previous: this.#previous, time, payload, salt });
      this.#previous = made.leafHash;
      this.#range.append(made.leafHash);
      return { entry: made.entry, ...made.salted };
    });
    this.#records.push(...records);
    return { origin: this.origin, oldSize, checkpoint: this.checkpoint(), records };
  }

  checkpoint(): string {
    const head = { origin: this.origin, size: this.size, root: this.#range.root() };
    return signCheckpoint(crypto, head, { seed: seedOf(this.key), publicKey: publicOf(this.key) });
  }

  /** Everything from `oldSize` on, as one append. */
  appendFrom(oldSize: number): WrittenAppend {
    return {
      origin: this.origin,
      oldSize,
      checkpoint: this.checkpoint(),
      records: this.#records.slice(oldSize),
    };
  }
}
