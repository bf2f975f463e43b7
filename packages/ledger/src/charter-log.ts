// The charter's own log: one leaf per version, officers' signatures instead of a writer's. Version 1 is in force by
// its officers; version N + 1 once a quorum of N cosigned the checkpoint of size N + 1.

import {
  type Charter,
  CHARTER_BYTES_MAX,
  charterHash,
  CompactRange,
  checkSuccession,
  type Crypto,
  concat,
  decodeCbor,
  decodeCharter,
  encodeCharter,
  equalBytes,
  Fault,
  freshKeys,
  keyUsed,
  NOTE_BYTES_MAX,
  officersThreshold,
  shape,
  toHex,
  utf8,
  votingHosters,
} from '@vauban/core';
import * as v from 'valibot';
import { formatHead, type Head, openCertificate, votingSetOf } from './checkpoint.ts';
import { leafHashOf } from './entry.ts';

export const CHARTER_SIGNATURE_DOMAIN = 'vauban/charter-signature/0\n';

export const signedCharterSchema = v.strictObject({
  body: shape.bytesUpTo(CHARTER_BYTES_MAX),
  signatures: v.pipe(
    v.array(v.strictObject({ officer: shape.text(40), signature: shape.bytes(64) })),
    v.maxLength(100),
  ),
  /** q cosignatures of the version before; null for version 1, and for a version that is not in force yet. */
  certificate: v.nullable(shape.text(NOTE_BYTES_MAX)),
});

/** One version as it travels and is stored. */
export type SignedCharter = v.InferOutput<typeof signedCharterSchema>;

export function signCharterBody(crypto: Crypto, body: Uint8Array, officerSeed: Uint8Array): Uint8Array {
  return crypto.ed25519Sign(officerSeed, concat(utf8(CHARTER_SIGNATURE_DOMAIN), body));
}

export function charterOrigin(charterName: string): string {
  return `${charterName}/charter`;
}

/** Whether a vote was for a draft of the charter: its log is kept apart from the others. */
export function isCharterOrigin(origin: string): boolean {
  return origin.endsWith('/charter');
}

/** The text key of a charter: `<name>+charter0+<hex hash of version 1>`. Offline checkers start from it. */
export function charterRoot(crypto: Crypto, firstBody: Uint8Array): string {
  return `${decodeCharter(firstBody).name}+charter0+${toHex(charterHash(crypto, firstBody))}`;
}

