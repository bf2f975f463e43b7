// One hoster's machine: a disk that outlives its programs, and the real daemon on it, which may be killed, lose power
// with its disk, come back with an old one, lie, or burn.

import { asFault, type Fact, type Files } from '@vauban/core';
import { createMarker, Daemon, type VotingKeys, votingKeyFiles } from '@vauban/daemon';
import type { Disk, DiskImage } from './disk.ts';
import type { Liar, MachinePorts } from './liar.ts';
import type { HosterIdentity } from './membership.ts';
import type { Party } from './network/party.ts';
import type { Program } from './program.ts';
import type { World } from './world.ts';

/** `voting`: it has finished its start-up read. `silent`: it has stopped voting. `failed`: it could not start. */
export type HosterState = 'down' | 'starting' | 'voting' | 'silent' | 'failed' | 'burnt';

const CAPACITY_BYTES = 1_000_000_000;
/** Rates of repair: low enough that a history's bytes take a while. */
export const REPAIR_LIMITS = { linkBytesPerSecond: 60_000, diskBytesPerSecond: 120_000 };
/** Where its keys are, on the one disk. */
const KEYS = 'keys';

interface Run {
  readonly program: Program;
  readonly party: Party;
  readonly daemon: Daemon;
}

export class HosterMachine {
  /** Its keys change with what its engineer installs, from the next start on. */
  identity: HosterIdentity;
  readonly disk: Disk;
  readonly #world: World;
  #liar: Liar | undefined;
  #state: HosterState = 'down';
  #run: Run | undefined;
  #starts = 0;
  #failure: Error | undefined;
  #epoch = 0;
  #clockRight: (() => void) | undefined;

  constructor(world: World, identity: HosterIdentity) {
    this.#world = world;
    this.identity = identity;
    this.disk = world.disk(identity.name);
  }

  get name(): string {
    return this.identity.name;
  }

  get state(): HosterState {
    return this.#state;
  }

  get honest(): boolean {
    return this.#liar === undefined;
  }

  /** Why the last start failed. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** The newest epoch that its daemon said it entered. */
  get epoch(): number {
    return this.#epoch;
  }

  /** What its engineer asks the running daemon through its own socket. */
  get care(): NonNullable<ReturnType<Daemon['opened']>>['care'] | undefined {
    return this.#run?.daemon.opened()?.care;
  }

  /** The run that is under way has ended when this is another number. */
  get starts(): number {
    return this.#starts;
  }

  /** Its network while a program runs. */
  get party(): Party | undefined {
    return this.#run?.party;
  }

  /** What lies on its disk, read from outside. */
  get files(): Files {
    return this.disk.bare;
  }

  /** From its next start on. */
  corrupt(liar: Liar): void {
    this.#liar = liar;
    this.#world.tell({ of: 'lies', hoster: this.name, liar: liar.name });
  }

  /** What the hoster's engineer does once, before the first start. */
  async setUp(): Promise<void> {
    await createMarker(this.disk.bare, this.identity.daemon);
    const { epoch, votingSeed: seed } = this.identity;
    await this.disk.bare.makeDirectory(KEYS);
    const publicKey = this.#world.crypto.ed25519Public(seed);
    await this.#votingKeys(this.disk.bare).create(epoch, { role: `voting-${epoch}`, seed, publicKey });
  }

