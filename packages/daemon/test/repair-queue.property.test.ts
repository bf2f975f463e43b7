// The queue of repair against a plain list: always the least margin among those that are due.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type QueuedSegment, RepairQueue } from '../src/repair/repair-queue.ts';

const key = fc.integer({ min: 0, max: 12 }).map(String);
const step = fc.oneof(
  fc.record({
    do: fc.constant('put' as const),
    key,
    margin: fc.integer({ min: -2, max: 3 }),
    dueAt: fc.integer({ min: 0, max: 50 }),
    bytes: fc.constantFrom(0, 7),
  }),
  fc.record({ do: fc.constant('remove' as const), key }),
  fc.record({ do: fc.constant('take' as const), now: fc.integer({ min: 0, max: 60 }) }),
);

it('gives what a list of everything would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new RepairQueue();
      const all = new Map<string, QueuedSegment>();
      const waiting = new Set<string>();
      let now = 0;
      for (const one of steps) {
        if (one.do === 'put') {
          const { do: _, ...item } = one;
          const queued = { ...item, noticedAt: 0, attempts: 0 };
          queue.put(queued);
          all.set(one.key, queued);
          waiting.add(one.key);
        } else if (one.do === 'remove') {
          queue.remove(one.key);
          all.delete(one.key);
          waiting.delete(one.key);
        } else {
          now = Math.max(now, one.now);
          const due = [...waiting]
            .map((text) => all.get(text) as QueuedSegment)
            .filter(({ dueAt }) => dueAt <= now);
          const least = Math.min(...due.map(({ margin }) => margin));
          const taken = queue.take(now);
          if (taken === undefined) expect(due).toEqual([]);
          else {
            expect(taken.margin).toBe(least);
            expect(all.get(taken.key)).toBe(taken);
            waiting.delete(taken.key);
          }
        }
        const mine = [...all.values()].filter(({ bytes }) => bytes > 0);
        const totals = queue.totals();
        expect(totals.segments).toBe(mine.length);
        expect(totals.bytes).toBe(7 * mine.length);
        expect(Object.values(totals.byMargin).reduce((sum, count) => sum + count, 0)).toBe(mine.length);
      }
    }),
    { numRuns: 300 },
  );
});

it('waits anew for everything that is not at work, as long as from the first', () => {
  const queue = new RepairQueue();
  const of = { margin: 1, bytes: 7, noticedAt: 10, attempts: 0 };
  queue.put({ ...of, key: 'first', dueAt: 10 });
  queue.put({ ...of, key: 'second', dueAt: 40 });
  queue.put({ ...of, key: 'failed', dueAt: 95, attempts: 3 });
  queue.put({ ...of, key: 'at work', dueAt: 5 });
  expect(queue.take(9)?.key).toBe('at work');
  queue.restart(100, (one) => one === 'at work');
  expect(queue.take(99)).toBeUndefined();
  expect(new Set([queue.take(100)?.key, queue.take(100)?.key])).toEqual(new Set(['failed', 'first']));
  expect(queue.take(129)).toBeUndefined();
  expect(queue.take(130)).toMatchObject({ key: 'second', noticedAt: 100 });
  expect(queue.take(1_000)).toBeUndefined();
  expect(queue.totals().segments).toBe(4);
});
