// Root notes: order-free statements signed by an agency's root key. Nothing in them can fork or be lost with a
// machine; hosters store and pass them on. This release knows `delegate`.

import {
  AGENCY_DEVICES_MAX,
  type Charter,
  type Crypto,
  concat,
  decodeCbor,
  encodeCbor,
  equalBytes,
  Fault,
  isSlug,
  type Store,
  shape,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';

const NOTE_DOMAIN = 'vauban/root-note/0\n';
/** A delegation is a few keys and names. */
const ROOT_NOTE_BYTES_MAX = 4_096;

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

export type Delegation = v.InferOutput<typeof delegateSchema>;

const signedSchema = v.strictTuple([shape.bytesUpTo(ROOT_NOTE_BYTES_MAX), shape.bytes(64)]);

/** The signed note as bytes: [body, signature by the agency root key]. */
export function signDelegation(crypto: Crypto, delegation: Delegation, rootSeed: Uint8Array): Uint8Array {
  const body = encodeCbor(delegation);
  return encodeCbor([body, crypto.ed25519Sign(rootSeed, concat(utf8(NOTE_DOMAIN), body))]);
}

/**
 * The delegation a note makes, checked against the agency's root key in the charter.
 * Faults: MALFORMED, CHARTER_OTHER, AGENCY_UNKNOWN, DELEGATION_FORGED.
 */
export function openDelegation(crypto: Crypto, charter: Charter, note: Uint8Array): Delegation {
  const { delegation, body, signature } = parse(note);
  if (delegation.charter !== charter.name) {
    throw new Fault('refused', 'CHARTER_OTHER', `the delegation belongs to charter ${delegation.charter}`, {
      expected: charter.name,
      found: delegation.charter,
    });
  }
  const agency = charter.agencies.find((one) => one.id === delegation.agency);
  if (agency === undefined) {
    throw new Fault(
      'refused',
      'AGENCY_UNKNOWN',
      `the agency ${delegation.agency} is not in charter version ${charter.version}`,
      { agency: delegation.agency, version: charter.version },
    );
  }
  if (!crypto.ed25519Verify(signature, concat(utf8(NOTE_DOMAIN), body), agency.rootKey)) {
    throw new Fault(
      'refused',
      'DELEGATION_FORGED',
      `the delegation is not signed by ${delegation.agency}'s root key`,
      {
        agency: delegation.agency,
      },
    );
  }
  return delegation;
}

/** What a note claims, unverified: for finding out whom it speaks of. */
export function readDelegation(note: Uint8Array): Delegation {
  return parse(note).delegation;
}

const notePrefix = utf8('N/');

/** Stores a note durably; the same note again is no second one. Faults: those of openDelegation, DEVICES_MANY. */
export async function keepRootNote(
  { crypto, store }: { readonly crypto: Crypto; readonly store: Store },
  charter: Charter,
  note: Uint8Array,
): Promise<void> {
  const { agency } = openDelegation(crypto, charter, note);
  const start = concat(notePrefix, utf8(`${agency}/`));
  const key = concat(start, crypto.sha256(note));
  let known = 0;
  for await (const [stored] of store.range({ gte: start, lt: concat(start, new Uint8Array(33).fill(255)) })) {
    if (equalBytes(stored, key)) return;
    known += 1;
  }
  if (known >= AGENCY_DEVICES_MAX) {
    throw new Fault('refused', 'DEVICES_MANY', `the agency ${agency} has ${known} devices already`, {
      agency,
      known,
    });
  }
  await store.batch([{ put: key, value: note }], { sync: true });
}

function parse(note: Uint8Array) {
  const [body, signature] = decodeCbor(signedSchema, note, 'root note', ROOT_NOTE_BYTES_MAX + 128);
  return { delegation: decodeCbor(delegateSchema, body, 'delegation', ROOT_NOTE_BYTES_MAX), body, signature };
}
