// One at a time, in order of asking, whatever happens to the others.

import { expect, test } from 'vitest';
import { Mutex } from '../src/index.ts';

test('work runs one at a time, in the order it was asked for', async () => {
  const mutex = new Mutex();
  const told: string[] = [];
  let inside = 0;
  const work = (name: string, turns: number) => () =>
    (async () => {
      expect(++inside).toBe(1);
      told.push(`${name} begins`);
      for (let i = 0; i < turns; i++) await Promise.resolve();
      told.push(`${name} ends`);
      inside--;
      return name;
    })();
  const results = await Promise.all([
    mutex.run(work('a', 9)),
    mutex.run(work('b', 0)),
    mutex.run(work('c', 3)),
  ]);
  expect(results).toEqual(['a', 'b', 'c']);
  expect(told).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

test('a failure reaches who asked for it, and nobody else', async () => {
  const mutex = new Mutex();
  const failed = mutex.run(async () => {
    throw new Error('mine');
  });
  const fine = mutex.run(async () => 'fine');
  await expect(failed).rejects.toThrow('mine');
  expect(await fine).toBe('fine');
  expect(await mutex.run(async () => 'later')).toBe('later');
});

test('work asked for from inside waits until the inside has ended', async () => {
  const mutex = new Mutex();
  const told: string[] = [];
  let second: Promise<void> | undefined;
  await mutex.run(async () => {
    second = mutex.run(async () => void told.push('second'));
    await Promise.resolve();
    told.push('first');
  });
  await second;
  expect(told).toEqual(['first', 'second']);
});