  /** Switches the machine on; the daemon's start goes on by itself. Does nothing when it is on, or has burnt. */
  start(): void {
    if (this.#state === 'burnt' || this.#run !== undefined) return;
    const world = this.#world;
    const { name, daemon: id, epoch, transportSeed, receiptSeed, logSeed, votingSeed } = this.identity;
    const program = world.program(name, this.#starts);
    const party = world.party(program, { name, seed: transportSeed, listens: true });
    world.trace.note(name, 'starts');
    const files = this.disk.files(program);
    const honest: MachinePorts = {
      network: party,
      files,
      store: this.disk.store(program),
      votingKeys: this.#votingKeys(files),
      keys: { transportSeed, receiptSeed, logSeed, voting: { epoch, seed: votingSeed } },
    };
    const daemon = new Daemon({
      id,
      ...this.#wrapped(honest, program),
      charter: world.charters.signedFrom(1).slice(0, 1),
      crypto: world.crypto,
      clock: program.clock,
      random: world.random(program.name),
      capacityBytes: CAPACITY_BYTES,
      repairLimits: REPAIR_LIMITS,
      log: (level, event, facts = {}) => this.#heard(program, `${level} ${event}`, facts),
    });
    this.#starts += 1;
    this.#state = 'starting';
    this.#failure = undefined;
    this.#run = { program, party, daemon };
    daemon.start().catch((error: unknown) => {
      if (this.#run?.program !== program) return;
      this.#failure = new Error(`${name} did not start: ${asFault(error).message}`, { cause: error });
      this.#state = 'failed';
      world.counters.add(`start failed ${asFault(error).code}`);
      world.trace.note(name, `did not start: ${asFault(error).code}`);
    });
  }

  /** Switches it on after an absence of so long, by its own clock, which is set right once its daemon has started and so seen that. */
  startAfter(awayMs: number): void {
    if (this.#state === 'burnt' || this.#run !== undefined) return;
    const wall = this.#world.wall(this.name);
    wall.offMs += awayMs;
    this.#clockRight = () => {
      wall.offMs -= awayMs;
      this.#clockRight = undefined;
    };
    this.start();
  }

  /** What its engineer does to let it vote anew; undefined when nothing is left to do it on. */
  async makeVotingKey(epoch: number): Promise<Uint8Array | undefined> {
    if (this.#state === 'burnt') return undefined;
    const keys = this.#votingKeys(this.disk.bare);
    try {
      return ((await keys.of(epoch)) ?? (await keys.create(epoch))).publicKey;
    } catch {
      // Its disk is no good for keys any more.
      return undefined;
    }
  }

  #votingKeys(files: Files): VotingKeys {
    const { crypto } = this.#world;
    const random = this.#world.random(`${this.name}/voting keys ${this.#starts}`);
    return votingKeyFiles({ files, directory: KEYS, data: files, crypto, random });
  }

  /** The program is killed; what it handed to its system stays. */
  kill(): void {
    this.#end('killed');
  }

  /** Power fails: nobody is told, and the disk keeps what was synced. */
  cutPower(): void {
    if (this.#end('powerless')) this.disk.cut();
  }

  /** Its disk becomes what it was when the image was taken. */
  restore(image: DiskImage): void {
    if (this.#state === 'burnt') return;
    this.#end('powerless');
    this.disk.restore(image);
    this.#world.tell({ of: 'restored', machine: this.name });
    this.#world.trace.note(this.name, 'has an old disk');
  }

  /** Its disk is a new one, set up as the first one was; it stays off. */
  wipe(): void {
    const image = this.#world.foundingImage(this.name);
    if (image !== undefined) this.restore(image);
  }

  /** Gone for good, with everything on it. */
  burn(): void {
    if (this.#state === 'burnt') return;
    this.#end('powerless');
    this.#state = 'burnt';
    this.#world.tell({ of: 'burnt', hoster: this.name });
    this.#world.trace.note(this.name, 'burns');
  }

  async stop(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    if (this.#state !== 'failed') await run.daemon.stop();
    run.program.end();
    this.#run = undefined;
    this.#state = 'down';
  }

  #wrapped(ports: MachinePorts, program: Program): MachinePorts {
    const world = this.#world;
    const liar = this.#liar;
    if (liar === undefined) return ports;
    return liar.wrap(ports, {
      identity: this.identity,
      crypto: world.crypto,
      random: world.random(`${program.name}/lies`),
      clock: program.clock,
      charter: () => world.charters.current,
      ring: world.ring,
      did: (what) => {
        world.counters.add(`lie ${liar.name} ${what}`);
        world.trace.note(this.name, `lies: ${liar.name} ${what}`);
      },
    });
  }

  #end(how: 'killed' | 'powerless'): boolean {
    const run = this.#run;
    // A start that failed saw nothing of the absence that anybody would remember.
    if (this.#state !== 'failed') this.#clockRight?.();
    if (run === undefined) return false;
    this.#world.trace.note(this.name, how === 'killed' ? 'is killed' : 'loses power');
    run.program.end();
    run.party.vanish(how);
    this.#run = undefined;
    this.#state = 'down';
    return true;
  }

  #heard(program: Program, event: string, facts: { readonly [key: string]: Fact }): void {
    const words = Object.entries(facts).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    this.#world.trace.note(this.name, `says ${[event, ...words].join(' ')}`);
    const [, what = ''] = event.split(' ');
    const { counters } = this.#world;
    if (what === 'ledger-damaged' || what === 'log-damaged') counters.add('state quarantine');
    const { code } = facts;
    const why = what === 'voting-stopped' && typeof code === 'string' ? ` ${code}` : '';
    counters.add(`daemon ${what}${why}`);
    if (what === 'read-only' || what === 'readmitted') this.#world.tell({ of: what, hoster: this.name });
    if (what === 'serving') this.#clockRight?.();
    if (this.#run?.program !== program) return;
    if (what === 'epoch') counters.add('state epoch entered');
    if (what === 'epoch' && typeof facts['epoch'] === 'number') this.#epoch = facts['epoch'];
    if (what === 'voting' || (what === 'epoch' && facts['silent'] === null)) this.#state = 'voting';
    if (what === 'voting-stopped' || what === 'ledger-damaged') this.#state = 'silent';
  }
}
