// Documents over evidence from the ledger, checked offline from their bytes and a charter root alone (PROOF.md,
// checking). Whatever is accepted was recomputed: charter chain, certificates, inclusion, commitments, receipts,
// admission; then every byte.

import {
  asFault,
  type Charter,
  compareBytes,
  type Crypto,
  equalBytes,
  Fault,
  type Hoster,
  isFault,
  quorumOf,
  toHex,
  utf8,
  verifyMerkleProof,
  votingHosters,
} from '@vauban/core';
import { type CharterChain, charterRoot, type SignedCharter } from './charter-log.ts';
import { cosignerName, openCertificate, readHead } from './checkpoint.ts';
import { decodeEntry, leafHashOf, type OpenEntry, openEntry } from './entry.ts';
import { parseNote } from './note.ts';
import { checkLines, openProvenCharters } from './proof-charter.ts';
import {
  malformed,
  PROOF_BYTES_MAX,
  type ProofEntry,
  type ProofEvidence,
  type ProofFormat,
  type ProofHead,
  readEvidence,
  TIME_MAX,
} from './proof-evidence.ts';
import { placeIn, type ProvenLogEntries, stateSegments } from './proof-segments.ts';
import type { ProofStatement, ProvenLog } from './proof-statement.ts';
import { evidenceStart } from './proof-words.ts';
import { type Writer, writerUnder } from './writer.ts';

const SEGMENTS_MAX = 100_000;

/** A kind of document over the same evidence: which entries it may hold, what they say, in which words. */
export interface DocumentKind<Statement> {
  readonly format: ProofFormat;
  /** Whether an open entry says something about what the document is about. */
  readonly isAbout: (
    open: OpenEntry,
    of: { readonly log: ProvenLogEntries; readonly about: About },
  ) => boolean;
  /** Whether later entries are shown behind this one, so that none of them can be a void of it. */
  readonly isAnchor: (open: OpenEntry) => boolean;
  /** What more the evidence says than where fragments stood. */
  readonly state: (proven: Proven) => Statement;
  readonly write: (statement: Statement, evidence: ProofEvidence) => string;
}

/** What a document is about. */
export interface About {
  /** Ids, in hex. */
  readonly segments: ReadonlySet<string>;
  readonly opened: readonly ProvenLogEntries[];
}

export interface Proven {
  readonly crypto: Crypto;
  readonly chain: CharterChain;
  readonly opened: readonly ProvenLogEntries[];
  readonly statement: ProofStatement;
}

/**
 * What a file proves under a charter root (`<name>+charter0+<hash>`). Rejects with an integrity fault that says what does
 * not hold: PROOF_MALFORMED, PROOF_ROOT_OTHER, PROOF_ALTERED (fact `line`), or the code of the rule broken.
 */
export async function checkDocument<Statement>(
  crypto: Crypto,
  kind: DocumentKind<Statement>,
  { file, root }: { readonly file: Uint8Array; readonly root: string },
): Promise<Statement> {
  const text = textOf(file);
  const start = evidenceStart(text, kind.format);
  if (start === undefined) throw malformed('it has no part called evidence');
  const evidence = readEvidence(text.slice(start), kind.format);
  const statement = await stateEvidence(crypto, kind, { evidence, root });
  const written = kind.write(statement, evidence);
  if (!equalBytes(utf8(written), file)) throw altered(text, written);
  return statement;
}

/** The file that the evidence proves, and what it says; judged as whoever receives it will. Faults: as `checkDocument`. */
export async function makeDocument<Statement>(
  crypto: Crypto,
  kind: DocumentKind<Statement>,
  evidence: ProofEvidence,
): Promise<{ readonly text: string; readonly statement: Statement }> {
  const statement = await stateEvidence(crypto, kind, { evidence });
  const text = kind.write(statement, evidence);
  if (utf8(text).length > PROOF_BYTES_MAX) throw tooLarge();
  return { text, statement };
}

/** What the evidence proves, under that charter root when one is given. Faults, all of kind integrity: as `checkDocument`. */
async function stateEvidence<Statement>(
  crypto: Crypto,
  kind: DocumentKind<Statement>,
  { evidence, root }: { readonly evidence: ProofEvidence; readonly root?: string },
): Promise<Statement> {
  try {
    checkFrame(evidence);
    if (root !== undefined) checkRoot(crypto, evidence, root);
    return kind.state(await prove(crypto, kind, evidence));
  } catch (error) {
    // A broken assumption of ours is no verdict on somebody's proof.
    if (!isFault(error)) throw error;
    const { code, message, facts } = asFault(error);
    throw new Fault('integrity', code, message, facts, error);
  }
}

