import type { Clock } from '@vauban/core';
import { expect, test } from 'vitest';
import { CharterRumours } from '../src/charter-rumours.ts';

function setting() {
  let nowMs = 0;
  let known = 1;
  const asked: string[] = [];
  const clock = { monotonic: () => nowMs } as Clock;
  const rumours = new CharterRumours(clock);
  const hear = (peer: string, version: number, shows: number) =>
    rumours.follow({
      peer,
      version,
      known: () => known,
      obtain: async () => {
        asked.push(peer);
        known = Math.max(known, shows);
      },
    });
  return { asked, hear, pass: (ms: number) => void (nowMs += ms) };
}

test('who names a later version is asked for it, once at a time', async () => {
  const { asked, hear } = setting();
  const first = hear('metz', 3, 3);
  expect(hear('metz', 3, 3)).toBeUndefined();
  await first;
  expect(hear('metz', 3, 3)).toBeUndefined();
  await hear('metz', 4, 4);
  expect(asked).toEqual(['metz', 'metz']);
});

test('who has nothing to show is left alone for a while, and others are asked', async () => {
  const { asked, hear, pass } = setting();
  await hear('liar', 1_001, 1);
  expect(hear('liar', 1_001, 1)).toBeUndefined();
  await hear('nancy', 2, 2);
  pass(29_000);
  expect(hear('liar', 1_001, 1)).toBeUndefined();
  pass(2_000);
  await hear('liar', 3, 3);
  expect(asked).toEqual(['liar', 'nancy', 'liar']);
});
