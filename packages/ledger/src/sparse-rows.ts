// Rows that name an entry of a log, and that nearly no log has: whether there is any for a log is read once, for whoever looks
// at a segment asks for each of its entries.

export class SparseRows {
  readonly #without = new Set<string>();
  readonly #with = new Set<string>();
  #changes = 0;

  /** Whether there may be such rows for the log; `look` reads it. A row that cannot be read is one that there is. */
  async has(origin: string, look: () => Promise<boolean>): Promise<boolean> {
    if (this.#without.has(origin)) return false;
    if (this.#with.has(origin)) return true;
    const before = this.#changes;
    const found = await look().catch(() => true);
    if (before === this.#changes) (found ? this.#with : this.#without).add(origin);
    return found;
  }

  /** To be told before and after such rows are written. */
  change(): void {
    this.#changes += 1;
    this.#without.clear();
    this.#with.clear();
  }
}
