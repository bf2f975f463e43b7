// Changes of every kind, and changes that break one rule each, for the tests of both directions.

import type { IndexPointer, ObjectChange, ObjectWrite } from '../src/index.ts';
import { counting } from './support.ts';

export const id = (first: number) => counting(first, 16);
export const hash = (first: number) => counting(first, 32);

export const directory: ObjectWrite = {
  kind: 'directory',
  path: 'etat-civil',
  object: id(1),
  version: id(2),
  parents: [],
  size: 0,
  modified: 1_790_000_000_000,
  mode: 0o755,
};
export const packed: ObjectWrite = {
  ...directory,
  kind: 'file',
  path: 'etat-civil/acte.pdf',
  size: 1000,
  sha256: hash(3),
  mode: 0o644,
  content: { content: id(4), key: hash(5), in: { pack: hash(6), offset: 70_000, length: 1016 } },
};
const large: ObjectWrite = {
  ...packed,
  size: 20_000_000,
  parents: [id(7), id(8)],
  contentType: 'application/pdf',
  meta: { b: '2', a: '', é: 'ü' },
  content: {
    content: id(4),
    key: hash(5),
    in: {
      segments: [
        { id: hash(9), bytes: 15_920_064 },
        { id: hash(10), bytes: 4_079_936 },
      ],
    },
  },
};
const empty: ObjectWrite = { ...directory, kind: 'file', path: 'empty', mode: 0o600, modified: -1 };
export const symlink: ObjectWrite = {
  ...directory,
  kind: 'symlink',
  path: 'a/link',
  target: '../../etc/passwd',
  mode: 0o777,
};
export const removal: ObjectChange = { kind: 'delete', path: 'old', versions: [id(11), id(12)] };
export const changes = [directory, packed, large, empty, symlink, removal];
export const pointer: IndexPointer = {
  content: id(13),
  key: hash(14),
  size: 100_000,
  in: { pack: hash(15), offset: 5, length: 100_048 },
};

function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const { [key]: _gone, ...rest } = value;
  return rest;
}

export const brokenChanges: readonly (readonly [string, unknown])[] = [
  ['no size but content', { ...packed, size: 0 }],
  ['a size but no content', without(packed, 'content')],
  ['a short object id', { ...directory, object: counting(0, 15) }],
  ['a long version id', { ...directory, version: counting(0, 17) }],
  ['a parent twice', { ...directory, parents: [id(1), id(2), id(1)] }],
  [
    'too many parents',
    { ...directory, parents: Array.from({ length: 257 }, (_, i) => counting(i, 16).with(15, i >> 8)) },
  ],
  ['a short parent', { ...directory, parents: [counting(0, 4)] }],
  ['a mode above 07777', { ...directory, mode: 0o10000 }],
  ['a time beyond the calendar', { ...directory, modified: 8.64e15 + 1 }],
  ['a symlink without a target', without(symlink, 'target')],
  ['a symlink to nothing', { ...symlink, target: '' }],
  ['a target with NUL', { ...symlink, target: 'a\0' }],
  ['a target too long', { ...symlink, target: 'a'.repeat(4097) }],
  ['an empty content type', { ...directory, contentType: '' }],
  ['a long content type', { ...directory, contentType: 'é'.repeat(128) }],
  ['too much metadata', { ...directory, meta: { a: 'x'.repeat(8192) } }],
  ['nameless metadata', { ...directory, meta: { '': 'x' } }],
  ['segments that do not add up', { ...large, size: 20_000_001 }],
  ['no segments', { ...packed, content: { ...packed.content, in: { segments: [] } } }],
  [
    'an empty segment',
    {
      ...packed,
      content: {
        ...packed.content,
        in: {
          segments: [
            { id: hash(1), bytes: 1000 },
            { id: hash(1), bytes: 0 },
          ],
        },
      },
    },
  ],
  [
    'a segment above the limit',
    {
      ...packed,
      size: 70_000_000,
      content: { ...packed.content, in: { segments: [{ id: hash(1), bytes: 70_000_000 }] } },
    },
  ],
  [
    'a short segment id',
    { ...packed, content: { ...packed.content, in: { segments: [{ id: id(1), bytes: 1000 }] } } },
  ],
  ['a short hash', { ...packed, sha256: id(1) }],
  ['a short data key', { ...packed, content: { ...packed.content, key: id(1) } }],
  ['a long content id', { ...packed, content: { ...packed.content, content: hash(1) } }],
  [
    'a length in the pack that is not that of the size',
    { ...packed, content: { ...packed.content, in: { pack: hash(6), offset: 0, length: 1015 } } },
  ],
  [
    'a place beyond the pack',
    {
      ...packed,
      content: { ...packed.content, in: { pack: hash(6), offset: 1296 * 49_152 - 1015, length: 1016 } },
    },
  ],
  [
    'a negative offset',
    { ...packed, content: { ...packed.content, in: { pack: hash(6), offset: -1, length: 1016 } } },
  ],
  ['a huge size', { ...packed, size: 2 ** 53 }],
  ['a fractional size', { ...packed, size: 0.5 }],
  ['a delete of no version', { ...removal, versions: [] }],
  ['a delete of a version twice', { ...removal, versions: [id(1), id(1)] }],
];
