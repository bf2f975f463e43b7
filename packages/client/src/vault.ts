// An open vault: the agency's namespace over the hosters' daemons. Each verb of the command is one method, which first
// makes sure how new its answer is.

import { asFault, Fault, type Policy, toHex } from '@vauban/core';
import { CharterChain, type LogStore, originOf, type Place } from '@vauban/ledger';
import { validateVaultPath } from '@vauban/seal';
import type { CatalogVersion } from './catalog.ts';
import type { CurrentHolders } from './current-holders.ts';
import { type DeviceLine, listDevices, type Revoked, revokeDevice } from './devices.ts';
import { type GetOptions, type GetResult, readObject, restore } from './get.ts';
import { type ByteRange, readRange } from './get-range.ts';
import type { LocalSource, LocalTarget } from './local-tree.ts';
import type { Membership } from './membership.ts';
import { placeAnywhere } from './namespace.ts';
import { meaningOf, missingAt, pathBelow } from './path-meaning.ts';
import type { ClientPorts } from './ports.ts';
import {
  type DeletionProof,
  type PlacementProof,
  proveDeletion,
  type ProveOptions,
  provePlacement,
} from './prove.ts';
import { put, type PutResult } from './put.ts';
import type { Liar } from './segment-reader.ts';
import { type Released, remove, type Removed, tidy, undelete, type Undoable, undoable } from './removal.ts';
import { silenceOf } from './silence.ts';
import type { Freshness } from './sync.ts';
import type { VaultConfig } from './vault-config.ts';
import { renewalDone } from './vault-device.ts';
import { readConfig, readKeys, writeConfig } from './vault-files.ts';
import { type OpenedVault, policyOf, type VaultParts, vaultParts } from './vault-parts.ts';
import { type FragmentWhereabouts, whereabouts } from './whereabouts.ts';

export interface VaultEvents {
  /** A daemon sent what the ledger does not vouch for. */
  readonly onLiar?: (liar: Liar) => void;
  /** Something a person should know, which stops nothing. */
  readonly onNotice?: (fault: Fault) => void;
}

export interface VerbOptions extends Freshness {
  /** Called with each step's bytes, and all that is to come where that is known (0 where not). */
  readonly onProgress?: (bytes: number, total: number) => void;
}

export class Vault {
  readonly #ports: ClientPorts;
  readonly #config: VaultConfig;
  readonly #parts: VaultParts;
  readonly #notice: (fault: Fault) => void;
  readonly #liarsSeen = new Set<(liar: Liar) => void>();

