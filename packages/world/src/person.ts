// A person at an agency's computer: does one thing after the other with the real client, tries again what did not
// succeed, reopens the vault after a crash, and takes a new device with the words when the old one is no good any more.
// Says what was asked for and what was told, in the words of the judges.

import { asFault, Fault, isFault, toHex } from '@vauban/core';
import { type CatalogVersion, readConfig, recoverVault, type Vault, verifyLedger } from '@vauban/client';
import { AgencyMachine, PASSPHRASE } from './agency-machine.ts';
import type { DiskImage } from './disk.ts';
import type { DeviceName, VaultName } from './founding.ts';
import { contentOf, type LocalFile, localSource, localTarget } from './local-files.ts';
import type { Operation } from './plan.ts';
import type { World } from './world.ts';

const PAUSE_MS = 1_500;
/** Tries after everything has been calm for a while. */
const CALM_TRIES_MAX = 8;
const TRIES_MAX = 200;

export interface Circumstances {
  /** Something is or was wrong lately: nobody is promised to be served. */
  readonly restless: () => boolean;
  readonly clocksOff: () => boolean;
  /** Hosters whose copy of the ledger may be found wrong. */
  readonly harmed: () => ReadonlySet<string>;
  /** Who has that device. */
  readonly others: (device: DeviceName) => Person | undefined;
}

/** What an honest hoster answers while its disk fails: no word about the ledger. */
const inTrouble: ReadonlySet<string> = new Set(['DAEMON_FAILED', 'STORE_FAILED', 'VOTE_HISTORY_FAILED']);

/** What a try came to: done, or the run of the program ended in the middle of it. */
type Outcome<Result> = { readonly done: Result } | { readonly crashed: true };

/** During a try. */
interface Try {
  readonly vault: Vault;
  /** When it began. */
  readonly sinceMs: number;
  /** Whether what is shown was confirmed by a quorum. */
  readonly confirmed: () => boolean;
}

export class Person {
  readonly name: string;
  readonly vaultName: VaultName;
  readonly #world: World;
  readonly #circumstances: Circumstances;
  #machine: AgencyMachine;
  #machines = 1;
  #vault: Vault | undefined;
  #unconfirmed = false;
  /** Bits turned over on this machine's disk, or it is an old one: whatever fails for that is no failure of ours. */
  #damaged = false;
  operations = 0;

  constructor(
    world: World,
    of: { readonly name: string; readonly vaultName: VaultName; readonly circumstances: Circumstances },
  ) {
    this.#world = world;
    this.name = of.name;
    this.vaultName = of.vaultName;
    this.#circumstances = of.circumstances;
    this.#machine = new AgencyMachine(world, of.name);
  }

  get machine(): AgencyMachine {
    return this.#machine;
  }

  /** Something on its disk is not what was written. */
  damaged(): void {
    this.#damaged = true;
  }

  /** The machine got an old disk. */
  restored(image: DiskImage): void {
    this.#damaged = true;
    this.#machine.restore(image);
  }

  /** Does it until it is done. Throws when it fails for no reason that excuses it. */
  async does(operation: Operation, nth: number): Promise<void> {
    switch (operation.do) {
      case 'put':
        return this.#put(operation.path, filesOf(this.#world, operation, nth));
      case 'get':
        return this.#get(operation.path);
      case 'get-all':
        return this.getAll();
      case 'list':
        return this.list();
      case 'remove':
        return this.#remove(operation.path);
      case 'where':
        return this.#where(operation.path);
      case 'verify':
        return this.#verify();
      case 'revoke':
        return this.#revoke(operation.device);
    }
  }

  /** A new machine, with nothing but the words. */
  async recover(): Promise<void> {
    await this.#leave();
    this.#machines += 1;
    this.#damaged = false;
    const world = this.#world;
    for (let attempt = 1; ; attempt++) {
      // What a crash leaves half made is thrown away with its disk.
      this.#machine = new AgencyMachine(world, `${this.name}.${this.#machines}.${attempt}`);
      try {
        const ports = this.#machine.launch();
        const options = { words: world.words(this.vaultName), charter: world.charters.signedFrom(1) };
        const made = recoverVault(ports, { ...options, passphrase: PASSPHRASE }).then(() => true);
        const recovered = await Promise.race([made, this.#machine.ended.then(() => false)]);
        this.#machine.kill();
        if (recovered) break;
      } catch (error) {
        this.#machine.kill();
        await this.#again('recover', error, attempt);
      }
    }
    world.counters.add('state recovered');
  }

  /** Ends the session in order. */
  async close(): Promise<void> {
    await this.#vault?.close();
    await this.#leave();
  }

  async list(): Promise<void> {
    await this.#until('list', async ({ vault, sinceMs }) => {
      const listing = new Map(
        (await vault.list('')).map(({ write }) => [write.path, contentOfWrite(write)] as const),
      );
      this.#world.tell({ of: 'listed', vault: this.vaultName, listing, sinceMs });
    });
  }

