// The evidence of a placement proof, and its text form (PROOF.md, evidence). Reading takes whatever means something;
// a proof is checked by writing it anew and comparing every byte, so no second text of one evidence is ever accepted.

import { Fault, fromBase64, fromHex, NOTE_BYTES_MAX, toBase64, toHex } from '@vauban/core';
import type { SignedCharter } from './charter-log.ts';
import type { SaltedPayload } from './entry.ts';

/** Reading a whole proof is bounded before anything in it is looked at. */
export const PROOF_BYTES_MAX = 67_108_864;
export const PROOF_FORMAT = 'vauban/proof/0';
/** Of the same evidence, and two kinds of entries more: what was given up and erased. */
export const DELETION_FORMAT = 'vauban/deletion/0';
export type ProofFormat = typeof PROOF_FORMAT | typeof DELETION_FORMAT;
export const evidenceLine = (format: ProofFormat): string => `${format} evidence`;
/** The last millisecond of the year 9999: later times have no form in ISO 8601 with four digits. */
export const TIME_MAX = 253_402_300_799_999;

const BASE64_COLUMNS = 72;

export interface ProofEvidence {
  /** State as of this moment, in milliseconds since 1970. */
  readonly at: number;
  /** What whoever made the proof says it is about; nothing vouches for it. */
  readonly label: string | null;
  /** Segment ids, in the order the proof speaks of them. */
  readonly segments: readonly Uint8Array[];
  /** Charter versions from the first on. */
  readonly charters: readonly SignedCharter[];
  /** By origin, then size. */
  readonly heads: readonly ProofHead[];
}

/** A certified head of a log, and entries below it. */
export interface ProofHead {
  readonly certificate: string;
  readonly entries: readonly ProofEntry[];
}

export interface ProofEntry {
  readonly index: number;
  readonly entry: Uint8Array;
  /** Null where the proof shows only that an entry is there, and of which kind. */
  readonly opened: SaltedPayload | null;
  /** Audit path to the head's root; null where the next entry, whose `previous` names this one, stands for it. */
  readonly path: readonly Uint8Array[] | null;
}

