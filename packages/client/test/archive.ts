// A vault over four hosters' real mirrors: files that are placed as the rules want it, without their bytes; devices that
// delete and undo; daemons that write into their own logs. Days pass when a test says so.

import { type Charter, daemonIdBytes, memoryStore, type Store } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import {
  type CharterChain,
  LogStore,
  LogWriter,
  type Payload,
  type Place,
  refresh,
  signDelegation,
  type Voter,
} from '@vauban/ledger';
import { newContentId, newDataKey, type ObjectWrite } from '@vauban/seal';
import { daemonOf } from '../../ledger/test/sample-charter.ts';
import { placeOf } from '../../ledger/test/samples.ts';
import { Committer } from '../src/committer.ts';
import { Namespace, type NamespaceOptions } from '../src/namespace.ts';
import { undelete, remove, type RemovalOptions, tidy } from '../src/removal.ts';
import type { SegmentSource } from '../src/segment-source.ts';
import type { SegmentWriter } from '../src/segment-writer.ts';
import { Turns } from '../src/turns.ts';
import { type VaultState, VaultStateDoor } from '../src/vault-state.ts';
import { agencyOf, chainOf, charterOf, HOSTERS, publicOf, seedOf, voterOf } from './consortium.ts';
import { VirtualClock } from './virtual-clock.ts';

export const DAY_MS = 86_400_000;
export const VAULT = new Uint8Array(32).fill(9);
const SECRET = new Uint8Array(32).fill(8);

type Right = 'write' | 'delete';

export class Archive {
  readonly clock = new VirtualClock();
  readonly charters: CharterChain;
  readonly voters: Voter[] = [];
  readonly #daemons = new Map<string, Promise<LogWriter>>();

  private constructor(charter: Charter) {
    this.charters = chainOf(charter);
  }

  static async open(): Promise<Archive> {
    const archive = new Archive(charterOf([agencyOf('metz', publicOf('root metz'))]));
    for (const hoster of HOSTERS) {
      archive.voters.push(await voterOf(hoster, archive.charters, archive.clock));
    }
    return archive;
  }

  get graceMs(): number {
    return this.charters.current.durations.eraseGraceMs;
  }

  run<Result>(work: Promise<Result>): Promise<Result> {
    return this.clock.run(work);
  }

  async pass(ms: number): Promise<void> {
    await this.run(this.clock.sleep(ms));
  }

  reader(logs: LogStore) {
    return {
      crypto,
      clock: this.clock,
      random,
      charters: this.charters,
      voters: () => this.voters,
      logs,
    };
  }

  /** A place of its own, held by h1, h2 and h3, retained for a minute unless told. */
  place(name: string, retainedMs = 60_000): Place {
    const retainUntil = this.clock.now() + retainedMs;
    return placeOf(this.charters.current, { name, change: { vault: VAULT, retainUntil } });
  }

  device(name: string, rights: readonly Right[] = ['write', 'delete']): Device {
    return new Device(this, name, rights);
  }

  /** Appends to a daemon's own log. */
  async daemonWrites(name: string, ...payloads: readonly Payload[]): Promise<void> {
    let opened = this.#daemons.get(name);
    if (opened === undefined) {
      opened = this.#openLog(name);
      this.#daemons.set(name, opened);
    }
    const log = await opened;
    await this.run(log.append(() => payloads));
  }

  async #openLog(name: string): Promise<LogWriter> {
    const daemon = daemonIdBytes(daemonOf(name));
    const log = new LogWriter({
      ...this.reader(await LogStore.open(memoryStore(), crypto)),
      seed: seedOf(`log ${name}`),
      genesis: { kind: 'genesis', writer: 'daemon', daemon },
    });
    await this.run(log.start());
    return log;
  }
}

/** Bytes are not kept anywhere. */
const noSource = {} as SegmentSource;

export class Device {
  readonly archive: Archive;
  readonly store: Store = memoryStore();
  readonly door: VaultStateDoor;
  readonly namespace: Namespace;
  readonly committer: Committer;
  readonly removal: RemovalOptions;

