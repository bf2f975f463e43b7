// How often each thing happened: faults that struck, lies told, states reached, operations done. What stays at zero over
// thousands of histories was never tried.

export class Counters {
  readonly #counts = new Map<string, number>();

  add(name: string, times = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + times);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  merge(other: Readonly<Record<string, number>>): void {
    for (const [name, times] of Object.entries(other)) this.add(name, times);
  }

  /** By name, in order. */
  get all(): Record<string, number> {
    return Object.fromEntries([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
