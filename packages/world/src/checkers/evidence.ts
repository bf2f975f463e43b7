// What the judges saw on the wires: certificates, votes, payloads that entries commit to, reports of seals. Only what
// proves itself is kept: a signature that holds, bytes that a commitment names. Anything may be on a wire.

import { type Charter, type Crypto, equalBytes, toHex, utf8 } from '@vauban/core';
import type { Message } from '../checker.ts';
import { bytesOf, type Cbor, field, listOf, numberOf, readCbor, textOf } from './cbor.ts';
import { type JudgedHead, judgedHead, quorumIn, voteOf, votesOn } from './note.ts';
import { leafOf } from './tree.ts';

/** A head with a quorum's signatures of one epoch. */
export interface Certified extends JudgedHead {
  readonly epoch: number;
  /** Order in which such things were first seen. */
  readonly nth: number;
}

export interface SeenVote extends JudgedHead {
  readonly hoster: string;
  readonly epoch: number;
}

/** What one hoster, by its voting key, says it fixed of a log that its agency sealed. */
export interface SeenSeal {
  readonly hoster: string;
  readonly origin: string;
  readonly branches: readonly JudgedHead[];
  /** Hashes of the notes that ask for it. */
  readonly notes: readonly Uint8Array[];
}

/** Heads sent to a voter that its cosignatures may be of. */
const ASKED_MAX = 32;

export class Evidence {
  readonly crypto: Crypto;
  readonly certified: Certified[] = [];
  /** One per hoster, epoch, log, size and root. */
  readonly votes: SeenVote[] = [];
  /** Heads that were brought to a voter after another one of their size had been certified. */
  readonly parted: JudgedHead[] = [];
  /** The first report of each hoster on each log, and those that say something else. */
  readonly seals: SeenSeal[] = [];
  readonly #charter: () => Charter;
  readonly #charters: Charter[] = [];
  readonly #notes = new Set<string>();
  readonly #lines = new Set<string>();
  readonly #known = new Set<string>();
  readonly #payloads = new Map<string, Uint8Array>();
  readonly #asked = new Map<string, string[]>();
  /** Votes by epoch and head. */
  readonly #counts = new Map<string, number>();
  readonly #brought = new Map<string, { readonly size: number; readonly nth: number }[]>();
  #seen = 0;

  constructor(of: { readonly crypto: Crypto; readonly charter: () => Charter }) {
    this.crypto = of.crypto;
    this.#charter = of.charter;
  }

  /** How much there is: when it is the same again, nobody has signed anything meanwhile. */
  get seen(): number {
    return this.votes.length + this.certified.length;
  }

  /** Every charter version seen in force, in order. */
  get charters(): readonly Charter[] {
    const current = this.#charter();
    if (this.#charters.at(-1)?.version !== current.version) this.#charters.push(current);
    return this.#charters;
  }

  charterOf(epoch: number): Charter | undefined {
    return this.charters.findLast((one) => one.epoch === epoch);
  }

  /** Payload that the entry with this leaf hash commits to, if it ever was on a wire. */
  payload(leaf: string): Cbor | undefined {
    const bytes = this.#payloads.get(leaf);
    return bytes === undefined ? undefined : readCbor(bytes);
  }

  saw({ from, to, body }: Pick<Message, 'from' | 'to' | 'body'>): void {
    // None that is soon replaced is to be missed.
    const { charters } = this;
    if (charters.length === 0) return;
    const message = readCbor(body);
    const ask = textOf(field(message, 'ask'));
    if (ask === 'append') this.#append({ from, to }, message);
    const certificate = textOf(field(message, 'certificate'));
    if (certificate !== undefined) this.#note(certificate);
    const answer = field(message, 'answer');
    if (answer !== undefined) this.#answer({ from, to }, answer);
  }

  #append({ from, to }: { readonly from: string; readonly to: string }, message: Cbor | undefined): void {
    const append = field(message, 'append');
    const checkpoint = textOf(field(append, 'checkpoint'));
    this.#records(append);
    const [head] = (checkpoint ?? '').split('\n\n');
    if (head === undefined || head === '') return;
    const judged = judgedHead(`${head}\n`);
    if (judged !== undefined && this.#isNew(`brought ${judged.origin} ${judged.size}`)) {
      const brought = this.#brought.get(judged.origin) ?? [];
      this.#brought.set(judged.origin, [...brought, { size: judged.size, nth: this.#seen }]);
    }
    if (judged !== undefined && this.#isNew(`tree ${judged.origin} ${judged.size} ${judged.root}`)) {
      const { origin, size, root } = judged;
      const other = this.certified.some(
        (one) => one.origin === origin && one.size === size && one.root !== root,
      );
      if (other) this.parted.push(judged);
    }
    const name = `${from} ${to}`;
    const asked = this.#asked.get(name) ?? [];
    if (!asked.includes(`${head}\n`)) this.#asked.set(name, [`${head}\n`, ...asked].slice(0, ASKED_MAX));
  }

