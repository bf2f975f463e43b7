// One daemon that erases, among four real voters in memory: what it holds is on a disk that can crash, what others hold is
// answered for them. Time moves only when a test says so.

import {
  checkedStore,
  concat,
  type DaemonId,
  Fault,
  LEAF_BYTES,
  merkleProof,
  prefixedStore,
  standardDurations,
  toHex,
  utf8,
} from '@vauban/core';
import {
  type ClaimName,
  generationOf,
  type LogWriter,
  type Payload,
  type Place,
  type PlacedFragment,
  segmentFacts,
} from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import { countedRandom, crashStore, TestNetwork } from '../../ledger/test/memory-hosters.ts';
import {
  chainOf,
  crypto,
  DAY_MS,
  daemonOf,
  sampleCharter,
  seedOf,
} from '../../ledger/test/sample-charter.ts';
import { custodyOf, daemonGenesis, deviceGenesis, releaseOf, VAULT } from '../../ledger/test/samples.ts';
import { type EraseParts, openErasing } from '../src/erase/erase-parts.ts';
import type { FragmentKey } from '../src/fragment-file.ts';
import { FragmentStore } from '../src/fragment-store.ts';
import { holdersOf } from '../src/holders.ts';
import { createMarker } from '../src/marker.ts';
import { OwnLog } from '../src/own-log.ts';
import { OwnStanding } from '../src/own-standing.ts';
import { Receipts } from '../src/receipts.ts';
import { healingPlan } from '../src/repair/healing-view.ts';
import { placedSegment } from '../src/repair/placed-segment.ts';
import { drawSegment, placeWith } from './erase-segments.ts';
import { Machine, seededRandom } from './fragment-setup.ts';
import { rotRows } from './rot-rows.ts';

export { DAY_MS, daemonOf };

/** The daemon whose erasing is looked at. */
const SELF = 'h1';
export const id: DaemonId = daemonOf(SELF);

export interface Stored {
  readonly place: Place;
  readonly claim: ClaimName;
  /** By index. */
  readonly data: readonly Uint8Array[];
}

type Running = {
  readonly fragments: FragmentStore;
  readonly standing: OwnStanding;
  readonly receipts: Receipts;
  readonly ownLog: OwnLog;
} & EraseParts;

export class EraseBench {
  readonly network: TestNetwork;
  readonly machine: Machine;
  readonly device: LogWriter;
  /** Daemons that answer no greeting; declared lost; on their way out. */
  readonly silent = new Set<DaemonId>();
  readonly lost = new Set<DaemonId>();
  readonly leaving = new Set<DaemonId>();
  readonly readOnly = new Set<DaemonId>();
  heard = true;
  /** Fragments whose rows somebody is to write again. */
  readonly troubled: FragmentKey[] = [];
  /** Hosters that do not say whom they know to hold what. */
  readonly mute = new Set<string>();
  readonly said: { readonly level: string; readonly event: string; readonly facts: unknown }[] = [];
  /** How a daemon answers a challenge; rightly unless said otherwise. */
  leafOf: (daemon: DaemonId, answer: AnswerOf<'leaf'>) => AnswerOf<'leaf'> = (_, answer) => answer;
  /** Told of each step that reaches others, before it does. */
  before: (step: 'append' | 'holders' | 'leaf') => void | Promise<void> = () => undefined;
  it!: Running;
  readonly #contents = new Map<string, Uint8Array>();
  readonly #listeners: ((changed: readonly DaemonId[]) => void)[] = [];
  readonly #writers = new Map<string, Promise<LogWriter>>();
  #store = crashStore();
  #abort = new AbortController();
  #placed = 0;

  private constructor(network: TestNetwork, machine: Machine, device: LogWriter) {
    this.network = network;
    this.machine = machine;
    this.device = device;
  }

