// One hoster's machine: a disk that outlives its programs, and the real daemon on it, which may be killed, lose power
// with its disk, or burn.

import { asFault, type Fact } from '@vauban/core';
import { createMarker, Daemon, VOTES_PATH } from '@vauban/daemon';
import { VoteJournal } from '@vauban/ledger';
import type { Disk } from './disk.ts';
import type { HosterIdentity } from './membership.ts';
import type { Party } from './network/party.ts';
import type { Program } from './program.ts';
import type { World } from './world.ts';

/** `voting`: it has finished its start-up read. */
export type HosterState = 'down' | 'starting' | 'voting' | 'burnt';

const CAPACITY_BYTES = 1_000_000_000;

interface Run {
  readonly program: Program;
  readonly party: Party;
  readonly daemon: Daemon;
}

export class HosterMachine {
  readonly identity: HosterIdentity;
  readonly #world: World;
  readonly #disk: Disk;
  #state: HosterState = 'down';
  #run: Run | undefined;
  #starts = 0;
  #failure: Error | undefined;

  constructor(world: World, identity: HosterIdentity) {
    this.#world = world;
    this.identity = identity;
    this.#disk = world.disk(identity.name);
  }

  get name(): string {
    return this.identity.name;
  }

  get state(): HosterState {
    return this.#state;
  }

  /** A start that failed: no fault of this world's kind excuses it. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** What the hoster's engineer does once, before the first start. */
  async setUp(): Promise<void> {
    await createMarker(this.#disk.bare, this.identity.daemon);
    await VoteJournal.create(this.#disk.bare, VOTES_PATH);
  }

  /** Switches the machine on; the daemon's start goes on by itself. */
  start(): void {
    const world = this.#world;
    const { name, daemon: id, epoch, transportSeed, receiptSeed, logSeed, votingSeed } = this.identity;
    const program = world.program(`${name}/${this.#starts}`);
    const party = world.party(program, { name, seed: transportSeed, listens: true });
    world.trace.note(name, 'starts');
    const daemon = new Daemon({
      id,
      keys: { transportSeed, receiptSeed, logSeed, voting: { epoch, seed: votingSeed } },
      charter: world.charters.signedFrom(1).slice(0, 1),
      network: party,
      files: this.#disk.files(program),
      store: this.#disk.store(program),
      crypto: world.crypto,
      clock: program.clock,
      random: world.random(program.name),
      capacityBytes: CAPACITY_BYTES,
      log: (level, event, facts = {}) => this.#heard(program, `${level} ${event}`, facts),
    });
    this.#starts += 1;
    this.#state = 'starting';
    this.#run = { program, party, daemon };
    daemon.start().catch((error: unknown) => {
      this.#failure = new Error(`${name} did not start: ${asFault(error).message}`, { cause: error });
      world.trace.note(name, `did not start: ${asFault(error).code}`);
    });
  }

  /** The program is killed; what it handed to its system stays. */
  kill(): void {
    this.#end('killed');
  }

  /** Power fails: nobody is told, and the disk keeps what was synced. */
  cutPower(): void {
    if (this.#end('powerless')) this.#disk.cut();
  }

  /** Gone for good, with everything on it. */
  burn(): void {
    this.#end('powerless');
    this.#state = 'burnt';
    this.#world.trace.note(this.name, 'burns');
  }

  async stop(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    await run.daemon.stop();
    run.program.end();
    this.#run = undefined;
    this.#state = 'down';
  }

  #end(how: 'killed' | 'powerless'): boolean {
    const run = this.#run;
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
    if (this.#run?.program === program && event === 'info voting') this.#state = 'voting';
  }
}
