// What a start does before the store may be used: leftovers go, and index and files are made to agree. The files win:
// a file without a row is read whole and taken in again, a row without a file becomes missing. Nothing that might be a
// fragment is ever erased here.

import { type Crypto, type Files, isFault } from '@vauban/core';
import {
  checkFragmentFile,
  directoryOf,
  type FragmentFacts,
  FRAGMENTS_DIRECTORY,
  type FragmentKey,
  keyOfName,
  keyText,
  pathOf,
  TEMPORARY_SUFFIX,
} from './fragment-file.ts';
import type { FragmentIndex } from './fragment-index.ts';
import type { TotalsCount } from './fragment-totals.ts';

export interface Recovery {
  /** Rows whose file is gone, from this start and earlier ones. */
  readonly missing: FragmentKey[];
  /** Files that are no whole fragment; left where they are, for a person to look at. */
  readonly strays: string[];
}

export interface RecoveryParts {
  readonly files: Files;
  readonly crypto: Crypto;
  readonly index: FragmentIndex;
  readonly totals: TotalsCount;
}

export async function recoverFragments(parts: RecoveryParts): Promise<Recovery> {
  const strays: string[] = [];
  const directories = await makeDirectories(parts.files);
  // Most directories of a small store are empty: only those with rows are asked for them.
  let withRows = await parts.index.nextDirectory('00');
  for (const [nth, digits] of directories.entries()) {
    const rows = digits === withRows ? await parts.index.listDirectory(digits) : [];
    await recoverDirectory(parts, { digits, rows }, strays);
    const after = directories[nth + 1];
    if (digits === withRows && after !== undefined) withRows = await parts.index.nextDirectory(after);
  }
  return { missing: await parts.index.missing(), strays };
}

/** All 256, so that a write never has to make one; synced even when they exist, for a crash may have come between. */
async function makeDirectories(files: Files): Promise<string[]> {
  const wanted = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
  const found = new Set(await files.list(FRAGMENTS_DIRECTORY));
  for (const digits of wanted) {
    if (!found.has(digits)) await files.makeDirectory(`${FRAGMENTS_DIRECTORY}/${digits}`);
  }
  await files.syncDirectory(FRAGMENTS_DIRECTORY);
  await files.syncDirectory('');
  return wanted;
}

async function recoverDirectory(
  parts: RecoveryParts,
  {
    digits,
    rows,
  }: { readonly digits: string; readonly rows: readonly (readonly [FragmentKey, FragmentFacts])[] },
  strays: string[],
): Promise<void> {
  const { files, index, totals } = parts;
  const directory = `${FRAGMENTS_DIRECTORY}/${digits}`;
  const unknown = new Map<string, FragmentKey>();
  for (const name of await files.list(directory)) {
    const key = keyOfName(name);
    if (name.endsWith(TEMPORARY_SUFFIX)) await files.remove(`${directory}/${name}`);
    else if (key === undefined || directoryOf(key.segment) !== directory) strays.push(`${directory}/${name}`);
    else unknown.set(keyText(key), key);
  }
  const gone: FragmentKey[] = [];
  for (const [key, facts] of rows) {
    if (unknown.delete(keyText(key))) totals.add(facts);
    else gone.push(key);
  }
  await index.markMissing(gone);
  for (const key of unknown.values()) {
    if (!(await adoptFile(parts, key))) strays.push(pathOf(key));
  }
}

/** Takes a whole fragment in; false, and nothing done, when the file is not one. */
export async function adoptFile(
  { files, crypto, index, totals }: RecoveryParts,
  key: FragmentKey,
): Promise<boolean> {
  try {
    const { segment: _, index: __, ...facts } = await checkFragmentFile({ files, crypto }, key);
    // It may have been read from memory that never reached the disk: the write before may have failed there.
    const file = await files.append(pathOf(key));
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await files.syncDirectory(directoryOf(key.segment));
    await index.put(key, facts);
    totals.add(facts);
    return true;
  } catch (error) {
    if (isFault(error, 'FRAGMENT_DAMAGED')) return false;
    throw error;
  }
}
