// An officer's signature under a version of the charter. What a key has signed is written beside it, durably, before the
// signature exists anywhere: one key never signs two bodies for one number, unless the first is known to be dead.

import { createHash } from 'node:crypto';
import { open, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Charter, charterHash, decodeCharter, Fault, toHex } from '@vauban/core';
import { keepOwner, nodeCrypto } from '@vauban/core/node';
import { readKey } from '@vauban/daemon';
import { type SignedCharter, signCharterBody } from '@vauban/ledger';
import type { DraftSignature } from '../charter/draft.ts';

/** An officer's key as the charter lists it. */
export interface OfficerKey {
  readonly officer: string;
  readonly seed: Uint8Array;
  readonly path: string;
}

/** Beside the key: one line per number signed. */
const RECORD_SUFFIX = '.signed';
const RECORD_BYTES_MAX = 1_048_576;

/** The key at `path` and whose it is. Faults: those of readKey, OFFICER_UNKNOWN (refused). */
export async function openOfficerKey(path: string, charters: readonly Charter[]): Promise<OfficerKey> {
  const key = await readKey(path, 'officer');
  for (const charter of charters) {
    const found = charter.officers.find((one) => toHex(one.key) === toHex(key.publicKey));
    if (found !== undefined) return { officer: found.id, seed: key.seed, path };
  }
  const message = `the key in ${path} is not that of an officer of this charter`;
  throw new Fault('refused', 'OFFICER_UNKNOWN', message, { path });
}

/**
 * Signs the draft's body. `dead`: bodies (hex hashes) for which the charter's rule of abandoned drafts holds.
 * Faults: DRAFT_RIVAL (refused) when this key signed, or abandoned, another way for this number.
 */
export async function signOnce(
  key: OfficerKey,
  draft: SignedCharter,
  dead: ReadonlySet<string> = new Set(),
): Promise<DraftSignature> {
  const { name, version } = decodeCharter(draft.body);
  const hash = charterHash(nodeCrypto, draft.body);
  const mine = { name, version, hash: toHex(hash) };
  const before = (await readRecord(key.path)).filter((one) => one.name === name && one.version === version);
  if (before.some((one) => one.deed === 'abandoned' && one.hash === mine.hash)) {
    const message = `this key has abandoned this draft of version ${version}, for good: draft the version anew`;
    throw new Fault('refused', 'DRAFT_ABANDONED', message, { version, officer: key.officer });
  }
  const rival = before.find((one) => one.deed === 'signed' && one.hash !== mine.hash && !dead.has(one.hash));
  if (rival !== undefined) {
    throw new Fault(
      'refused',
      'DRAFT_RIVAL',
      `this key signed another draft of version ${version} (${rival.hash.slice(0, 16)}…) and signs no second one: sign that one, or collect enough officers' abandonments of it (vauban charter abandon)`,
      { version, officer: key.officer, signed: rival.hash },
    );
  }
  if (!before.some((one) => one.deed === 'signed' && one.hash === mine.hash)) {
    await appendRecord(key.path, { ...mine, deed: 'signed' });
  }
  return { hash, officer: key.officer, signature: signCharterBody(nodeCrypto, draft.body, key.seed) };
}

/**
 * Writes down that this key never signs the draft, before anyone is told so. Faults: DRAFT_SIGNED (refused).
 */
export async function abandonOnce(key: OfficerKey, draft: SignedCharter): Promise<void> {
  const { name, version } = decodeCharter(draft.body);
  const hash = toHex(charterHash(nodeCrypto, draft.body));
  const before = (await readRecord(key.path)).filter((one) => one.name === name && one.hash === hash);
  if (before.some((one) => one.deed === 'signed')) {
    const message = `this key has signed this draft of version ${version}: only those who did not can abandon it`;
    throw new Fault('refused', 'DRAFT_SIGNED', message, { version, officer: key.officer });
  }
  if (before.length === 0) await appendRecord(key.path, { name, version, hash, deed: 'abandoned' });
}

interface Recorded {
  readonly deed: 'signed' | 'abandoned';
  readonly name: string;
  readonly version: number;
  /** Hex, of the body. */
  readonly hash: string;
}

/** Each line ends with a check, so that a torn one is seen; a torn last line was never acted on. */
async function readRecord(path: string): Promise<Recorded[]> {
  const text = await readFile(`${path}${RECORD_SUFFIX}`, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  if (text.length > RECORD_BYTES_MAX) throw damaged(path, 0);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.flatMap((line, nth) => {
    const match = /^(signed|abandoned) ([a-z0-9-]+) ([1-9][0-9]{0,6}) ([0-9a-f]{64}) ([0-9a-f]{16})$/.exec(
      line,
    );
    const [, deed, name, version, hash, check] = match ?? [];
    if (check !== undefined && check === checkOf(line.slice(0, -17))) {
      return [
        {
          deed: deed as Recorded['deed'],
          name: name as string,
          version: Number(version),
          hash: hash as string,
        },
      ];
    }
    if (nth === lines.length - 1 && !text.endsWith('\n')) return [];
    throw damaged(path, nth + 1);
  });
}

async function appendRecord(path: string, { deed, name, version, hash }: Recorded): Promise<void> {
  const line = `${deed} ${name} ${version} ${hash}`;
  const record = `${path}${RECORD_SUFFIX}`;
  // A last line that a crash cut short was never acted on: it goes before the next one is written.
  const text = await readFile(record, 'utf8').catch(() => '');
  if (text !== '' && !text.endsWith('\n')) await truncate(record, text.lastIndexOf('\n') + 1);
  const file = await open(record, 'a', 0o600);
  try {
    await keepOwner(record);
    await file.appendFile(`${line} ${checkOf(line)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  const directory = await open(dirname(record), 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function checkOf(line: string): string {
  return createHash('sha256').update(line).digest('hex').slice(0, 16);
}

function damaged(path: string, line: number): Fault {
  const record = `${path}${RECORD_SUFFIX}`;
  const message = `${record}, which says what this key has signed, is damaged at line ${line}: restore it, or have the key replaced in the charter; without it this key must not sign`;
  return new Fault('integrity', 'OFFICER_RECORD', message, { path: record, line });
}
