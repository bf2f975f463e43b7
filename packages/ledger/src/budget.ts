// What an agency, a hoster or an operator may cost a voter per day: ledger bytes and signature checks. Kept in memory; a restart forgives. What is charged
// and then refused stays charged.

import {
  AGENCY_LEDGER_BYTES_PER_DAY,
  AGENCY_SIGNATURE_CHECKS_PER_DAY,
  DEVICE_VOIDS_PER_DAY,
  Fault,
  MEMBER_LEDGER_BYTES_PER_DAY,
  SHARDS_MAX,
} from '@vauban/core';
import { decodeEntry, decodePayload, type EntryKind } from './entry.ts';
import { bytesOfRecord, isErased, type LogRecord } from './log-record.ts';

const DAY_MS = 86_400_000;
const SITE_WORD_CHECKS = AGENCY_SIGNATURE_CHECKS_PER_DAY / 1_000;

/** What an append costs before anything in it is believed: bytes, and signatures or segments to look at. */
export function costOf(records: readonly LogRecord[]): {
  readonly bytes: number;
  readonly checks: number;
  readonly voids: boolean;
} {
  let bytes = 0;
  let checks = 1;
  let voids = false;
  for (const record of records) {
    bytes += bytesOfRecord(record);
    if (isErased(record)) continue;
    try {
      const { kind } = decodeEntry(record.entry);
      voids ||= kind === 'void';
      checks += looksOf(kind, record.payload);
    } catch {
      // What does not decode costs its bytes: the checks that follow refuse it.
    }
  }
  return { bytes, checks, voids };
}

function looksOf(kind: EntryKind, payload: Uint8Array): number {
  if (kind === 'place') return decodePayload(kind, payload).fragments.length;
  if (kind === 'keep') return decodePayload(kind, payload).segments.length;
  if (kind === 'release') return decodePayload(kind, payload).claims.length;
  // Everybody reads all of them, again and again: a thousand a day are more than a consortium has to say of its sites.
  if (kind === 'site-lost' || kind === 'maintenance' || kind === 'readmit' || kind === 'drill')
    return SITE_WORD_CHECKS;
  // The writer's head, the delegation, and the receipts of a place that is taken over.
  return kind === 'adopt' ? SHARDS_MAX : 0;
}

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

/** Of a hoster's daemons together, and of an operator. */
export const memberLimits: BudgetLimits = {
  bytesPerDay: MEMBER_LEDGER_BYTES_PER_DAY,
  checksPerDay: AGENCY_SIGNATURE_CHECKS_PER_DAY,
  voidsPerDay: DEVICE_VOIDS_PER_DAY,
};

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
        throw new Fault('refused', 'BUDGET_SPENT', `${agency} used up today's ledger budget here`, {
          agency,
          bytes: spent.bytes,
          checks: spent.checks,
        });
      }
      spent.voids.set(cost.voidsOf as string, voids + 1);
    }
    spent.bytes += cost.bytes;
    spent.checks += cost.checks;
  }
}
