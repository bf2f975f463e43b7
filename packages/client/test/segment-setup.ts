// A network of fake daemons, one site each, and the client's data plane over it, on a virtual clock.

import {
  type Charter,
  type Daemon,
  daemonIdOf,
  equalBytes,
  type Policy,
  standardDurations,
  toHex,
  utf8,
} from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom } from '@vauban/core/node';
import { fragmentBytesOf, segmentIdOf, verifyReceipt } from '@vauban/ledger';
import fc from 'fast-check';
import { expect } from 'vitest';
import { CurrentHolders } from '../src/current-holders.ts';
import { DaemonLinks } from '../src/daemon-links.ts';
import { type Liar, SegmentReader } from '../src/segment-reader.ts';
import { SegmentWriter, type StoreSegment, type WrittenSegment } from '../src/segment-writer.ts';
import { SlabPool } from '../src/slab-pool.ts';
import { FakeDaemon } from './fake-daemon.ts';
import { MemoryHub } from './memory-network.ts';
import { VirtualClock } from './virtual-clock.ts';

export const CELL_BYTES = 32_768;
/** Data of one full stripe at 6 + 3. */
export const STRIPE_BYTES = 6 * CELL_BYTES;
const VAULT = crypto.sha256(utf8('a vault'));

export function policyOf(more: Partial<Policy> = {}): Policy {
  return {
    name: 'standard',
    code: 'rs',
    k: 6,
    m: 3,
    sitesLost: 3,
    minSurvives: 3,
    cellBytes: CELL_BYTES,
    segmentFrames: 324,
    packObjectBytes: 1_048_576,
    retentionMs: 0,
    sovereignty: {
      countries: ['FR'],
      foreignShareLargestMax: 24,
      foreignShareTotalMax: 39,
      foreignVetoAllowed: false,
    },
    ...more,
  };
}

const seedOf = (name: string) => crypto.sha256(utf8(`seed ${name}`));

function charterOf(sites: number, policy: Policy): Charter {
  const names = Array.from({ length: sites }, (_, i) => `s${i + 1}`);
  const daemonOf = (name: string) => daemonIdOf(crypto, crypto.ed25519Public(seedOf(name)));
  return {
    format: 'vauban/charter/0',
    name: 'test',
    version: 1,
    previous: null,
    issued: 0,
    expires: 1,
    epoch: 0,
    f: Math.floor((sites - 1) / 3),
    officers: [],
    officersLying: 0,
    operators: [],
    hosters: names.map((name) => ({
      id: `h-${name}`,
      name,
      identityKey: seedOf(`identity ${name}`),
      voter: daemonOf(name),
      votingSince: 0,
      votingKeys: [{ epoch: 0, key: seedOf(`voting ${name}`) }],
      declaration: {
        seat: 'FR',
        law: 'FR',
        data: 'FR',
        foreignShareLargest: 0,
        foreignShareTotal: 0,
        foreignVeto: false,
        certifications: [],
        validFrom: 0,
        validUntil: Number.MAX_SAFE_INTEGER,
        signedBy: 'a director',
      },
    })),
    sites: names.map((name) => ({
      id: name,
      hoster: `h-${name}`,
      city: name,
      country: 'FR',
      building: `b-${name}`,
      address: '',
      latitude: 0,
      longitude: 0,
    })),
    daemons: names.map((name): Daemon => {
      const receiptKey = crypto.ed25519Public(seedOf(name));
      return {
        id: daemonIdOf(crypto, receiptKey),
        site: name,
        receiptKey,
        logKey: seedOf(`log ${name}`),
        peer: `peer-${name}`,
        addresses: [],
        capacityBytes: 1e12,
      };
    }),
    agencies: [],
    policies: [policy],
    durations: standardDurations,
  };
}

export class TestNetwork {
  readonly clock = new VirtualClock();
  readonly hub = new MemoryHub(this.clock);
  readonly policy: Policy;
  readonly charter: Charter;
  readonly daemons: readonly FakeDaemon[];
  readonly slabs = new SlabPool();
  readonly liars: Liar[] = [];

  constructor(o: { sites?: number; policy?: Policy } = {}) {
    this.policy = o.policy ?? policyOf();
    this.charter = charterOf(o.sites ?? 9, this.policy);
    this.daemons = this.charter.daemons.map(
      (facts) =>
        new FakeDaemon({
          facts,
          receiptSeed: seedOf(facts.site),
          charterName: this.charter.name,
          network: this.hub.join(facts.peer),
        }),
    );
  }

  /** A client that knows nothing of the daemons' health yet. */
  client() {
    const { clock, charter, slabs } = this;
    const network = this.hub.join('client');
    const identity = { role: 'device', note: new Uint8Array(8) } as const;
    const links = new DaemonLinks({ network, crypto, clock, charter, identity });
    const common = { links, crypto, clock, slabs };
    const onLiar = (liar: Liar) => void this.liars.push(liar);
    const holders = new CurrentHolders({ links, clock });
    const reader = new SegmentReader({ ...common, holders, onLiar });
    return { links, holders, writer: new SegmentWriter(common), reader };
  }

  daemonOf(id: string | Uint8Array): FakeDaemon {
    const name = typeof id === 'string' ? id : toHex(id);
    return this.daemons.find((one) => one.facts.id === name) as FakeDaemon;
  }

  /** The daemon that holds fragment `index`. */
  holder(of: WrittenSegment, index: number): FakeDaemon {
    return this.daemonOf(of.fragments[index]?.[1] as Uint8Array);
  }