export function writeEvidence(evidence: ProofEvidence, format: ProofFormat): string {
  const lines = [evidenceLine(format), `at ${isoTime(evidence.at)}`];
  if (evidence.label !== null) lines.push(`label ${evidence.label}`);
  for (const segment of evidence.segments) lines.push(`segment ${toHex(segment)}`);
  for (const [nth, { body, signatures, certificate }] of evidence.charters.entries()) {
    lines.push(`charter ${nth + 1}`, ...base64Lines(body));
    for (const { officer, signature } of signatures) lines.push(`officer ${officer} ${toBase64(signature)}`);
    if (certificate !== null) lines.push('certificate', certificate.slice(0, -1));
  }
  for (const { certificate, entries } of evidence.heads) {
    lines.push('log', certificate.slice(0, -1));
    for (const { index, entry, opened, path } of entries) {
      lines.push(`entry ${index}`, ...base64Lines(entry));
      if (opened !== null) {
        lines.push(`salt ${toBase64(opened.salt)}`, 'payload', ...base64Lines(opened.payload));
      }
      if (path !== null) lines.push('path', ...path.map((hash) => `  ${toBase64(hash)}`));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Reads from the evidence line on. Faults: PROOF_MALFORMED (integrity). */
export function readEvidence(text: string, format: ProofFormat): ProofEvidence {
  const lines = new Lines(text);
  lines.word(evidenceLine(format));
  const at = readTime(lines.after('at '));
  const label = lines.ahead('label ') ? lines.after('label ') : null;
  const segments: Uint8Array[] = [];
  while (lines.ahead('segment ')) segments.push(sized(fromHex(lines.after('segment ')), 32));
  const charters: SignedCharter[] = [];
  while (lines.ahead('charter ')) charters.push(readCharterVersion(lines, charters.length + 1));
  const heads: ProofHead[] = [];
  while (lines.ahead('log')) {
    lines.word('log');
    const certificate = lines.note();
    const entries: ProofEntry[] = [];
    while (lines.ahead('entry ')) entries.push(readEntry(lines));
    heads.push({ certificate, entries });
  }
  lines.end();
  return { at, label, segments, charters, heads };
}

function readCharterVersion(lines: Lines, version: number): SignedCharter {
  lines.word(`charter ${version}`);
  const body = lines.base64();
  const signatures: { officer: string; signature: Uint8Array }[] = [];
  while (lines.ahead('officer ')) {
    const [officer = '', signature = '', ...more] = lines.after('officer ').split(' ');
    if (more.length > 0) throw malformed('an officer line says more than a name and a signature');
    signatures.push({ officer, signature: sized(fromBase64(signature), 64) });
  }
  if (version === 1) return { body, signatures, certificate: null };
  lines.word('certificate');
  return { body, signatures, certificate: lines.note() };
}

function readEntry(lines: Lines): ProofEntry {
  const index = Number(lines.after('entry '));
  if (!Number.isSafeInteger(index) || index < 0) throw malformed('an entry has no index');
  const entry = lines.base64();
  let opened: SaltedPayload | null = null;
  if (lines.ahead('salt ')) {
    const salt = sized(fromBase64(lines.after('salt ')), 32);
    lines.word('payload');
    opened = { salt, payload: lines.base64() };
  }
  if (!lines.ahead('path')) return { index, entry, opened, path: null };
  lines.word('path');
  const path: Uint8Array[] = [];
  while (lines.ahead('  ')) path.push(sized(fromBase64(lines.after('  ')), 32));
  return { index, entry, opened, path };
}

class Lines {
  readonly #lines: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split('\n');
  }

  ahead(start: string): boolean {
    return this.#lines[this.#at]?.startsWith(start) === true;
  }

  /** The rest of a line that begins so. */
  after(start: string): string {
    const line = this.#lines[this.#at];
    if (line === undefined || !line.startsWith(start)) {
      throw malformed(`line ${this.#at + 1} of the evidence does not begin with «${start}»`);
    }
    this.#at += 1;
    return line.slice(start.length);
  }

  word(line: string): void {
    if (this.after(line) !== '') throw malformed(`line ${this.#at} of the evidence is not «${line}»`);
  }

  base64(): Uint8Array {
    let text = '';
    while (this.ahead('  ')) text += this.after('  ');
    const bytes = fromBase64(text);
    if (bytes === undefined || bytes.length === 0) throw malformed('bytes are not in base64');
    return bytes;
  }

  /** A signed note as it is: text, empty line, signature lines. */
  note(): string {
    let note = '';
    do {
      note += `${this.after('')}\n`;
      if (note.length > NOTE_BYTES_MAX) throw malformed('a note does not end');
    } while (!note.endsWith('\n\n'));
    while (this.ahead('— ') && note.length <= NOTE_BYTES_MAX) note += `${this.after('')}\n`;
    return note;
  }

  /** A text that ends with its last line break. */
  end(): void {
    if (this.#at !== this.#lines.length - 1 || this.#lines[this.#at] !== '') {
      throw malformed(`line ${this.#at + 1} of the evidence is not expected there`);
    }
  }
}

function sized(bytes: Uint8Array | undefined, length: number): Uint8Array {
  if (bytes?.length !== length) throw malformed(`a value is not ${length} bytes`);
  return bytes;
}

/** ISO 8601 in UTC, to the millisecond. */
export function isoTime(ms: number): string {
  return ms > TIME_MAX ? 'after the year 9999' : new Date(ms).toISOString();
}

function readTime(text: string): number {
  const ms = Date.parse(text);
  if (!Number.isSafeInteger(ms) || ms < 0 || ms > TIME_MAX) throw malformed('the date is none');
  return ms;
}

function base64Lines(bytes: Uint8Array): string[] {
  const text = toBase64(bytes);
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += BASE64_COLUMNS)
    lines.push(`  ${text.slice(at, at + BASE64_COLUMNS)}`);
  return lines;
}

export function malformed(detail: string): Fault {
  return new Fault('integrity', 'PROOF_MALFORMED', `the proof is malformed: ${detail}`, { detail });
}
