// Proofs of placement, as the document they are: which entries they may hold, and that they say where fragments stood.

import { type Crypto, toHex } from '@vauban/core';
import type { OpenEntry } from './entry.ts';
import { checkDocument, type DocumentKind, makeDocument } from './proof-document.ts';
import { PROOF_FORMAT, type ProofEvidence } from './proof-evidence.ts';
import { placeIn } from './proof-segments.ts';
import type { ProofStatement } from './proof-statement.ts';
import { writeProof } from './proof-words.ts';

const placement: DocumentKind<ProofStatement> = {
  format: PROOF_FORMAT,
  isAbout: (open, { about }) => speaksOf(open, about.segments),
  isAnchor: (open) => placeIn(open) !== undefined,
  state: ({ statement }) => statement,
  write: writeProof,
};

/**
 * What a proof file proves under a charter root (`<name>+charter0+<hash>`). Rejects with an integrity fault that says
 * what does not hold: PROOF_MALFORMED, PROOF_ROOT_OTHER, PROOF_ALTERED (fact `line`), or the code of the rule broken.
 */
export function checkProof(crypto: Crypto, file: Uint8Array, root: string): Promise<ProofStatement> {
  return checkDocument(crypto, placement, { file, root });
}

/** The file that proves the evidence, and what it says; judged as whoever receives it will. Faults: as `checkProof`. */
export function makeProof(
  crypto: Crypto,
  evidence: ProofEvidence,
): Promise<{ readonly text: string; readonly statement: ProofStatement }> {
  return makeDocument(crypto, placement, evidence);
}

/** Whether an entry places one of the segments, or says who came to hold or lost a fragment of it. */
export function speaksOf(open: OpenEntry, segments: ReadonlySet<string>): boolean {
  const { payload } = open;
  switch (payload.kind) {
    case 'place':
    case 'adopt': {
      const place = placeIn(open);
      return place !== undefined && segments.has(toHex(place.segment));
    }
    case 'custody':
    case 'trim':
      return segments.has(toHex(payload.segment));
    case 'lost':
      return payload.fragments.some(([segment]) => segments.has(toHex(segment)));
    case 'purge':
      return payload.segments.some((segment) => segments.has(toHex(segment)));
    default:
      return false;
  }
}