  /** Restores the whole vault, and expects neither more nor less than what is listed. */
  async getAll(): Promise<void> {
    const { crypto } = this.#world;
    await this.#until('get everything', async ({ vault, sinceMs, confirmed }) => {
      const target = localTarget(crypto);
      vault.forgetPacks();
      try {
        const { problems } = await vault.get('', () => target);
        for (const { fault } of problems) throw fault;
      } catch (error) {
        // An empty vault has no top.
        if (!isFault(error, 'NOT_FOUND')) throw error;
      }
      if (!confirmed()) return;
      this.#world.tell({ of: 'listed', vault: this.vaultName, listing: target.restored, sinceMs });
    });
  }

  async #put(path: string, files: readonly LocalFile[]): Promise<void> {
    const { crypto } = this.#world;
    const source = localSource(path, files);
    const vault = this.vaultName;
    const wanted = files.map((file) => ({
      path: [path, file.path].filter((part) => part !== '').join('/'),
      content: contentOf(crypto, file),
    }));
    await this.#until(`put ${path} (${files.length} files)`, async (now) => {
      for (const one of wanted) this.#world.tell({ of: 'began', vault, ...one });
      const { objects, problems } = await now.vault.put(source, path);
      for (const { fault } of problems) throw fault;
      if (objects.length !== files.length)
        throw new Error(`${objects.length} objects of ${files.length} were stored`);
    });
    for (const one of wanted) this.#world.tell({ of: 'done', vault, ...one });
  }

  async #remove(path: string): Promise<void> {
    const at = { vault: this.vaultName, path, content: null };
    let tried = false;
    const removed = await this.#until(`remove ${path}`, async ({ vault, sinceMs, confirmed }) => {
      if (!tried) this.#world.tell({ of: 'began', ...at });
      tried = true;
      try {
        await vault.remove(path);
        return true;
      } catch (error) {
        // Somebody, perhaps this person's own try before, has removed it already.
        if (!isFault(error, 'NOT_FOUND')) throw error;
        if (confirmed()) this.#world.tell({ of: 'found', ...at, sinceMs });
        return false;
      }
    });
    if (removed) this.#world.tell({ of: 'done', ...at });
  }

  async #get(path: string): Promise<void> {
    const { crypto } = this.#world;
    await this.#until(`get ${path}`, async ({ vault, sinceMs, confirmed }) => {
      const target = localTarget(crypto);
      vault.forgetPacks();
      try {
        const { problems } = await vault.get(path, () => target);
        for (const { fault } of problems) throw fault;
      } catch (error) {
        if (!isFault(error, 'NOT_FOUND')) throw error;
      }
      if (!confirmed()) return;
      const content = target.restored.get('') ?? null;
      this.#world.tell({ of: 'found', vault: this.vaultName, path, content, sinceMs });
    });
  }

  /** The other device's log is sealed; what its person had not finished is there or not, like any write that was cut short. */
  async #revoke(name: DeviceName): Promise<void> {
    const other = this.#circumstances.others(name);
    const device = await other?.device();
    if (other === undefined || device === undefined) return;
    await this.#until(`revoke ${device}`, async ({ vault }) => {
      // A device that has written nothing yet has no log, and nothing to be sealed.
      if (!(await vault.devices()).some(({ origin, own }) => origin === device && !own)) return;
      other.damaged();
      await vault.revokeDevice(device);
      this.#world.tell({ of: 'revoked', device });
      this.#world.counters.add('state device revoked');
    });
  }

  /** Origin of its log; undefined when its configuration cannot be read. */
  async device(): Promise<string | undefined> {
    return readConfig({ files: this.#machine.disk.bare }).then(
      (config) => config.device,
      () => undefined,
    );
  }

  async #where(path: string): Promise<void> {
    await this.#until(`where ${path}`, async ({ vault }) => {
      try {
        for (const { fragments, survives } of await vault.where(path)) {
          const holders = fragments.map((one) => `${one.index}:${one.site}${one.live ? '' : '!'}`);
          this.#world.trace.note(this.name, `${holders.join(' ')}: bears ${survives}`);
        }
      } catch (error) {
        if (!isFault(error, 'NOT_FOUND')) throw error;
      }
    });
  }

  /** Recomputes the whole ledger. Only copies of hosters that are known to be harmed may be wrong. */
  async #verify(): Promise<void> {
    const { crypto } = this.#world;
    await this.#until('verify', async ({ vault }) => {
      const { membership } = vault;
      await membership.links.live({ patient: true });
      const report = await verifyLedger({
        crypto,
        clock: this.#world.program(this.name, -1).clock,
        random: this.#world.random(`${this.name}/verify`),
        charters: membership.chain,
        voters: membership.voters(),
        scopes: [{ of: 'vault', vault: vault.idBytes }],
      });
      const harmed = this.#circumstances.harmed();
      const wrong = report.problems.find(
        ({ hoster, code }) =>
          (hoster === null || !harmed.has(hoster)) &&
          !(inTrouble.has(code) && this.#circumstances.restless()),
      );
      if (wrong === undefined) return;
      if (wrong.code === 'DEVICE_REVOKED') throw new Fault('refused', wrong.code, wrong.message, {});
      throw new Error(`verify: ${wrong.hoster ?? 'all copies'}: ${wrong.code} ${wrong.message}`);
    });
  }

  /** Tries until it is done. */
  async #until<Result>(what: string, work: (now: Try) => Promise<Result>): Promise<Result> {
    this.operations += 1;
    const { trace, counters } = this.#world;
    for (let attempt = 1; ; attempt++) {
      trace.note(this.name, `begins ${what}`);
      try {
        const outcome = await this.#run(work);
        if ('done' in outcome) {
          trace.note(this.name, `done ${what}`);
          return outcome.done;
        }
        counters.add('state client crashed');
        await this.#world.sleep(PAUSE_MS);
      } catch (error) {
        await this.#again(what, error, attempt);
      }
    }
  }

  /** What to do about a try that failed: wait, or take a new device; or throw, when nothing excuses it. */
  async #again(what: string, failure: unknown, attempt: number): Promise<void> {
    const error = ofDisk(failure) ? asFault(failure) : failure;
    if (!(error instanceof Fault)) throw error;
    const { trace, counters } = this.#world;
    trace.note(this.name, `failed ${what}: ${error.code}: ${error.message}`);
    counters.add(`retried ${error.code}`);
    if (error.code === 'WRITER_STATE_LOST') counters.add('state stale backup noticed');
    const { restless, clocksOff } = this.#circumstances;
    const passing =
      error.kind === 'unreachable' ||
      error.kind === 'missing-fragments' ||
      error.code === 'TOO_FEW_SITES' ||
      error.facts['class'] === 'later';
    const excused =
      (passing && (restless() || attempt <= CALM_TRIES_MAX)) ||
      (error.kind === 'refused' && clocksOff()) ||
      this.#damaged ||
      this.#machine.disk.troubled ||
      (error.kind === 'failure' && restless());
    if (!excused || attempt >= TRIES_MAX) {
      throw new Error(`${this.name}: ${what} failed in try ${attempt} with ${error.code}: ${error.message}`, {
        cause: error,
      });
    }
    // Nobody looks for longer at a machine that is broken.
    if (this.#damaged && (!passing || attempt > CALM_TRIES_MAX) && !this.#machine.disk.troubled) {
      trace.note(this.name, 'takes a new device');
      await this.recover();
    } else if (!passing) await this.#leave();
    await this.#world.sleep(PAUSE_MS);
  }

  async #leave(): Promise<void> {
    this.#vault = undefined;
    this.#machine.kill();
  }

  async #run<Result>(work: (now: Try) => Promise<Result>): Promise<Outcome<Result>> {
    this.#unconfirmed = false;
    const start = async () => {
      this.#vault ??= await this.#open();
      const now = { vault: this.#vault, sinceMs: this.#world.nowMs, confirmed: () => !this.#unconfirmed };
      return { done: await work(now) };
    };
    const ports = this.#vault === undefined ? this.#machine.launch() : undefined;
    if (ports !== undefined) this.#ports = ports;
    const crashed = this.#machine.ended.then(() => ({ crashed: true }) as const);
    const outcome = await Promise.race([start(), crashed]);
    if ('crashed' in outcome) this.#vault = undefined;
    return outcome;
  }

  #ports: ReturnType<AgencyMachine['launch']> | undefined;

  #open(): Promise<Vault> {
    const { trace, counters } = this.#world;
    return this.#machine.open(this.#ports as ReturnType<AgencyMachine['launch']>, {
      onNotice: (fault) => {
        trace.note(this.name, `notice ${fault.code}`);
        counters.add(`notice ${fault.code}`);
        if (fault.code === 'NOT_CONFIRMED') this.#unconfirmed = true;
        if (fault.code === 'DEVICE_RENEWED') counters.add('state stale backup noticed');
      },
      onLiar: ({ daemon, fault }) => {
        trace.note(this.name, `liar ${daemon} ${asFault(fault).code}`);
        counters.add(`caught ${asFault(fault).code}`);
      },
    });
  }
}

function filesOf(world: World, operation: Operation & { readonly do: 'put' }, nth: number): LocalFile[] {
  const random = world.random(`operation/${nth}`);
  const [single, ...more] = operation.files;
  if (single !== undefined && more.length === 0) return [{ path: '', bytes: random.bytes(single) }];
  const files = operation.files.map((size, at) => ({ path: `${at}`, bytes: random.bytes(size) }));
  return [...files, { path: 'empty', bytes: new Uint8Array(0) }, { path: 'directory' }];
}

/** An error as the machine's own disk throws them. */
function ofDisk(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return !(error instanceof Fault) && (code === 'EIO' || code === 'ENOSPC');
}

function contentOfWrite(write: CatalogVersion['write']): string {
  return write.sha256 === undefined ? write.kind : toHex(write.sha256);
}
