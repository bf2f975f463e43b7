// What befalls the hosters while the agency works: programs killed, power cut, machines cut off, one site burnt for
// good. Never more at once than the promise bears: f hosters down, and one burnt besides.

import { type Random, randomBelow } from '@vauban/core';
import type { HosterMachine } from '../hoster-machine.ts';
import { FAULTY_MAX } from '../membership.ts';
import { between, pick, type World } from '../world.ts';

const PAUSE_MS = [300, 5_000] as const;
const DOWN_MS = [200, 9_000] as const;
/** Until the last machine is up again, votes, and every deadline that ran meanwhile has passed. */
const DARK_MS = 30_000;
const mishaps = ['kill', 'power', 'isolate'] as const;

export class Mishaps {
  readonly #world: World;
  readonly #random: Random;
  readonly #isolated = new Set<HosterMachine>();
  /** Switched off now, to be switched on again. */
  readonly #off = new Set<HosterMachine>();
  readonly counts = { kill: 0, power: 0, isolate: 0, burn: 0, blackout: 0 };
  readonly #burns: number;
  #darkAtMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  /** `burns`: sites that burn, all in one night. */
  constructor(world: World, burns: number) {
    this.#burns = burns;
    this.#world = world;
    this.#random = world.random('mishaps');
  }

  /** Goes on until `stop`; everything but what burnt comes back by itself. */
  async run(): Promise<void> {
    const burnAt = between(this.#random, 1, 6);
    for (let nth = 1; !this.#stopped; nth++) {
      await this.#world.sleep(between(this.#random, ...PAUSE_MS));
      if (this.#stopped) return;
      if (nth === burnAt) for (let burnt = 0; burnt < this.#burns; burnt++) this.#burn();
      else this.befall();
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Power failed everywhere a short while ago: for that long nobody was promised a read. */
  get darkLately(): boolean {
    return this.#world.nowMs - this.#darkAtMs < DARK_MS;
  }

  get allBack(): boolean {
    return this.#off.size === 0 && this.#down() === 0;
  }

  #down(): number {
    const { hosters } = this.#world;
    return hosters.filter(
      (one) => one.state !== 'burnt' && (one.state !== 'voting' || this.#isolated.has(one)),
    ).length;
  }

  #burn(): void {
    const standing = this.#world.hosters.filter(({ state }) => state !== 'burnt');
    const one = pick(this.#random, standing);
    this.counts.burn += 1;
    this.#off.delete(one);
    one.burn();
  }

  /** Something happens to one of the hosters that are well, unless as many as may are not. */
  befall(): void {
    if (this.#stopped || this.#down() >= FAULTY_MAX) return;
    const up = this.#world.hosters.filter((one) => one.state === 'voting' && !this.#isolated.has(one));
    const one = pick(this.#random, up);
    const what = pick(this.#random, mishaps);
    this.counts[what] += 1;
    const backMs = between(this.#random, ...DOWN_MS);
    if (what === 'isolate') {
      this.#world.trace.note(one.name, 'is cut off');
      this.#world.weather.isolate(one.identity.peer);
      this.#isolated.add(one);
      this.#world.scheduler.after(backMs, () => {
        this.#world.trace.note(one.name, 'can be reached again');
        this.#world.weather.rejoin(one.identity.peer);
        this.#isolated.delete(one);
      });
      return;
    }
    if (what === 'kill') one.kill();
    else one.cutPower();
    this.#startLater(one, backMs);
  }

  /** Power fails in the whole region at once, and comes back for one after the other. */
  blackout(): void {
    this.counts.blackout += 1;
    this.#darkAtMs = this.#world.nowMs;
    for (const one of this.#world.hosters) {
      if (one.state === 'burnt') continue;
      one.cutPower();
      this.#startLater(one, between(this.#random, ...DOWN_MS));
    }
  }

  #startLater(one: HosterMachine, ms: number): void {
    this.#off.add(one);
    this.#world.scheduler.after(ms, () => {
      if (this.#off.delete(one)) one.start();
    });
  }
}

/** True once in `times`. */
export function oneIn(random: Random, times: number): boolean {
  return randomBelow(random, times) === 0;
}
