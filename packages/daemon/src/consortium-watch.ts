// What the ledger says of sites, kept at hand: which are declared lost, which are away on purpose. Only what is certified
// counts here: acting on somebody's word alone would move data for it.

import { type Charter, type Clock, type DaemonId, findDaemon } from '@vauban/core';
import {
  type ConsortiumFacts,
  consortiumFacts,
  type ClaimName,
  isLostDaemon,
  type LogStore,
  maintenanceUntil,
} from '@vauban/ledger';
import type { ConsortiumStanding } from './repair/healing-view.ts';

const nothing: ConsortiumFacts = { losses: [], maintenance: [], readmits: [] };

export class ConsortiumWatch implements ConsortiumStanding {
  readonly #logs: LogStore;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #charter: () => Charter;
  readonly #listeners: (() => void)[] = [];
  #facts: ConsortiumFacts = nothing;
  #reading: Promise<void> = Promise.resolve();

  constructor(of: {
    readonly logs: LogStore;
    readonly clock: Pick<Clock, 'now'>;
    readonly charter: () => Charter;
  }) {
    this.#logs = of.logs;
    this.#clock = of.clock;
    this.#charter = of.charter;
  }

  /** Reads what stands, and reads it again with every entry about sites. */
  async start(): Promise<void> {
    this.#logs.watchConsortium(() => void this.refresh());
    await this.refresh();
  }

  /** Never rejects: with a damaged ledger what was known goes on to count. */
  refresh(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      const before = JSON.stringify(this.#facts);
      const { losses, maintenance, readmits } = await consortiumFacts(this.#logs).catch(() => this.#facts);
      this.#facts = {
        losses: losses.filter(({ certified }) => certified),
        maintenance: maintenance.filter(({ certified }) => certified),
        readmits: readmits.filter(({ certified }) => certified),
      };
      if (JSON.stringify(this.#facts) !== before) for (const heard of this.#listeners) heard();
    });
    return this.#reading;
  }

  isLost(daemon: DaemonId): boolean {
    return isLostDaemon(this.#facts, this.#charter(), daemon);
  }

  inMaintenance(site: string): boolean {
    return this.maintenanceUntil(site) > 0;
  }

  /** Until when it is away on purpose, ms since 1970; 0 when it is not. */
  maintenanceUntil(site: string): number {
    return maintenanceUntil(this.#facts, { site, now: this.#clock.now() });
  }

  /** The declarations that its daemon has to answer before it counts again. */
  lossesOf(daemon: DaemonId): ClaimName[] {
    const site = findDaemon(this.#charter(), daemon)?.site;
    return this.#facts.losses.filter((one) => one.site === site).map(({ by }) => by);
  }

  /** Called after each change. */
  watch(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