  #answer({ from, to }: { readonly from: string; readonly to: string }, answer: Cbor): void {
    const line = textOf(field(answer, 'cosignature'));
    if (line !== undefined && !this.#lines.has(line)) {
      // A signature that was copied proves as much as the first.
      for (const head of this.#asked.get(`${to} ${from}`) ?? []) {
        const vote = voteOf(this.crypto, this.charters, { head, line });
        const judged = judgedHead(head);
        if (vote === undefined || judged === undefined) continue;
        this.#lines.add(line);
        this.#vote({ ...judged, ...vote });
        break;
      }
    }
    for (const batch of listOf(field(answer, 'batches'))) this.#records(batch);
    for (const version of listOf(field(answer, 'versions'))) {
      const certificate = textOf(field(version, 'certificate'));
      if (certificate !== undefined) this.#note(certificate);
    }
    const signed = bytesOf(field(answer, 'signed'));
    if (signed !== undefined) this.#heads(signed);
  }

  #heads(signed: Uint8Array): void {
    const [bytes, signature] = listOf(readCbor(signed)).map(bytesOf);
    const body = bytes === undefined ? undefined : readCbor(bytes);
    for (const head of listOf(field(body, 'heads'))) {
      const certificate = textOf(field(head, 'certificate'));
      if (certificate !== undefined) this.#note(certificate);
    }
    const seals = listOf(field(body, 'seals'));
    const hoster = textOf(field(body, 'hoster'));
    const epoch = numberOf(field(body, 'epoch'));
    if (seals.length === 0 || bytes === undefined || signature === undefined || epoch === undefined) return;
    const key = this.charterOf(epoch)
      ?.hosters.find(({ id }) => id === hoster)
      ?.votingKeys.find((one) => one.epoch === epoch)?.key;
    const message = this.crypto.sha256(utf8('vauban/heads-signature/0\n'), bytes);
    if (key === undefined || hoster === undefined || !this.crypto.ed25519Verify(signature, message, key))
      return;
    for (const seal of seals) {
      const origin = textOf(field(seal, 'origin')) ?? '';
      const branches = listOf(field(seal, 'branches')).flatMap((branch) => {
        const head = judgedHead(textOf(field(branch, 'checkpoint')) ?? '');
        return head === undefined ? [] : [head];
      });
      const name = `seal ${hoster} ${origin} ${JSON.stringify(branches)}`;
      const notes = listOf(field(seal, 'notes')).flatMap((hash) => bytesOf(hash) ?? []);
      if (this.#isNew(name)) this.seals.push({ hoster, origin, branches, notes });
    }
  }

  /** Keeps payloads that their entry commits to: SHA-256(domain ‖ salt ‖ payload). */
  #records(append: Cbor | undefined): void {
    for (const record of listOf(field(append, 'records'))) {
      const entry = bytesOf(field(record, 'entry'));
      const salt = bytesOf(field(record, 'salt'));
      const payload = bytesOf(field(record, 'payload'));
      if (entry === undefined || salt === undefined || payload === undefined) continue;
      const commit = bytesOf(listOf(readCbor(entry))[4]);
      const computed = this.crypto.sha256(utf8('vauban/commit/0\n'), salt, payload);
      if (commit === undefined || !equalBytes(commit, computed)) continue;
      const leaf = leafOf(this.crypto, entry);
      if (!this.#payloads.has(leaf)) this.#payloads.set(leaf, payload.slice());
    }
  }

  #note(note: string): void {
    if (this.#notes.has(note)) return;
    this.#notes.add(note);
    const head = judgedHead(note);
    if (head === undefined) return;
    for (const vote of votesOn(this.crypto, this.charters, note)) this.#vote({ ...head, ...vote });
  }

  /** A certificate exists as soon as a quorum has signed, whoever has all their lines. */
  #vote(vote: SeenVote): void {
    const { hoster, epoch, origin, size, root } = vote;
    if (!this.#isNew(`vote ${hoster} ${epoch} ${origin} ${size} ${root}`)) return;
    this.votes.push(vote);
    const head = `${epoch} ${origin} ${size} ${root}`;
    const count = (this.#counts.get(head) ?? 0) + 1;
    this.#counts.set(head, count);
    const charter = this.charterOf(epoch);
    if (charter === undefined || count < quorumIn(charter)) return;
    if (!this.#isNew(`certified ${origin} ${size} ${root}`)) return;
    this.#seen += 1;
    this.certified.push({ origin, size, root, epoch, nth: this.#seen });
  }

  /** How many certificates had been seen when a head beyond this entry was first brought to anybody. */
  broughtNth(origin: string, index: number): number {
    const nths = (this.#brought.get(origin) ?? []).filter(({ size }) => size > index).map(({ nth }) => nth);
    return Math.min(...nths);
  }

  #isNew(name: string): boolean {
    if (this.#known.has(name)) return false;
    this.#known.add(name);
    return true;
  }
}

/** Text of a daemon id as the charter writes it. */
export function daemonText(value: Cbor | undefined): string {
  const bytes = bytesOf(value);
  return bytes === undefined ? '' : toHex(bytes);
}