async function prove<Statement>(
  crypto: Crypto,
  kind: DocumentKind<Statement>,
  evidence: ProofEvidence,
): Promise<Proven> {
  const { at, label, segments } = evidence;
  const chain = openProvenCharters(crypto, evidence.charters);
  const logs: ProvenLog[] = [];
  const opened: ProvenLogEntries[] = [];
  let writer: Writer | undefined;
  let before: { readonly origin: string; readonly size: number } | undefined;
  for (const proven of evidence.heads) {
    const head = readHead(proven.certificate);
    const order = before === undefined ? 1 : compareBytes(utf8(head.origin), utf8(before.origin));
    if (order < 0 || (order === 0 && head.size <= (before as { size: number }).size)) {
      throw malformed('its logs are not in order');
    }
    const from = order === 0 ? (before as { size: number }).size : 0;
    writer = order === 0 ? writer : writerOfLog(crypto, chain, { origin: head.origin, proven });
    logs.push(stateLog(crypto, chain, { proven, writer: writer as Writer }));
    opened.push({
      log: logs.length,
      origin: head.origin,
      size: head.size,
      writer: writer as Writer,
      entries: openEntries(crypto, { proven, from }),
    });
    before = head;
  }
  const shown = shownVersion(chain, { at, opened });
  const ids = new Set(segments.map(toHex));
  checkEachNeeded(kind, { segments: ids, opened });
  const stated = await stateSegments({ crypto, chain, shown, at, segments, opened });
  const charter = chain.version(shown) as Charter;
  const statement: ProofStatement = {
    charter: {
      root: chain.root,
      name: charter.name,
      versions: chain.current.version,
      shown,
      issued: charter.issued,
      officers: [
        ...new Set((evidence.charters[shown - 1] as SignedCharter).signatures.map(({ officer }) => officer)),
      ],
    },
    at,
    label,
    logs,
    segments: stated,
  };
  return { crypto, chain, opened, statement };
}

function checkFrame({ at, label, segments, charters, heads }: ProofEvidence): void {
  if (at > TIME_MAX) throw malformed('its date is after the year 9999');
  if (label !== null && !(label.isWellFormed() && /^[^\n]{1,300}$/.test(label))) {
    throw malformed('its label is not one line of 1 to 300 characters');
  }
  if (segments.length === 0 || segments.length > SEGMENTS_MAX) throw malformed('it is about no segment');
  if (new Set(segments.map(toHex)).size < segments.length) throw malformed('it names a segment twice');
  if (charters.length === 0) throw malformed('it carries no charter');
  if (heads.length === 0) throw malformed('it carries no log');
}

/** Before anything that takes long: another consortium's proof is none. */
function checkRoot(crypto: Crypto, { charters }: ProofEvidence, wanted: string): void {
  const found = charterRoot(crypto, (charters[0] as SignedCharter).body);
  if (found === wanted) return;
  throw new Fault(
    'integrity',
    'PROOF_ROOT_OTHER',
    `the proof begins at the charter root ${found}, not at ${wanted}`,
    { found, wanted },
  );
}

/** A log's writer, by the genesis that its first head shows. */
function writerOfLog(
  crypto: Crypto,
  chain: CharterChain,
  of: { readonly origin: string; readonly proven: ProofHead },
): Writer {
  const first = of.proven.entries[0];
  if (first === undefined || first.index !== 0 || first.opened === null) {
    throw malformed(`the log ${of.origin} does not begin with its first entry`);
  }
  const { payload } = openEntry(crypto, first.entry, first.opened);
  if (payload.kind !== 'genesis') throw malformed(`the log ${of.origin} begins with no genesis`);
  return writerUnder(crypto, chain.versions(), { origin: of.origin, payload });
}

function stateLog(
  crypto: Crypto,
  chain: CharterChain,
  { proven, writer }: { readonly proven: ProofHead; readonly writer: Writer },
): ProvenLog {
  const { certificate } = proven;
  if (writer.kind === 'operator') throw malformed('no log of an operator says where a fragment is');
  const { head, epoch } = openCertificate(crypto, chain, certificate, writer.key);
  const charter = chain.ofEpoch(epoch) as Charter;
  checkLines(certificate, { charter, writer: true });
  const cosigners = parseNote(certificate)
    .signatures.slice(1)
    .map(({ name: keyName, signature }) => {
      const { id, name } = votingHosters(charter).find(
        (one) => cosignerName(charter.name, one.id, epoch) === keyName,
      ) as Hoster;
      return { hoster: id, name, seconds: cosignedAt(signature) };
    });
  return {
    origin: head.origin,
    size: head.size,
    root: toHex(head.root),
    writer:
      writer.kind === 'daemon'
        ? { kind: 'daemon', daemon: writer.daemon }
        : {
            kind: 'device',
            agency: writer.delegation.agency,
            agencyName: agencyName(chain, writer.delegation.agency),
            vault: toHex(writer.delegation.vault),
          },
    epoch,
    quorum: quorumOf(charter),
    voters: votingHosters(charter).length,
    cosigners,
  };
}

/** Seconds; a cosignature that holds carries a time that fits. */
function cosignedAt(signature: Uint8Array): number {
  return Number(new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0));
}

