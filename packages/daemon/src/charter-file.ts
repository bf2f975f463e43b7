// The charter as a file: every version with its signatures and certificate, in order. Officers send it to hosters and
// agencies; whoever reads it checks the whole chain.

import { type Crypto, decodeCbor, encodeCbor, Fault } from '@vauban/core';
import { CharterChain, type SignedCharter, signedCharterSchema } from '@vauban/ledger';
import * as v from 'valibot';

/** A hundred versions of the largest charter. */
export const CHARTER_FILE_BYTES_MAX = 134_217_728;

const fileSchema = v.strictObject({
  format: v.literal('vauban/charter-file/0'),
  versions: v.pipe(v.array(signedCharterSchema), v.minLength(1), v.maxLength(1_000_000)),
});

export function encodeCharterFile(versions: readonly SignedCharter[]): Uint8Array {
  return encodeCbor({ format: 'vauban/charter-file/0', versions: [...versions] });
}

/** The checked chain. Faults (integrity): CHARTER_FILE_MALFORMED; and those of CharterChain. */
export function decodeCharterFile(crypto: Crypto, bytes: Uint8Array, path: string): CharterChain {
  let versions: readonly SignedCharter[];
  try {
    versions = decodeCbor(fileSchema, bytes, 'charter file', CHARTER_FILE_BYTES_MAX).versions;
  } catch (error) {
    throw new Fault(
      'integrity',
      'CHARTER_FILE_MALFORMED',
      `${path} is not a charter file, or it is damaged: ask the consortium for it again`,
      { path },
      error,
    );
  }
  return CharterChain.from(crypto, versions);
}
