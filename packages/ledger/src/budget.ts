// What one agency may cost a voter per day: ledger bytes and signature checks. Kept in memory; a restart forgives.

import {
  AGENCY_LEDGER_BYTES_PER_DAY,
  AGENCY_SIGNATURE_CHECKS_PER_DAY,
  DEVICE_VOIDS_PER_DAY,
  Fault,
} from '@vauban/core';

const DAY_MS = 86_400_000;

interface Spent {
  bytes: number;
  checks: number;
  voids: Map<string, number>;
}

export interface BudgetLimits {
  readonly bytesPerDay: number;
  readonly checksPerDay: number;
  readonly voidsPerDay: number;
}

export class Budget {
  readonly #limits: BudgetLimits;
  #day = -1;
  readonly #spent = new Map<string, Spent>();

  constructor(
    limits: BudgetLimits = {
      bytesPerDay: AGENCY_LEDGER_BYTES_PER_DAY,
      checksPerDay: AGENCY_SIGNATURE_CHECKS_PER_DAY,
      voidsPerDay: DEVICE_VOIDS_PER_DAY,
    },
  ) {
    this.#limits = limits;
  }

  /** Charges an append, or throws BUDGET_SPENT. What carries a void has a reserve of its own per device. */
  charge(
    agency: string,
    cost: {
      readonly now: number;
      readonly bytes: number;
      readonly checks: number;
      readonly voidsOf?: string;
    },
  ): void {
    const day = Math.floor(cost.now / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#spent.clear();
    }
    const spent = this.#spent.get(agency) ?? { bytes: 0, checks: 0, voids: new Map<string, number>() };
    this.#spent.set(agency, spent);
    const over =
      spent.bytes + cost.bytes > this.#limits.bytesPerDay ||
      spent.checks + cost.checks > this.#limits.checksPerDay;
    if (over) {
      const voids =
        cost.voidsOf === undefined ? Number.POSITIVE_INFINITY : (spent.voids.get(cost.voidsOf) ?? 0);
      if (voids >= this.#limits.voidsPerDay) {
        throw new Fault(
          'refused',
          'BUDGET_SPENT',
          `the agency ${agency} used up today's ledger budget here`,
          {
            agency,
            bytes: spent.bytes,
            checks: spent.checks,
          },
        );
      }
      spent.voids.set(cost.voidsOf as string, voids + 1);
    }
    spent.bytes += cost.bytes;
    spent.checks += cost.checks;
  }
}
