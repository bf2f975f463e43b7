// Every key a client uses, each derived for one use (SPEC section 2). A key that served two uses, or a domain string
// shared by two derivations, would break the separation everything else relies on.

import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { assert, concat, type Crypto, Fault, type Random, u64be, utf8 } from '@vauban/core';

/** The root of an agency's keys: what the 24 recovery words say. */
export const AGENCY_SECRET_BYTES = 32;
export const DATA_KEY_BYTES = 32;
export const CONTENT_ID_BYTES = 16;
const vaultIdBytes = 32;

// A vault's label is one file-name's worth of text: long enough for any service's name, short enough for a table.
const labelBytesMax = 255;

// One string per use; the version is part of it, so a changed derivation is a new string.
const domains = {
  agencyRoot: utf8('vauban/agency-root/0\n'),
  replacedRoot: utf8('vauban/replaced-root/0\n'),
  vaultSecret: utf8('vauban/vault-secret/0\n'),
  vaultId: utf8('vauban/vault-id/0\n'),
  segment: utf8('vauban/segment-key/0\n'),
  record: utf8('vauban/record-key/0\n'),
} as const;

export interface AgencyKeys {
  /** Ed25519 seed, 32 bytes: signs root notes and nothing else. */
  readonly rootSeed: Uint8Array;
  /** The agency's public identity, 32 bytes. */
  readonly rootPublic: Uint8Array;
}

export function newAgencySecret(random: Random): Uint8Array {
  return random.bytes(AGENCY_SECRET_BYTES);
}

/** A fresh key for one version of one object (also inside a pack). Never derived from content. */
export function newDataKey(random: Random): Uint8Array {
  return random.bytes(DATA_KEY_BYTES);
}

export function newContentId(random: Random): Uint8Array {
  return random.bytes(CONTENT_ID_BYTES);
}

/** The agency root key pair: seed = HKDF(agency secret, domain). */
export function agencyKeys(crypto: Crypto, agencySecret: Uint8Array): AgencyKeys {
  const rootSeed = derive(agencySecret, domains.agencyRoot);
  return { rootSeed, rootPublic: crypto.ed25519Public(rootSeed) };
}

/**
 * The agency's root key pair since the first was replaced: seed = HKDF(root secret, domain of its own). So the words of the
 * two secrets cannot be taken for one another: those of a root secret open no vault.
 */
export function replacedRootKeys(crypto: Crypto, rootSecret: Uint8Array): AgencyKeys {
  const rootSeed = derive(rootSecret, domains.replacedRoot);
  return { rootSeed, rootPublic: crypto.ed25519Public(rootSeed) };
}

/**
 * Vault id, 32 bytes = SHA-256(domain ‖ the agency's first root public key ‖ label). The label is taken in NFC, so that the vault is
 * found again whatever keyboard the label was typed on. Fault: VAULT_LABEL (usage).
 */
export function vaultIdOf(rootPublic: Uint8Array, label: string): Uint8Array {
  assert(rootPublic.length === 32, 'an agency root public key has 32 bytes');
  const bytes = utf8(label.normalize('NFC'));
  // Control characters have no place in a name people read out on the telephone when all else is lost.
  if (bytes.length === 0 || bytes.length > labelBytesMax || !label.isWellFormed() || /\p{Cc}/u.test(label)) {
    throw new Fault(
      'usage',
      'VAULT_LABEL',
      `A vault label is 1 to ${labelBytesMax} bytes of text without control characters; choose another.`,
      { bytes: bytes.length, bytesMax: labelBytesMax },
    );
  }
  return sha256(concat(domains.vaultId, rootPublic, bytes));
}

/** The secret of one vault, 32 bytes: only ever input to recordKey. A delegated device holds this, not the agency secret. */
export function vaultSecret(agencySecret: Uint8Array, vaultId: Uint8Array): Uint8Array {
  assert(vaultId.length === vaultIdBytes, 'a vault id has 32 bytes');
  return derive(agencySecret, domains.vaultSecret, vaultId);
}

/** The AES-256-GCM key of one segment of one content, or of one object in a pack (segment 0). */
export function segmentKey(
  dataKey: Uint8Array,
  at: { readonly content: Uint8Array; readonly segment: number },
): Uint8Array {
  assert(at.content.length === CONTENT_ID_BYTES, 'a content id has 16 bytes');
  assert(Number.isSafeInteger(at.segment) && at.segment >= 0, 'a segment index is a whole number');
  return derive(dataKey, domains.segment, at.content, u64be(at.segment));
}

/** The XChaCha20-Poly1305 key of the sealed records of one log, by its origin. */
export function recordKey(secretOfVault: Uint8Array, origin: string): Uint8Array {
  assert(origin.length > 0 && origin.isWellFormed(), 'a log origin is text');
  return derive(secretOfVault, domains.record, utf8(origin));
}

/** HKDF-SHA-256 (RFC 5869), no salt, info = domain ‖ context. Contexts have fixed lengths, or one last part that has not. */
function derive(key: Uint8Array, domain: Uint8Array, ...context: readonly Uint8Array[]): Uint8Array {
  assert(key.length === 32, 'keys are derived from 32 bytes');
  return hkdf(sha256, key, undefined, concat(domain, ...context), 32);
}
