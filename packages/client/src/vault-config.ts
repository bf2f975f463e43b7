// What a vault directory says about itself: public facts in one file, secrets in another that a passphrase opens.

import {
  asFault,
  CHARTER_BYTES_MAX,
  type Crypto,
  concat,
  decodeCbor,
  encodeCbor,
  Fault,
  fromBase64Url,
  isSlug,
  NOTE_BYTES_MAX,
  type Random,
  shape,
  toBase64Url,
  utf8,
} from '@vauban/core';
import { type AdoptedHead, type SignedCharter, signedCharterSchema } from '@vauban/ledger';
import {
  type AgencyKeys,
  agencyKeys,
  openKeyFile,
  type PassphraseKdf,
  replacedRootKeys,
  sealKeyFile,
} from '@vauban/seal';
import * as v from 'valibot';

export const CONFIG_PATH = 'vault';
export const KEYS_PATH = 'keys';
export const CONFIG_BYTES_MAX = 64 * CHARTER_BYTES_MAX;
/** Of an agency's name as a person reads it, and of a vault's label: UTF-16 units. */
export const NAME_LENGTH_MAX = 80;
export const LABEL_LENGTH_MAX = 200;

const slug = v.pipe(v.string(), v.check(isSlug, 'expected a slug'));

const adoptedHead = v.strictObject({
  origin: shape.text(140),
  size: shape.count(),
  root: shape.bytes(32),
  certificate: shape.text(NOTE_BYTES_MAX),
});

const configSchema = v.strictObject({
  format: v.literal('vauban/vault/0'),
  agency: slug,
  agencyName: shape.text(NAME_LENGTH_MAX),
  label: shape.text(LABEL_LENGTH_MAX),
  /** Origin of this device's log. */
  device: shape.text(140),
  vault: shape.bytes(32),
  /** Null until the agency is in the charter. */
  policy: v.nullable(slug),
  /** The device's delegation; null until the agency is in the charter. */
  note: v.nullable(shape.bytesUpTo(4_352)),
  /** The head that this device's log starts from; null when it is nobody's successor. */
  adopts: v.nullable(adoptedHead),
  /** A new key on its way: the keys tell whether it has arrived. */
  renewal: v.nullable(
    v.strictObject({
      device: shape.text(140),
      note: shape.bytesUpTo(4_352),
      adopts: v.nullable(adoptedHead),
    }),
  ),
  charter: v.pipe(v.array(signedCharterSchema), v.minLength(1), v.maxLength(100_000)),
});

export interface VaultConfig {
  readonly agency: string;
  readonly agencyName: string;
  readonly label: string;
  readonly device: string;
  readonly vault: Uint8Array;
  readonly policy: string | null;
  readonly note: Uint8Array | null;
  readonly adopts: AdoptedHead | null;
  readonly renewal: {
    readonly device: string;
    readonly note: Uint8Array;
    readonly adopts: AdoptedHead | null;
  } | null;
  readonly charter: readonly SignedCharter[];
}

export function encodeVaultConfig(config: VaultConfig): Uint8Array {
  return encodeCbor({ format: 'vauban/vault/0', ...config, charter: [...config.charter] });
}

/** Faults: MALFORMED, TOO_LARGE. */
export function decodeVaultConfig(bytes: Uint8Array): VaultConfig {
  const { format: _, ...config } = decodeCbor(configSchema, bytes, 'vault configuration', CONFIG_BYTES_MAX);
  return config;
}

const keysSchema = v.strictObject({
  format: v.literal('vauban/vault-keys/0'),
  agencySecret: shape.bytes(32),
  rootSecret: v.nullable(shape.bytes(32)),
  nextRootSecret: v.nullable(shape.bytes(32)),
  /** Signs this device's log. */
  deviceSeed: shape.bytes(32),
  transportSeed: shape.bytes(32),
});

export interface VaultKeys {
  /** Makes the vault's keys and its id, for good; the agency's root key too, until that is replaced. */
  readonly agencySecret: Uint8Array;
  /** Makes the agency's root key since the first one was replaced. */
  readonly rootSecret: Uint8Array | null;
  /** Of a new root key that waits for the charter to name it. */
  readonly nextRootSecret: Uint8Array | null;
  readonly deviceSeed: Uint8Array;
  readonly transportSeed: Uint8Array;
}

/** The agency's root key pair, as this machine knows it. */
export function rootKeysOf(
  crypto: Crypto,
  { agencySecret, rootSecret }: Pick<VaultKeys, 'agencySecret' | 'rootSecret'>,
): AgencyKeys {
  return rootSecret === null ? agencyKeys(crypto, agencySecret) : replacedRootKeys(crypto, rootSecret);
}

export function sealVaultKeys(
  keys: VaultKeys,
  lock: { readonly passphrase: string; readonly random: Random; readonly kdf: PassphraseKdf },
): Uint8Array {
  const secret = encodeCbor({ format: 'vauban/vault-keys/0', ...keys });
  return sealKeyFile({ random: lock.random, kdf: lock.kdf, passphrase: lock.passphrase, secret });
}

/** Faults: WRONG_PASSPHRASE, MALFORMED, KDF_TOO_COSTLY, KDF_UNKNOWN. */
export function openVaultKeys(
  bytes: Uint8Array,
  lock: { readonly passphrase: string; readonly kdfs: readonly PassphraseKdf[] },
): VaultKeys {
  const secret = openKeyFile({ bytes, passphrase: lock.passphrase, kdfs: lock.kdfs });
  const { format: _, ...keys } = decodeCbor(keysSchema, secret, 'vault keys', 1_024);
  return keys;
}

const lineSchema = v.strictObject({
  format: v.literal('vauban/agency-line/0'),
  id: slug,
  name: shape.text(NAME_LENGTH_MAX),
  rootKey: shape.bytes(32),
});
const signedLineSchema = v.strictTuple([shape.bytesUpTo(1_024), shape.bytes(64)]);
export type AgencyLine = Omit<v.InferOutput<typeof lineSchema>, 'format'>;

const LINE_PREFIX = 'vauban-agency0:';
const LINE_DOMAIN = 'vauban/agency-line-signature/0\n';

/** One line of text that an agency sends to the officers: its name and root key, signed by that key. */
export function agencyLine(crypto: Crypto, line: AgencyLine, rootSeed: Uint8Array): string {
  const body = encodeCbor({ format: 'vauban/agency-line/0', ...line });
  const signature = crypto.ed25519Sign(rootSeed, concat(utf8(LINE_DOMAIN), body));
  return LINE_PREFIX + toBase64Url(encodeCbor([body, signature]));
}

/** Faults: AGENCY_LINE (not such a line, or its signature does not check). */
export function openAgencyLine(crypto: Crypto, text: string): AgencyLine {
  const bytes = text.startsWith(LINE_PREFIX) ? fromBase64Url(text.slice(LINE_PREFIX.length)) : undefined;
  if (bytes === undefined) throw badLine('it does not begin with vauban-agency0: or is cut short');
  try {
    const [body, signature] = decodeCbor(signedLineSchema, bytes, 'agency line', 2_048);
    const { format: _, ...line } = decodeCbor(lineSchema, body, 'agency line', 1_024);
    if (crypto.ed25519Verify(signature, concat(utf8(LINE_DOMAIN), body), line.rootKey)) return line;
  } catch (error) {
    throw badLine(asFault(error).message, error);
  }
  throw badLine('its signature does not check: it was changed on the way');
}

function badLine(detail: string, cause?: unknown): Fault {
  return new Fault('refused', 'AGENCY_LINE', `that is no agency's public line: ${detail}`, { detail }, cause);
}