/** By the newest version in the proof that knows the agency. */
function agencyName(chain: CharterChain, agency: string): string {
  for (const charter of chain.versions().toReversed()) {
    const found = charter.agencies.find(({ id }) => id === agency);
    if (found !== undefined) return found.name;
  }
  return '';
}

/** Entries in order, each under the head; those that are open, opened. `from`: where the log's head before this one ends. */
function openEntries(
  crypto: Crypto,
  { proven, from }: { readonly proven: ProofHead; readonly from: number },
): ProvenLogEntries['entries'] {
  const head = readHead(proven.certificate);
  const { entries } = proven;
  if (entries.length === 0) throw malformed(`the head of ${head.origin} stands there for nothing`);
  return entries.map((one, nth) => {
    const next = entries[nth + 1];
    if (one.index < from || one.index >= head.size || (next !== undefined && next.index <= one.index)) {
      throw malformed(`entry ${one.index} of ${head.origin} is not in its place`);
    }
    const open = one.opened === null ? undefined : openEntry(crypto, one.entry, one.opened);
    const { kind, time, previous } = open?.entry ?? decodeEntry(one.entry);
    if ((kind === 'genesis') !== (one.index === 0)) throw malformed('a genesis is not the first entry');
    const leafHash = open?.leafHash ?? leafHashOf(crypto, one.entry);
    checkInclusion(crypto, { head, one, leafHash, next });
    return { index: one.index, kind, time, previous, open };
  });
}

function checkInclusion(
  crypto: Crypto,
  of: {
    readonly head: { readonly origin: string; readonly size: number; readonly root: Uint8Array };
    readonly one: ProofEntry;
    readonly leafHash: Uint8Array;
    readonly next: ProofEntry | undefined;
  },
): void {
  const { head, one, leafHash, next } = of;
  const followed = next?.index === one.index + 1;
  if (followed && !equalBytes(decodeEntry(next.entry).previous, leafHash)) {
    throw new Fault(
      'integrity',
      'CHAIN_BROKEN',
      `entry ${one.index + 1} of ${head.origin} does not follow the one before it`,
      {
        origin: head.origin,
        index: one.index + 1,
      },
    );
  }
  if ((one.path === null) !== (one.opened === null && followed)) {
    throw malformed(`entry ${one.index} of ${head.origin} has a path too many or too few`);
  }
  if (one.path === null) return;
  const { root, size } = head;
  if (!verifyMerkleProof(crypto, { root, leafHash, index: one.index, size, proof: one.path })) {
    throw new Fault(
      'integrity',
      'INCLUSION_OTHER',
      `entry ${one.index} is not in the log ${head.origin} of size ${size}`,
      {
        origin: head.origin,
        index: one.index,
      },
    );
  }
}

/** The newest version issued by then, or named by a place of that time (clocks differ). Version 1 before all. */
function shownVersion(
  chain: CharterChain,
  of: { readonly at: number; readonly opened: readonly ProvenLogEntries[] },
): number {
  let shown = 1;
  for (const charter of chain.versions())
    if (charter.issued <= of.at) shown = Math.max(shown, charter.version);
  for (const { entries } of of.opened) {
    for (const { open } of entries) {
      const place = open && placeIn(open);
      if (place !== undefined) shown = Math.max(shown, place.charter);
    }
  }
  if (chain.version(shown) === undefined) throw malformed(`it lacks charter version ${shown}`);
  return shown;
}

/** An entry that says nothing about the segments has no place in a proof, but for those that show there is no void. */
function checkEachNeeded<Statement>(kind: DocumentKind<Statement>, about: About): void {
  for (const log of about.opened) {
    const { origin, size, entries } = log;
    const anchor = entries.find(({ open }) => open && kind.isAnchor(open))?.index ?? size;
    const tail = entries.filter(({ index }) => index > anchor);
    const whole = tail.length === size - 1 - anchor;
    for (const one of entries) {
      const { index, open } = one;
      if (one.kind === 'genesis' && open !== undefined) continue;
      const inTail = whole && index > anchor;
      const needed =
        open === undefined
          ? inTail && one.kind !== 'void'
          : kind.isAbout(open, { log, about }) || (inTail && one.kind === 'void');
      if (!needed) throw malformed(`entry ${index} of ${origin} says nothing about the segments`);
    }
  }
}

function textOf(file: Uint8Array): string {
  if (file.length > PROOF_BYTES_MAX) throw tooLarge();
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file);
  } catch {
    throw malformed('it is not UTF-8 text');
  }
}

function tooLarge(): Fault {
  return new Fault('integrity', 'PROOF_MALFORMED', `a proof is at most ${PROOF_BYTES_MAX} bytes`, {});
}

function altered(found: string, written: string): Fault {
  const one = found.split('\n');
  const other = written.split('\n');
  const nth = one.findIndex((line, at) => line !== other[at]);
  const line = (nth < 0 ? one.length : nth) + 1;
  return new Fault(
    'integrity',
    'PROOF_ALTERED',
    `line ${line} of the proof is not what its evidence says: the text was changed`,
    { line },
  );
}
