// What a path is now follows from the set of entries alone, in whatever order they came.

import { compareBytes, toHex, utf8 } from '@vauban/core';
import type { ObjectChange } from '@vauban/seal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog, type EntryPosition } from '../src/catalog.ts';

const idOf = (n: number) => new Uint8Array(16).fill(n);

function write(path: string, version: number, parents: readonly number[] = []): ObjectChange {
  return {
    kind: 'file',
    path,
    object: idOf(0),
    version: idOf(version),
    parents: parents.map(idOf),
    size: 0,
    modified: 0,
    mode: 0o644,
  };
}
const remove = (path: string, ...versions: number[]): ObjectChange => ({
  kind: 'delete',
  path,
  versions: versions.map(idOf),
});

interface Entry {
  readonly changes: readonly ObjectChange[];
  readonly at: EntryPosition;
}
const entry = (changes: readonly ObjectChange[], time: number, origin = 'log/a', index = 1): Entry => ({
  changes,
  at: { time, origin, index },
});

function catalogOf(...entries: readonly Entry[]): Catalog {
  const catalog = new Catalog();
  for (const { changes, at } of entries) catalog.apply(changes, at, null);
  return catalog;
}

/** Everything that can be asked of it. */
function pictureOf(catalog: Catalog) {
  return catalog
    .below('')
    .map(({ write: { path } }) => [
      path,
      ...catalog
        .versions(path)
        .map((one) => `${toHex(one.write.version)} ${one.time} ${one.origin} ${one.index}`),
    ]);
}

const versionsAt = (catalog: Catalog, path: string) =>
  catalog.versions(path).map((one) => one.write.version[0]);

describe('the catalog', () => {
  it('knows what was written, replaced and deleted', () => {
    const catalog = catalogOf(
      entry([write('a', 1), write('b', 2)], 1),
      entry([write('a', 3, [1])], 2),
      entry([remove('b', 2)], 3),
    );
    expect(versionsAt(catalog, 'a')).toEqual([3]);
    expect(catalog.get('b')).toBeUndefined();
    expect(catalog.size).toBe(1);
  });

  it('keeps writes that did not know of each other, and a write that a delete did not know of', () => {
    const catalog = catalogOf(
      entry([write('a', 1)], 1),
      entry([write('a', 2, [1])], 5, 'log/a', 2),
      entry([write('a', 3, [1])], 4, 'log/b'),
      entry([remove('a', 2)], 9),
    );
    expect(versionsAt(catalog, 'a')).toEqual([3]);
  });

  it('takes the greatest time, then origin by bytes, then index, for the current version', () => {
    const first = entry([write('a', 1)], 7, 'log/b', 1);
    const second = entry([write('a', 2)], 7, 'log/b', 2);
    const other = entry([write('a', 3)], 7, 'log/a', 99);
    const later = entry([write('a', 4)], 8, 'log/0', 0);
    // U+FF5E sorts after U+1F600 by UTF-16 units, and before it by bytes.
    const high = entry([write('a', 5)], 7, 'log/\u{1f600}', 1);
    const low = entry([write('a', 6)], 7, 'log/\uff5e', 1);
    expect(versionsAt(catalogOf(first, other, second, later, low, high), 'a')).toEqual([4, 5, 6, 2, 1, 3]);
  });

  it('replaces a version whatever path it was at', () => {
    const there = entry([write('old', 1)], 1);
    const moved = entry([write('new', 2, [1])], 2);
    expect(pictureOf(catalogOf(there, moved))).toEqual(pictureOf(catalogOf(moved, there)));
    expect(
      catalogOf(there, moved)
        .below('')
        .map((one) => one.write.path),
    ).toEqual(['new']);
  });

  it('has a version once when its entry is read twice or was appended twice', () => {
    const once = entry([write('a', 1)], 1, 'log/a', 1);
    const again = entry([write('a', 1)], 2, 'log/a', 5);
    for (const entries of [
      [once, once],
      [once, again],
      [again, once, again],
    ]) {
      expect(versionsAt(catalogOf(...entries), 'a')).toEqual([1]);
    }
    expect(catalogOf(once, again).get('a')?.index).toBe(5);
    expect(catalogOf(again, once).get('a')?.index).toBe(5);
    expect(catalogOf(once, entry([remove('a', 1)], 3), once).get('a')).toBeUndefined();
  });

  it('lists what is at and below a path, not what only begins like it, in the order of the bytes', () => {
    const paths = ['a', 'a/z', 'a/b/c', 'a-b', 'ab', '\u{1f600}', '\uff5e', 'A'];
    const catalog = catalogOf(
      entry(
        paths.map((path, at) => write(path, at + 1)),
        1,
      ),
    );
    const listed = (found: readonly { readonly write: { readonly path: string } }[]) =>
      found.map((one) => one.write.path);
    expect(listed(catalog.below('a'))).toEqual(['a', 'a/b/c', 'a/z']);
    expect(listed(catalog.startingWith('a'))).toEqual(['a', 'a-b', 'a/b/c', 'a/z', 'ab']);
    expect(listed(catalog.below('a/b'))).toEqual(['a/b/c']);
    expect(listed(catalog.below(''))).toEqual(paths.toSorted((a, b) => compareBytes(utf8(a), utf8(b))));
    expect(listed(catalog.below('')).slice(-2)).toEqual(['\uff5e', '\u{1f600}']);
    expect(listed(catalog.below('nothing'))).toEqual([]);
  });

  it('gives what an index says about its own pack', () => {
    const catalog = new Catalog();
    catalog.apply([write('a', 1)], { time: 1, origin: 'log/a', index: 1 }, utf8('pack'));
    expect(catalog.get('a')?.pack).toEqual(utf8('pack'));
  });
});

