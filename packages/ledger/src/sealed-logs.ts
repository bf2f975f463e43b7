// Which logs of a mirror take nothing more, because the agency revoked the device that writes them. Every append asks:
// what was found once is remembered, for notes come in through this mirror alone.

import { Fault } from '@vauban/core';
import type { Append } from './append-check.ts';
import type { HeldLogs } from './held-logs.ts';
import { isLogSealed } from './seal-report.ts';

export class SealedLogs {
  readonly #logs: HeldLogs;
  /** Met in this run: nobody can finish their heads. */
  readonly #met = new Set<string>();
  /** Logs held here that no note speaks of. */
  readonly #unspoken = new Set<string>();

  constructor(logs: HeldLogs) {
    this.#logs = logs;
  }

  /** A sealed log grows no further but under a certificate. Faults: LOG_SEALED. */
  async mustBeOpen({ origin, records }: Append): Promise<void> {
    if (this.#unspoken.has(origin)) return;
    if (!(await isLogSealed(this.#logs, origin, records[0]))) {
      if (this.#logs.has(origin)) this.#unspoken.add(origin);
      return;
    }
    this.#met.add(origin);
    throw new Fault(
      'refused',
      'LOG_SEALED',
      `the agency revoked the device that writes ${origin}: nothing more of it is cosigned`,
      { origin },
    );
  }

  /** Whether an append of it was refused as sealed in this run. */
  wasMet(origin: string): boolean {
    return this.#met.has(origin);
  }

  /** A note about the log is coming in. */
  spokenOf(origin: string): void {
    this.#unspoken.delete(origin);
  }
}
