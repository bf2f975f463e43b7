// Answers to "what do you hold?": complete, signed over the reader's nonce with the epoch's voting key, so that an old
// answer cannot be replayed and an omission is a lie with a signature under it (SPEC: heads).

import {
  type Charter,
  concat,
  type Crypto,
  decodeCbor,
  encodeCbor,
  equalBytes,
  Fault,
  MESSAGE_BYTES_MAX,
  NOTE_BYTES_MAX,
  shape,
  utf8,
  votingKey,
} from '@vauban/core';
import * as v from 'valibot';

/** Branches of one log that are told or remembered: honest hosters hold one each. */
export const BRANCHES_MAX = 64;
/** Two checkpoints with an inclusion proof each. */
export const FORK_PROOF_BYTES_MAX = 8_192;

export const headsScopeSchema = v.variant('of', [
  v.strictObject({
    of: v.literal('origins'),
    origins: v.pipe(v.array(shape.text(140)), v.maxLength(1_000)),
  }),
  v.strictObject({ of: v.literal('vault'), vault: shape.bytes(32) }),
  /** Everything does not fit one answer: from the log after this one on. */
  v.strictObject({ of: v.literal('all'), after: v.optional(shape.text(140)) }),
]);

export type HeadsScope = v.InferOutput<typeof headsScopeSchema>;

const bodySchema = v.strictObject({
  format: v.literal('vauban/heads/0'),
  charter: shape.text(40),
  version: shape.count(),
  epoch: shape.count(),
  hoster: shape.text(40),
  /** The voter has not finished its start-up read: only other starting voters may count this answer. */
  starting: v.boolean(),
  nonce: shape.bytes(32),
  scope: headsScopeSchema,
  /** How many votes this voter has cast, signed (`counterMessage`) so that others can remember it. */
  counter: shape.count(),
  counterSignature: shape.bytes(64),
  /** The highest counter it remembers of the asking voter, as that voter signed it: nobody else's word counts. */
  yourCounter: v.nullable(v.strictObject({ counter: shape.count(), signature: shape.bytes(64) })),
  /** Complete for the scope: an origin that is absent has size 0 there. */
  heads: v.pipe(
    v.array(
      v.strictObject({
        origin: shape.text(140),
        size: shape.count(),
        checkpoint: shape.text(NOTE_BYTES_MAX),
        certificate: v.nullable(shape.text(NOTE_BYTES_MAX)),
      }),
    ),
    v.maxLength(100_000),
  ),
  /** Complete for the scope. A seal is durable before it is listed, and fixes what this voter holds of the log. */
  seals: v.pipe(
    v.array(
      v.strictObject({
        origin: shape.text(140),
        /** Hashes of the root notes about this log that this voter stores: `revoke` and `sealed`. */
        notes: v.pipe(v.array(shape.bytes(32)), v.maxLength(BRANCHES_MAX)),
        /** What it holds of the log, as the writer signed it; nothing for a log it never saw. */
        branches: v.pipe(
          v.array(v.strictObject({ size: shape.count(), checkpoint: shape.text(NOTE_BYTES_MAX) })),
          v.maxLength(BRANCHES_MAX),
        ),
      }),
    ),
    v.maxLength(100_000),
  ),
  /** Proofs that a writer signed two histories (`forkProof`), for logs in the scope. */
  forks: v.pipe(
    v.array(v.strictObject({ origin: shape.text(140), proof: shape.bytesUpTo(FORK_PROOF_BYTES_MAX) })),
    v.maxLength(1_000),
  ),
  /** Of all: this page is complete up to this log, the next one begins after it. Null when there is no more. */
  next: v.nullable(shape.text(140)),
  /** Logs this voter does not vouch for: its answer about them counts for nothing. */
  unready: v.pipe(v.array(shape.text(140)), v.maxLength(100_000)),
});

export type HeadsBody = v.InferOutput<typeof bodySchema>;
export type StoredHead = HeadsBody['heads'][number];
/** A vote counter with its voter's signature. */
export type SignedCounter = NonNullable<HeadsBody['yourCounter']>;
export type SealReport = HeadsBody['seals'][number];

const signedSchema = v.strictTuple([shape.bytesUpTo(MESSAGE_BYTES_MAX), shape.bytes(64)]);
/** All pages of a million logs. */
const ANSWER_BYTES_MAX = 4_294_967_296;
const answerSchema = v.union([
  signedSchema,
  v.strictObject({ pages: v.pipe(v.array(shape.bytesUpTo(MESSAGE_BYTES_MAX)), v.minLength(1)) }),
]);
const DOMAIN = 'vauban/heads-signature/0\n';

