// C2SP signed notes (signed-note 1.0.0): a text, an empty line, and signature lines. Owns the text form and key ids;
// what the text says belongs to `checkpoint`. Parsing is strict: formatting a parsed note gives the same text.

import { concat, type Crypto, Fault, fromBase64, NOTE_BYTES_MAX, toBase64, toHex, utf8 } from '@vauban/core';

/** Signature types of the specification: a plain Ed25519 signature of the text, and a timestamped cosignature. */
export const SIGNATURE_ED25519 = 0x01;
export const SIGNATURE_COSIGNATURE = 0x04;

export interface NoteSignature {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Note {
  /** The signed text, with its final newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

interface NamedKey {
  readonly name: string;
  readonly type: number;
  readonly publicKey: Uint8Array;
}

/** What each key was last called, by the array that holds it, which nobody writes to: most have one name for life. */
const keyIds = new WeakMap<Uint8Array, Omit<NamedKey, 'publicKey'> & { readonly id: Uint8Array }>();

/** First 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key) (signed-note, signatures). */
export function keyIdOf(crypto: Crypto, { name, type, publicKey }: NamedKey): Uint8Array {
  const known = keyIds.get(publicKey);
  if (known?.name === name && known.type === type) return known.id;
  const id = crypto.sha256(utf8(name), Uint8Array.of(0x0a, type), publicKey).subarray(0, 4);
  keyIds.set(publicKey, { name, type, id });
  return id;
}

/** `<name>+<hex key id>+<base64(type ‖ public key)>`: the text by which other tools know a key. */
export function verifierKey(crypto: Crypto, key: NamedKey): string {
  return `${key.name}+${toHex(keyIdOf(crypto, key))}+${toBase64(concat(Uint8Array.of(key.type), key.publicKey))}`;
}

export function formatSignature(line: NoteSignature): string {
  return `— ${line.name} ${toBase64(concat(line.keyId, line.signature))}\n`;
}

export function formatNote(note: Note): string {
  return `${note.text}\n${note.signatures.map(formatSignature).join('')}`;
}

/** Faults: MALFORMED (not a note in its one form), TOO_LARGE. */
export function parseNote(note: string): Note {
  if (note.length > NOTE_BYTES_MAX) {
    throw new Fault(
      'refused',
      'TOO_LARGE',
      `a note of ${note.length} characters exceeds ${NOTE_BYTES_MAX}`,
      {},
    );
  }
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) throw malformed('it has no text followed by signatures');
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1);
  const signatures = lines === '' ? [] : lines.split('\n').map(parseSignature);
  if (signatures.length === 0) throw malformed('it carries no signature');
  return { text, signatures };
}

export function parseSignature(line: string): NoteSignature {
  const match = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line);
  const bytes = match === null ? undefined : fromBase64(match[2] as string);
  if (match === null || bytes === undefined || bytes.length < 5)
    throw malformed('a signature line is malformed');
  return { name: match[1] as string, keyId: bytes.subarray(0, 4), signature: bytes.subarray(4) };
}

function malformed(detail: string): Fault {
  return new Fault('refused', 'MALFORMED', `the note is malformed: ${detail}`, { what: 'note', detail });
}
