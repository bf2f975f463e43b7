// Rival drafts of one charter version. An officer signs one body for one number; when two drafts have split the officers,
// those who did not sign one may promise never to, and enough such promises kill it (SPEC: the charter's log).

import {
  type Charter,
  concat,
  type Crypto,
  decodeCbor,
  encodeCbor,
  equalBytes,
  Fault,
  officersThreshold,
  shape,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';

const ABANDON_DOMAIN = 'vauban/abandon-signature/0\n';
const ABANDON_BYTES_MAX = 1_024;

const bodySchema = v.strictObject({
  format: v.literal('vauban/abandon/0'),
  charter: shape.text(40),
  version: shape.count(),
  /** Hash of the body that the officer never signs. */
  draft: shape.bytes(32),
  officer: shape.text(40),
});
const signedSchema = v.strictTuple([shape.bytesUpTo(ABANDON_BYTES_MAX), shape.bytes(64)]);

export type Abandonment = Omit<v.InferOutput<typeof bodySchema>, 'format'>;

/** [body, signature]. The signer's tool has written down before that this key never signs the draft. */
export function signAbandonment(crypto: Crypto, of: Abandonment, officerSeed: Uint8Array): Uint8Array {
  const body = encodeCbor({ format: 'vauban/abandon/0', ...of });
  return encodeCbor([body, crypto.ed25519Sign(officerSeed, concat(utf8(ABANDON_DOMAIN), body))]);
}

/**
 * Checked against the officers of the version in force. Faults: MALFORMED, TOO_LARGE, CHARTER_OTHER, OFFICER_UNKNOWN,
 * ABANDON_FORGED.
 */
export function openAbandonment(crypto: Crypto, current: Charter, bytes: Uint8Array): Abandonment {
  const [body, signature] = decodeCbor(signedSchema, bytes, 'abandonment', ABANDON_BYTES_MAX + 128);
  const { format: _, ...said } = decodeCbor(bodySchema, body, 'abandonment', ABANDON_BYTES_MAX);
  if (said.charter !== current.name) {
    throw new Fault('refused', 'CHARTER_OTHER', `the abandonment belongs to charter ${said.charter}`, {
      expected: current.name,
      found: said.charter,
    });
  }
  const { officer } = said;
  const key = current.officers.find((one) => one.id === officer)?.key;
  if (key === undefined) {
    throw new Fault('refused', 'OFFICER_UNKNOWN', `${officer} is no officer of this charter`, { officer });
  }
  if (!crypto.ed25519Verify(signature, concat(utf8(ABANDON_DOMAIN), body), key)) {
    const message = `the abandonment is not signed by ${officer}`;
    throw new Fault('refused', 'ABANDON_FORGED', message, { officer });
  }
  return said;
}

/**
 * Officers who must abandon a draft before it is dead: o − t + 1 + g. Of those, at most g break their word, so fewer
 * than t are left to sign it.
 */
export function abandonmentsNeeded(current: Charter): number {
  return current.officers.length - officersThreshold(current) + 1 + current.officersLying;
}

/** Whether the draft of the version after `current` can never be in force. `signers`: officers who signed it. */
export function isDraftDead(
  current: Charter,
  of: {
    readonly draft: Uint8Array;
    readonly signers: ReadonlySet<string>;
    readonly abandonments: readonly Abandonment[];
  },
): boolean {
  const { draft, signers, abandonments } = of;
  const officers = new Set(
    abandonments
      .filter((one) => one.version === current.version + 1 && equalBytes(one.draft, draft))
      .map(({ officer }) => officer)
      .filter((id) => !signers.has(id) && current.officers.some((one) => one.id === id)),
  );
  return officers.size >= abandonmentsNeeded(current);
}
