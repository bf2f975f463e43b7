// One at a time, in order of asking. For state that must not change between a check and the write it justifies.

export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` once everything asked for before has ended, well or not. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}
