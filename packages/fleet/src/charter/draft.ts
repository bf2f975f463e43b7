// A draft of the next version on its way between officers: the body as a file that is read before it is signed, and
// signatures as lines of text that survive a mail. Neither is a secret, and neither counts before it is checked.

import {
  asFault,
  charterHash,
  type Crypto,
  decodeCbor,
  decodeCharter,
  encodeCbor,
  equalBytes,
  Fault,
  fromBase64Url,
  shape,
  toBase64Url,
} from '@vauban/core';
import { decodeSignedCharter, type SignedCharter } from '@vauban/ledger';
import * as v from 'valibot';

export const DRAFT_BYTES_MAX = 2_097_152;

/** One officer's signature under one body. */
export interface DraftSignature {
  /** SHA-256 of the body, as the chain names versions. */
  readonly hash: Uint8Array;
  readonly officer: string;
  readonly signature: Uint8Array;
}

const LINE_PREFIX = 'vauban-signature0:';
const lineSchema = v.strictTuple([shape.bytes(32), shape.text(40), shape.bytes(64)]);

export function encodeDraft(signed: SignedCharter): Uint8Array {
  return encodeCbor({ ...signed, signatures: [...signed.signatures] });
}

/** Faults (integrity): DRAFT_MALFORMED; those of decodeCharter for what is inside. */
export function decodeDraft(bytes: Uint8Array, path: string): SignedCharter {
  try {
    const signed = decodeSignedCharter(bytes);
    decodeCharter(signed.body);
    return signed;
  } catch (error) {
    const fault = asFault(error);
    if (fault.code === 'CHARTER_INVALID') throw fault;
    const message = `${path} is no draft of a charter, or it was damaged on its way: ask for it again`;
    throw new Fault('integrity', 'DRAFT_MALFORMED', message, { path }, error);
  }
}

export function formatSignatureLine({ hash, officer, signature }: DraftSignature): string {
  return LINE_PREFIX + toBase64Url(encodeCbor([hash, officer, signature]));
}

/** Faults: SIGNATURE_LINE (refused). */
export function parseSignatureLine(line: string): DraftSignature {
  const text = line.trim();
  const bytes = text.startsWith(LINE_PREFIX) ? fromBase64Url(text.slice(LINE_PREFIX.length)) : undefined;
  const bad = (detail: string) =>
    new Fault('refused', 'SIGNATURE_LINE', `that is no officer's signature: ${detail}`, { detail });
  if (bytes === undefined) throw bad(`it does not begin with ${LINE_PREFIX} or is cut short`);
  try {
    const [hash, officer, signature] = decodeCbor(lineSchema, bytes, 'signature line', 1_024);
    return { hash, officer, signature };
  } catch (error) {
    throw bad(asFault(error).message);
  }
}

/**
 * The draft with the signatures added that are of its body; one per officer, the first that came. Whether they are
 * good, the chain says. Faults: SIGNATURE_OTHER (a line signs another draft).
 */
export function withSignatures(
  crypto: Crypto,
  draft: SignedCharter,
  lines: readonly DraftSignature[],
): SignedCharter {
  const hash = charterHash(crypto, draft.body);
  const signatures = new Map(draft.signatures.map((one) => [one.officer, one]));
  for (const { hash: signed, officer, signature } of lines) {
    if (!equalBytes(signed, hash)) {
      const message = `the signature of ${officer} is of another draft than this one: sign the same file`;
      throw new Fault('refused', 'SIGNATURE_OTHER', message, { officer });
    }
    if (!signatures.has(officer)) signatures.set(officer, { officer, signature });
  }
  return { ...draft, signatures: [...signatures.values()] };
}
