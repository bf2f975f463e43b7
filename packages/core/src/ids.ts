// Identifiers and their text forms. Hosters, sites, agencies and policies have names a person chose (slugs);
// daemons, vaults and segments are named by a hash, so nobody can choose or take another's.

import { fromHex, toHex, utf8 } from './bytes.ts';
import { assert } from './fault.ts';
import type { Crypto } from './ports/crypto.ts';

/** A slug: lower-case letters, digits and hyphens, 1–40 characters. Shows in file names, labels and key names. */
export const slugPattern = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;

export function isSlug(text: string): boolean {
  return slugPattern.test(text);
}

/** 32 hex digits: the first 16 bytes of SHA-256(domain ‖ the daemon's receipt public key). */
export type DaemonId = string;

export const DAEMON_ID_BYTES = 16;

export function daemonIdOf(crypto: Crypto, receiptKey: Uint8Array): DaemonId {
  return toHex(crypto.sha256(utf8('vauban/daemon-id/0\n'), receiptKey).subarray(0, DAEMON_ID_BYTES));
}

export function daemonIdBytes(id: DaemonId): Uint8Array {
  const bytes = fromHex(id);
  assert(bytes?.length === DAEMON_ID_BYTES, `daemon id ${id}`);
  return bytes;
}

/** A name from free text: "Nœud de Metz" → "noeud-de-metz". Empty when nothing is left. */
export function slugOf(text: string): string {
  return text
    .replaceAll('œ', 'oe')
    .replaceAll('æ', 'ae')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '');
}
