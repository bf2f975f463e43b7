// What befalls the machines of one history, as its plan says: each fault strikes when its moment comes, what passes is
// undone, and what an engineer would repair by starting a daemon again is repaired so.

import { type Random, utf8 } from '@vauban/core';
import type { HosterMachine } from './hoster-machine.ts';
import { LEAVE_MS_MAX, leave, readmitAll, resumeRepair, WORD_MS_MAX } from './engineers.ts';
import { healed } from './healed.ts';
import { AWAY_MAX_MS, LEAP_MS } from './membership.ts';
import { openEpoch } from './officers-desk.ts';
import { operatorSays, pauseRepair } from './operator-desk.ts';
import type { Person } from './person.ts';
import { describe, kindOf, type Plan, type PlannedFault } from './plan.ts';
import { plot } from './plots/index.ts';
import { between, type World } from './world.ts';

/** 1 byte a second. */
const DRIBBLE_BYTES_PER_MS = 0.001;
/** Officers wait so long for voters that do not answer. */
const EPOCH_MS_MAX = 20_000;
/** An engineer who is called takes so long to start a daemon again. */
const REPAIR_MS = 200;
const HEAL_MS_MAX = 180_000;
const AWAY_MS = AWAY_MAX_MS + 3_600_000;
/** Deadlines and back-offs of one write. */
const LEAPT_MS = 20_000;
/** Everybody notices that somebody is gone, or goes through what may be erased by now. */
const NOTICE_MS = 45_000;
/** Those that happen when people are done, in order. */
const afterwards: ReadonlySet<PlannedFault['fault']> = new Set(['fire', 'leave', 'late-leap']);

/** What outlasts the fault itself: nobody is promised that such a hoster comes back as it was. */
const lasting: ReadonlySet<PlannedFault['fault']> = new Set([
  'burn',
  'fire',
  'leave',
  'stale-hoster',
  'flip',
  'plot',
]);

export class Mishaps {
  readonly #world: World;
  readonly #plan: Plan;
  readonly #people: ReadonlyMap<string, Person>;
  /** Hosters that something befell, or is to befall, which may keep them from ever voting or serving again. */
  readonly harmed: ReadonlySet<string>;
  readonly #undo = new Set<() => void>();
  #striking = 0;
  #restlessUntilMs = 0;
  #clocksOffUntilMs = 0;

