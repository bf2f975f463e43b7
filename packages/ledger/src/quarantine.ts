// Which logs of a store are not to be relied on, and why: rows that the disk lost or changed. A log in here is neither
// voted on nor answered for nor handed out until its bytes were checked against what its writer signed and what this
// voter voted; everything else goes on. When the store cannot tell which logs it means, it means all of them.

import { Fault } from '@vauban/core';

export class Quarantine {
  readonly #logs = new Map<string, Fault>();
  #doubt: Fault | null = null;
  readonly #watchers = new Set<() => void>();

  /** Why nothing in this store is to be relied on; null when it is just some logs, or none. */
  get doubt(): Fault | null {
    return this.#doubt;
  }

  get size(): number {
    return this.#logs.size;
  }

  /** Each log with what is wrong, those that doubt alone concerns left out. */
  entries(): readonly (readonly [origin: string, reason: Fault])[] {
    return [...this.#logs].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  of(origin: string): Fault | null {
    return this.#doubt ?? this.#logs.get(origin) ?? null;
  }

  put(origin: string, reason: Fault): void {
    this.#logs.set(origin, reason);
    this.#tell();
  }

  lift(origin: string): void {
    this.#logs.delete(origin);
  }

  distrust(reason: Fault): void {
    this.#doubt ??= reason;
    this.#tell();
  }

  /** The whole was looked through, and everything wrong was put in here by name. */
  trust(): void {
    this.#doubt = null;
  }

  /** Faults: LOG_QUARANTINED (nobody takes it for a refusal: it counts as no answer). */
  check(origin: string): void {
    const reason = this.of(origin);
    if (reason !== null) throw quarantined(origin, reason);
  }

  /** What depends on all logs waits until each can be relied on. Faults: LEDGER_HEALING (`later`). */
  checkAll(): void {
    const reason = this.#doubt ?? this.#logs.values().next().value;
    if (reason === undefined) return;
    throw new Fault(
      'refused',
      'LEDGER_HEALING',
      'this voter is getting damaged logs back from the others, and judges no segment before it has them',
      { because: reason.code, logs: this.#logs.size },
    );
  }

  /** Calls `work` whenever something is put in. Returns what ends that. */
  watch(work: () => void): () => void {
    this.#watchers.add(work);
    return () => this.#watchers.delete(work);
  }

  #tell(): void {
    for (const work of this.#watchers) work();
  }
}

export function quarantined(origin: string, reason: Fault): Fault {
  return new Fault(
    'unreachable',
    'LOG_QUARANTINED',
    `this hoster's copy of ${origin} is damaged and being pulled again: ${reason.message}`,
    { origin, because: reason.code },
    reason,
  );
}

export function storeCorrupt(message: string, facts: Fault['facts'], cause?: unknown): Fault {
  return new Fault('integrity', 'STORE_CORRUPT', message, facts, cause);
}