export function signHeads(crypto: Crypto, body: HeadsBody, votingSeed: Uint8Array): Uint8Array {
  const bytes = encodeCbor(body);
  return encodeCbor([bytes, crypto.ed25519Sign(votingSeed, crypto.sha256(utf8(DOMAIN), bytes))]);
}

/** All pages of one answer, as they were signed. */
export function bindPages(pages: readonly Uint8Array[]): Uint8Array {
  const [only] = pages;
  return pages.length === 1 && only !== undefined ? only : encodeCbor({ pages: [...pages] });
}

/**
 * The whole answer, of one page or several, each signed and complete for its range. Faults: MALFORMED, HEADS_FORGED,
 * EPOCH_OTHER (unreachable: another epoch), HEADS_OTHER (another nonce, scope or hoster than asked, or a page missing).
 */
export function openHeads(
  crypto: Crypto,
  charter: Charter,
  asked: { readonly hoster: string; readonly nonce: Uint8Array; readonly scope: HeadsScope },
  signed: Uint8Array,
): HeadsBody {
  const bound = decodeCbor(answerSchema, signed, 'signed heads', ANSWER_BYTES_MAX);
  const pages = 'pages' in bound ? bound.pages : [signed];
  let { scope } = asked;
  const bodies = pages.map((page) => {
    const body = openPage(crypto, charter, { ...asked, scope }, page);
    if (scope.of === 'all' && body.next !== null) scope = { of: 'all', after: body.next };
    return body;
  });
  const last = bodies.at(-1);
  // Every page but the last is followed by the one it names, which its own scope says.
  if (last === undefined || last.next !== null || bodies.slice(0, -1).some(({ next }) => next === null)) {
    throw new Fault('integrity', 'HEADS_OTHER', `${asked.hoster} left out a page of its heads`, {
      hoster: asked.hoster,
    });
  }
  return {
    ...last,
    scope: asked.scope,
    starting: bodies.some(({ starting }) => starting),
    heads: bodies.flatMap(({ heads }) => heads),
    seals: bodies.flatMap(({ seals }) => seals),
    forks: bodies.flatMap(({ forks }) => forks),
    unready: bodies.flatMap(({ unready }) => unready),
  };
}

function openPage(
  crypto: Crypto,
  charter: Charter,
  asked: { readonly hoster: string; readonly nonce: Uint8Array; readonly scope: HeadsScope },
  signed: Uint8Array,
): HeadsBody {
  const [bytes, signature] = decodeCbor(signedSchema, signed, 'signed heads', MESSAGE_BYTES_MAX);
  const body = decodeCbor(bodySchema, bytes, 'heads', MESSAGE_BYTES_MAX);
  if (body.charter === charter.name && body.hoster === asked.hoster && body.epoch !== charter.epoch) {
    // Not checked: its key may be listed in a version that is not known here.
    throw new Fault(
      'unreachable',
      'EPOCH_OTHER',
      `${asked.hoster} answers in epoch ${body.epoch} of the charter, and was asked in epoch ${charter.epoch}`,
      { hoster: asked.hoster, epoch: body.epoch, version: body.version },
    );
  }
  const hoster = charter.hosters.find((one) => one.id === asked.hoster);
  const key = hoster === undefined ? undefined : votingKey(hoster, charter.epoch);
  if (key === undefined || !crypto.ed25519Verify(signature, crypto.sha256(utf8(DOMAIN), bytes), key)) {
    throw new Fault(
      'integrity',
      'HEADS_FORGED',
      `the heads of ${asked.hoster} are not signed by its voting key`,
      {
        hoster: asked.hoster,
      },
    );
  }
  if (
    body.charter !== charter.name ||
    body.hoster !== asked.hoster ||
    !equalBytes(body.nonce, asked.nonce) ||
    !equalBytes(encodeCbor(body.scope), encodeCbor(asked.scope))
  ) {
    throw new Fault('integrity', 'HEADS_OTHER', `${asked.hoster} answered another question than asked`, {
      hoster: asked.hoster,
    });
  }
  return body;
}

/** Whether a counter is what the voter's own key signed. */
export function isCounterOf(
  crypto: Crypto,
  voter: { readonly hoster: string; readonly epoch: number; readonly key: Uint8Array },
  { counter, signature }: SignedCounter,
): boolean {
  const message = counterMessage(voter.hoster, voter.epoch, counter);
  return crypto.ed25519Verify(signature, message, voter.key);
}

/** Bytes a voter signs to say how many votes it has cast, with each cosignature. */
export function counterMessage(hoster: string, epoch: number, counter: number): Uint8Array {
  return concat(utf8('vauban/vote-counter/0\n'), encodeCbor([hoster, epoch, counter]));
}