/** Versions in order, each checked against the one before. Grows by `extend`; never shrinks. */
export class CharterChain {
  readonly #crypto: Crypto;
  readonly #versions: {
    readonly charter: Charter;
    readonly signed: SignedCharter;
    readonly hash: Uint8Array;
  }[] = [];
  readonly #tree: CompactRange;
  /** The newest version of each epoch. */
  readonly #epochs = new Map<number, Charter>();
  /** Every voting key that any version listed, in hex. */
  readonly #votingKeys = new Set<string>();

  /** Starts from version 1. Faults: MALFORMED, CHARTER_INVALID, OFFICERS_SHORT, CHARTER_SKIPPED. */
  constructor(crypto: Crypto, first: SignedCharter) {
    this.#crypto = crypto;
    this.#tree = new CompactRange(crypto);
    const charter = decodeCharter(first.body);
    if (charter.version !== 1) {
      throw new Fault('refused', 'CHARTER_SKIPPED', `a charter starts at version 1, not ${charter.version}`, {
        next: charter.version,
      });
    }
    this.#checkOfficers(charter, first, charter);
    this.#push(charter, first);
  }

  static from(crypto: Crypto, versions: readonly SignedCharter[]): CharterChain {
    const [first, ...rest] = versions;
    if (first === undefined)
      throw new Fault('refused', 'MALFORMED', 'a charter has at least one version', {});
    const chain = new CharterChain(crypto, first);
    for (const signed of rest) chain.extend(signed);
    return chain;
  }

  get current(): Charter {
    return (this.#versions.at(-1) as { charter: Charter }).charter;
  }

  get root(): string {
    return charterRoot(this.#crypto, (this.#versions[0] as { signed: SignedCharter }).signed.body);
  }

  /** All versions that are or were in force, oldest first. */
  versions(): readonly Charter[] {
    return this.#versions.map(({ charter }) => charter);
  }

  /** The newest version of an epoch: who voted in it, with which keys. Undefined for an epoch not known here. */
  ofEpoch(epoch: number): Charter | undefined {
    return this.#epochs.get(epoch);
  }

  version(number: number): Charter | undefined {
    return this.#versions[number - 1]?.charter;
  }

  /** Versions from `first` on, as they travel. */
  signedFrom(first: number): SignedCharter[] {
    return this.#versions.slice(Math.max(0, first - 1)).map((one) => one.signed);
  }

  hashOf(number: number): Uint8Array | undefined {
    return this.#versions[number - 1]?.hash;
  }

  /** Hash the next version names as `previous`. */
  get currentHash(): Uint8Array {
    return (this.#versions.at(-1) as { hash: Uint8Array }).hash;
  }

  /**
   * Checks a draft of the next version: succession and officers of both versions. Returns the head a voter cosigns.
   * Faults: MALFORMED, CHARTER_INVALID, CHARTER_SKIPPED, CHARTER_OTHER, OFFICERS_SHORT, and those of a voting
   * set that may not follow (`checkSuccession`).
   */
  checkDraft(signed: SignedCharter): { readonly charter: Charter; readonly head: Head } {
    const charter = decodeCharter(signed.body);
    checkSuccession(this.current, charter, this.currentHash);
    this.#checkFreshKeys(charter);
    this.#checkOfficers(this.current, signed, charter);
    this.#checkOfficers(charter, signed, charter);
    const tree = new CompactRange(this.#crypto, this.#tree.snapshot());
    tree.append(leafHashOf(this.#crypto, signed.body));
    return {
      charter,
      head: { origin: charterOrigin(charter.name), size: charter.version, root: tree.root() },
    };
  }

  /** Puts the next version in force. Faults: those of `checkNext`. */
  extend(signed: SignedCharter): void {
    this.#push(this.checkNext(signed), signed);
  }

  /** Whether `extend` would take it: `checkDraft`, and a certificate by the epoch in force. Faults: also CERTIFICATE_SHORT. */
  checkNext(signed: SignedCharter): Charter {
    const { charter, head } = this.checkDraft(signed);
    if (signed.certificate === null) {
      throw new Fault(
        'refused',
        'CERTIFICATE_SHORT',
        `charter version ${charter.version} is not certified yet`,
        {
          version: charter.version,
        },
      );
    }
    const certificate = openCertificate(
      this.#crypto,
      votingSetOf(this.current),
      signed.certificate,
      undefined,
    );
    if (formatHead(certificate.head) !== formatHead(head) || !equalBytes(certificate.head.root, head.root)) {
      throw new Fault(
        'integrity',
        'CERTIFICATE_OTHER',
        'the certificate belongs to another charter version',
        {
          version: charter.version,
        },
      );
    }
    return charter;
  }

  #push(charter: Charter, signed: SignedCharter): void {
    this.#epochs.set(charter.epoch, charter);
    for (const { votingKeys } of charter.hosters)
      for (const { key } of votingKeys) this.#votingKeys.add(toHex(key));
    this.#versions.push({ charter, signed, hash: charterHash(this.#crypto, signed.body) });
    this.#tree.append(leafHashOf(this.#crypto, signed.body));
  }

  /** A version that opens an epoch lists keys that no version listed before. */
  #checkFreshKeys(next: Charter): void {
    if (next.epoch === this.current.epoch) return;
    const fresh = freshKeys(next);
    const nth = fresh.findIndex((key) => this.#votingKeys.has(key));
    if (nth >= 0) throw keyUsed((votingHosters(next)[nth] as { id: string }).id, next.epoch);
  }

  #checkOfficers(under: Charter, signed: SignedCharter, next: Charter): void {
    const message = concat(utf8(CHARTER_SIGNATURE_DOMAIN), signed.body);
    const good = new Set<string>();
    for (const { officer, signature } of signed.signatures) {
      const key = under.officers.find((one) => one.id === officer)?.key;
      if (key !== undefined && this.#crypto.ed25519Verify(signature, message, key)) good.add(officer);
    }
    const needed = officersThreshold(under);
    if (good.size < needed) {
      throw new Fault(
        'refused',
        'OFFICERS_SHORT',
        `charter version ${next.version} carries ${good.size} valid officers' signatures, ${needed} are needed`,
        { version: next.version, found: good.size, needed },
      );
    }
  }
}

/** Encodes and signs a version with the given officers' seeds; not certified yet. */
export function signCharter(
  crypto: Crypto,
  charter: Charter,
  officers: readonly { readonly id: string; readonly seed: Uint8Array }[],
): SignedCharter {
  const body = encodeCharter(charter);
  const signatures = officers.map(({ id, seed }) => ({
    officer: id,
    signature: signCharterBody(crypto, body, seed),
  }));
  return { body, signatures, certificate: null };
}

export function decodeSignedCharter(bytes: Uint8Array): SignedCharter {
  return decodeCbor(signedCharterSchema, bytes, 'signed charter', CHARTER_BYTES_MAX + 65_536);
}
