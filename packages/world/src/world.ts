// One world: a scheduler, the wires, the trace, nine machines of hosters, and whoever else joins. Everything in it is a
// function of one seed. Daemon and client run in it as they are; what goes wrong happens to their ports.

import { type Crypto, type Random, randomBelow } from '@vauban/core';
import { CharterChain, type SignedCharter } from '@vauban/ledger';
import type { Told } from './checker.ts';
import { Counters } from './counters.ts';
import { Disk, type DiskImage } from './disk.ts';
import { HosterMachine } from './hoster-machine.ts';
import { FOUNDING_SEED, type HosterIdentity, peerIdOf } from './membership.ts';
import { Ether, type Tap } from './network/ether.ts';
import { Party } from './network/party.ts';
import { Weather } from './network/weather.ts';
import { Program, WallClock } from './program.ts';
import { Scheduler, type Turn } from './scheduler.ts';
import { keySeed, seededRandom } from './seeded-random.ts';
import { Trace } from './trace.ts';

/** What a world stands on: the exact way to wait for promises, and deterministic bulk crypto. */
export interface Ground {
  readonly turn: Turn;
  readonly crypto: Crypto;
  /** 32 bits that tell messages apart in a trace. */
  readonly checksum: (bytes: Uint8Array) => number;
  /** Takes what a promise was rejected with that nobody waited for: it would have ended a real process. */
  readonly takeUnheard: () => Promise<readonly unknown[]>;
}

/** Runs it to its end, and throws what it left unheard. */
export async function heardToTheEnd<Result>(ground: Ground, run: () => Promise<Result>): Promise<Result> {
  await ground.takeUnheard();
  const result = await run();
  for (const reason of await ground.takeUnheard()) {
    const said = reason instanceof Error ? reason.message : String(reason);
    throw new Error(`a promise was rejected and nobody heard it, which ends a process: ${said}`, {
      cause: reason,
    });
  }
  return result;
}

/** The consortium that histories begin with. */
export interface Founding {
  readonly identities: readonly HosterIdentity[];
  readonly charter: readonly SignedCharter[];
  /** Disks by machine: of hosters that were set up, and of devices that were let in. */
  readonly images: ReadonlyMap<string, DiskImage>;
  /** The words of each vault, by its name in the world. */
  readonly words: ReadonlyMap<string, string>;
}

export interface WorldOptions {
  readonly seed: number;
  readonly ground: Ground;
  readonly founding: Founding;
  readonly print?: ((line: string) => void) | undefined;
  readonly tap?: Tap;
  /** Told what people do and are told. */
  readonly tell?: (event: Told, nowMs: number) => void;
}

const DISK_BYTES = 2_000_000_000;

export class World {
  readonly seed: number;
  readonly crypto: Crypto;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly weather: Weather;
  readonly ether: Ether;
  readonly counters = new Counters();
  readonly hosters: readonly HosterMachine[];
  /** The officers' copy of the charter. */
  readonly charters: CharterChain;
  /** What liars remember together. */
  readonly ring = new Map<string, unknown>();
  readonly #founding: Founding;
  readonly #walls = new Map<string, WallClock>();
  readonly #tell: (event: Told, nowMs: number) => void;
  /** Time that went by on all walls, and nowhere else. */
  #leaptMs = 0;

  constructor(options: WorldOptions) {
    const { seed, ground, founding, print, tap, tell } = options;
    const { crypto, turn, checksum } = ground;
    this.seed = seed;
    this.crypto = crypto;
    this.#founding = founding;
    this.#tell = tell ?? (() => undefined);
    const scheduler = new Scheduler(turn);
    this.scheduler = scheduler;
    this.trace = new Trace({ crypto, nowMs: () => scheduler.nowMs, print });
    this.weather = new Weather(this.random('weather'));
    this.ether = new Ether({
      scheduler,
      weather: this.weather,
      trace: this.trace,
      checksum,
      tap: tap ?? (() => undefined),
    });
    this.charters = CharterChain.from(crypto, founding.charter);
    this.hosters = founding.identities.map((identity) => new HosterMachine(this, identity));
  }

  get nowMs(): number {
    return this.scheduler.nowMs;
  }

  /** What right clocks count, from the world's beginning. */
  get wallMs(): number {
    return this.nowMs + this.#leaptMs;
  }

  random(name: string): Random {
    return seededRandom(this.crypto, this.seed, name);
  }

  key(name: string): Uint8Array {
    return keySeed(this.crypto, FOUNDING_SEED, name);
  }

  /** The words of a vault. */
  words(vault: string): string {
    return this.#founding.words.get(vault) as string;
  }

  foundingImage(machine: string): DiskImage | undefined {
    return this.#founding.images.get(machine);
  }

  tell(event: Told): void {
    this.#tell(event, this.nowMs);
  }

  /** The clock on the wall of that machine. */
  wall(machine: string): WallClock {
    const wall = this.#walls.get(machine) ?? new WallClock(this.scheduler, this.#leaptMs);
    this.#walls.set(machine, wall);
    return wall;
  }

  /** So much time goes by on all walls at once, as if nothing had happened meanwhile; then everybody has a moment. */
  leap(ms: number, momentMs: number): Promise<void> {
    this.trace.note('world', `${ms} ms go by`);
    this.#leaptMs += ms;
    for (const wall of this.#walls.values()) wall.offMs += ms;
    return this.sleep(momentMs);
  }

  /** A run of a program on that machine. */
  program(machine: string, nth: number): Program {
    return new Program(this.scheduler, { name: `${machine}/${nth}`, wall: this.wall(machine) });
  }

  /** A machine's disk, as the founding left it, or empty. */
  disk(name: string): Disk {
    const disk = new Disk({
      name,
      random: this.random(`${name}/disk`),
      trace: this.trace,
      capacityBytes: DISK_BYTES,
      heard: {
        came: (path) => this.tell({ of: 'fragment-came', machine: name, path }),
        went: (path) => this.tell({ of: 'fragment-went', machine: name, path }),
      },
    });
    const image = this.#founding.images.get(name);
    if (image !== undefined) disk.restore(image);
    return disk;
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

  /** Looks every now and then until it is so; false when it takes longer than `timeMsMax` of virtual time. */
  async until(holds: () => boolean, timeMsMax = 120_000): Promise<boolean> {
    const end = this.nowMs + timeMsMax;
    while (!holds()) {
      if (this.nowMs > end) return false;
      await this.sleep(50);
    }
    return true;
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

/** True once in `times`. */
export function oneIn(random: Random, times: number): boolean {
  return randomBelow(random, times) === 0;
}
