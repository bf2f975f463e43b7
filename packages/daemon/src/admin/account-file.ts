// The account of one month as a document: its shape, its signature, its file. Signed with the daemon's receipt key, which
// is the key of its promises to hold, over `vauban/account/0` and the account in deterministic CBOR (ADMIN.md).

import {
  type Crypto,
  concat,
  encodeCbor,
  Fault,
  type Files,
  findDaemon,
  fromBase64,
  fromUtf8,
  replaceFile,
  shape,
  toBase64,
  utf8,
} from '@vauban/core';
import type { CharterChain } from '@vauban/ledger';
import * as v from 'valibot';

const DIRECTORY = 'accounts';
export const ACCOUNT_FILE_BYTES_MAX = 16_777_216;
const AGENCIES_MAX = 10_001;
const domain = utf8('vauban/account/0\n');
const monthPattern = /^[0-9]{4}-(?:0[1-9]|1[0-2])$/;

const difference = v.strictObject({
  between: v.picklist(['ledger-index', 'index-disk']),
  reason: shape.text(40),
  fragments: shape.count(),
  /** What the second has more than the first; below zero: less. */
  bytes: v.pipe(v.number(), v.safeInteger()),
});

const row = v.strictObject({
  /** Slug of the charter; '' for what is nobody's. */
  agency: shape.text(40),
  /** Fragments that the ledger says it holds. */
  fragments: shape.count(),
  ledgerBytes: shape.count(),
  /** Of those, bytes whose every claim was released: still held, soon erased. */
  releasedBytes: shape.count(),
  indexBytes: shape.count(),
  /** Lengths of the files. */
  fileBytes: shape.count(),
  /** What the file system took for them. */
  allocatedBytes: shape.count(),
  differences: v.pipe(v.array(difference), v.maxLength(40)),
});

const accountSchema = v.strictObject({
  format: v.literal('vauban/account/0'),
  charter: shape.text(40),
  charterVersion: shape.count(),
  daemon: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  hoster: shape.text(40),
  site: shape.text(40),
  month: v.pipe(v.string(), v.regex(monthPattern)),
  /** When counting began and ended: the work went on meanwhile. */
  from: shape.time(),
  to: shape.time(),
  rows: v.pipe(v.array(row), v.maxLength(AGENCIES_MAX)),
});

const signedSchema = v.strictObject({ account: accountSchema, signature: shape.text(100) });

export type Account = v.InferOutput<typeof accountSchema>;
export type AccountRow = Account['rows'][number];
export type Difference = AccountRow['differences'][number];
/** `signature`: Ed25519, base64. */
export type SignedAccount = v.InferOutput<typeof signedSchema>;

/** "2026-03", UTC. */
export function monthOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 7);
}

export function isMonth(text: string): boolean {
  return monthPattern.test(text);
}

export function signAccount(crypto: Crypto, receiptSeed: Uint8Array, account: Account): SignedAccount {
  return { account, signature: toBase64(crypto.ed25519Sign(receiptSeed, signedBytes(account))) };
}

/**
 * Whether the daemon it names signed it, by the receipt key that some version of the charter lists.
 * Faults: CHARTER_OTHER, DAEMON_UNKNOWN (refused); ACCOUNT_FORGED (integrity).
 */
export function checkAccount(
  crypto: Crypto,
  charters: Pick<CharterChain, 'versions'>,
  { account, signature }: SignedAccount,
): void {
  const { daemon } = account;
  const versions = charters.versions().filter(({ name }) => name === account.charter);
  if (versions.length === 0) {
    throw new Fault('refused', 'CHARTER_OTHER', `the account is of the consortium ${account.charter}`, {
      charter: account.charter,
    });
  }
  const keys = versions.flatMap((charter) => findDaemon(charter, daemon)?.receiptKey ?? []);
  if (keys.length === 0) {
    throw new Fault('refused', 'DAEMON_UNKNOWN', `no version of the charter lists daemon ${daemon}`, {
      daemon,
    });
  }
  const bytes = fromBase64(signature);
  const message = signedBytes(account);
  const ok = bytes !== undefined && keys.some((key) => crypto.ed25519Verify(bytes, message, key));
  if (!ok) {
    throw new Fault(
      'integrity',
      'ACCOUNT_FORGED',
      `daemon ${daemon} did not sign this account as it stands`,
      {
        daemon,
      },
    );
  }
}

/** Faults: ACCOUNT_MALFORMED (integrity). `path` only names it in messages. */
export function decodeAccount(text: string, path: string): SignedAccount {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Refused below, like any other text that is no account.
  }
  const result = v.safeParse(signedSchema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Fault(
    'integrity',
    'ACCOUNT_MALFORMED',
    `${path} is no account of a daemon: ${v.getDotPath(issue) ?? 'it'}: ${issue.message}`,
    { path },
  );
}

/** Replaces what was drawn up before in the same month. */
export async function keepAccount(files: Files, signed: SignedAccount): Promise<void> {
  await files.makeDirectory(DIRECTORY);
  await files.syncDirectory('');
  await replaceFile(files, pathOfMonth(signed.account.month), utf8(`${JSON.stringify(signed, null, 1)}\n`));
}

/** Undefined when none was drawn up in that month. Faults: ACCOUNT_MALFORMED. */
export async function keptAccount(files: Files, month: string): Promise<SignedAccount | undefined> {
  const bytes = await files.readAll(pathOfMonth(month), ACCOUNT_FILE_BYTES_MAX);
  return bytes === undefined ? undefined : decodeAccount(fromUtf8(bytes), pathOfMonth(month));
}

function pathOfMonth(month: string): string {
  return `${DIRECTORY}/${month}.json`;
}

function signedBytes(account: Account): Uint8Array {
  return concat(domain, encodeCbor(account));
}