describe('any order of the same entries', () => {
  const path = fc.constantFrom('a', 'a/b', 'b', 'é');
  const version = fc.integer({ min: 1, max: 9 });
  const change = fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .tuple(path, version, fc.uniqueArray(version, { maxLength: 3 }))
        .map(([at, name, parents]) => write(at, name, parents)),
    },
    fc
      .tuple(path, fc.uniqueArray(version, { minLength: 1, maxLength: 3 }))
      .map(([at, names]) => remove(at, ...names)),
  );
  const entries = fc
    .array(
      fc.record({
        changes: fc.array(change, { minLength: 1, maxLength: 4 }),
        time: fc.integer({ min: 1, max: 3 }),
        origin: fc.constantFrom('log/a', 'log/b'),
      }),
      { maxLength: 8 },
    )
    .map((list) => list.map(({ changes, time, origin }, index) => entry(changes, time, origin, index)));

  it('gives the same catalog, also when some come again', () => {
    fc.assert(
      fc.property(
        entries.chain((list) =>
          fc.tuple(
            fc.constant(list),
            fc.shuffledSubarray([...list], { minLength: list.length }),
            fc.shuffledSubarray([...list]),
          ),
        ),
        ([list, shuffled, again]) => {
          const straight = catalogOf(...list);
          expect(pictureOf(catalogOf(...shuffled, ...again))).toEqual(pictureOf(straight));
          const dead = new Set(
            list.flatMap(({ changes }) =>
              changes.flatMap((one) => (one.kind === 'delete' ? one.versions : one.parents).map(toHex)),
            ),
          );
          const live = straight
            .below('')
            .flatMap((one) => straight.versions(one.write.path))
            .map((one) => toHex(one.write.version));
          expect(new Set(live).size).toBe(live.length);
          const written = new Set(
            list.flatMap(({ changes }) =>
              changes.flatMap((one) => (one.kind === 'delete' ? [] : [toHex(one.version)])),
            ),
          );
          expect(new Set(live)).toEqual(new Set([...written].filter((name) => !dead.has(name))));
        },
      ),
      { numRuns: 300 },
    );
  });
});
