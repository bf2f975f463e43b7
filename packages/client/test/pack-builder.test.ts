// Packs: what is put in comes back from where the change says, the index is there when it is needed and only then, and
// whatever fits() lets in, finish() can end.

import { FRAME_BYTES } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import {
  decodeObjectsIndex,
  encodeObjectsRecord,
  type ObjectChange,
  type ObjectWrite,
  openFrames,
  plainBytes,
  type SealedContent,
  sealedBytes,
  segmentKey,
} from '@vauban/seal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FilledPack, named, PackBuilder, packedBytesMax } from '../src/pack-builder.ts';

const ports = { crypto, random };
const FRAMES = 24;
const room = (frames = FRAMES) => new Uint8Array(frames * FRAME_BYTES);

function fileOf(
  path: string,
  of: { size?: number; content?: SealedContent } & Partial<ObjectWrite> = {},
): ObjectWrite {
  return {
    kind: 'file',
    path,
    object: random.bytes(16),
    version: random.bytes(16),
    parents: [],
    size: 0,
    modified: 1_760_000_000_000,
    mode: 0o644,
    sha256: new Uint8Array(32),
    ...of,
  };
}

function linkOf(path: string, target: string, parents = 0): ObjectWrite {
  const { sha256: _, ...rest } = fileOf(path);
  return {
    ...rest,
    kind: 'symlink',
    target,
    parents: Array.from({ length: parents }, () => random.bytes(16)),
  };
}

function put(builder: PackBuilder, path: string, plain: Uint8Array): void {
  const content = plain.length === 0 ? undefined : builder.seal(plain);
  builder.add(fileOf(path, { size: plain.length, ...(content && { content }) }));
}

/** An object's bytes, as a reader finds them: by the offset its change names. */
function readBack(filled: FilledPack, change: ObjectChange): Uint8Array {
  const { content, size } = change as ObjectWrite;
  if (content === undefined) return new Uint8Array(0);
  const place = content.in as { offset: number; length: number };
  return open(filled, { ...content, in: place }, size);
}

function open(
  filled: FilledPack,
  of: { content: Uint8Array; key: Uint8Array; in: { offset: number; length: number } },
  size: number,
) {
  const plain = new Uint8Array(size);
  const sealed = filled.sealed.subarray(of.in.offset, of.in.offset + of.in.length);
  expect(plainBytes(sealed.length)).toBe(size);
  openFrames(crypto, segmentKey(of.key, { content: of.content, segment: 0 }), sealed, plain);
  return plain;
}

function changesOf(filled: FilledPack): readonly ObjectChange[] {
  if (filled.index === null) return filled.changes;
  return decodeObjectsIndex(open(filled, filled.index, filled.index.size));
}

describe('a pack', () => {
  it('gives every object back from its offset', () => {
    const builder = new PackBuilder(ports, room());
    expect(builder.empty).toBe(true);
    const objects = new Map(
      [1, 0, 49_135, 49_136, 49_137, 100_000, 7].map((size, nth) => [`f${nth}`, random.bytes(size)]),
    );
    for (const [path, plain] of objects) put(builder, path, plain);
    expect(builder.empty).toBe(false);
    const filled = builder.finish();
    expect(filled.index).toBeNull();
    expect(filled.sealed.length).toBe(
      [...objects.values()].reduce((sum, one) => sum + (one.length === 0 ? 0 : sealedBytes(one.length)), 0),
    );
    for (const change of filled.changes) {
      expect(Buffer.from(readBack(filled, change)).equals(objects.get(change.path) as Uint8Array)).toBe(true);
    }
  });

  it('seals equal objects under keys and names of their own', () => {
    const builder = new PackBuilder(ports, room());
    const same = new Uint8Array(100).fill(7);
    const [a, b] = [builder.seal(same), builder.seal(same)];
    expect(a.key).not.toEqual(b.key);
    expect(a.content).not.toEqual(b.content);
  });

  it('of few changes has no index, of many has one that says the same', () => {
    for (const [count, hasIndex] of [
      [1, false],
      [100, false],
      [3_000, true],
    ] as const) {
      const builder = new PackBuilder(ports, room());
      const paths = Array.from({ length: count }, (_, nth) => `directory/${nth}`);
      for (const path of paths) put(builder, path, random.bytes(1));
      const filled = builder.finish();
      expect(filled.index !== null).toBe(hasIndex);
      if (!hasIndex) {
        const changes = filled.changes.map((change) => named(change, random.bytes(32)));
        expect(() => encodeObjectsRecord({ changes })).not.toThrow();
      }
      const changes = changesOf(filled);
      expect(changes.map(({ path }) => path)).toEqual(paths);
      const last = changes.at(-1) as ObjectChange;
      expect(readBack(filled, last)).toHaveLength(1);
    }
  });

  it('without content is no segment at all', () => {
    const builder = new PackBuilder(ports, room());
    put(builder, 'empty', new Uint8Array(0));
    builder.add(linkOf('link', 'somewhere'));
    expect(builder.finish()).toMatchObject({ index: null, sealed: new Uint8Array(0) });
  });

  it('needs its index when one change alone is too long for an entry', () => {
    const segments = (count: number): SealedContent => ({
      content: random.bytes(16),
      key: random.bytes(32),
      in: { segments: Array.from({ length: count }, () => ({ id: random.bytes(32), bytes: 15_920_064 })) },
    });
    for (const [count, hasIndex] of [
      [800, false],
      // From here on whoever puts a large file counts on there being one.
      [1_000, true],
      [10_000, true],
    ] as const) {
      const builder = new PackBuilder(ports, room());
      builder.add(fileOf('huge', { size: count * 15_920_064, content: segments(count) }));
      expect(builder.finish().index !== null).toBe(hasIndex);
    }
  });

  it('names itself in changes that mean their own pack, and in no others', () => {
    const pack = random.bytes(32);
    const builder = new PackBuilder(ports, room());
    const content = builder.seal(new Uint8Array(5));
    const here = fileOf('a', { size: 5, content });
    expect((named(here, pack) as ObjectWrite).content?.in).toEqual({ ...content.in, pack });
    const other = { ...here, content: { ...content, in: { pack: random.bytes(32), offset: 0, length: 21 } } };
    for (const change of [
      other,
      linkOf('b', 'c'),
      { kind: 'delete', path: 'a', versions: [pack] } as const,
    ]) {
      expect(named(change, pack)).toBe(change);
    }
  });
});

