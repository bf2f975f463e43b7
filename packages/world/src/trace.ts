// The history as text, one line per event with its virtual time, and the running hash over all of it: two runs of one
// seed are the same history exactly when the hashes are equal.

import { type Crypto, type Hasher, toHex, utf8 } from '@vauban/core';

/** Lines kept for a failure's report when nobody reads along. */
const TAIL_LINES = 40;

export class Trace {
  readonly #hasher: Hasher;
  readonly #nowMs: () => number;
  readonly #print: ((line: string) => void) | undefined;
  #tail: string[] = [];
  #lines = 0;

  constructor(options: {
    readonly crypto: Crypto;
    readonly nowMs: () => number;
    readonly print: ((line: string) => void) | undefined;
  }) {
    this.#hasher = options.crypto.sha256Stream();
    this.#nowMs = options.nowMs;
    this.#print = options.print;
  }

  /** `who` is a party or "from → to"; `what` one line of plain text. */
  note(who: string, what: string): void {
    const line = `${(this.#nowMs() / 1_000).toFixed(6).padStart(12)}  ${who.padEnd(24)}  ${what}`;
    this.#hasher.update(utf8(`${line}\n`));
    this.#lines += 1;
    this.#print?.(line);
    this.#tail.push(line);
    if (this.#tail.length > 2 * TAIL_LINES) this.#tail = this.#tail.slice(-TAIL_LINES);
  }

  get lines(): number {
    return this.#lines;
  }

  get tail(): readonly string[] {
    return this.#tail.slice(-TAIL_LINES);
  }

  /** Hex SHA-256 over every line; the trace is closed afterwards. */
  close(): string {
    return toHex(this.#hasher.digest());
  }
}
