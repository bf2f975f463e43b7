// Checkpoints, cosignatures and certificates (C2SP tlog-checkpoint 1.0.0, tlog-cosignature 1.0.1).
// A checkpoint is a writer's signed head; a cosignature says a hoster stores it; q of them are a certificate.

import {
  type Charter,
  compareBytes,
  concat,
  type Crypto,
  equalBytes,
  Fault,
  fromBase64,
  quorumOf,
  toBase64,
  toHex,
  u64be,
  utf8,
  votingHosters,
  votingKey,
} from '@vauban/core';
import {
  formatNote,
  keyIdOf,
  type Note,
  type NoteSignature,
  parseNote,
  SIGNATURE_COSIGNATURE,
  SIGNATURE_ED25519,
} from './note.ts';

export interface Head {
  readonly origin: string;
  readonly size: number;
  /** RFC 6962 root over the first `size` entries. */
  readonly root: Uint8Array;
}

/** `<charter name>/<hex of SHA-256(writer public key)>`. */
export function originOf(crypto: Crypto, charterName: string, writerKey: Uint8Array): string {
  return `${charterName}/${toHex(crypto.sha256(writerKey))}`;
}

export function cosignerName(charterName: string, hoster: string, epoch: number): string {
  return `${charterName}/${hoster}/${epoch}`;
}

export function formatHead(head: Head): string {
  return `${head.origin}\n${head.size}\n${toBase64(head.root)}\n`;
}

/** Faults: MALFORMED. */
export function parseHead(text: string): Head {
  const lines = text.split('\n');
  const [origin, size, root64] = lines;
  const root = fromBase64(root64 ?? '');
  if (
    lines.length !== 4 ||
    lines[3] !== '' ||
    !/^[a-z0-9-]+\/[a-z0-9-]+$/.test(origin ?? '') ||
    !/^(0|[1-9][0-9]{0,15})$/.test(size ?? '') ||
    !Number.isSafeInteger(Number(size)) ||
    root?.length !== 32
  ) {
    throw new Fault('refused', 'MALFORMED', 'the checkpoint is not origin, size and root', {
      what: 'checkpoint',
    });
  }
  return { origin: origin as string, size: Number(size), root };
}

/** The writer's signed checkpoint as a note with one signature. */
export function signCheckpoint(
  crypto: Crypto,
  head: Head,
  writer: { seed: Uint8Array; publicKey: Uint8Array },
): string {
  const text = formatHead(head);
  const key = { name: head.origin, type: SIGNATURE_ED25519, publicKey: writer.publicKey };
  const signature = crypto.ed25519Sign(writer.seed, utf8(text));
  return formatNote({ text, signatures: [{ name: head.origin, keyId: keyIdOf(crypto, key), signature }] });
}

/** Head of a checkpoint whose writer signature holds. Extra signatures are ignored. Faults: MALFORMED, LOG_SIGNATURE. */
export function openCheckpoint(crypto: Crypto, checkpoint: string, writerKey: Uint8Array): Head {
  const note = parseNote(checkpoint);
  const head = parseHead(note.text);
  const keyId = keyIdOf(crypto, { name: head.origin, type: SIGNATURE_ED25519, publicKey: writerKey });
  const line = note.signatures.find((one) => one.name === head.origin && equalBytes(one.keyId, keyId));
  if (line === undefined || !crypto.ed25519Verify(line.signature, utf8(note.text), writerKey)) {
    throw new Fault(
      'refused',
      'LOG_SIGNATURE',
      `the checkpoint of ${head.origin} is not signed by its writer`,
      {
        origin: head.origin,
        size: head.size,
      },
    );
  }
  return head;
}

/** Just the head, for comparing; says nothing about who signed. Faults: MALFORMED. */
export function readHead(checkpoint: string): Head {
  // A checkpoint on its way through a store is asked for its head several times in a row.
  if (lastRead?.checkpoint !== checkpoint)
    lastRead = { checkpoint, head: parseHead(parseNote(checkpoint).text) };
  return lastRead.head;
}

let lastRead: { readonly checkpoint: string; readonly head: Head } | undefined;

