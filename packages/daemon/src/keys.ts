// Key files: one secret key per role, in a versioned text form that names its role, so that no key is ever used for
// another one's work. Reading is strict; whoever changes the form changes what every hoster has in a safe.

import { type Crypto, Fault, fromHex, type Random, toHex } from '@vauban/core';

/**
 * What a key signs: a daemon's facts (identity), connections (transport), receipts, its log, its hoster's votes of one
 * epoch, charter versions (officer), an operator's orders, tokens of the admin plane (admin).
 */
export type KeyRole =
  | 'identity'
  | 'transport'
  | 'receipt'
  | 'log'
  | 'officer'
  | 'operator'
  | 'admin'
  | `voting-${number}`;

/** An Ed25519 key for one role. */
export interface RoleKey {
  readonly role: KeyRole;
  /** 32 bytes, secret. */
  readonly seed: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * A daemon's own keys. The hoster's identity key is not among them and may be kept elsewhere; voting keys come and go with
 * the epochs of the charter.
 */
export interface DaemonKeySet {
  readonly transport: RoleKey;
  readonly receipt: RoleKey;
  readonly log: RoleKey;
}

export const KEY_FILE_BYTES_MAX = 1_024;
const FORM = 'vauban/key/0';

export function makeKey(role: KeyRole, ports: { readonly random: Random; readonly crypto: Crypto }): RoleKey {
  const seed = ports.random.bytes(32);
  return { role, seed, publicKey: ports.crypto.ed25519Public(seed) };
}

/** Four lines: form, role, public key, seed; the keys in hex. */
export function encodeKeyFile(key: RoleKey): string {
  return `${FORM}\nrole ${key.role}\npublic ${toHex(key.publicKey)}\nsecret ${toHex(key.seed)}\n`;
}

/** Faults: KEY_MALFORMED (integrity), KEY_ROLE (refused). `path` only names the file in messages. */
export function decodeKeyFile(
  crypto: Crypto,
  text: string,
  as: { readonly role: KeyRole; readonly path: string },
): RoleKey {
  const match = /^vauban\/key\/0\nrole ([a-z0-9-]+)\npublic ([0-9a-f]{64})\nsecret ([0-9a-f]{64})\n$/.exec(
    text,
  );
  const malformed = (detail: string) =>
    new Fault('integrity', 'KEY_MALFORMED', `${as.path} is not a sound key file: ${detail}`, {
      path: as.path,
    });
  if (match === null) {
    throw malformed(
      text.startsWith('vauban/key/') && !text.startsWith(`${FORM}\n`)
        ? 'it was written by a newer version of Vauban'
        : `it should consist of the four lines ${FORM}, role, public and secret`,
    );
  }
  const [, role, publicHex, seedHex] = match as unknown as [string, string, string, string];
  const seed = fromHex(seedHex) as Uint8Array;
  const publicKey = crypto.ed25519Public(seed);
  if (toHex(publicKey) !== publicHex) throw malformed('its public and secret halves do not belong together');
  if (role !== as.role) {
    throw new Fault(
      'refused',
      'KEY_ROLE',
      `${as.path} holds the key of role ${role}, where the one of role ${as.role} belongs`,
      { path: as.path, found: role, expected: as.role },
    );
  }
  return { role: as.role, seed, publicKey };
}
