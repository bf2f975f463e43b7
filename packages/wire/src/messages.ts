// Every small message, as a schema: what a peer may ask and what it gets. Deterministic CBOR, strict, capped.
// The first message on a connection is `hello`; who may send which one afterwards is the daemon's business.

import {
  codeNames,
  APPEND_ENTRIES_MAX,
  CHARTER_BYTES_MAX,
  decodeCbor,
  encodeCbor,
  type Fact,
  Fault,
  LEAF_BYTES,
  MESSAGE_BYTES_MAX,
  NOTE_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  SHARDS_MAX,
  shape,
} from '@vauban/core';
import * as v from 'valibot';
import { healingAnswers, healingRequests } from './healing-messages.ts';

const origin = shape.text(140);
const note = shape.text(NOTE_BYTES_MAX);
const hash = shape.bytes(32);

export const segmentSchema = v.strictObject({
  vault: hash,
  code: v.picklist(codeNames),
  k: shape.count(SHARDS_MAX),
  m: shape.count(SHARDS_MAX),
  cellBytes: shape.count(16_777_216),
  stripes: shape.count(1_000_000),
  lastCellBytes: shape.count(16_777_216),
  roots: v.pipe(v.array(hash), v.maxLength(SHARDS_MAX)),
});

const entry = shape.bytesUpTo(300);
const recordSchema = v.union([
  v.strictObject({ entry, salt: hash, payload: shape.bytesUpTo(PAYLOAD_BYTES_MAX) }),
  /** Its payload was erased under this certified purge. */
  v.strictObject({ entry, erased: v.strictObject({ origin, index: shape.count() }) }),
]);

const appendSchema = v.strictObject({
  origin,
  oldSize: shape.count(),
  checkpoint: note,
  // What was refused travels again with what voids it, and a genesis.
  records: v.pipe(v.array(recordSchema), v.maxLength(2 * APPEND_ENTRIES_MAX + 1)),
});

const signedCharterSchema = v.strictObject({
  body: shape.bytesUpTo(CHARTER_BYTES_MAX),
  signatures: v.pipe(
    v.array(v.strictObject({ officer: shape.text(40), signature: shape.bytes(64) })),
    v.maxLength(100),
  ),
  certificate: v.nullable(note),
});

/** Which heads are asked for: some logs by name, the logs of a vault's devices, or everything. */
const scopeSchema = v.variant('of', [
  v.strictObject({ of: v.literal('origins'), origins: v.pipe(v.array(origin), v.maxLength(1_000)) }),
  v.strictObject({ of: v.literal('vault'), vault: hash }),
  v.strictObject({ of: v.literal('all'), after: v.optional(origin) }),
]);

/** Who is calling. A daemon is known by its peer id in the charter; a device shows its delegation; officers and
 * operators sign (charter, own peer, called peer) with a key the charter lists. */
export const credentialSchema = v.variant('role', [
  v.strictObject({ role: v.literal('daemon') }),
  v.strictObject({ role: v.literal('device'), note: shape.bytesUpTo(4_352) }),
  v.strictObject({
    role: v.picklist(['operator', 'officer']),
    id: shape.text(40),
    signature: shape.bytes(64),
  }),
]);

const requests = [
  v.strictObject({
    ask: v.literal('hello'),
    format: v.literal('vauban/wire/0'),
    charter: shape.text(40),
    version: shape.count(),
    credential: credentialSchema,
  }),
  /** Charter versions from `from` on. */
  v.strictObject({ ask: v.literal('charter'), from: shape.count() }),
  /** A draft to be cosigned, or a version in force to be known. */
  v.strictObject({ ask: v.literal('charter-offer'), signed: signedCharterSchema }),
  v.strictObject({ ask: v.literal('append'), append: appendSchema, certificate: v.nullable(note) }),
  v.strictObject({ ask: v.literal('heads'), nonce: hash, scope: scopeSchema }),
  v.strictObject({ ask: v.literal('batches'), origin, from: shape.count() }),
  v.strictObject({ ask: v.literal('certify'), origin, certificate: note }),
  /** Store a root note durably. */
  v.strictObject({ ask: v.literal('note'), note: shape.bytesUpTo(4_352) }),
  /** Root notes by ascending hash, from the one after `after`. */
  v.strictObject({ ask: v.literal('notes'), after: v.nullable(hash) }),
  /** A fresh receipt for a fragment already held. */
  v.strictObject({ ask: v.literal('receipt'), segment: segmentSchema, index: shape.count(SHARDS_MAX) }),
  /** One leaf with its proof: a challenge. */
  v.strictObject({
    ask: v.literal('leaf'),
    segment: hash,
    index: shape.count(SHARDS_MAX),
    leaf: shape.count(10_000_000),
  }),
  /** The voting key this voter has made for the next epoch. */
  v.strictObject({ ask: v.literal('next-key') }),
  v.strictObject({ ask: v.literal('status') }),
  ...healingRequests,
] as const;

const requestSchema = v.variant('ask', requests);
export type Request = v.InferOutput<typeof requestSchema>;
export type Ask = Request['ask'];
export type RequestOf<Name extends Ask> = Extract<Request, { ask: Name }>;
export type Credential = v.InferOutput<typeof credentialSchema>;

const faultSchema = v.strictObject({
  kind: v.picklist([
    'usage',
    'failure',
    'integrity',
    'missing-fragments',
    'unreachable',
    'refused',
    'interrupted',
  ]),
  code: shape.text(60),
  message: shape.text(2_000),
  facts: v.record(v.string(), v.unknown()),
});

