// Root notes: order-free statements signed by an agency's root key. Nothing in them can fork or be lost with a
// machine; hosters store and pass them on. Three kinds: a device may write, its log is sealed, what it left behind.

import {
  type Charter,
  type Crypto,
  concat,
  decodeCbor,
  encodeCbor,
  Fault,
  isSlug,
  shape,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';

const NOTE_DOMAIN = 'vauban/root-note/0\n';
/** A delegation is a few keys and names; 64 branches of a sealed log are three kilobytes. */
const BODY_BYTES_MAX = 4_096;
/** Format. A signed note. */
export const ROOT_NOTE_BYTES_MAX = BODY_BYTES_MAX + 128;

/** What a machine's person has to do who meets the most likely reason. */
const IF_REPLACED =
  'if the agency replaced its root key, run vauban vault activate on this machine, with --root-words-file where another machine made the new key';

const slug = v.pipe(v.string(), v.check(isSlug, 'expected a slug'));

const delegateSchema = v.strictObject({
  format: v.literal('vauban/delegate/0'),
  charter: slug,
  agency: slug,
  /** Signs this device's log. */
  deviceKey: shape.bytes(32),
  /** The device's transport peer id: what lets it past a daemon's first message. */
  peer: shape.text(128),
  vault: shape.bytes(32),
  policy: slug,
  rights: v.pipe(v.array(v.picklist(['write', 'delete'])), v.maxLength(2)),
  issued: shape.time(),
  until: shape.time(),
});

const revokeSchema = v.strictObject({
  format: v.literal('vauban/revoke/0'),
  charter: slug,
  agency: slug,
  /** Whose log is sealed. */
  deviceKey: shape.bytes(32),
  issued: shape.time(),
});

const sealedSchema = v.strictObject({
  format: v.literal('vauban/sealed/0'),
  charter: slug,
  agency: slug,
  origin: shape.text(140),
  /** Heads up to which the sealed log counts, as q hosters reported them. */
  branches: v.pipe(v.array(v.strictObject({ size: shape.count(), root: shape.bytes(32) })), v.maxLength(64)),
  issued: shape.time(),
});

const bodySchema = v.variant('format', [delegateSchema, revokeSchema, sealedSchema]);

export type Delegation = v.InferOutput<typeof delegateSchema>;
export type Revocation = v.InferOutput<typeof revokeSchema>;
export type SealedNote = v.InferOutput<typeof sealedSchema>;
export type RootNote = v.InferOutput<typeof bodySchema>;

const signedSchema = v.strictTuple([shape.bytesUpTo(BODY_BYTES_MAX), shape.bytes(64)]);

/** The signed note as bytes: [body, signature by the agency root key]. */
export function signRootNote(crypto: Crypto, note: RootNote, rootSeed: Uint8Array): Uint8Array {
  const body = encodeCbor(note);
  return encodeCbor([body, crypto.ed25519Sign(rootSeed, concat(utf8(NOTE_DOMAIN), body))]);
}

export function signDelegation(crypto: Crypto, delegation: Delegation, rootSeed: Uint8Array): Uint8Array {
  return signRootNote(crypto, delegation, rootSeed);
}

/**
 * What a note says, checked against the agency's root key in this charter version.
 * Faults: MALFORMED, TOO_LARGE, CHARTER_OTHER, AGENCY_UNKNOWN, DELEGATION_FORGED, NOTE_FORGED.
 */
export function openRootNote(crypto: Crypto, charter: Charter, note: Uint8Array): RootNote {
  const { said, body, signature } = parse(note);
  const what = said.format === 'vauban/delegate/0' ? 'delegation' : 'note';
  if (said.charter !== charter.name) {
    throw new Fault('refused', 'CHARTER_OTHER', `the ${what} belongs to charter ${said.charter}`, {
      expected: charter.name,
      found: said.charter,
    });
  }
  const agency = charter.agencies.find((one) => one.id === said.agency);
  if (agency === undefined) {
    throw new Fault(
      'refused',
      'AGENCY_UNKNOWN',
      `the agency ${said.agency} is not in charter version ${charter.version}`,
      { agency: said.agency, version: charter.version },
    );
  }
  if (!crypto.ed25519Verify(signature, concat(utf8(NOTE_DOMAIN), body), agency.rootKey)) {
    const facts = { agency: said.agency, version: charter.version };
    const message = `the ${what} is not signed by the root key that charter version ${charter.version} names for ${said.agency}`;
    if (what === 'note') throw new Fault('refused', 'NOTE_FORGED', message, facts);
    throw new Fault('refused', 'DELEGATION_FORGED', `${message}; ${IF_REPLACED}`, facts);
  }
  return said;
}

/** The note under the newest version that confirms it: an agency's root key may since have been replaced. */
export function openNoteUnder(crypto: Crypto, charters: readonly Charter[], note: Uint8Array): RootNote {
  let refused: unknown;
  for (const charter of charters.toReversed()) {
    try {
      return openRootNote(crypto, charter, note);
    } catch (error) {
      refused ??= error;
    }
  }
  throw refused;
}

/** Faults: those of `openRootNote`; MALFORMED when the note is of another kind. */
export function openDelegation(crypto: Crypto, charter: Charter, note: Uint8Array): Delegation {
  return asDelegation(openRootNote(crypto, charter, note));
}

/** What a note claims, unverified: for finding out whom it speaks of. */
export function readRootNote(note: Uint8Array): RootNote {
  return parse(note).said;
}

/** What a delegation claims, unverified. Faults: MALFORMED, also when the note is of another kind. */
export function readDelegation(note: Uint8Array): Delegation {
  return asDelegation(parse(note).said);
}

function asDelegation(note: RootNote): Delegation {
  if (note.format === 'vauban/delegate/0') return note;
  throw new Fault('refused', 'MALFORMED', 'the root note is no delegation', { format: note.format });
}

function parse(note: Uint8Array) {
  const [body, signature] = decodeCbor(signedSchema, note, 'root note', ROOT_NOTE_BYTES_MAX);
  return { said: decodeCbor(bodySchema, body, 'root note', BODY_BYTES_MAX), body, signature };
}