  constructor(archive: Archive, name: string, rights: readonly Right[]) {
    const { clock, charters } = archive;
    this.archive = archive;
    this.door = new VaultStateDoor(async () => this.store, { clock, crypto });
    this.namespace = this.namespaceOver(noSource);
    this.committer = new Committer({
      crypto,
      random,
      vaultSecret: SECRET,
      door: this.door,
      writer: (state) => this.#writer(state, name, rights),
      freshReceipts: async (claims) => claims,
      retainUntil: () => 0,
      committed: (state) => this.namespace.follow(state),
    });
    this.removal = {
      crypto,
      clock,
      random,
      charter: () => charters.current,
      policy: () => charters.current.policies[0] as Charter['policies'][number],
      vault: VAULT,
      writer: {} as SegmentWriter,
      turns: new Turns({ max: 1, bytesEach: 1_000 }),
      committer: this.committer,
      door: this.door,
      catalog: this.namespace.catalog,
      mayRelease: rights.includes('delete'),
    };
  }

  /** What the namespace is read with. */
  readonly view: NamespaceOptions = { crypto, vault: VAULT, vaultSecret: SECRET, source: noSource };

  namespaceOver(source: SegmentSource): Namespace {
    return new Namespace({ ...this.view, source });
  }

  async #writer({ logs }: VaultState, name: string, rights: readonly Right[]): Promise<LogWriter> {
    const { clock } = this.archive;
    const delegation = {
      format: 'vauban/delegate/0' as const,
      charter: 'grand-est',
      agency: 'metz',
      deviceKey: publicOf(`device ${name}`),
      peer: `peer-${name}`,
      vault: VAULT,
      policy: 'standard',
      rights: [...rights],
      issued: clock.now(),
      until: clock.now() + 300 * DAY_MS,
    };
    const note = signDelegation(crypto, delegation, seedOf('root metz'));
    const writer = new LogWriter({
      ...this.archive.reader(logs),
      seed: seedOf(`device ${name}`),
      genesis: { kind: 'genesis', writer: 'device', note, adopts: null },
    });
    await writer.start();
    return writer;
  }

  /** Everything certified by now. */
  follow(namespace = this.namespace): Promise<void> {
    return this.archive.run(
      this.door.within(async (state) => {
        await refresh(this.archive.reader(state.logs), { of: 'vault', vault: VAULT });
        await namespace.follow(state);
      }),
    );
  }

  /** Files in segments of their own, or in packs: one place each, claimed in the same append. */
  put(writes: readonly ObjectWrite[], ...places: readonly Place[]): Promise<void> {
    return this.archive.run(this.committer.commit({ places, changes: [...writes], index: null }));
  }

  /** A write of a file in segments of its own. */
  large(path: string, ...places: readonly Place[]): ObjectWrite {
    const segments = places.map(({ segment }) => ({ id: segment, bytes: 5 }));
    return { ...this.#file(path, 5 * places.length), content: { ...contentKeys(), in: { segments } } };
  }

  /** A write of a file in a pack. */
  packed(path: string, pack: Place, offset = 0): ObjectWrite {
    return {
      ...this.#file(path, 5),
      content: { ...contentKeys(), in: { pack: pack.segment, offset, length: 21 } },
    };
  }

  #file(path: string, size: number): ObjectWrite {
    return {
      kind: 'file',
      path,
      object: newContentId(random),
      version: newContentId(random),
      parents: this.namespace.catalog.versions(path).map(({ write }) => write.version),
      size,
      sha256: crypto.sha256(),
      modified: 0,
      mode: 0o644,
    };
  }

  async remove(path: string) {
    const removed = await this.archive.run(remove(this.removal, path));
    await this.spread();
    return removed;
  }

  /** Hosters get to know what is certified. */
  spread(): Promise<void> {
    const { voters } = this.archive;
    const all = this.door.within(async ({ logs }) => {
      for (const origin of logs.origins()) {
        const { certificate } = logs.state(origin);
        for (const voter of certificate === null ? [] : voters)
          await voter.certify(origin, certificate ?? '');
      }
    });
    return this.archive.run(all);
  }

  undelete(path: string) {
    return this.archive.run(undelete(this.removal, path));
  }

  tidy() {
    return this.archive.run(tidy(this.removal));
  }

  get paths(): string[] {
    return this.namespace.catalog.below('').map(({ write }) => write.path);
  }

  /** Kinds of all entries of the vault's logs that this device holds, in order. */
  entries(): Promise<string[]> {
    return this.door.within(async ({ logs }) => {
      const kinds: string[] = [];
      for (const origin of await logs.originsOfVault(VAULT)) {
        const { size } = logs.state(origin);
        for (let index = 1; index < size; index++) {
          kinds.push((await logs.entry(origin, index)).payload.kind);
        }
      }
      return kinds;
    });
  }
}

const contentKeys = () => ({ content: newContentId(random), key: newDataKey(random) });