  constructor(world: World, plan: Plan, people: ReadonlyMap<string, Person>) {
    this.#world = world;
    this.#plan = plan;
    this.#people = people;
    const harmed = new Set(plan.liars.map(({ hoster }) => hoster));
    for (const fault of plan.faults) {
      if (!lasting.has(fault.fault)) continue;
      if ('hoster' in fault) harmed.add(fault.hoster);
      if ('machine' in fault && this.#hosterCalled(fault.machine)) harmed.add(fault.machine);
    }
    this.harmed = harmed;
  }

  /** Operation number `op` begins for the first time. */
  began(op: number): void {
    for (const [nth, fault] of this.#plan.faults.entries()) {
      if (fault.op !== op || afterwards.has(fault.fault)) continue;
      this.#striking += 1;
      this.#world.scheduler.after(fault.plusMs, () => {
        this.#striking -= 1;
        this.#strike(fault, this.#world.random(`fault/${nth}`));
      });
    }
  }

  /** Something is wrong now, or was so lately that beliefs and deadlines may still be of then. */
  get restless(): boolean {
    return !this.#quiet || this.#world.nowMs < this.#restlessUntilMs;
  }

  /** Clocks disagree, or did lately: what is refused for its time may be. */
  get clocksOff(): boolean {
    return this.#world.nowMs < this.#clocksOffUntilMs;
  }

  /** Everything passes, and all that can is started again. False when hosters stay away that nothing excuses. */
  async heal(): Promise<boolean> {
    const { hosters } = this.#world;
    await this.#world.until(() => this.#striking === 0 && this.#undo.size === 0);
    const left = hosters.filter((one) => one.state !== 'burnt' && one.state !== 'voting');
    for (const hoster of left) await this.#repair(hoster);
    const well = hosters.filter(({ name }) => !this.harmed.has(name));
    const votes = await this.#world.until(() => well.every(({ state }) => state === 'voting'), HEAL_MS_MAX);
    if (votes) await this.readmitAll();
    return votes;
  }

  /** What happens when people are done: each time everything has healed that can, one more goes. */
  async afterwards(): Promise<void> {
    for (const [nth, fault] of this.#plan.faults.entries()) {
      if (!afterwards.has(fault.fault)) continue;
      await this.readmitAll();
      await healed(this.#world, this.harmed);
      this.#strike(fault, this.#world.random(`fault/${nth}`));
      await this.#world.until(() => this.#striking === 0, LEAVE_MS_MAX + WORD_MS_MAX);
      await this.#world.sleep(NOTICE_MS);
    }
  }

  /** Some hear late that their site was given up. */
  readmitAll(): Promise<void> {
    return readmitAll(this.#world, this.harmed);
  }

  get #quiet(): boolean {
    if (this.#striking > 0 || this.#undo.size > 0) return false;
    return this.#world.hosters.every(({ name, state }) => state === 'voting' || this.harmed.has(name));
  }

  #strike(fault: PlannedFault, random: Random): void {
    const world = this.#world;
    world.trace.note('fault', describe(fault));
    world.counters.add(kindOf(fault));
    const forMs = 'forMs' in fault ? fault.forMs : 0;
    this.#restlessFor(forMs);
    switch (fault.fault) {
      case 'kill':
      case 'power': {
        const hoster = this.#hoster(fault.hoster);
        if (fault.fault === 'kill') hoster.kill();
        else hoster.cutPower();
        return this.#later(forMs, () => hoster.start());
      }
      case 'blackout':
        for (const hoster of world.hosters) {
          hoster.cutPower();
          this.#later(between(random, 200, 200 + forMs), () => hoster.start());
        }
        return;
      case 'epoch':
        void this.#openEpoch();
        return;
      case 'plot':
        void this.#plot(fault, random);
        return;
      case 'site-lost': {
        this.#later(forMs, world.weather.isolate(fault.hoster));
        void this.#during(() => operatorSays(world, { kind: 'site-lost', site: fault.hoster }, WORD_MS_MAX));
        return;
      }
      case 'maintenance': {
        const until = world.wall('operator').now() + 2 * forMs;
        void this.#during(() =>
          operatorSays(world, { kind: 'maintenance', site: fault.hoster, until }, WORD_MS_MAX),
        );
        const hoster = this.#hoster(fault.hoster);
        hoster.kill();
        return this.#later(forMs, () => hoster.start());
      }
      case 'away': {
        const hoster = this.#hoster(fault.hoster);
        hoster.kill();
        return this.#later(forMs, () => hoster.startAfter(AWAY_MS));
      }
      case 'drain': {
        const { standing } = this.#hoster(fault.hoster).care ?? {};
        void standing?.setDraining(true).catch(() => undefined);
        return this.#later(forMs, () => {
          void this.#hoster(fault.hoster)
            .care?.standing.setDraining(false)
            .catch(() => undefined);
        });
      }
      case 'pause': {
        const names = world.hosters.map(({ name }) => name);
        const pausing = this.#during(() => pauseRepair(world, names, true));
        // Who was off may hear the first word late: the second comes after it.
        return this.#later(
          forMs,
          () => void this.#during(() => pausing.then(() => resumeRepair(world, this.harmed))),
        );
      }
      case 'leap':
      case 'late-leap':
        // What was dated before it arrives after it.
        this.#clocksOffUntilMs = Math.max(this.#clocksOffUntilMs, world.nowMs + LEAPT_MS);
        void this.#during(() => world.leap(LEAP_MS, 0));
        return;
      case 'fire': {
        this.#hoster(fault.hoster).burn();
        const word = { kind: 'site-lost', site: fault.hoster } as const;
        if (fault.declared) void this.#during(() => operatorSays(world, word, WORD_MS_MAX));
        return;
      }
      case 'leave':
        void this.#during(() => leave(world, this.#hoster(fault.hoster)));
        return;
      case 'burn':
        return this.#hoster(fault.hoster).burn();
      case 'stale-hoster': {
        const hoster = this.#hoster(fault.hoster);
        const image = hoster.disk.image();
        return this.#later(forMs, () => {
          hoster.restore(image);
          hoster.start();
        });
      }
      case 'stale-device': {
        const person = this.#people.get(fault.device);
        const image = person?.machine.disk.image();
        return this.#later(forMs, () => {
          if (image !== undefined) person?.restored(image);
        });
      }
      case 'kill-device':
        return this.#people.get(fault.device)?.machine.kill();
      case 'power-device':
        return this.#people.get(fault.device)?.machine.cutPower();
      case 'isolate':
        return this.#later(forMs, world.weather.isolate(fault.hoster));
      case 'slow-peer':
        return this.#later(forMs, world.weather.slow(fault.hoster, DRIBBLE_BYTES_PER_MS));
      case 'partition':
        for (const here of fault.group) {
          for (const there of this.#names()) {
            if (fault.group.includes(there)) continue;
            this.#later(forMs, world.weather.block(here, there));
            this.#later(forMs, world.weather.block(there, here));
          }
        }
        return;
      case 'one-way':
        return this.#later(forMs, world.weather.block(fault.from, fault.to));
      case 'half-open': {
        for (const party of this.#parties(fault.forgets)) party.halfClose(fault.other);
        return;
      }
      case 'loss':
        return this.#later(forMs, world.weather.roughen({ lossOneIn: fault.oneIn }));
      case 'twice':
        return this.#later(forMs, world.weather.roughen({ twiceOneIn: fault.oneIn }));
      case 'delay':
        return this.#later(forMs, world.weather.roughen({ delayMs: fault.byMs }));
      case 'overtake':
        return this.#later(forMs, world.weather.roughen({ overtakenMs: fault.byMs }));
      case 'disk': {
        const hoster = this.#hosterCalled(fault.machine);
        const over = (hoster ?? this.#people.get(fault.machine)?.machine)?.disk.trouble(fault.trouble);
        return this.#later(forMs, () => {
          over?.();
          if (hoster !== undefined) void this.#repair(hoster);
        });
      }
      case 'flip':
        void this.#flip(fault.machine, fault.at, random);
        return;
      case 'lying-disks':
        for (const hoster of world.hosters) hoster.disk.lies = true;
        return;
      case 'clock-off':
      case 'clock-stops': {
        const wall = world.wall(fault.machine);
        const off = fault.fault === 'clock-off' ? fault.offMs : 0;
        this.#clocksOffUntilMs = Math.max(this.#clocksOffUntilMs, world.nowMs + forMs + SETTLE_MS);
        wall.offMs += off;
        if (fault.fault === 'clock-stops') wall.stop();
        return this.#later(forMs, () => {
          wall.offMs -= off;
          wall.goOn();
        });
      }
    }
  }

  async #during(work: () => Promise<unknown>): Promise<void> {
    this.#striking += 1;
    try {
      await work();
    } finally {
      this.#striking -= 1;
      this.#restlessFor(0);
    }
  }

  async #openEpoch(): Promise<void> {
    this.#striking += 1;
    try {
      const opened = await openEpoch(this.#world, EPOCH_MS_MAX);
      this.#world.trace.note('officers', opened ? 'opened an epoch' : 'could not open an epoch');
      this.#world.counters.add(opened ? 'state epoch change' : 'epoch not opened');
      this.#restlessFor(0);
    } finally {
      this.#striking -= 1;
    }
  }

  async #plot(fault: PlannedFault & { readonly fault: 'plot' }, random: Random): Promise<void> {
    this.#striking += 1;
    await plot(this.#world, fault.plot, { random, hoster: fault.hoster });
    this.#striking -= 1;
    this.#restlessFor(0);
    const hoster = this.#hosterCalled(fault.hoster);
    if (hoster?.state === 'down') hoster.start();
  }

  async #flip(machine: string, at: string, random: Random): Promise<void> {
    const person = this.#people.get(machine);
    const disk = this.#hosterCalled(machine)?.disk ?? person?.machine.disk;
    const places: Readonly<Record<string, { readonly path: string } | { readonly key: Uint8Array }>> = {
      fragments: { path: 'fragments' },
      votes: { path: 'votes-1' },
      ledger: { key: utf8('ledger/') },
      index: { key: utf8('index/') },
      'vault-state': { key: utf8('ledger/') },
      'vault-files': { path: '' },
    };
    const flipped = await disk?.flip(random, places[at] as { readonly path: string });
    this.#world.trace.note(machine, `disk turned a bit: ${flipped ?? 'nothing there yet'}`);
    if (flipped !== undefined) {
      this.#world.counters.add(`flipped ${at}`);
      this.#world.tell({ of: 'damaged', machine });
      person?.damaged();
    }
  }

  /** Whoever does not vote is started again, and so is whoever's disk was in trouble. */
  async #repair(hoster: HosterMachine): Promise<void> {
    if (hoster.state === 'burnt' || hoster.state === 'down') return;
    hoster.kill();
    this.#later(REPAIR_MS, () => hoster.start());
  }

  #later(ms: number, undo: () => void): void {
    this.#undo.add(undo);
    this.#world.scheduler.after(ms, () => {
      this.#undo.delete(undo);
      this.#restlessFor(0);
      undo();
    });
  }

  #restlessFor(ms: number): void {
    this.#restlessUntilMs = Math.max(this.#restlessUntilMs, this.#world.nowMs + ms + SETTLE_MS);
  }

  #names(): string[] {
    return [...this.#world.hosters.map(({ name }) => name), ...this.#people.keys()];
  }

  #parties(name: string) {
    const hoster = this.#hosterCalled(name);
    if (hoster !== undefined) return hoster.party === undefined ? [] : [hoster.party];
    return this.#people.get(name)?.machine.parties ?? [];
  }

  #hosterCalled(name: string): HosterMachine | undefined {
    return this.#world.hosters.find((one) => one.name === name);
  }

  #hoster(name: string): HosterMachine {
    return this.#hosterCalled(name) as HosterMachine;
  }
}

/** Until every deadline and back-off that began meanwhile has passed. */
const SETTLE_MS = 70_000;
