// The margin, by hand and against trying every subset of domains.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DomainKind, type Holder, margin } from '../src/index.ts';
import { domainsOf } from '../src/domains.ts';
import { anySites, charterOf, daemonId, heldBy, separateSites } from './charters.ts';

const nine = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9'];
const all = () => true;

describe('margin', () => {
  test('nine separate sites of 6 + 3 survive three losses of any kind', () => {
    const o = { k: 6, holders: heldBy(...nine), live: all };
    expect(margin(charterOf(separateSites(9)), o)).toEqual({
      fragments: 3,
      sites: 3,
      buildings: 3,
      hosters: 3,
    });
  });

  test('silent and unlisted holders do not count', () => {
    const charter = charterOf(separateSites(9));
    const live = (id: string) => id !== daemonId('s1');
    expect(margin(charter, { k: 6, holders: heldBy(...nine), live }).sites).toBe(2);
    const smaller = charterOf(separateSites(7));
    expect(margin(smaller, { k: 6, holders: heldBy(...nine), live: all }).fragments).toBe(1);
  });

  test('companies that merge and buildings that are shared lower it', () => {
    const sites = separateSites(9).map((one, i) => ({
      ...one,
      ...(i < 3 && { hoster: 'merged' }),
      ...(i > 6 && { building: 'shared' }),
    }));
    const o = { k: 6, holders: heldBy(...nine), live: all };
    expect(margin(charterOf(sites), o)).toEqual({ fragments: 3, sites: 3, buildings: 2, hosters: 1 });
  });

  test('exactly k left: nothing may be lost; fewer: unreadable', () => {
    const charter = charterOf(separateSites(9));
    const left = (count: number) =>
      margin(charter, { k: 6, holders: heldBy(...nine.slice(0, count)), live: all });
    expect(left(6)).toEqual({ fragments: 0, sites: 0, buildings: 0, hosters: 0 });
    expect(left(5)).toEqual({ fragments: -1, sites: -1, buildings: -1, hosters: -1 });
    expect(left(0)).toEqual({ fragments: -6, sites: -1, buildings: -1, hosters: -1 });
  });

  test('a second holder of an index adds no fragment, but a loss it survives', () => {
    const charter = charterOf(separateSites(4));
    const single = heldBy('s1', 's2', 's3');
    const doubled = [...single, ...single.map(({ index }) => ({ index, daemon: daemonId('s4') }))];
    const left = (k: number, holders: readonly Holder[]) => margin(charter, { k, holders, live: all });
    expect(left(2, single)).toMatchObject({ fragments: 1, sites: 1 });
    // Two indices die with s4 and two of the others, never with fewer.
    expect(left(2, doubled)).toMatchObject({ fragments: 1, sites: 2, buildings: 2, hosters: 2 });
    expect(left(1, doubled)).toMatchObject({ fragments: 2, sites: 3 });
  });

  test('agrees with trying every subset of domains, doubled indices included', () => {
    let doubled = 0;
    const places = fc.array(fc.tuple(fc.nat(7), fc.nat(8)), { maxLength: 14 });
    fc.assert(
      fc.property(
        anySites(9),
        places,
        fc.integer({ min: 1, max: 6 }),
        fc.nat(511),
        (sites, list, k, down) => {
          const charter = charterOf(sites);
          const ids = charter.daemons.map((one) => one.id);
          const holders = list.map(
            ([index, at]): Holder => ({ index, daemon: ids[at % ids.length] as string }),
          );
          if (new Set(list.map(([index]) => index)).size < list.length) doubled++;
          const live = (id: string) => ((down >> (ids.indexOf(id) % 9)) & 1) === 0;
          const upHolders = holders.filter((one) => live(one.daemon));
          const brute = (kind: DomainKind): number => {
            const home = (one: Holder) => domainsOf(charter, one.daemon)?.[kind] as string;
            const domains = [...new Set(upHolders.map(home))];
            let fewest = Number.POSITIVE_INFINITY;
            for (let mask = 0; mask < 1 << domains.length; mask++) {
              const left = upHolders.filter((one) => ((mask >> domains.indexOf(home(one))) & 1) === 0);
              if (new Set(left.map((one) => one.index)).size >= k) continue;
              fewest = Math.min(fewest, domains.filter((_, i) => (mask >> i) & 1).length);
            }
            return fewest - 1;
          };
          expect(margin(charter, { k, holders, live })).toEqual({
            fragments: new Set(upHolders.map((one) => one.index)).size - k,
            sites: brute('site'),
            buildings: brute('building'),
            hosters: brute('hoster'),
          });
        },
      ),
      { numRuns: 250, seed: 7 },
    );
    expect(doubled).toBeGreaterThan(100);
  });

  test('never overstated when the search is too long', () => {
    // 60 sites in a ring, index i on sites i and i + 1: losing x neighbours kills x − 1 indices.
    const charter = charterOf(separateSites(60));
    const holders = Array.from({ length: 60 }, (_, i) => [
      { index: i, daemon: daemonId(`s${i + 1}`) },
      { index: i, daemon: daemonId(`s${((i + 1) % 60) + 1}`) },
    ]).flat();
    const { sites } = margin(charter, { k: 40, holders, live: all });
    expect(sites).toBeLessThanOrEqual(21);
    expect(sites).toBeGreaterThanOrEqual(20);
  });
});