  /** As repair does: `to` holds the fragment too, and every mirror says who holds what; `lost` are named no more. */
  move(
    of: WrittenSegment,
    index: number,
    { to, lost = [] }: { readonly to: FakeDaemon; readonly lost?: readonly FakeDaemon[] },
  ): void {
    const name = `${toHex(of.segment)} ${index}`;
    to.fragments.set(name, this.holder(of, index).fragments.get(name) as Uint8Array);
    for (const mirror of this.daemons) {
      const known = mirror.holders.get(toHex(of.segment)) ?? placeOf(of).holders.map(pairOf);
      const left = known.filter(([, daemon]) => lost.every(({ facts }) => facts.id !== daemon));
      mirror.holders.set(toHex(of.segment), [...left, [index, to.facts.id]]);
    }
  }

  kill(...daemons: readonly FakeDaemon[]): void {
    for (const one of daemons) this.hub.kill(one.facts.peer);
  }

  stop(...daemons: readonly FakeDaemon[]): void {
    for (const one of daemons) this.hub.stop(one.facts.peer);
  }

  reviveAll(): void {
    for (const one of this.daemons) this.hub.revive(one.facts.peer);
  }

  store(
    sealed: Uint8Array,
    more: Partial<StoreSegment> = {},
    { writer } = this.client(),
  ): Promise<WrittenSegment> {
    const { policy, clock } = this;
    return clock.run(writer.store({ vault: VAULT, policy, sealed, seed: utf8('a segment'), ...more }));
  }

  async read(
    of: WrittenSegment,
    range: { offset: number; length: number; signal?: AbortSignal },
    { reader } = this.client(),
  ): Promise<Uint8Array> {
    const into = new Uint8Array(range.length);
    await this.clock.run(reader.read({ place: placeOf(of), ...range, into }));
    return into;
  }
}

const pairOf = ({ index, daemon }: { index: number; daemon: string }) => [index, daemon] as const;

export function placeOf(of: WrittenSegment) {
  return {
    descriptor: of.descriptor,
    holders: of.fragments.flatMap(([, daemon], index) =>
      daemon === undefined ? [] : [{ index, daemon: toHex(daemon) }],
    ),
  };
}

/** Checks all that a hoster would of a stored segment, and that the fragments are really there. */
export function expectStored(network: TestNetwork, of: WrittenSegment): void {
  const bytes = fragmentBytesOf(of.descriptor);
  expect(segmentIdOf(crypto, of.descriptor)).toEqual(of.segment);
  const sites = new Set<string>();
  for (const [index, [root, daemon, generation, signature]] of of.fragments.entries()) {
    if (daemon === undefined) continue;
    const { facts, fragments } = network.daemonOf(daemon);
    const claim = { charterName: 'test', segment: of.segment, index, root, bytes, daemon: facts.id };
    const receipt = { signature: signature as Uint8Array, receiptKey: facts.receiptKey };
    expect(verifyReceipt(crypto, { ...claim, generation: generation as number }, receipt)).toBe(true);
    expect(fragments.get(`${toHex(of.segment)} ${index}`)?.length).toBe(bytes);
    sites.add(facts.site);
  }
  expect(sites.size).toBe(of.fragments.filter((one) => one.length > 1).length);
}

/** Nothing is left of what was done: no memory lent, no stream open, no timer but those of daemons being asked. */
export async function expectReleased(network: TestNetwork): Promise<void> {
  await network.clock.pass(70_000);
  expect(network.slabs.account.lentBytes).toBe(0);
  expect(network.hub.openStreams).toBe(0);
  expect(network.clock.pending).toBe(0);
}

interface RangeWithout {
  readonly offset: number;
  readonly length: number;
  /** Daemons. */
  readonly dead: readonly number[];
}

/** Any range of what was stored comes back, with up to three daemons dead. */
export async function expectAnyRange(
  network: TestNetwork,
  stored: WrittenSegment,
  of: {
    readonly sealed: Uint8Array;
    readonly lengths: fc.Arbitrary<number>;
    readonly numRuns: number;
    readonly examples?: [RangeWithout][];
  },
): Promise<void> {
  const { sealed, numRuns, examples = [] } = of;
  const size = sealed.length;
  const range = fc
    .tuple(fc.nat(size - 1), of.lengths, fc.subarray([...network.daemons.keys()], { maxLength: 3 }))
    .map(
      ([offset, length, dead]): RangeWithout => ({ offset, length: Math.min(length, size - offset), dead }),
    );
  await fc.assert(
    fc.asyncProperty(range, async ({ offset, length, dead }) => {
      network.reviveAll();
      network.kill(...dead.map((at) => network.daemons[at] as FakeDaemon));
      const bytes = await network.read(stored, { offset, length });
      expectSame(bytes, sealed.slice(offset, offset + length));
    }),
    { numRuns, examples },
  );
  network.reviveAll();
}

/** Equality of long byte strings: the matcher of the test runner takes seconds for them. */
export function expectSame(found: Uint8Array, wanted: Uint8Array): void {
  const first = equalBytes(found, wanted) ? undefined : found.findIndex((byte, at) => byte !== wanted[at]);
  expect({ length: found.length, firstDifference: first }).toEqual({ length: wanted.length });
}

export function randomBytes(length: number): Uint8Array {
  return nodeRandom.bytes(length);
}
