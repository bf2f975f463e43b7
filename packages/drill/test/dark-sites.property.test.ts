// Darkness: by deeds alone, counted at its worst, and over only after what was asked before has had its answer or deadline.

import { REQUEST_DEADLINE_MS } from '@vauban/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { darknessOf, mostDark } from '../src/dark-sites.ts';

const anyDarkness = fc.array(
  fc
    .record({ site: fc.constantFrom('a', 'b', 'c', 'd'), fromMs: fc.nat(50), forMs: fc.nat(20) })
    .map(({ site, fromMs, forMs }) => ({ site, fromMs, toMs: fromMs + forMs })),
  { maxLength: 8 },
);

it('counts the most sites that are dark at one moment, as looking at every moment does', () => {
  fc.assert(
    fc.property(anyDarkness, fc.nat(60), fc.nat(20), (all, fromMs, forMs) => {
      const toMs = fromMs + forMs;
      let most = 0;
      for (let ms = fromMs; ms <= toMs; ms++) {
        const dark = all.filter((one) => one.fromMs <= ms && ms <= one.toMs);
        most = Math.max(most, new Set(dark.map(({ site }) => site)).size);
      }
      expect(mostDark(all, { fromMs, toMs })).toBe(most);
    }),
  );
});

it('ends what was begun with the deed that ends it, at that site', () => {
  const at = (
    deed: Parameters<typeof darknessOf>[0][number]['deed'],
    sites: readonly string[],
    atMs: number,
  ) => ({
    deed,
    sites,
    atMs,
    endedMs: atMs + 5,
  });
  const done = [
    at('kill', ['a', 'b'], 10),
    at('cut', ['c'], 20),
    at('start', ['b', 'c'], 100),
    at('burn', ['d'], 110),
  ];
  expect(darknessOf(done)).toEqual([
    { site: 'a', fromMs: 10, toMs: Number.POSITIVE_INFINITY },
    { site: 'b', fromMs: 10, toMs: 105 + REQUEST_DEADLINE_MS },
    { site: 'c', fromMs: 20, toMs: Number.POSITIVE_INFINITY },
    { site: 'd', fromMs: 110, toMs: Number.POSITIVE_INFINITY },
  ]);
  expect(darknessOf([at('slow', ['a'], 1), at('rot', ['a'], 2), at('late-purge', ['a'], 3)])).toEqual([]);
});
