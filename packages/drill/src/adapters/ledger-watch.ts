// The ledger as the drill knows it, brought up to date again and again: which segments are to be kept, and who holds what.

import { type DaemonId, Fault } from '@vauban/core';
import {
  ledgerSegments,
  type LedgerSegment,
  type NetworkSession,
  readLedger,
  type ReadLedger,
} from '@vauban/fleet';
import { consortiumFacts, type ConsortiumFacts } from '@vauban/ledger';

export interface LedgerView {
  readonly segments: readonly LedgerSegment[];
  readonly facts: ConsortiumFacts;
  /** Of all logs. */
  readonly entries: number;
}

export class LedgerWatch {
  readonly #session: NetworkSession;
  readonly #signal: AbortSignal;
  #read: ReadLedger | undefined;
  #view: LedgerView | undefined;

  constructor(session: NetworkSession, signal: AbortSignal) {
    this.#session = session;
    this.#signal = signal;
  }

  /** What was seen last; undefined before the first answer. */
  get view(): LedgerView | undefined {
    return this.#view;
  }

  /** The same, once it was seen. Faults: NETWORK_SILENT. */
  get known(): LedgerView {
    if (this.#view !== undefined) return this.#view;
    throw new Fault('unreachable', 'NETWORK_SILENT', 'no hoster answers: the ledger cannot be read', {});
  }

  /** Asks daemons that answered a moment ago; without any, what was seen last stands. Faults: integrity faults of the ledger. */
  async look(answers: ReadonlySet<DaemonId>): Promise<LedgerView | undefined> {
    const before = this.#read?.logs;
    const read = await readLedger(this.#session, {
      answers,
      signal: this.#signal,
      ...(before === undefined ? {} : { logs: before }),
    });
    if (read === undefined) return this.#view;
    this.#read = read;
    const { logs } = read;
    const entries = logs.origins().reduce((sum, origin) => sum + logs.state(origin).certifiedSize, 0);
    if (entries === this.#view?.entries) return this.#view;
    const segments: LedgerSegment[] = [];
    for await (const segment of ledgerSegments(logs)) segments.push(segment);
    this.#view = { segments, facts: await consortiumFacts(logs), entries };
    return this.#view;
  }
}

/** Of the segment that lacks most: how many of its n fragments the ledger names on none of these daemons. */
export function mostLacking(
  segments: readonly LedgerSegment[],
  counts: (daemon: DaemonId) => boolean,
): number {
  return segments.reduce((most, { k, m, holders }) => {
    const live = new Set(holders.flatMap(({ index, daemon }) => (counts(daemon) ? [index] : [])));
    return Math.max(most, k + m - live.size);
  }, 0);
}

/** Of the worst segment: distinct fragments that the ledger names on these daemons, minus k; null when there is no segment. */
export function worstMargin(
  segments: readonly LedgerSegment[],
  counts: (daemon: DaemonId) => boolean,
): number | null {
  let worst: number | null = null;
  for (const { k, holders } of segments) {
    const live = new Set(holders.flatMap(({ index, daemon }) => (counts(daemon) ? [index] : [])));
    worst = Math.min(worst ?? Number.POSITIVE_INFINITY, live.size - k);
  }
  return worst;
}
