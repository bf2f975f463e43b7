// One at a time per name, others meanwhile, and nothing left behind.

import { expect, test } from 'vitest';
import { Locks } from '../src/locks.ts';

test('work under one name runs in order, under two names side by side', async () => {
  const locks = new Locks();
  const seen: string[] = [];
  const work = (name: string, turns: number) =>
    locks.run(name, async () => {
      seen.push(`${name} in`);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      seen.push(`${name} out`);
    });
  await Promise.all([work('a', 20), work('a', 1), work('b', 1)]);
  expect(seen.filter((one) => one.startsWith('a'))).toEqual(['a in', 'a out', 'a in', 'a out']);
  expect(seen.indexOf('b out')).toBeLessThan(seen.indexOf('a out'));
});

test('a name that strangers made up is forgotten, also after a failure', async () => {
  const locks = new Locks();
  const failing = locks.run('x', async () => {
    throw new Error('no');
  });
  const after = locks.run('x', async () => 'yes');
  expect(locks.size).toBe(1);
  await expect(failing).rejects.toThrow('no');
  expect(await after).toBe('yes');
  expect(locks.size).toBe(0);
});