const answers = {
  hello: v.strictObject({ version: shape.count(), daemon: shape.text(32), hoster: shape.text(40) }),
  charter: v.strictObject({ versions: v.pipe(v.array(signedCharterSchema), v.maxLength(1_000)) }),
  /** A cosignature line for a draft; null when the version is in force and now known. */
  'charter-offer': v.strictObject({ cosignature: v.nullable(shape.text(400)) }),
  append: v.variant('result', [
    v.strictObject({ result: v.literal('cosigned'), cosignature: shape.text(400) }),
    v.strictObject({ result: v.literal('stored') }),
    v.strictObject({ result: v.literal('conflict'), size: shape.count(), checkpoint: v.nullable(note) }),
    v.strictObject({
      result: v.literal('refused'),
      class: v.picklist(['never', 'later', 'policy']),
      index: v.nullable(shape.count()),
      fault: faultSchema,
    }),
  ]),
  /** `next`: there is more, after this log. */
  heads: v.strictObject({ signed: shape.bytesUpTo(MESSAGE_BYTES_MAX), next: v.optional(origin) }),
  batches: v.strictObject({ batches: v.pipe(v.array(appendSchema), v.maxLength(100_000)) }),
  certify: v.strictObject({ stored: v.literal(true) }),
  note: v.strictObject({ stored: v.literal(true) }),
  notes: v.strictObject({
    notes: v.pipe(v.array(shape.bytesUpTo(4_352)), v.maxLength(1_000)),
    more: v.boolean(),
  }),
  receipt: v.strictObject({ generation: shape.count(), receipt: shape.bytes(64) }),
  leaf: v.strictObject({
    bytes: shape.bytesUpTo(LEAF_BYTES),
    leaves: shape.count(10_000_000),
    proof: v.pipe(v.array(hash), v.maxLength(64)),
  }),
  'next-key': v.strictObject({ epoch: shape.count(), key: hash, signature: shape.bytes(64) }),
  status: v.strictObject({
    daemon: shape.text(32),
    hoster: shape.text(40),
    site: shape.text(40),
    charterVersion: shape.count(),
    fragments: shape.count(),
    bytes: shape.count(),
    freeBytes: shape.count(),
    bytesByAgency: v.record(shape.text(40), shape.count()),
    logs: shape.count(),
    entries: shape.count(),
    /** Why this hoster does not vote now, or null. */
    silent: v.nullable(faultSchema),
    /** What wants a human. */
    alerts: v.pipe(v.array(faultSchema), v.maxLength(100)),
    refusedMessages: shape.count(),
    startedAt: shape.time(),
  }),
  ...healingAnswers,
} as const satisfies Record<Ask, v.GenericSchema>;

export type AnswerOf<Name extends Ask> = v.InferOutput<(typeof answers)[Name]>;

const answerTag = v.variant('ok', [
  v.strictObject({ ok: v.literal(true), version: shape.count(), answer: v.unknown() }),
  v.strictObject({ ok: v.literal(false), version: shape.count(), fault: faultSchema }),
]);

export function encodeRequest(request: Request): Uint8Array {
  return encodeCbor(request);
}

/** Faults: MALFORMED, TOO_LARGE. */
export function decodeRequest(bytes: Uint8Array): Request {
  return decodeCbor(requestSchema, bytes, 'request', MESSAGE_BYTES_MAX);
}

/** Every answer carries the highest charter version its sender knows. */
export function encodeAnswer<Name extends Ask>(answer: AnswerOf<Name>, version: number): Uint8Array {
  return encodeCbor({ ok: true, version, answer });
}

export function encodeFaultAnswer(fault: Fault, version: number): Uint8Array {
  return encodeCbor({ ok: false, version, fault: faultToWire(fault) });
}

/**
 * The answer to what was asked; a fault answer is thrown. `heard` is told the sender's charter version in either case.
 * Faults: MALFORMED, TOO_LARGE, whatever the peer sent.
 */
export function decodeAnswer<Name extends Ask>(
  ask: Name,
  bytes: Uint8Array,
  heard: (version: number) => void = () => undefined,
): { readonly answer: AnswerOf<Name>; readonly version: number } {
  const tag = decodeCbor(answerTag, bytes, `answer to ${ask}`, MESSAGE_BYTES_MAX);
  heard(tag.version);
  if (!tag.ok) throw faultFromWire(tag.fault);
  const answer = v.safeParse(answers[ask], tag.answer);
  if (!answer.success) {
    const [issue] = answer.issues;
    throw new Fault(
      'refused',
      'MALFORMED',
      `answer to ${ask} is malformed: ${v.getDotPath(issue) ?? ''} ${issue.message}`,
      {
        what: ask,
      },
    );
  }
  return { answer: answer.output, version: tag.version };
}

export type WireFault = v.InferOutput<typeof faultSchema>;

export function faultToWire(fault: Fault): WireFault {
  return {
    kind: fault.kind,
    code: fault.code.slice(0, 60),
    message: fault.message.slice(0, 2_000),
    facts: { ...fault.facts },
  };
}

export function faultFromWire(fault: WireFault): Fault {
  return new Fault(fault.kind, fault.code, fault.message, fault.facts as { [key: string]: Fact });
}

/** Bytes an operator or officer signs to prove its role to one daemon over one connection. */
export function credentialMessage(of: {
  charter: string;
  caller: string;
  called: string;
  role: string;
  id: string;
}): Uint8Array {
  return encodeCbor(['vauban/hello/0', of.charter, of.role, of.id, of.caller, of.called]);
}
