// Index and files made to agree again while the store is at work: what a start does, one directory at a time, and without
// touching what is on its way in. The files win, as they do at a start; nothing that might be a fragment is erased.

import { asFault, type Crypto, type Files, isFault } from '@vauban/core';
import type { DiskHealth } from './disk-health.ts';
import {
  checkFragmentFile,
  directoryOf,
  type FragmentFacts,
  FRAGMENTS_DIRECTORY,
  type FragmentKey,
  keyOfName,
  keyText,
  pathOf,
} from './fragment-file.ts';
import type { FragmentIndex } from './fragment-index.ts';
import { adoptFile } from './fragment-recovery.ts';
import type { TotalsCount } from './fragment-totals.ts';

export interface AgreementParts {
  readonly files: Files;
  readonly crypto: Crypto;
  readonly index: FragmentIndex;
  readonly totals: TotalsCount;
  readonly health: DiskHealth;
  /** One change at a time per fragment. */
  readonly inTurn: <Result>(key: FragmentKey, work: () => Promise<Result>) => Promise<Result>;
}

export interface Agreement {
  /** As they are now, ascending; some of their files may be gone. */
  readonly rows: readonly (readonly [FragmentKey, FragmentFacts])[];
  /** Those whose row was made anew from the file. */
  readonly rewritten: readonly FragmentKey[];
  /** Rows that could not be read, of files that are no whole fragment: they are among the missing now. */
  readonly unreadable: readonly FragmentKey[];
}

/** `digits`: one of the 256 directories. Faults: DISK_FAILED, and whatever the disk throws. */
export async function agreeDirectory(parts: AgreementParts, digits: string): Promise<Agreement> {
  const { index, files } = parts;
  const { rows, corrupt } = await index.readDirectory(digits);
  const unreadable: FragmentKey[] = [];
  const rewritten: FragmentKey[] = [];
  for (const key of corrupt) {
    const result = await parts.inTurn(key, () => rewriteRow(parts, key));
    if (result === 'rewritten') rewritten.push(key);
    else if (result === 'unreadable') unreadable.push(key);
  }
  const known = new Set([...rows.map(([key]) => key), ...corrupt].map(keyText));
  const directory = `${FRAGMENTS_DIRECTORY}/${digits}`;
  for (const name of await files.list(directory)) {
    const key = keyOfName(name);
    if (key === undefined || known.has(keyText(key)) || directoryOf(key.segment) !== directory) continue;
    if (await parts.inTurn(key, () => takeIn(parts, key))) rewritten.push(key);
  }
  if (rewritten.length === 0) return { rows, rewritten, unreadable };
  return { rows: (await index.readDirectory(digits)).rows, rewritten, unreadable };
}

/** A row that its store finds corrupt: what it said stands in the file too. It has been counted since the start. */
async function rewriteRow(
  { files, crypto, index, health }: AgreementParts,
  key: FragmentKey,
): Promise<'fine' | 'rewritten' | 'unreadable'> {
  try {
    await index.get(key);
    return 'fine';
  } catch (error) {
    if (!isFault(error, 'STORE_CORRUPT')) throw error;
  }
  try {
    const { segment: _, index: __, ...facts } = await checkFragmentFile({ files, crypto }, key);
    await health.durable('index', () => index.put(key, facts));
    return 'rewritten';
  } catch (error) {
    if (!['FRAGMENT_DAMAGED', 'FRAGMENT_MISSING'].includes(asFault(error).code)) throw error;
    // How long it was nobody knows any more: the totals are right again at the next start.
    await health.durable('index', () => index.markMissing([key]));
    return 'unreadable';
  }
}

/** A file that no row knows, unless it came or went just now. False when it is no whole fragment. */
async function takeIn(parts: AgreementParts, key: FragmentKey): Promise<boolean> {
  parts.health.assertWritable();
  if ((await parts.index.get(key)) !== undefined) return false;
  if ((await parts.files.stat(pathOf(key))) === undefined) return false;
  return adoptFile(parts, key);
}
