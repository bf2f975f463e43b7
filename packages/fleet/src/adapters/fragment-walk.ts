// The fragment files of one data directory, from outside: read, hashed, harmed. The daemon that owns them is not asked, so
// that what it says can be held against what is there.

import { open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LEAF_BYTES, merkleRoot, toHex } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import type { DiskDeed, DiskFragment } from '../stage.ts';

const HASH_BYTES = 32;
/** What follows the leaf hashes in a fragment file (daemon SPEC, "Fragment file"). */
const TRAILER_BYTES = 224;

interface FragmentFile {
  readonly segment: string;
  readonly index: number;
  readonly path: string;
}

/** Whole ones, in the order of their names: what is still being written has another name. */
export async function fragmentFiles(data: string): Promise<FragmentFile[]> {
  const folder = join(data, 'fragments');
  const found: FragmentFile[] = [];
  for (const digits of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, digits))) {
      const [, segment, index] = /^([0-9a-f]{64})-([0-9]+)$/.exec(name) ?? [];
      if (segment === undefined) continue;
      found.push({ segment, index: Number(index), path: join(folder, digits, name) });
    }
  }
  return found;
}

/** Hex digits throughout: the order of code units is theirs. */
async function namesIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.sort((a, b) => (a < b ? -1 : 1));
}

/** What was read of files before, by their paths: whose file system says that they are as they were need no second reading. */
export type WalkMemory = Map<string, { readonly stamp: string; readonly content: Content }>;
type Content = Pick<DiskFragment, 'root' | 'bytes'>;

/** Reads and hashes every file; with a `memory`, only those that changed since. */
export async function* walkFragments(data: string, memory?: WalkMemory): AsyncIterable<DiskFragment> {
  for (const { segment, index, path } of await fragmentFiles(data)) {
    // One that was erased since has nothing to say.
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    if (found === undefined) continue;
    const stamp = `${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
    const known = memory?.get(path);
    if (known?.stamp === stamp) {
      yield { segment, index, ...known.content };
      continue;
    }
    const file = await readFile(path).catch(() => undefined);
    if (file === undefined) continue;
    const content = contentOf(file);
    memory?.set(path, { stamp, content });
    yield { segment, index, ...content };
  }
}

function contentOf(file: Buffer): Content {
  const bytes = fragmentBytes(file.length);
  if (bytes < 1) return { root: null, bytes: 0 };
  const leaves = nodeCrypto.leafHashes(file.subarray(0, bytes), LEAF_BYTES);
  return { root: toHex(merkleRoot(nodeCrypto, leaves)), bytes };
}

/** b + 32·⌈b / leaf⌉ + trailer = length: the largest b whose hashes still fit. */
function fragmentBytes(length: number): number {
  const both = length - TRAILER_BYTES;
  return both - Math.ceil(both / (LEAF_BYTES + HASH_BYTES)) * HASH_BYTES;
}

/** Resolves to the number of files. Which ones is the seed's choice: the files in order of names, drawn without repetition. */
export async function harmFragments(data: string, { deed, share, seed }: DiskDeed): Promise<number> {
  const files = await fragmentFiles(data);
  const wanted = Math.min(files.length, Math.max(1, Math.round(files.length * share)));
  const drawn = drawSome(files, wanted, seed);
  let harmed = 0;
  for (const { path } of drawn) {
    try {
      await (deed === 'erase' ? rm(path) : rot(path, seed));
      harmed += 1;
    } catch (error) {
      // Its daemon has just given it up.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return harmed;
}

/** The first `count` of a shuffle by Fisher and Yates, on a 32-bit xorshift. */
function drawSome<Item>(from: readonly Item[], count: number, seed: number): Item[] {
  const all = [...from];
  let state = (Math.imul(seed, 2654435761) | 1) >>> 0;
  for (let at = 0; at < count; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state = (state ^ (state << 5)) >>> 0;
    const other = at + (state % (all.length - at));
    [all[at], all[other]] = [all[other] as Item, all[at] as Item];
  }
  return all.slice(0, count);
}

async function rot(path: string, seed: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { size } = await file.stat();
    const at = (seed * 7_919) % Math.max(1, fragmentBytes(size));
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] as number) ^ 0x40;
    await file.write(byte, 0, 1, at);
  } finally {
    await file.close();
  }
}
