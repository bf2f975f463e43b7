// Drafts of a charter version that officers gave up. One officer signs one draft per number; only when a draft can never
// be in force any more may those who signed it sign another (SPEC: epochs, drafts).

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

const ABANDON_BYTES_MAX = 1_024;
const DOMAIN = 'vauban/abandon-signature/0\n';

const bodySchema = v.strictObject({
  format: v.literal('vauban/abandon/0'),
  charter: shape.text(40),
  /** Number of the draft. */
  version: shape.count(),
  /** Charter hash of the draft. */
  draft: shape.bytes(32),
  officer: shape.text(40),
});
const signedSchema = v.strictTuple([shape.bytesUpTo(ABANDON_BYTES_MAX), shape.bytes(64)]);

export type Abandon = v.InferOutput<typeof bodySchema>;

/** `[body, signature]`: this officer will never sign the draft. */
export function signAbandon(crypto: Crypto, body: Abandon, officerSeed: Uint8Array): Uint8Array {
  const bytes = encodeCbor(body);
  return encodeCbor([bytes, crypto.ed25519Sign(officerSeed, concat(utf8(DOMAIN), bytes))]);
}

/** Checked against the officers of the version in force. Faults: MALFORMED, ABANDON_OTHER, ABANDON_FORGED (integrity). */
export function openAbandon(crypto: Crypto, charter: Charter, note: Uint8Array): Abandon {
  const [bytes, signature] = decodeCbor(signedSchema, note, 'abandon note', ABANDON_BYTES_MAX);
  const body = decodeCbor(bodySchema, bytes, 'abandon', ABANDON_BYTES_MAX);
  if (body.charter !== charter.name || body.version !== charter.version + 1) {
    throw new Fault(
      'refused',
      'ABANDON_OTHER',
      `the note gives up a draft of ${body.charter} version ${body.version}, and version ${charter.version + 1} of ${charter.name} is next`,
      { charter: body.charter, version: body.version },
    );
  }
  const key = charter.officers.find(({ id }) => id === body.officer)?.key;
  if (key === undefined || !crypto.ed25519Verify(signature, concat(utf8(DOMAIN), bytes), key)) {
    throw new Fault('integrity', 'ABANDON_FORGED', `the note is not signed by officer ${body.officer}`, {
      officer: body.officer,
    });
  }
  return body;
}

/** Officers of the version in force who did not sign a draft and must give it up before it is dead: o − t + 1 + g. */
export function abandonsNeeded(charter: Charter): number {
  return charter.officers.length - officersThreshold(charter) + 1 + charter.officersLying;
}

/**
 * Whether a draft of the version after `charter` can never be in force: of the officers who did not sign it, so many gave
 * it up that, even if g of these lie, too few are left for the threshold. `signers`: officers with a valid signature on
 * it; `abandons`: opened notes.
 */
export function isDead(
  charter: Charter,
  draftHash: Uint8Array,
  signers: readonly string[],
  abandons: readonly Abandon[],
): boolean {
  const gaveUp = new Set(
    abandons
      .filter(({ draft, version }) => version === charter.version + 1 && equalBytes(draft, draftHash))
      .map(({ officer }) => officer)
      .filter((officer) => charter.officers.some(({ id }) => id === officer) && !signers.includes(officer)),
  );
  return gaveUp.size >= abandonsNeeded(charter);
}