/** The bytes a cosignature signs (tlog-cosignature, format). Time in whole seconds. */
export function cosignedMessage(headText: string, timeSeconds: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timeSeconds}\n${headText}`);
}

export interface Cosigner {
  /** Key name: `<charter>/<hoster>/<epoch>`. */
  readonly name: string;
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** One cosignature line of a head, given only after the head is stored. */
export function cosign(crypto: Crypto, head: Head, cosigner: Cosigner, timeSeconds: number): NoteSignature {
  const signature = crypto.ed25519Sign(cosigner.seed, cosignedMessage(formatHead(head), timeSeconds));
  const keyId = keyIdOf(crypto, {
    name: cosigner.name,
    type: SIGNATURE_COSIGNATURE,
    publicKey: cosigner.publicKey,
  });
  return { name: cosigner.name, keyId, signature: concat(u64be(timeSeconds), signature) };
}

/** Hoster and time of a cosignature that holds under a voting key of the charter's epoch; undefined otherwise. */
export function checkCosignature(
  crypto: Crypto,
  charter: Charter,
  head: Head,
  line: NoteSignature,
): { readonly hoster: string; readonly timeSeconds: number } | undefined {
  if (line.signature.length !== 72) return undefined;
  const voter = votingHosters(charter).find(
    (one) => cosignerName(charter.name, one.id, charter.epoch) === line.name,
  );
  if (voter === undefined) return undefined;
  const publicKey = votingKey(voter, charter.epoch) as Uint8Array;
  const keyId = keyIdOf(crypto, { name: line.name, type: SIGNATURE_COSIGNATURE, publicKey });
  const time = new DataView(line.signature.buffer, line.signature.byteOffset, 8).getBigUint64(0);
  if (!equalBytes(keyId, line.keyId) || time > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const message = cosignedMessage(formatHead(head), Number(time));
  if (!crypto.ed25519Verify(line.signature.subarray(8), message, publicKey)) return undefined;
  return { hoster: voter.id, timeSeconds: Number(time) };
}

/** The voting sets by which certificates are judged: a chain knows those of all its epochs. */
export interface VotingSets {
  /** A charter version of that epoch; undefined when the epoch is not known. */
  ofEpoch(epoch: number): Charter | undefined;
}

/** Just the voting set of one version: for certificates that must be of its epoch. */
export function votingSetOf(charter: Charter): VotingSets {
  return { ofEpoch: (epoch) => (epoch === charter.epoch ? charter : undefined) };
}

export interface Certificate {
  readonly head: Head;
  /** All cosignatures counted are of this epoch. */
  readonly epoch: number;
  readonly cosigners: readonly string[];
  /** Oldest cosignature time, in seconds: how fresh the certificate is. */
  readonly timeSeconds: number;
}

/** Checkpoint + exactly q cosignatures, ordered by key name so that one set has one text. */
export function makeCertificate(
  charter: Charter,
  checkpoint: string,
  lines: readonly NoteSignature[],
): string {
  const note: Note = parseNote(checkpoint);
  const ordered = lines
    .toSorted((a, b) => compareBytes(utf8(a.name), utf8(b.name)))
    .slice(0, quorumOf(charter));
  return formatNote({ text: note.text, signatures: [...note.signatures.slice(0, 1), ...ordered] });
}

/**
 * Checks writer signature (when its key is given; the charter's own log has none) and q cosignatures of one epoch that
 * `sets` knows. Those of different epochs are never added up.
 * Faults: MALFORMED, LOG_SIGNATURE, CERTIFICATE_SHORT (integrity; `epoch` is the newest epoch named).
 */
export function openCertificate(
  crypto: Crypto,
  sets: VotingSets,
  certificate: string,
  writerKey: Uint8Array | undefined,
): Certificate {
  const note = parseNote(certificate);
  const head =
    writerKey === undefined ? parseHead(note.text) : openCheckpoint(crypto, certificate, writerKey);
  const named = new Set(note.signatures.flatMap(({ name }) => epochOf(name) ?? []));
  const newestFirst = [...named].sort((a, b) => b - a);
  let best = { found: 0, needed: 0 };
  for (const epoch of newestFirst) {
    const charter = sets.ofEpoch(epoch);
    if (charter === undefined) continue;
    const votes = new Map<string, number>();
    for (const line of note.signatures) {
      const vote = checkCosignature(crypto, charter, head, line);
      if (vote !== undefined) votes.set(vote.hoster, vote.timeSeconds);
    }
    const needed = quorumOf(charter);
    if (votes.size >= needed) {
      return { head, epoch, cosigners: [...votes.keys()], timeSeconds: Math.min(...votes.values()) };
    }
    if (best.needed === 0 || votes.size > best.found) best = { found: votes.size, needed };
  }
  const { found, needed } = best;
  throw new Fault(
    'integrity',
    'CERTIFICATE_SHORT',
    `the certificate of ${head.origin} at size ${head.size} has ${found} valid cosignatures of one epoch, ${needed === 0 ? 'a quorum of an epoch known here is' : `${needed} are`} needed`,
    { origin: head.origin, size: head.size, found, needed, epoch: newestFirst[0] ?? null },
  );
}

/** The epoch a cosigner's name ends with. */
function epochOf(name: string): number | undefined {
  const text = /\/(0|[1-9][0-9]{0,14})$/.exec(name)?.[1];
  return text === undefined ? undefined : Number(text);
}
