// A progress bar for people: on a terminal only, and only for what takes longer than a second.

import type { Sink } from './io.ts';

const AFTER_MS = 1_000;
const EVERY_MS = 100;
const BAR_COLUMNS = 24;
const LINE_COLUMNS = 79;

export class Progress {
  readonly #sink: Sink;
  readonly #label: string;
  readonly #since = performance.now();
  #drawnAt = 0;
  #shown = false;

  constructor(sink: Sink, label: string) {
    this.#sink = sink;
    this.#label = label;
  }

  /** `done` of `total`, with a word about what is going on. */
  update(done: number, total: number, detail = ''): void {
    const now = performance.now();
    if (this.#sink.isTTY !== true || now - this.#since < AFTER_MS || now - this.#drawnAt < EVERY_MS) return;
    this.#drawnAt = now;
    this.#shown = true;
    const part = total > 0 ? Math.min(1, done / total) : 0;
    const full = Math.round(part * BAR_COLUMNS);
    const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_COLUMNS - full)}`;
    const percent = `${Math.floor(part * 100)}%`.padStart(4);
    const line = `${this.#label} ${bar}${percent} ${detail}`.slice(0, LINE_COLUMNS);
    this.#sink.write(`\r\u001b[K${line}`);
  }

  /** Takes the bar away. */
  end(): void {
    if (this.#shown) this.#sink.write('\r\u001b[K');
    this.#shown = false;
  }
}
