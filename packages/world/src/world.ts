// One world: a scheduler, the wires, the trace, nine machines of hosters, and whoever else joins. Everything in it is a
// function of one seed. Daemon and client run in it as they are; what goes wrong happens to their ports.

import { type Crypto, type Random, randomBelow } from '@vauban/core';
import { CharterChain } from '@vauban/ledger';
import { Disk } from './disk.ts';
import { HosterMachine } from './hoster-machine.ts';
import { foundCharter, hosterIdentities, peerIdOf } from './membership.ts';
import { Ether, type Tap } from './network/ether.ts';
import { Party } from './network/party.ts';
import { Weather } from './network/weather.ts';
import { Program } from './program.ts';
import { Scheduler, type Turn } from './scheduler.ts';
import { keySeed, seededRandom } from './seeded-random.ts';
import { Trace } from './trace.ts';

/** What a world stands on: the exact way to wait for promises, and deterministic bulk crypto. */
export interface Ground {
  readonly turn: Turn;
  readonly crypto: Crypto;
}

export interface WorldOptions {
  readonly seed: number;
  readonly ground: Ground;
  readonly print: ((line: string) => void) | undefined;
  readonly tap: Tap;
  readonly disksLie: boolean;
}

const DISK_BYTES = 2_000_000_000;

export class World {
  readonly seed: number;
  readonly crypto: Crypto;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly weather: Weather;
  readonly ether: Ether;
  readonly hosters: readonly HosterMachine[];
  /** The officers' copy of the charter. */
  readonly charters: CharterChain;
  readonly #disksLie: boolean;

  constructor(options: WorldOptions) {
    const { seed, ground, print, tap } = options;
    const { crypto, turn } = ground;
    this.seed = seed;
    this.crypto = crypto;
    this.#disksLie = options.disksLie;
    const scheduler = new Scheduler(turn);
    this.scheduler = scheduler;
    this.trace = new Trace({ crypto, nowMs: () => scheduler.nowMs, print });
    this.weather = new Weather(this.random('weather'));
    this.ether = new Ether({ scheduler, weather: this.weather, trace: this.trace, crypto, tap });
    const identities = hosterIdentities(crypto, seed);
    this.charters = new CharterChain(crypto, foundCharter(crypto, seed, identities));
    this.hosters = identities.map((identity) => new HosterMachine(this, identity));
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  random(name: string): Random {
    return seededRandom(this.crypto, this.seed, name);
  }

  key(name: string): Uint8Array {
    return keySeed(this.crypto, this.seed, name);
  }

  program(name: string): Program {
    return new Program(this.scheduler, name);
  }

  disk(name: string): Disk {
    return new Disk({
      name,
      random: this.random(`${name}/disk`),
      trace: this.trace,
      capacityBytes: DISK_BYTES,
      lies: this.#disksLie,
    });
  }

  /** The network of a program under its transport key. */
  party(
    program: Program,
    of: { readonly name: string; readonly seed: Uint8Array; readonly listens: boolean },
  ) {
    const { name, listens } = of;
    return new Party({ ether: this.ether, program, self: peerIdOf(this.crypto, of.seed), name, listens });
  }

  sleep(ms: number): Promise<void> {
    return this.scheduler.sleep(ms);
  }

  /** Looks every now and then until it is so. Throws when it takes longer than `timeMsMax` of virtual time. */
  async until(what: string, holds: () => boolean, timeMsMax = 120_000): Promise<void> {
    const end = this.nowMs + timeMsMax;
    while (!holds()) {
      if (this.nowMs > end) throw new Error(`waited ${timeMsMax} ms in vain: ${what}`);
      await this.sleep(50);
    }
  }
}

/** One of several, drawn. */
export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[randomBelow(random, items.length)] as Item;
}

/** A whole number from `from` to `to`, drawn. */
export function between(random: Random, from: number, to: number): number {
  return from + randomBelow(random, to - from + 1);
}
