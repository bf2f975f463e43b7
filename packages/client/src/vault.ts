// An open vault: the agency's namespace over the hosters' daemons. Composes catalog, uploads, downloads and the log
// writer; each verb of the command is one method.
// Long: the verbs share one wiring, and are read side by side.

import { asFault, Fault, type Network, type Policy, toHex } from '@vauban/core';
import { CharterChain, type LogStore, originOf, type Place, refresh } from '@vauban/ledger';
import { validateVaultPath, vaultSecret } from '@vauban/seal';
import type { CatalogVersion } from './catalog.ts';
import { Committer } from './committer.ts';
import { type DeviceLine, listDevices, type Revoked, revokeDevice } from './devices.ts';
import { type GetOptions, type GetResult, readObject, restore } from './get.ts';
import { type ByteRange, readRange } from './get-range.ts';
import type { LocalSource, LocalTarget } from './local-tree.ts';
import { Membership } from './membership.ts';
import { Namespace, type NamespaceOptions, placeAnywhere } from './namespace.ts';
import type { ClientPorts } from './ports.ts';
import { type PlacementProof, provePlacement } from './prove.ts';
import { put, type PutResult } from './put.ts';
import { type Liar, SegmentReader } from './segment-reader.ts';
import { silenceOf } from './silence.ts';
import { SegmentSource, segmentBytesOf } from './segment-source.ts';
import { SegmentWriter } from './segment-writer.ts';
import { SlabPool } from './slab-pool.ts';
import { Turns } from './turns.ts';
import type { VaultConfig, VaultKeys } from './vault-config.ts';
import { type FragmentWhereabouts, whereabouts } from './whereabouts.ts';
import { renewalDone, VaultDevice } from './vault-device.ts';
import { readConfig, readKeys, writeConfig } from './vault-files.ts';
import { VaultStateDoor } from './vault-state.ts';

/** Segments in memory at once, uploads and downloads together: enough to keep the network busy while one is coded. */
const TURNS = 2;

export interface VaultEvents {
  /** A daemon sent what the ledger does not vouch for. */
  readonly onLiar?: (liar: Liar) => void;
  /** Something a person should know, which stops nothing. */
  readonly onNotice?: (fault: Fault) => void;
}

export interface VerbOptions {
  readonly signal?: AbortSignal;
  /** Called with each step's bytes, and all that is to come where that is known (0 where not). */
  readonly onProgress?: (bytes: number, total: number) => void;
  /** Answer from what was certified when last seen, without asking a quorum. */
  readonly stale?: boolean;
}

interface OpenedVault {
  readonly config: VaultConfig;
  readonly keys: VaultKeys;
  readonly passphrase: string;
}

export class Vault {
  readonly #ports: ClientPorts;
  readonly #config: VaultConfig;
  readonly #device: VaultDevice;
  readonly #events: VaultEvents;
  readonly #network: Network;
  readonly #membership: Membership;
  readonly #door: VaultStateDoor;
  readonly #secret: Uint8Array;
  readonly #reader: SegmentReader;
  readonly #source: SegmentSource;
  readonly #segmentWriter: SegmentWriter;
  readonly #namespaceOptions: NamespaceOptions;
  readonly #namespace: Namespace;
  readonly #turns: Turns;
  readonly #committer: Committer;
  readonly #liarsSeen = new Set<(liar: Liar) => void>();

