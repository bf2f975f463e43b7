// One segment and its holders, healed by hand: plans are carried out at once, by the first in line or by another.

import { type Charter, type DaemonId, type Policy, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import {
  bestMargin,
  type HealingPlan,
  type HealingView,
  type Holder,
  margin,
  planHealing,
  type Standing,
} from '../src/index.ts';
import { holdersOf, NOW } from './charters.ts';

export const FRAGMENT_BYTES = 1_000_000;

export class Patient {
  readonly charter: Charter;
  readonly policy: Policy;
  readonly k: number;
  readonly m: number;
  holders: readonly Holder[];
  readonly standings = new Map<DaemonId, Standing>();
  /** Daemons that take nothing, whatever they have free. */
  readonly readOnly = new Set<DaemonId>();
  readonly freeBytes = new Map<DaemonId, number>();
  seed = utf8('segment 0');

  constructor(o: {
    readonly charter: Charter;
    readonly policy: Policy;
    readonly daemons: readonly DaemonId[];
    readonly k?: number;
  }) {
    this.charter = o.charter;
    this.policy = o.policy;
    this.k = o.k ?? o.policy.k;
    this.m = o.policy.m;
    this.holders = holdersOf(o.daemons);
    for (const { id, capacityBytes } of o.charter.daemons) this.freeBytes.set(id, capacityBytes);
  }

  get view(): HealingView {
    return {
      charter: this.charter,
      crypto: nodeCrypto,
      now: NOW,
      segment: this.seed,
      k: this.k,
      m: this.m,
      policy: this.policy,
      fragmentBytes: FRAGMENT_BYTES,
      holders: this.holders,
      standing: (daemon) => this.standings.get(daemon) ?? 'up',
      takes: (daemon) => {
        const freeBytes = this.freeBytes.get(daemon);
        return this.readOnly.has(daemon) || freeBytes === undefined ? undefined : { freeBytes };
      },
    };
  }

  /** Whatever stands on these sites. */
  stand(standing: Standing, ...sites: readonly string[]): void {
    for (const { id, site } of this.charter.daemons)
      if (sites.includes(site)) this.standings.set(id, standing);
  }

  /** Gone for good: what stood on these sites comes back empty, if ever. */
  burn(...sites: readonly string[]): void {
    this.stand('lost', ...sites);
  }

  plan(): HealingPlan {
    return planHealing(this.view);
  }

  /** By the first in line, or by the `nth` where the line is so long. */
  move(plan: HealingPlan, nth = 0): void {
    for (const { index, homes } of plan.moves) {
      const daemon = homes[Math.min(nth, homes.length - 1)];
      if (daemon === undefined) continue;
      this.holders = [...this.holders, { index, daemon }];
      this.freeBytes.set(daemon, (this.freeBytes.get(daemon) ?? 0) - FRAGMENT_BYTES);
    }
  }

  trim({ surplus }: HealingPlan): void {
    const gone = new Set(surplus.map(({ index, daemon }) => `${index} ${daemon}`));
    this.holders = this.holders.filter(({ index, daemon }) => !gone.has(`${index} ${daemon}`));
    for (const { daemon } of surplus) {
      this.freeBytes.set(daemon, (this.freeBytes.get(daemon) ?? 0) + FRAGMENT_BYTES);
    }
  }

  /** Moves and trims until there is nothing to do; the plans that did something. Throws when it does not end. */
  settle(nth = 0): HealingPlan[] {
    const done: HealingPlan[] = [];
    for (;;) {
      const plan = this.plan();
      if (!plan.moves.some(({ homes }) => homes.length > 0) && plan.surplus.length === 0) return done;
      done.push(plan);
      if (done.length > 60) throw new Error(`does not settle: ${JSON.stringify(done.slice(-4))}`);
      this.move(plan, nth);
      this.trim(plan);
    }
  }

  /** What any kind of loss leaves, of what is not lost. */
  get survives(): number {
    const live = (daemon: DaemonId) => this.standings.get(daemon) !== 'lost';
    const { sites, buildings, hosters } = margin(this.charter, { k: this.k, holders: this.holders, live });
    return Math.min(sites, buildings, hosters);
  }

  get best(): number {
    return bestMargin(this.view);
  }

  /** How many indices each site holds, of those not lost, by site. */
  get siteLoads(): Readonly<Record<string, number>> {
    const loads: Record<string, number> = {};
    for (const { daemon } of this.holders) {
      const site = this.charter.daemons.find(({ id }) => id === daemon)?.site;
      if (site !== undefined && this.standings.get(daemon) !== 'lost') loads[site] = (loads[site] ?? 0) + 1;
    }
    return loads;
  }
}