describe('a pack at the brim', () => {
  it('full of links with long targets that replace many versions still ends', () => {
    const builder = new PackBuilder(ports, room());
    const target = 'x'.repeat(4_096);
    let links = 0;
    for (; links < 10_000 && builder.fits(0, `link ${links}`); links++) {
      builder.add(linkOf(`link ${links}`, target, 3));
    }
    expect(links).toBeGreaterThan(50);
    expect(links).toBeLessThan(10_000);
    expect(changesOf(builder.finish())).toHaveLength(links);
  });

  it('full of tiny files under long paths still ends, and is well used', () => {
    const builder = new PackBuilder(ports, room());
    const deep = Array.from({ length: 15 }, () => '\u{1f600}'.repeat(60)).join('/');
    let files = 0;
    for (; builder.fits(1, `${deep}/${files}`); files++) put(builder, `${deep}/${files}`, random.bytes(1));
    const filled = builder.finish();
    expect(changesOf(filled)).toHaveLength(files);
    expect(filled.sealed.length).toBeLessThanOrEqual(FRAMES * FRAME_BYTES);
    expect(filled.sealed.length).toBeGreaterThan(0.5 * FRAMES * FRAME_BYTES);
  });

  const object = fc.record({
    size: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 2_000 }) },
      fc.integer({ min: 0, max: 120_000 }),
    ),
    path: fc.string({ unit: fc.constantFrom('a', 'é', '\uffff', '\u{1f600}'), minLength: 1, maxLength: 60 }),
    target: fc.integer({ min: 1, max: 1_300 }),
    parents: fc.integer({ min: 0, max: 256 }),
  });

  it('takes whatever fits() lets in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 5 }),
        fc.array(object, { minLength: 30, maxLength: 60 }),
        (frames, objects) => {
          const builder = new PackBuilder(ports, room(frames));
          let taken = 0;
          for (const [nth, { size, path, target, parents }] of objects.entries()) {
            const name = `${nth}${path}`;
            if (!builder.fits(size, name)) continue;
            taken += 1;
            if (size === 0) builder.add(linkOf(name, '\uffff'.repeat(target), parents));
            else put(builder, name, new Uint8Array(size));
          }
          if (taken === 0) return;
          const filled = builder.finish();
          expect(filled.sealed.length).toBeLessThanOrEqual(frames * FRAME_BYTES);
          expect(changesOf(filled)).toHaveLength(taken);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('holds the largest object of any policy', () => {
    for (const segmentFrames of [1, 2, 3, 12, 324]) {
      for (const packObjectBytes of [0, 1, 40_000, 1_048_576, 16_777_216]) {
        const max = packedBytesMax({ segmentFrames, packObjectBytes });
        expect(max).toBeLessThanOrEqual(packObjectBytes);
        if (max === 0) continue;
        const builder = new PackBuilder(ports, new Uint8Array(segmentFrames * FRAME_BYTES));
        expect(builder.fits(max, 'x'.repeat(4_096))).toBe(true);
      }
    }
    expect(packedBytesMax({ segmentFrames: 324, packObjectBytes: 1_048_576 })).toBe(1_048_576);
    expect(packedBytesMax({ segmentFrames: 12, packObjectBytes: 1_048_576 })).toBeGreaterThan(500_000);
  });
});