  static async open(): Promise<EraseBench> {
    const charter = sampleCharter(4, { durations: standardDurations });
    const network = await TestNetwork.of(4, { charters: chainOf(charter) });
    const machine = new Machine();
    await createMarker(machine.files, id);
    const genesis = deviceGenesis('laptop', { rights: ['write', 'delete'] });
    const device = await network.startedWriter('laptop', { options: { genesis } });
    const bench = new EraseBench(network, machine, device);
    await bench.boot();
    return bench;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get now(): number {
    return this.network.clock.time;
  }

  /** Days in which the daemon was there. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= DAY_MS / 2) {
      this.network.clock.time += Math.min(left, DAY_MS / 2);
      await this.it.standing.beat();
    }
  }

  get logs() {
    return this.network.hoster(1).mirror.logs;
  }

  /** Opens all that a daemon opens, from its disk. */
  async boot(): Promise<void> {
    const { network, machine } = this;
    const { clock, charters } = network;
    const log = (level: string, event: string, facts: unknown = {}) =>
      void this.said.push({ level, event, facts });
    const random = countedRandom(`bench ${this.said.length}`);
    const { mirror } = network.hoster(1);
    const fragments = await FragmentStore.open({
      files: machine.files,
      index: checkedStore(machine.index, crypto),
      crypto,
      clock,
      random: seededRandom(7),
      daemon: id,
    });
    const { awayMaxMs } = charters.current.durations;
    const standing = await OwnStanding.open(
      { files: machine.files, clock, awayMaxMs: () => awayMaxMs, log },
      false,
    );
    fragments.obey(standing);
    const charter = () => charters.current;
    const receipts = await Receipts.open(
      {
        crypto,
        daemon: id,
        receiptSeed: seedOf(`receipt ${SELF}`),
        charter,
        store: this.#part('generation/'),
      },
      await generationOf(mirror.logs.store, id),
    );
    const others = () => network.hosters.slice(1);
    const peers = {
      voters: others,
      newer: async () => undefined,
      daemon: (daemon: DaemonId) =>
        ({ ask: (ask: string, body: never) => this.#answer(daemon, ask, body) }) as never,
    };
    const { signal } = this.#abort;
    const common = { id, crypto, clock, random, charters, mirror, peers, log, signal };
    const ownLog = new OwnLog({ ...common, logSeed: seedOf(`log ${SELF}`), store: this.#part('own/') });
    const erase = await openErasing({
      ...common,
      fragments,
      standing,
      receipts,
      ownLog: {
        settled: () => ownLog.settled(),
        append: async (payloads) => {
          await this.before('append');
          return ownLog.append(payloads);
        },
      },
      watch: this.#watch(),
      consortium: { isLost: (daemon) => this.lost.has(daemon) },
      planOf: (segment) => this.planOf(segment),
      troubled: (key) => void this.troubled.push(key),
      store: this.#part('erase/'),
    });
    this.it = { fragments, standing, receipts, ownLog, ...erase };
  }

  /** Power failure: what was not synced is gone; everything is opened anew. */
  async crash(): Promise<void> {
    this.#abort.abort(new Error('the power failed'));
    this.#abort = new AbortController();
    await this.machine.crash();
    this.#store = this.#store.crash();
    await this.boot();
  }

  /** Stopped and started, with all that it wrote. */
  async restart(): Promise<void> {
    this.#abort.abort(new Error('the daemon ends'));
    this.#abort = new AbortController();
    await this.boot();
  }

  /** A bit flips in each row of the daemon's bookkeeping whose key begins so; how many there are. */
  rot(prefix: string): Promise<number> {
    return rotRows(this.#store, utf8(prefix));
  }

  /** Likewise in the index of its fragments. */
  rotIndex({ segment, index }: FragmentKey): Promise<number> {
    return rotRows(this.machine.index, concat(utf8('fragment/'), segment, Uint8Array.of(index)));
  }

  /** Rounds until a walk has ended; one walk through everything. */
  async walk(): Promise<void> {
    while (!(await this.it.eraser.round(this.signal)));
  }

  async planOf(segment: Uint8Array) {
    const charter = this.network.charters.current;
    const placed = await placedSegment({ logs: this.logs, crypto, charter }, segment);
    if (placed === undefined) return undefined;
    const plan = healingPlan(
      {
        id,
        crypto,
        charter: () => charter,
        now: () => this.now,
        watch: this.#watch(),
        consortium: { isLost: (daemon) => this.lost.has(daemon), inMaintenance: () => false },
        self: () => ({
          leaving: this.it.standing.draining,
          takes: this.it.standing.refusal() === undefined ? { freeBytes: 1e9 } : undefined,
        }),
      },
      placed,
    );
    return { placed, plan, holders: placed.holders };
  }

  /** Uploaded to this daemon and not placed. */
  async upload(of: Omit<Stored, 'claim'>, index: number): Promise<FragmentKey> {
    const { place, data } = of;
    const key = { segment: place.segment, index };
    const [root] = place.fragments[index] as PlacedFragment;
    const bytes = data[index] as Uint8Array;
    const upload = { ...key, root, bytes: bytes.length, agency: 'metz', vault: VAULT };
    const writer = await this.it.fragments.begin(upload);
    if (writer.already) return key;
    await writer.write(bytes);
    await writer.commit();
    return key;
  }

  /** A segment of three fragments on h1, h2 and h3 unless said otherwise; nothing is written or stored yet. */
  draw(
    holders: readonly (string | undefined)[] = ['h1', 'h2', 'h3'],
    generation = this.it.receipts.generation,
  ) {
    const { data, ...named } = drawSegment(++this.#placed);
    for (const [index, one] of data.entries()) this.#contents.set(`${toHex(named.segment)}/${index}`, one);
    return { data, place: this.#placeNow(named, { holders, generation }) };
  }

  /** The same segment again, with receipts as they are given now. */
  again(place: Place, holders: readonly (string | undefined)[], generation: number): Place {
    const roots = place.fragments.map(([root]) => root);
    return this.#placeNow({ ...place, roots }, { holders, generation });
  }

  #placeNow(
    of: Parameters<typeof placeWith>[0],
    by: { readonly holders: readonly (string | undefined)[]; readonly generation: number },
  ) {
    const given = (holder: string) => (holder === SELF ? by.generation : 0);
    return placeWith(of, {
      charter: this.network.charters.current,
      now: this.now,
      holders: by.holders,
      generationOf: given,
    });
  }

  /** Placed and certified, this daemon's fragments on its disk. */
  async put(holders: readonly (string | undefined)[] = ['h1', 'h2', 'h3']): Promise<Stored> {
    const drawn = this.draw(holders);
    for (const [index, holder] of holders.entries()) if (holder === SELF) await this.upload(drawn, index);
    return { ...drawn, claim: await this.write(drawn.place) };
  }

  /** By the device, certified, and known to all. */
  async write(...payloads: Payload[]): Promise<ClaimName> {
    const { origin, index } = await this.device.append(() => payloads);
    await this.device.spreadCertificate();
    return { origin, index };
  }

  release(...of: readonly Stored[]): Promise<ClaimName> {
    return this.write(releaseOf(of.map(({ claim }) => claim)));
  }

  /** The daemon of another hoster writes, certified, and known to all. */
  async daemonWrites(name: string, ...payloads: Payload[]): Promise<void> {
    const writer = this.#writers.get(name) ?? this.#daemonWriter(name);
    this.#writers.set(name, writer);
    const started = await writer;
    await started.append(() => payloads);
    await started.spreadCertificate();
  }

  custody(of: Stored, holder: string, index: number): Payload {
    return custodyOf(of.place, { holder, index, claim: of.claim, size: of.claim.index + 1 });
  }

  has(of: { readonly place: Place }, index = 0): Promise<boolean> {
    return this.it.fragments.get({ segment: of.place.segment, index }).then((facts) => facts !== undefined);
  }

  facts(of: { readonly place: Place }) {
    return segmentFacts(this.logs, of.place.segment);
  }

  /** Somebody fell silent, or came back. */
  changed(...daemons: DaemonId[]): void {
    for (const heard of this.#listeners) heard(daemons);
  }

  events(event: string): unknown[] {
    return this.said.filter((one) => one.event === event).map(({ facts }) => facts);
  }

  async #daemonWriter(name: string): Promise<LogWriter> {
    const options = { seed: seedOf(`log ${name}`), genesis: daemonGenesis(name) };
    return this.network.startedWriter(name, { options });
  }

  #part(name: string) {
    return prefixedStore(checkedStore(this.#store, crypto), utf8(name));
  }

  #watch() {
    const heard = () => this.heard;
    return {
      get heard() {
        return heard();
      },
      presence: (daemon: DaemonId) => (this.silent.has(daemon) ? ('silent' as const) : ('up' as const)),
      answer: (daemon: DaemonId) =>
        this.silent.has(daemon)
          ? undefined
          : {
              takes: true,
              freeBytes: 1e9,
              voting: true,
              readOnly: this.readOnly.has(daemon),
              draining: this.leaving.has(daemon),
            },
      watch: (listener: (changed: readonly DaemonId[]) => void) => void this.#listeners.push(listener),
    };
  }

  async #answer(daemon: DaemonId, ask: string, body: unknown): Promise<unknown> {
    if (ask === 'holders') {
      await this.before('holders');
      const hoster = this.network.hosters.find((one) => daemonOf(one.hoster) === daemon);
      if (hoster === undefined || this.mute.has(hoster.hoster)) throw unreachable(daemon);
      return holdersOf(hoster.mirror.logs, (body as { segments: Uint8Array[] }).segments, id);
    }
    await this.before('leaf');
    if (this.silent.has(daemon)) throw unreachable(daemon);
    const { segment, index, leaf } = body as FragmentKey & { leaf: number };
    const data = this.#contents.get(`${toHex(segment)}/${index}`) as Uint8Array;
    const hashes = crypto.leafHashes(data, LEAF_BYTES);
    return this.leafOf(daemon, {
      bytes: data.slice(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES),
      leaves: hashes.length / 32,
      proof: merkleProof(crypto, hashes, leaf),
    });
  }
}

function unreachable(daemon: DaemonId): Fault {
  return new Fault('unreachable', 'PEER_UNREACHABLE', `nobody answers for ${daemon}`, {});
}
