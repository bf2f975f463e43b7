// Voting hosters in memory: real mirrors over disks that can crash, asked through the Voter port, which can be cut.

import {
  type Clock,
  type Crypto,
  type Files,
  type MemoryFiles,
  memoryFiles,
  memoryStore,
  type Random,
  type Store,
  type StoreOperation,
  u64be,
  utf8,
} from '@vauban/core';
import {
  type AppendReply,
  type BudgetLimits,
  type CharterChain,
  LogStore,
  LogWriter,
  type LogWriterOptions,
  Mirror,
  originOf,
  type ReaderOptions,
  VoteJournal,
  type Voter,
} from '../src/index.ts';
import {
  chainOf,
  cosignerOf,
  crypto,
  hosterName,
  NOW,
  publicOf,
  sampleCharter,
  seedOf,
} from './sample-charter.ts';
import { deviceGenesis } from './samples.ts';

export const VOTES = 'votes';

/** Time that moves only when someone sleeps or a test sets it. */
export interface TestClock extends Clock {
  time: number;
}

export function testClock(time = NOW): TestClock {
  return {
    time,
    now() {
      return this.time;
    },
    monotonic() {
      return this.time;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      this.time += ms;
    },
    after: () => () => undefined,
  };
}

export function countedRandom(name = 'random'): Random {
  let drawn = 0;
  return {
    bytes(length) {
      let bytes = new Uint8Array(0);
      while (bytes.length < length) {
        const more = crypto.sha256(utf8(name), u64be(drawn++));
        bytes = new Uint8Array([...bytes, ...more]);
      }
      return bytes.slice(0, length);
    },
  };
}

/** A store that forgets, in a crash, whatever no synced batch followed. */
export interface CrashStore extends Store {
  crash(): CrashStore;
}

export function crashStore(
  before: readonly StoreOperation[] = [],
  record?: (what: string) => void,
): CrashStore {
  const inner = memoryStore();
  const operations: StoreOperation[] = [...before];
  let durable = operations.length;
  let loaded: Promise<void> | undefined;
  const load = () => {
    loaded ??= inner.batch(before, { sync: true });
    return loaded;
  };
  return {
    async get(key) {
      await load();
      return inner.get(key);
    },
    async batch(batch, options) {
      await load();
      await inner.batch(batch, options);
      operations.push(...batch);
      if (options.sync) durable = operations.length;
      record?.(options.sync ? 'batch synced' : 'batch');
    },
    async *range(range) {
      await load();
      yield* inner.range(range);
    },
    close: async () => undefined,
    crash: () => crashStore(operations.slice(0, durable), record),
  };
}

export interface HosterOptions {
  readonly id: string;
  readonly charters: CharterChain;
  readonly clock: Clock;
  readonly budgets?: BudgetLimits;
  /** Told what happens, in order: 'batch synced', 'vote synced', 'signed'. */
  readonly record?: (what: string) => void;
  /** What a test puts between the mirror and its disks. */
  readonly wrapStore?: (store: Store) => Store;
  readonly wrapFiles?: (files: Files) => Files;
}

export class TestHoster implements Voter {
  readonly hoster: string;
  readonly options: HosterOptions;
  store: CrashStore;
  files: MemoryFiles;
  mirror!: Mirror;
  journal!: VoteJournal;
  /** Requests fail while true. */
  down = false;
  /** What it answers instead of the mirror, when a test makes it lie. */
  lie: Partial<Voter> = {};
  readonly seen: { readonly oldSize: number; readonly checkpoint: string; readonly reply: AppendReply }[] =
    [];

  private constructor(options: HosterOptions) {
    this.options = options;
    this.hoster = options.id;
    this.store = crashStore([], options.record);
    this.files = memoryFiles({
      record: ({ call, path }) => {
        if (call === 'sync' && path === VOTES) options.record?.('vote synced');
      },
    });
  }

  static async create(options: HosterOptions): Promise<TestHoster> {
    const one = new TestHoster(options);
    await VoteJournal.create(one.files, VOTES);
    await one.open();
    one.mirror.startVoting();
    return one;
  }

  /** Opens everything from the disks, as a process does when it starts; it does not vote yet. */
  async open(): Promise<void> {
    const { id, charters, clock, budgets, record, wrapStore, wrapFiles } = this.options;
    const cosigner = cosignerOf(id);
    const recording: Crypto = {
      ...crypto,
      ed25519Sign(seed, message) {
        if (seed === cosigner.seed && message[0] === 0x63) record?.('signed');
        return crypto.ed25519Sign(seed, message);
      },
    };
    const store = wrapStore?.(this.store) ?? this.store;
    this.journal = await VoteJournal.open(wrapFiles?.(this.files) ?? this.files, VOTES, crypto);
    this.mirror = new Mirror({
      logs: await LogStore.open(store, crypto),
      crypto: recording,
      clock,
      charters,
      voting: { hoster: id, epoch: 0, cosigner, journal: this.journal },
      ...(budgets && { budgets }),
    });
  }

