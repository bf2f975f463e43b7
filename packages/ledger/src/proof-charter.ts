// The charter part of a proof: versions from the root on, each with no signature more than puts it in force, so that no
// line of a proof can be left out or added. Owns what "canonical" means for officers' signatures and for certificates.

import {
  type Charter,
  compareBytes,
  concat,
  type Crypto,
  equalBytes,
  officersThreshold,
  quorumOf,
  utf8,
} from '@vauban/core';
import { CHARTER_SIGNATURE_DOMAIN, CharterChain, type SignedCharter } from './charter-log.ts';
import { checkCosignature, openCertificate, parseHead, type VotingSets, votingSetOf } from './checkpoint.ts';
import { formatNote, keyIdOf, type NoteSignature, parseNote, SIGNATURE_ED25519 } from './note.ts';
import { malformed } from './proof-evidence.ts';

type OfficerSignature = SignedCharter['signatures'][number];

/** What travels of a chain's first `count` versions: fewest signatures, fewest cosignatures, each in its one order. */
export function provenCharters(crypto: Crypto, chain: CharterChain, count: number): SignedCharter[] {
  return chain
    .signedFrom(1)
    .slice(0, count)
    .map((signed, nth) => {
      const charter = chain.version(nth + 1) as Charter;
      const under = signedUnder(charter, chain.version(nth));
      const { certificate } = signed;
      return {
        body: signed.body,
        signatures: fewestSignatures(crypto, signed, under),
        certificate:
          certificate === null || nth === 0
            ? null
            : fewestCosignatures(crypto, votingSetOf(chain.version(nth) as Charter), {
                certificate,
                writerKey: undefined,
              }),
      };
    });
}

/** The chain a proof carries. Faults: those of CharterChain, PROOF_MALFORMED when a signature or line is one too many. */
export function openProvenCharters(crypto: Crypto, versions: readonly SignedCharter[]): CharterChain {
  const chain = CharterChain.from(crypto, versions);
  for (const [nth, signed] of versions.entries()) {
    const charter = chain.version(nth + 1) as Charter;
    const before = chain.version(nth);
    const fewest = fewestSignatures(crypto, signed, signedUnder(charter, before));
    if (!sameSignatures(fewest, signed.signatures)) {
      throw malformed(`charter version ${nth + 1} carries other officers' signatures than it needs`);
    }
    if (before === undefined || signed.certificate === null) continue;
    checkLines(signed.certificate, { charter: before, writer: false });
  }
  return chain;
}

function signedUnder(charter: Charter, before: Charter | undefined): readonly Charter[] {
  return before === undefined ? [charter] : [before, charter];
}

/** In order of officer, then bytes: those without which one of the thresholds would not be met, dropped from the front. */
function fewestSignatures(
  crypto: Crypto,
  signed: SignedCharter,
  under: readonly Charter[],
): OfficerSignature[] {
  const message = concat(utf8(CHARTER_SIGNATURE_DOMAIN), signed.body);
  const valid = signed.signatures
    .map((one) => ({
      one,
      counts: under.map((charter) => {
        const key = charter.officers.find(({ id }) => id === one.officer)?.key;
        return key !== undefined && crypto.ed25519Verify(one.signature, message, key);
      }),
    }))
    .filter(({ counts }) => counts.includes(true))
    .sort(
      (a, b) =>
        compareBytes(utf8(a.one.officer), utf8(b.one.officer)) ||
        compareBytes(a.one.signature, b.one.signature),
    );
  const enough = (list: typeof valid) =>
    under.every((charter, nth) => {
      const names = new Set(list.filter(({ counts }) => counts[nth]).map(({ one }) => one.officer));
      return names.size >= officersThreshold(charter);
    });
  let kept = valid;
  for (const candidate of valid) {
    const without = kept.filter((one) => one !== candidate);
    if (enough(without)) kept = without;
  }
  return kept.map(({ one }) => one);
}

function sameSignatures(a: readonly OfficerSignature[], b: readonly OfficerSignature[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, nth) => one.officer === b[nth]?.officer && equalBytes(one.signature, b[nth].signature))
  );
}

/**
 * Whether a certificate that was opened carries exactly a quorum's lines in their order, after the writer's where its log
 * has one. All of them hold then: opening it found a quorum among them. Faults: PROOF_MALFORMED.
 */
export function checkLines(
  certificate: string,
  of: { readonly charter: Charter; readonly writer: boolean },
): void {
  const { text, signatures } = parseNote(certificate);
  const { origin } = parseHead(text);
  const cosigned = of.writer ? signatures.slice(1) : signatures;
  const ordered = cosigned.every(
    ({ name }, nth) => nth === 0 || compareBytes(utf8(cosigned[nth - 1]?.name ?? ''), utf8(name)) < 0,
  );
  const ownFirst = !of.writer || signatures[0]?.name === origin;
  if (cosigned.length !== quorumOf(of.charter) || !ordered || !ownFirst) {
    throw malformed(`the certificate of ${origin} carries other lines than a quorum's`);
  }
}

/**
 * The same certificate with exactly q cosignatures of one epoch, by key name, after the writer's line where the log has
 * a writer. Faults: those of openCertificate.
 */
export function fewestCosignatures(
  crypto: Crypto,
  sets: VotingSets,
  of: { readonly certificate: string; readonly writerKey: Uint8Array | undefined },
): string {
  const { head, epoch } = openCertificate(crypto, sets, of.certificate, of.writerKey);
  const charter = sets.ofEpoch(epoch) as Charter;
  const note = parseNote(of.certificate);
  const cosigned = new Map<string, NoteSignature>();
  for (const line of note.signatures) {
    if (checkCosignature(crypto, charter, head, line) !== undefined) cosigned.set(line.name, line);
  }
  const ordered = [...cosigned.values()]
    .sort((a, b) => compareBytes(utf8(a.name), utf8(b.name)))
    .slice(0, quorumOf(charter));
  const own = note.signatures.filter(({ name, keyId }) => {
    const key = of.writerKey && { name, type: SIGNATURE_ED25519, publicKey: of.writerKey };
    return key !== undefined && name === head.origin && equalBytes(keyId, keyIdOf(crypto, key));
  });
  return formatNote({ text: note.text, signatures: [...own.slice(0, 1), ...ordered] });
}
