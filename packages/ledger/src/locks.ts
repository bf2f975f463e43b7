// One at a time per name. Names come from outside, so a lock lives only while somebody uses it.

import { Mutex } from '@vauban/core';

export class Locks {
  readonly #locks = new Map<string, { readonly mutex: Mutex; users: number }>();

  /** How many names are in use: nothing may make this grow for good. */
  get size(): number {
    return this.#locks.size;
  }

  async run<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const lock = this.#locks.get(name) ?? { mutex: new Mutex(), users: 0 };
    this.#locks.set(name, lock);
    lock.users += 1;
    try {
      return await lock.mutex.run(work);
    } finally {
      lock.users -= 1;
      if (lock.users === 0) this.#locks.delete(name);
    }
  }
}