  /** Power failure: what was not synced is gone. */
  async crash(random?: Random): Promise<void> {
    this.files = this.files.crash(random);
    this.store = this.store.crash();
    await this.open();
    await this.mirror.checkHistory();
    this.mirror.startVoting();
  }

  async append(...[append, certificate]: Parameters<Voter['append']>): Promise<AppendReply> {
    this.#reach();
    const reply = await (this.lie.append?.(append, certificate) ?? this.mirror.append(append, certificate));
    this.#reach();
    this.seen.push({ oldSize: append.oldSize, checkpoint: append.checkpoint, reply });
    return reply;
  }

  async heads(...[nonce, scope]: Parameters<Voter['heads']>): Promise<Uint8Array> {
    this.#reach();
    return this.lie.heads?.(nonce, scope) ?? this.mirror.heads(nonce, scope, null);
  }

  async batches(...[origin, from]: Parameters<Voter['batches']>) {
    this.#reach();
    return this.lie.batches?.(origin, from) ?? this.mirror.batches(origin, from);
  }

  async certify(...[origin, certificate]: Parameters<Voter['certify']>): Promise<void> {
    this.#reach();
    await (this.lie.certify?.(origin, certificate) ?? this.mirror.certify(origin, certificate));
  }

  async putNote(note: Uint8Array): Promise<void> {
    this.#reach();
    await (this.lie.putNote?.(note) ?? this.mirror.putNote(note));
  }

  async notes(after: Uint8Array | null) {
    this.#reach();
    return this.lie.notes?.(after) ?? this.mirror.notes(after, null);
  }

  #reach(): void {
    if (this.down) throw new Error(`${this.hoster} does not answer`);
  }
}

/** n voters under one charter, a clock, and what makes readers and writers. */
export class TestNetwork {
  readonly charters: CharterChain;
  readonly clock: TestClock;
  readonly hosters: readonly TestHoster[];

  private constructor(charters: CharterChain, clock: TestClock, hosters: readonly TestHoster[]) {
    this.charters = charters;
    this.clock = clock;
    this.hosters = hosters;
  }

  static async of(
    voters: number,
    of: { charters?: CharterChain; budgets?: BudgetLimits; clock?: TestClock } = {},
  ): Promise<TestNetwork> {
    const charters = of.charters ?? chainOf(sampleCharter(voters));
    const clock = of.clock ?? testClock();
    const hosters = [];
    for (let at = 1; at <= voters; at++) {
      const { budgets } = of;
      hosters.push(
        await TestHoster.create({ id: hosterName(at), charters, clock, ...(budgets && { budgets }) }),
      );
    }
    return new TestNetwork(charters, clock, hosters);
  }

  hoster(at: number): TestHoster {
    const one = this.hosters[at - 1];
    if (one === undefined) throw new Error(`hoster ${at}`);
    return one;
  }

  /** Makes exactly these unreachable. */
  cut(...downs: number[]): void {
    for (const [at, one] of this.hosters.entries()) one.down = downs.includes(at + 1);
  }

  async reader(of: { store?: Store; voters?: readonly Voter[] } = {}): Promise<ReaderOptions> {
    return {
      crypto,
      clock: this.clock,
      random: countedRandom('reader'),
      charters: this.charters,
      voters: () => of.voters ?? this.hosters,
      logs: await LogStore.open(of.store ?? memoryStore(), crypto),
    };
  }

  async writer(
    device = 'laptop',
    of: { store?: Store; voters?: readonly Voter[]; options?: Partial<LogWriterOptions> } = {},
  ): Promise<LogWriter> {
    return new LogWriter({
      ...(await this.reader({ store: of.store ?? memoryStore(), ...(of.voters && { voters: of.voters }) })),
      random: countedRandom(`salts ${device}`),
      seed: seedOf(`device ${device}`),
      genesis: deviceGenesis(device),
      ...of.options,
    });
  }

  async startedWriter(...args: Parameters<TestNetwork['writer']>): Promise<LogWriter> {
    const writer = await this.writer(...args);
    await writer.start();
    return writer;
  }

  originOf(device: string): string {
    return originOf(crypto, this.charters.current.name, publicOf(`device ${device}`));
  }
}
