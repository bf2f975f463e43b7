// Turns at one rate: everybody gets through in the order of asking, however many wait and look at different moments.

import type { Clock } from '@vauban/core';
import { expect, it } from 'vitest';
import { Pace } from '../src/repair/pace.ts';

/** Time moves from one waiting turn to the next. */
class Timers {
  now = 0;
  readonly #waiting: { readonly at: number; readonly wake: () => void }[] = [];

  readonly clock: Clock = {
    now: () => this.now,
    monotonic: () => this.now,
    after: () => () => undefined,
    sleep: (ms) => new Promise((wake) => this.#waiting.push({ at: this.now + ms, wake })),
  };

  async runUntil(done: () => boolean, msMax: number): Promise<void> {
    while (!done() && this.now < msMax) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      const next = this.#waiting.sort((a, b) => a.at - b.at).shift();
      if (next === undefined) continue;
      this.now = Math.max(this.now, next.at);
      next.wake();
    }
  }
}

it('lets two that wait for one link through, each after what was asked before it', async () => {
  const timers = new Timers();
  const foreground = { busy: false };
  const pace = new Pace({ clock: timers.clock, foreground, bytesPerSecond: 1_000 });
  const { signal } = new AbortController();
  const through: [string, number][] = [];
  const take = async (name: string, bytes: number) => {
    await pace.take(bytes, signal);
    through.push([name, Math.round(timers.now)]);
  };
  const turns = [take('first', 500), take('second', 70), take('third', 310), take('fourth', 1)];
  await timers.runUntil(() => through.length === turns.length, 60_000);
  expect(through.map(([name]) => name)).toEqual(['first', 'second', 'third', 'fourth']);
  const [first = 0, second = 0, third = 0, fourth = 0] = through.map(([, at]) => at);
  expect(first).toBe(0);
  expect(second).toBeGreaterThanOrEqual(500);
  expect(third).toBeGreaterThanOrEqual(570);
  expect(fourth).toBeGreaterThanOrEqual(880);
  expect(fourth).toBeLessThan(1_100);
});