  private constructor(ports: ClientPorts, { config, keys, passphrase }: OpenedVault, events: VaultEvents) {
    if (config.note === null) {
      throw new Fault(
        'refused',
        'AGENCY_UNKNOWN',
        'the agency is not in force yet; run `vauban vault create` again',
        {
          agency: config.agency,
        },
      );
    }
    const { crypto, clock, random } = ports;
    this.#ports = ports;
    this.#config = config;
    this.#events = events;
    this.#network = ports.network(keys.transportSeed);
    this.#membership = new Membership({
      ports,
      network: this.#network,
      identity: { role: 'device', note: config.note },
      charter: config.charter,
      onCharter: (versions) => this.#device.keepCharter(versions),
    });
    this.#device = new VaultDevice({
      ports,
      config,
      keys,
      passphrase,
      membership: () => this.#membership,
      onNotice: (fault) => events.onNotice?.(fault),
    });
    this.#door = new VaultStateDoor(ports.openState, { clock, crypto });
    this.#secret = vaultSecret(keys.agencySecret, config.vault);
    const slabs = new SlabPool();
    const { links } = this.#membership;
    this.#reader = new SegmentReader({
      links,
      crypto,
      clock,
      slabs,
      onLiar: (liar) => {
        events.onLiar?.(liar);
        for (const note of this.#liarsSeen) note(liar);
      },
    });
    this.#source = new SegmentSource(this.#reader);
    this.#segmentWriter = new SegmentWriter({ links, crypto, clock, slabs });
    this.#namespaceOptions = {
      crypto,
      vault: config.vault,
      vaultSecret: this.#secret,
      source: this.#source,
    };
    this.#namespace = new Namespace(this.#namespaceOptions);
    this.#turns = new Turns({ max: TURNS, bytesEach: segmentBytesOf(this.#policy()) });
    this.#committer = new Committer({
      crypto,
      random,
      vaultSecret: this.#secret,
      door: this.#door,
      writer: (state) => this.#device.writer(state),
      committed: (state) => this.#namespace.follow(state),
    });
  }

  /** Faults: VAULT_MISSING, VAULT_KEYS_MISSING, VAULT_KEYS_OTHER, WRONG_PASSPHRASE, AGENCY_UNKNOWN (not in force yet). */
  static async open(ports: ClientPorts, passphrase: string, events: VaultEvents = {}): Promise<Vault> {
    const known = await readConfig(ports);
    const keys = await readKeys(ports, passphrase);
    const { name } = CharterChain.from(ports.crypto, known.charter).current;
    const device = originOf(ports.crypto, name, ports.crypto.ed25519Public(keys.deviceSeed));
    const config = renewalDone(known, device);
    if (device !== config.device) {
      const message =
        "the key file in the vault's directory belongs to another vault: put the right one back";
      throw new Fault('refused', 'VAULT_KEYS_OTHER', message, { device: config.device });
    }
    if (config !== known) await writeConfig(ports, config);
    const vault = new Vault(ports, { config, keys, passphrase }, events);
    await vault.#network.start();
    return vault;
  }

  async close(): Promise<void> {
    await this.#network.stop();
  }

  get id(): string {
    return toHex(this.#config.vault);
  }

  get idBytes(): Uint8Array {
    return this.#config.vault;
  }

  get agency(): string {
    return this.#config.agency;
  }

  get membership(): Membership {
    return this.#membership;
  }

  /** Stores a file or tree at a vault path. Faults: see `put`. */
  async put(source: LocalSource, path: string, options: VerbOptions = {}): Promise<PutResult> {
    if (path !== '') validateVaultPath(path);
    const signal = options.signal ?? new AbortController().signal;
    const live = await this.#membership.links.live({ patient: true, signal });
    await this.#membership.settled();
    await this.#refresh(signal);
    await this.#finishOwn();
    const { crypto, clock, random, files, owner, alive } = this.#ports;
    const result = await put(
      {
        crypto,
        clock,
        random,
        charter: () => this.#membership.charter,
        policy: this.#policy(),
        vault: this.#config.vault,
        writer: this.#segmentWriter,
        turns: this.#turns,
        journals: { files, random, vaultSecret: this.#secret, owner, alive },
        exclusively: (work) => this.#door.within(() => work()),
        progress: (bytes) => options.onProgress?.(bytes, 0),
        signal,
        catalog: this.#namespace.catalog,
        committer: this.#committer,
      },
      source,
      path,
    );
    const silence = silenceOf(this.#membership, { live, result, policy: this.#policy() });
    if (silence !== undefined) this.#events.onNotice?.(silence);
    await this.#spreadCertificate();
    return result;
  }

  /**
   * Restores a path, or everything below it. Where the vault has both, a file of that name and a directory, it is the
   * file, unless `below` asks for the directory. Faults: NOT_FOUND, UNFINISHED, FRAGMENTS_MISSING, TARGET_EXISTS.
   */
  async get(
    path: string,
    target: (tree: boolean) => LocalTarget,
    options: VerbOptions & { readonly below?: boolean } = {},
  ): Promise<GetResult> {
    await this.#follow(options);
    const { found, single } = this.#meant(path, options.below === true);
    if (found.length === 0) throw await this.#notFound(path, options);
    const siblings = single ? this.#namespace.catalog.versions(path) : [];
    if (siblings.length > 1) {
      this.#events.onNotice?.(
        new Fault(
          'failure',
          'SIBLINGS',
          `${path} has ${siblings.length} versions written at once; this is the newest`,
          {
            path,
            versions: siblings.length,
          },
        ),
      );
    }
    const wanted = found.map((version) => ({ version, as: single ? '' : below(version.write.path, path) }));
    const total = found.reduce((sum, { write }) => sum + write.size, 0);
    return restore(await this.#getOptions(options, total), wanted, target(!single));
  }

  /** What a path stands for in a file system, where a name is a file or a directory but not both. */
  #meant(
    path: string,
    asDirectory: boolean,
  ): { readonly found: readonly CatalogVersion[]; readonly single: boolean } {
    const all = this.#namespace.catalog.below(path);
    const own = all.find(({ write }) => write.path === path);
    if (own === undefined) return { found: all, single: false };
    const inside = all.filter((one) => one !== own);
    if (inside.length === 0 && !asDirectory) return { found: [own], single: true };
    if (asDirectory) return { found: own.write.kind === 'directory' ? all : inside, single: false };
    if (own.write.kind === 'directory') return { found: all, single: false };
    const message = `${path} is also a directory with ${inside.length} objects below it, which is left out: ask for ${path}/ to get that`;
    this.#events.onNotice?.(new Fault('failure', 'ALSO_DIRECTORY', message, { path, below: inside.length }));
    return { found: [own], single: true };
  }

  /** Streams one object's bytes in order, or a range of them. Faults: as `get`; RANGE. */
  async read(
    path: string,
    sink: (bytes: Uint8Array) => Promise<void>,
    options: VerbOptions & { readonly range?: ByteRange } = {},
  ): Promise<void> {
    if (this.#namespace.catalog.get(path) === undefined) await this.#follow(options);
    const version = this.#namespace.catalog.get(path);
    if (version === undefined) throw await this.#notFound(path, options);
    const { range } = options;
    const getOptions = await this.#getOptions(options);
    if (range === undefined) await readObject(getOptions, { version, wholePack: false }, sink);
    else await readRange(getOptions, { version, range }, sink);
  }

  /** Current versions whose path begins with the prefix. Faults: UNFINISHED, QUORUM_UNREACHABLE unless `stale`. */
  async list(prefix: string, options: VerbOptions = {}): Promise<readonly CatalogVersion[]> {
    await this.#followFresh(options);
    return this.#namespace.catalog.startingWith(prefix);
  }

  /** Writes a tombstone for every version of a path and what is below it. Faults: NOT_FOUND. */
  async remove(path: string, options: VerbOptions = {}): Promise<readonly CatalogVersion[]> {
    await this.#followFresh(options);
    await this.#finishOwn();
    const { catalog } = this.#namespace;
    const gone = catalog.below(path);
    if (gone.length === 0) throw await this.#notFound(path, options);
    const changes = gone.map(({ write }) => ({
      kind: 'delete' as const,
      path: write.path,
      versions: catalog.versions(write.path).map((one) => one.write.version),
    }));
    // A few hundred deletes fill an entry's record.
    for (let from = 0; from < changes.length; from += 100) {
      await this.#committer.commit({ places: [], changes: changes.slice(from, from + 100), index: null });
    }
    await this.#spreadCertificate();
    return gone;
  }

  /** Who holds what of a path, each holder challenged for a random leaf now. */
  async where(
    path: string,
    options: VerbOptions = {},
  ): Promise<
    readonly {
      readonly place: Place;
      readonly fragments: readonly FragmentWhereabouts[];
      readonly survives: number;
    }[]
  > {
    await this.#follow(options);
    const version = this.#namespace.catalog.get(path);
    if (version === undefined) throw await this.#notFound(path, options);
    return Promise.all((await this.#placesOf(version)).map((place) => this.challenge(place, options.signal)));
  }

  /** A proof of where a path's fragments stood, and what it says; by now unless `at` says another moment. Faults: see `provePlacement`. */
  async prove(
    path: string,
    options: VerbOptions & { readonly at?: number; readonly label?: string } = {},
  ): Promise<PlacementProof> {
    await this.#follow(options);
    const { label, signal } = options;
    return provePlacement(
      {
        membership: this.#membership,
        door: this.#door,
        namespace: this.#namespaceOptions,
        onNotice: (fault) => this.#events.onNotice?.(fault),
      },
      {
        path,
        // Another device's clock may be a little ahead of this one's.
        at: options.at ?? Math.max(this.#ports.clock.now(), this.newestTime),
        ...(label === undefined ? {} : { label }),
        ...(signal === undefined ? {} : { signal }),
      },
    );
  }

  /** The vault's devices, oldest first. Faults: QUORUM_UNREACHABLE, UNFINISHED. */
  devices(options: VerbOptions = {}): Promise<readonly DeviceLine[]> {
    return this.#door.within(({ logs }) => listDevices(this.#devicesPorts(logs, options)));
  }

  /** Takes a device's rights away, for good. Faults: see `revokeDevice`. */
  async revokeDevice(name: string, options: VerbOptions = {}): Promise<Revoked> {
    await this.#refresh(options.signal);
    const revoked = await this.#door.within(async (state) => {
      const ports = this.#devicesPorts(state.logs, options);
      const { rootSeed } = this.#device.agencyKeys;
      const writer = () => this.#device.writer(state);
      const done = await revokeDevice({ ...ports, rootSeed, writer }, name);
      await this.#namespace.follow(state);
      return done;
    });
    await this.#spreadCertificate();
    return revoked;
  }

  #devicesPorts(logs: LogStore, { signal }: VerbOptions) {
    const { crypto, clock } = this.#ports;
    const { vault, agency } = this.#config;
    return { crypto, clock, reader: this.#reading(logs, signal), vault, agency, own: this.#device.origin };
  }

  /** Every place of the vault's live objects, once. */
  async places(prefix: string, options: VerbOptions = {}): Promise<readonly Place[]> {
    await this.#follow(options);
    const seen = new Map<string, Place>();
    for (const version of this.#namespace.catalog.startingWith(prefix)) {
      for (const place of await this.#placesOf(version)) seen.set(toHex(place.segment), place);
    }
    return [...seen.values()];
  }

  /** Challenges one place's holders: those of `where`, without a path. */
  challenge(place: Place, signal?: AbortSignal) {
    const { charter, links } = this.#membership;
    const { crypto, random } = this.#ports;
    return whereabouts(
      { charter, links, crypto, random, ...(signal === undefined ? {} : { signal }) },
      place,
    );
  }

  /**
   * Reads an object and opens it, writing nothing. Faults: FRAGMENTS_MISSING, FRAME_FORGED, CONTENT_MISMATCH, and
   * WRONG_BYTES (integrity) when it could be read, but not from everyone who was asked.
   */
  async check(version: CatalogVersion, options: VerbOptions = {}): Promise<void> {
    const liars = new Map<string, Liar>();
    const note = (liar: Liar) => void liars.set(liar.daemon, liar);
    this.#liarsSeen.add(note);
    try {
      await readObject(await this.#getOptions(options), { version, wholePack: true }, async () => undefined);
    } finally {
      this.#liarsSeen.delete(note);
    }
    if (liars.size === 0) return;
    const named = [...liars.values()].map(({ daemon, site }) => `${daemon} (${site ?? 'unknown site'})`);
    throw new Fault(
      'integrity',
      'WRONG_BYTES',
      `it could be read, but ${named.join(', ')} sent wrong bytes for it`,
      { daemons: [...liars.keys()] },
    );
  }

  /** Newest certified entry of this vault's logs: writer's time, in milliseconds; 0 when there is none. */
  get newestTime(): number {
    return this.#namespace.newestTime;
  }

  /** Forgets packs kept in memory, so that reads ask the hosters. */
  forgetPacks(): void {
    this.#source.forget();
  }

  #policy(): Policy {
    const { charter } = this.#membership;
    const found = charter.policies.find((one) => one.name === this.#config.policy);
    if (found === undefined) {
      throw new Fault('refused', 'POLICY_OTHER', `the charter has no policy ${this.#config.policy}`, {});
    }
    return found;
  }

  async #placesOf({ write, pack }: CatalogVersion): Promise<Place[]> {
    const place = write.content?.in;
    if (place === undefined) return [];
    const named = 'segments' in place ? place.segments.map(({ id }) => id) : [place.pack ?? pack];
    const ids = named.filter((id): id is Uint8Array => id !== null);
    return this.#door.within(({ logs }) => Promise.all(ids.map((id) => this.#placeIn(logs, id))));
  }

  async #placeIn(logs: LogStore, segment: Uint8Array): Promise<Place> {
    return placeAnywhere({ logs, crypto: this.#ports.crypto, vault: this.#config.vault }, segment);
  }

  async #getOptions(options: VerbOptions, total = 0): Promise<GetOptions> {
    return {
      crypto: this.#ports.crypto,
      source: this.#source,
      find: (segment) => this.#door.within(({ logs }) => this.#placeIn(logs, segment)),
      turns: this.#turns,
      progress: (bytes) => options.onProgress?.(bytes, total),
      signal: options.signal ?? new AbortController().signal,
    };
  }

  /** Brings the catalog up to the newest certified heads. Faults: QUORUM_UNREACHABLE, UNFINISHED, ROLLBACK, FORKED. */
  #refresh(signal?: AbortSignal): Promise<void> {
    return this.#door.within(async (state) => {
      await refresh(this.#reading(state.logs, signal), { of: 'vault', vault: this.#config.vault });
      await this.#namespace.follow(state);
    });
  }

  #reading(logs: LogStore, signal?: AbortSignal) {
    const onNotice = (fault: Fault) => this.#events.onNotice?.(fault);
    return { ...this.#membership.reader(logs, signal), onNotice };
  }

  #finishOwn(): Promise<void> {
    return this.#door.within(async (state) => {
      await this.#device.finishOwn(state);
      await this.#namespace.follow(state);
    });
  }

  async #followFresh(options: VerbOptions): Promise<void> {
    if (options.stale === true) await this.#door.within((state) => this.#namespace.follow(state));
    else await this.#refresh(options.signal);
    await this.#membership.settled();
  }

  /** The newest when a quorum answers; otherwise what was certified when last seen, which is said. */
  async #follow(options: VerbOptions): Promise<void> {
    try {
      await this.#followFresh(options);
    } catch (error) {
      const fault = asFault(error);
      if (fault.kind !== 'unreachable') throw error;
      await this.#door.within((state) => this.#namespace.follow(state));
      this.#events.onNotice?.(
        new Fault(
          'unreachable',
          'NOT_CONFIRMED',
          `whether this is the newest could not be confirmed: ${fault.message}`,
          {
            because: fault.code,
          },
        ),
      );
    }
  }

  /** "Not found" may be said only when a quorum confirmed the newest heads. */
  async #notFound(path: string, options: VerbOptions): Promise<Fault> {
    const inside = this.#namespace.catalog.below(path).length;
    if (inside > 0) {
      const message = `${path === '' ? 'the top of the vault' : path} is a directory with ${inside} objects below it: name one of them`;
      return new Fault('usage', 'IS_DIRECTORY', message, { path, inside });
    }
    const missing = new Fault(
      'failure',
      'NOT_FOUND',
      `the vault holds nothing at ${path === '' ? 'its top' : path}`,
      { path },
    );
    if (options.stale === true) return missing;
    try {
      await this.#refresh(options.signal);
      return missing;
    } catch (error) {
      return asFault(error);
    }
  }

  #spreadCertificate(): Promise<void> {
    return this.#door.within((state) => this.#device.spreadCertificate(state));
  }
}

function below(path: string, prefix: string): string {
  return prefix === '' ? path : path.slice(prefix.length + 1);
}
