// Whoever watched all the wires and kept every certificate: no two histories of one log, nothing certified is lost, and
// what daemons hand out hashes to what was signed. Recomputes everything itself.

import { type Charter, concat, type Crypto, fromUtf8, toBase64, utf8 } from '@vauban/core';
import type { PulledLog } from '../checker.ts';
import { cosignersOf, judgedHead, QUORUM } from './note.ts';

/** A certificate on the wire is a note that ends in at least this many signature lines. */
const CERTIFICATE_KEY = 'certificate';

export class LedgerWitness {
  readonly #crypto: Crypto;
  readonly #charter: () => Charter;
  /** Root of each certified (origin, size). */
  readonly #certified = new Map<
    string,
    { readonly origin: string; readonly size: number; readonly root: string }
  >();
  readonly #seen = new Set<string>();
  #problem: Error | undefined;

  constructor(crypto: Crypto, charter: () => Charter) {
    this.#crypto = crypto;
    this.#charter = charter;
  }

  /** Certificates seen so far, one per log and size. */
  get certificates(): number {
    return this.#certified.size;
  }

  /** Looks for certificates in a message, whatever else it says. */
  saw(body: Uint8Array): void {
    for (const note of notesIn(body)) {
      if (this.#seen.has(note)) continue;
      this.#seen.add(note);
      this.#take(note);
    }
  }

  /** Throws when one log was seen with two certified histories. */
  assertOneHistory(): void {
    if (this.#problem !== undefined) throw this.#problem;
  }

  /** Compares everything the daemons hand out with each other and with what was certified. Throws on any difference. */
  judge(logs: readonly PulledLog[]): void {
    for (const { certificate } of logs) if (certificate !== null) this.#take(certificate);
    this.assertOneHistory();
    const longest = new Map<string, { readonly daemon: string; readonly roots: readonly string[] }>();
    for (const log of logs) {
      const roots = this.#roots(log.entries);
      const head = judgedHead(log.checkpoint);
      if (head.origin !== log.origin || head.size !== log.size || head.root !== roots[log.size]) {
        throw new Error(`${log.daemon} holds ${log.origin} with entries that its checkpoint does not sign`);
      }
      const other = longest.get(log.origin) ?? { daemon: log.daemon, roots: [] };
      const common = Math.min(other.roots.length, roots.length);
      for (let size = 0; size < common; size++) {
        if (roots[size] === other.roots[size]) continue;
        throw new Error(
          `${log.daemon} and ${other.daemon} hold two histories of ${log.origin} at size ${size}`,
        );
      }
      if (roots.length > other.roots.length) longest.set(log.origin, { daemon: log.daemon, roots });
    }
    for (const { origin, size, root } of this.#certified.values()) {
      // The charter's versions are kept by everyone, but not among the mirrored logs.
      if (origin === `${this.#charter().name}/charter`) continue;
      const held = longest.get(origin)?.roots[size];
      if (held === undefined)
        throw new Error(`${origin} was certified at size ${size}, and nobody holds that any more`);
      if (held !== root)
        throw new Error(`${origin} was certified at size ${size} with another root than is held`);
    }
  }

  #take(note: string): void {
    const { origin, size, root } = judgedHead(note);
    const name = `${origin} ${size}`;
    const before = this.#certified.get(name);
    if (before?.root === root) return;
    if (cosignersOf(this.#crypto, this.#charter(), note).size < QUORUM) return;
    if (before === undefined) this.#certified.set(name, { origin, size, root });
    else this.#problem ??= new Error(`${origin} was certified twice at size ${size}, with two roots`);
  }

  /** RFC 6962 roots of the first 0, 1, 2 … entries, in base64. */
  #roots(entries: readonly Uint8Array[]): string[] {
    const sha256 = (...parts: readonly Uint8Array[]) => this.#crypto.sha256(...parts);
    const roots = [toBase64(sha256())];
    /** Roots of perfect subtrees, the largest first, with their sizes. */
    const stack: { hash: Uint8Array; leaves: number }[] = [];
    for (const entry of entries) {
      stack.push({ hash: sha256(Uint8Array.of(0), entry), leaves: 1 });
      for (;;) {
        const [left, right] = stack.slice(-2);
        if (left === undefined || right === undefined || left.leaves !== right.leaves) break;
        stack.splice(-2, 2, { hash: this.#parent(left.hash, right.hash), leaves: 2 * left.leaves });
      }
      const root = stack.map(({ hash }) => hash).reduceRight((right, left) => this.#parent(left, right));
      roots.push(toBase64(root));
    }
    return roots;
  }

  #parent(left: Uint8Array, right: Uint8Array): Uint8Array {
    return this.#crypto.sha256(concat(Uint8Array.of(1), left, right));
  }
}

/** Texts under the CBOR key "certificate" that carry a quorum's worth of lines. */
function notesIn(body: Uint8Array): string[] {
  const found: string[] = [];
  const key = utf8(CERTIFICATE_KEY);
  for (let at = body.indexOf(key[0] as number); at >= 0; at = body.indexOf(key[0] as number, at + 1)) {
    if (!key.every((byte, i) => body[at + i] === byte)) continue;
    const text = textAt(body, at + key.length);
    if (text !== undefined) found.push(text);
  }
  return found;
}

/** A CBOR text with a length of one or two bytes. */
function textAt(body: Uint8Array, at: number): string | undefined {
  const kind = body[at];
  const lengthBytes = kind === 0x78 ? 1 : kind === 0x79 ? 2 : 0;
  if (lengthBytes === 0) return undefined;
  let length = 0;
  for (let i = 1; i <= lengthBytes; i++) length = 256 * length + (body[at + i] ?? 0);
  const from = at + 1 + lengthBytes;
  try {
    return fromUtf8(body.subarray(from, from + length));
  } catch {
    return undefined;
  }
}