  private constructor(ports: ClientPorts, opened: OpenedVault, events: VaultEvents) {
    this.#ports = ports;
    this.#config = opened.config;
    this.#notice = (fault) => events.onNotice?.(fault);
    const liar = (one: Liar) => {
      events.onLiar?.(one);
      for (const note of this.#liarsSeen) note(one);
    };
    this.#parts = vaultParts(ports, opened, { liar, notice: this.#notice });
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
    await vault.#parts.network.start();
    return vault;
  }

  async close(): Promise<void> {
    await this.#parts.network.stop();
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
    return this.#parts.membership;
  }

  get holders(): CurrentHolders {
    return this.#parts.holders;
  }

  /** Stores a file or tree at a vault path. Faults: see `put`. */
  async put(source: LocalSource, path: string, options: VerbOptions = {}): Promise<PutResult> {
    if (path !== '') validateVaultPath(path);
    const signal = options.signal ?? new AbortController().signal;
    const { membership, sync, door, view, namespace, segmentWriter, turns, committer } = this.#parts;
    const live = await membership.links.live({ patient: true, signal });
    await membership.settled();
    await sync.refresh(signal);
    await sync.finishOwn();
    const { crypto, clock, random, files, owner, alive } = this.#ports;
    const result = await put(
      {
        crypto,
        clock,
        random,
        charter: () => membership.charter,
        policy: this.#policy(),
        vault: this.#config.vault,
        writer: segmentWriter,
        turns,
        journals: { files, random, vaultSecret: view.vaultSecret, owner, alive },
        exclusively: (work) => door.within(() => work()),
        progress: (bytes) => options.onProgress?.(bytes, 0),
        signal,
        catalog: namespace.catalog,
        committer,
      },
      source,
      path,
    );
    const silence = silenceOf(membership, { live, result, policy: this.#policy() });
    if (silence !== undefined) this.#notice(silence);
    // What was deleted under a retention that has ended since; it can wait for the next time.
    await tidy(this.#parts.removal).catch((error: unknown) => this.#notice(asFault(error)));
    await sync.spreadCertificate();
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
    const { sync, namespace } = this.#parts;
    await sync.follow(options);
    const { found, single, notices } = meaningOf(namespace.catalog, path, options.below === true);
    for (const notice of notices) this.#notice(notice);
    if (found.length === 0) throw await this.#notFound(path, options);
    const wanted = found.map((version) => ({
      version,
      as: single ? '' : pathBelow(version.write.path, path),
    }));
    const total = found.reduce((sum, { write }) => sum + write.size, 0);
    return restore(await this.#getOptions(options, total), wanted, target(!single));
  }

  /** Streams one object's bytes in order, or a range of them. Faults: as `get`; RANGE. */
  async read(
    path: string,
    sink: (bytes: Uint8Array) => Promise<void>,
    options: VerbOptions & { readonly range?: ByteRange } = {},
  ): Promise<void> {
    const { sync, namespace } = this.#parts;
    if (namespace.catalog.get(path) === undefined) await sync.follow(options);
    const version = namespace.catalog.get(path);
    if (version === undefined) throw await this.#notFound(path, options);
    const { range } = options;
    const getOptions = await this.#getOptions(options);
    if (range === undefined) await readObject(getOptions, { version, wholePack: false }, sink);
    else await readRange(getOptions, { version, range }, sink);
  }

  /** Current versions whose path begins with the prefix. Faults: UNFINISHED, QUORUM_UNREACHABLE unless `stale`. */
  async list(prefix: string, options: VerbOptions = {}): Promise<readonly CatalogVersion[]> {
    const { sync, namespace } = this.#parts;
    await sync.fresh(options);
    return namespace.catalog.startingWith(prefix);
  }

  /**
   * Deletes a path and what is below it, and gives up the claims that nothing else needs, where this device may. Faults:
   * NOT_FOUND.
   */
  async remove(path: string, options: VerbOptions = {}): Promise<Removed> {
    await this.#upToDate(options);
    const removed = await remove(this.#parts.removal, path);
    if (removed.objects.length === 0) throw await this.#notFound(path, options);
    await this.#parts.sync.spreadCertificate();
    return removed;
  }

  /** Gives up what earlier deletions had to leave, as far as nothing retains it any more. */
  async finishRemoval(options: VerbOptions = {}): Promise<Released> {
    await this.#upToDate(options);
    const released = await tidy(this.#parts.removal);
    await this.#parts.sync.spreadCertificate();
    return released;
  }

  /** Brings back what was deleted at a path and below it. Faults: NOT_DELETED, UNDO_OVER {deletedAt, until}. */
  async undelete(path: string, options: VerbOptions = {}): Promise<readonly Undoable[]> {
    await this.#upToDate(options);
    const back = await undelete(this.#parts.removal, path, options.signal);
    await this.#parts.sync.spreadCertificate();
    return back;
  }

  /** What was deleted and can be brought back, of paths that begin with the prefix. Faults: as `list`. */
  async listDeleted(prefix: string, options: VerbOptions = {}): Promise<readonly Undoable[]> {
    await this.#parts.sync.fresh(options);
    return undoable(this.#parts.removal, prefix);
  }

  async #upToDate(options: VerbOptions): Promise<void> {
    await this.#parts.sync.fresh(options);
    await this.#parts.sync.finishOwn();
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
    const { sync, namespace } = this.#parts;
    await sync.follow(options);
    const version = namespace.catalog.get(path);
    if (version === undefined) throw await this.#notFound(path, options);
    return Promise.all((await this.#placesOf(version)).map((place) => this.challenge(place, options.signal)));
  }

  /** A proof of where a path's fragments stood, and what it says; by now unless `at` says another moment. Faults: see `provePlacement`. */
  async prove(
    path: string,
    options: VerbOptions & { readonly at?: number; readonly label?: string } = {},
  ): Promise<PlacementProof> {
    await this.#parts.sync.follow(options);
    return provePlacement(this.#proving(), this.#proof(path, options));
  }

  /** A proof of what was given up and erased of all that a path ever had, finished or not. Faults: see `proveDeletion`. */
  async proveDeleted(
    path: string,
    options: VerbOptions & { readonly label?: string } = {},
  ): Promise<DeletionProof> {
    const { sync, namespace } = this.#parts;
    await sync.follow(options);
    return proveDeletion({ ...this.#proving(), catalog: namespace.catalog }, this.#proof(path, options));
  }

  #proving() {
    const { membership, door, view } = this.#parts;
    return { membership, door, namespace: view, onNotice: this.#notice };
  }

  #proof(
    path: string,
    { at, label, signal }: VerbOptions & { readonly at?: number; readonly label?: string },
  ): ProveOptions {
    return {
      path,
      // Another device's clock may be a little ahead of this one's.
      at: at ?? Math.max(this.#ports.clock.now(), this.newestTime),
      ...(label === undefined ? {} : { label }),
      ...(signal === undefined ? {} : { signal }),
    };
  }

  /** The vault's devices, oldest first. Faults: QUORUM_UNREACHABLE, UNFINISHED. */
  devices(options: VerbOptions = {}): Promise<readonly DeviceLine[]> {
    return this.#parts.door.within(({ logs }) => listDevices(this.#devicesPorts(logs, options)));
  }

  /** Takes a device's rights away, for good. Faults: see `revokeDevice`. */
  async revokeDevice(name: string, options: VerbOptions = {}): Promise<Revoked> {
    const { sync, door, device, namespace } = this.#parts;
    await sync.refresh(options.signal);
    const revoked = await door.within(async (state) => {
      const ports = this.#devicesPorts(state.logs, options);
      const { rootSeed } = device.agencyKeys;
      const writer = () => device.writer(state);
      const done = await revokeDevice({ ...ports, rootSeed, writer }, name);
      await namespace.follow(state);
      return done;
    });
    await sync.spreadCertificate();
    return revoked;
  }

  #devicesPorts(logs: LogStore, { signal }: VerbOptions) {
    const { crypto, clock } = this.#ports;
    const { vault, agency } = this.#config;
    const { sync, device } = this.#parts;
    return { crypto, clock, reader: sync.reading(logs, signal), vault, agency, own: device.origin };
  }

  /** Every place of the vault's live objects, once. */
  async places(prefix: string, options: VerbOptions = {}): Promise<readonly Place[]> {
    const { sync, namespace } = this.#parts;
    await sync.follow(options);
    const seen = new Map<string, Place>();
    for (const version of namespace.catalog.startingWith(prefix)) {
      for (const place of await this.#placesOf(version)) seen.set(toHex(place.segment), place);
    }
    return [...seen.values()];
  }

  /** Challenges one place's holders: those of `where`, without a path. */
  challenge(place: Place, signal?: AbortSignal) {
    const { charter, links } = this.membership;
    const { crypto, random } = this.#ports;
    return whereabouts(
      { charter, links, holders: this.holders, crypto, random, ...(signal === undefined ? {} : { signal }) },
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
    return this.#parts.namespace.newestTime;
  }

  /** Forgets packs kept in memory, so that reads ask the hosters. */
  forgetPacks(): void {
    this.#parts.source.forget();
  }

  #policy(): Policy {
    return policyOf(this.#parts.membership, this.#config);
  }

  async #placesOf({ write, pack }: CatalogVersion): Promise<Place[]> {
    const place = write.content?.in;
    if (place === undefined) return [];
    const named = 'segments' in place ? place.segments.map(({ id }) => id) : [place.pack ?? pack];
    const ids = named.filter((id): id is Uint8Array => id !== null);
    return this.#parts.door.within(({ logs }) => Promise.all(ids.map((id) => this.#placeIn(logs, id))));
  }

  async #placeIn(logs: LogStore, segment: Uint8Array): Promise<Place> {
    return placeAnywhere({ logs, crypto: this.#ports.crypto, vault: this.#config.vault }, segment);
  }

  async #getOptions(options: VerbOptions, total = 0): Promise<GetOptions> {
    const { source, door, turns } = this.#parts;
    return {
      crypto: this.#ports.crypto,
      source,
      find: (segment) => door.within(({ logs }) => this.#placeIn(logs, segment)),
      turns,
      progress: (bytes) => options.onProgress?.(bytes, total),
      signal: options.signal ?? new AbortController().signal,
    };
  }

  /** IS_DIRECTORY; NOT_FOUND once it is confirmed; or why it could not be. */
  async #notFound(path: string, options: VerbOptions): Promise<Fault> {
    const { namespace, sync } = this.#parts;
    const missing = missingAt(namespace.catalog, path);
    return missing.code === 'NOT_FOUND' ? sync.confirmed(missing, options) : missing;
  }
}
