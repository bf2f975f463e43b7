// An agency's computer: a vault directory that outlives the client's runs, and the real client on it.

import type { Files, Store } from '@vauban/core';
import { type ClientPorts, Vault, type VaultEvents } from '@vauban/client';
import { scryptKdf } from '@vauban/seal';
import type { Disk, DiskImage } from './disk.ts';
import type { Party } from './network/party.ts';
import type { Program } from './program.ts';
import type { World } from './world.ts';

export const PASSPHRASE = 'a passphrase of the world';
/** Guessing is not what this world tries: the cheapest setting the key file allows. */
const cheapKdf = { ...scryptKdf, defaults: { memoryKiB: 2, passes: 1, lanes: 1 } };

export class AgencyMachine {
  readonly name: string;
  readonly disk: Disk;
  readonly #world: World;
  #program: Program | undefined;
  #parties: Party[] = [];
  #runs = 0;

  constructor(world: World, name: string) {
    this.name = name;
    this.#world = world;
    this.disk = world.disk(name);
  }

  get parties(): readonly Party[] {
    return this.#parties;
  }

  /** A new run of the client's program; the one before must have ended. */
  launch(): ClientPorts {
    const world = this.#world;
    const program = world.program(this.name, this.#runs);
    this.#runs += 1;
    this.#program = program;
    world.trace.note(this.name, 'starts');
    const files: Files = this.disk.files(program);
    return {
      crypto: world.crypto,
      clock: program.clock,
      random: world.random(program.name),
      files,
      openState: async (): Promise<Store> => this.disk.store(program),
      network: (seed) => {
        const party = world.party(program, { name: this.name, seed, listens: false });
        this.#parties.push(party);
        return party;
      },
      kdf: cheapKdf,
      kdfs: [cheapKdf],
      owner: program.name,
      alive: async (owner) => owner === this.#program?.name && this.#program.alive,
    };
  }

  open(ports: ClientPorts, events: VaultEvents): Promise<Vault> {
    return Vault.open(ports, PASSPHRASE, events);
  }

  /** Resolves when the run that goes on now is over. */
  get ended(): Promise<void> {
    return this.#program?.ended ?? Promise.resolve();
  }

  kill(): void {
    this.#end('killed');
  }

  /** Power fails: the vault directory keeps what was synced. */
  cutPower(): void {
    if (this.#end('powerless')) this.disk.cut();
  }

  /** Its disk becomes what it was when the image was taken. */
  restore(image: DiskImage): void {
    this.#end('powerless');
    this.disk.restore(image);
    this.#world.tell({ of: 'restored', machine: this.name });
    this.#world.trace.note(this.name, 'has an old disk');
  }

  #end(how: 'killed' | 'powerless'): boolean {
    const program = this.#program;
    if (program === undefined) return false;
    this.#world.trace.note(this.name, how === 'killed' ? 'is killed' : 'loses power');
    program.end();
    for (const party of this.#parties) party.vanish(how);
    this.#parties = [];
    this.#program = undefined;
    return true;
  }
}
