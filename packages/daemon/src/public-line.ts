// The public line: everything the consortium's officers must know of a new daemon, signed by its hoster, as one line of
// text that survives a mail. It holds no secret. What it says becomes the charter's entry for this daemon.

import {
  concat,
  type Crypto,
  daemonIdOf,
  type Declaration,
  decodeCbor,
  encodeCbor,
  Fault,
  fromBase64,
  shape,
  slugPattern,
  toBase64,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';

const PUBLIC_LINE_PREFIX = 'vauban-daemon0:';
const LINE_BYTES_MAX = 16_384;
const SIGNATURE_DOMAIN = 'vauban/daemon-facts-signature/0\n';

const slug = v.pipe(v.string(), v.regex(slugPattern));
const country = v.pipe(v.string(), v.regex(/^[A-Z]{2}$/));
const percent = shape.count(100);
const key = shape.bytes(32);
const coordinate = (max: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(-max), v.maxValue(max));

const declaration = v.strictObject({
  seat: country,
  law: country,
  data: country,
  foreignShareLargest: percent,
  foreignShareTotal: percent,
  foreignVeto: v.boolean(),
  certifications: v.pipe(v.array(shape.text(80)), v.maxLength(20)),
  validFrom: shape.time(),
  validUntil: shape.time(),
  signedBy: shape.text(120),
}) satisfies v.GenericSchema<unknown, Declaration>;

const factsSchema = v.strictObject({
  format: v.literal('vauban/daemon-facts/0'),
  hoster: v.strictObject({ id: slug, name: shape.text(80), identityKey: key }),
  site: v.strictObject({
    id: slug,
    city: shape.text(80),
    country,
    building: slug,
    address: shape.text(200),
    /** Microdegrees. */
    latitude: coordinate(90_000_000),
    longitude: coordinate(180_000_000),
  }),
  daemon: v.strictObject({
    id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
    receiptKey: key,
    logKey: key,
    peer: shape.text(128),
    addresses: v.pipe(v.array(shape.text(200)), v.maxLength(8)),
    capacityBytes: shape.count(),
  }),
  /** The key that casts the hoster's vote, on the one daemon that does. */
  voting: v.nullable(v.strictObject({ epoch: shape.count(), key })),
  declaration,
});

/** A daemon as its hoster describes it. */
export type DaemonFacts = v.InferOutput<typeof factsSchema>;

const lineSchema = v.strictTuple([shape.bytesUpTo(LINE_BYTES_MAX), shape.bytes(64)]);

/** `vauban-daemon0:` and the base64url of CBOR [facts, signature by the hoster's identity key]. */
export function makePublicLine(crypto: Crypto, facts: DaemonFacts, identitySeed: Uint8Array): string {
  const body = encodeCbor(facts);
  const signature = crypto.ed25519Sign(identitySeed, concat(utf8(SIGNATURE_DOMAIN), body));
  const text = toBase64(encodeCbor([body, signature]));
  return PUBLIC_LINE_PREFIX + text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Faults (refused): PUBLIC_LINE_MALFORMED; (integrity) PUBLIC_LINE_FORGED: signature or daemon id do not fit. */
export function openPublicLine(crypto: Crypto, line: string): DaemonFacts {
  const text = line.trim();
  const malformed = (detail: string) =>
    new Fault('refused', 'PUBLIC_LINE_MALFORMED', `this is not the public line of a daemon: ${detail}`, {
      detail,
    });
  if (!text.startsWith(PUBLIC_LINE_PREFIX)) throw malformed(`it does not begin with ${PUBLIC_LINE_PREFIX}`);
  const body = text.slice(PUBLIC_LINE_PREFIX.length);
  if (body.length > 2 * LINE_BYTES_MAX || !/^[A-Za-z0-9_-]*$/.test(body)) {
    throw malformed('it holds characters that do not belong; copy it whole, without line breaks');
  }
  const padded = body.replaceAll('-', '+').replaceAll('_', '/') + '='.repeat((4 - (body.length % 4)) % 4);
  const bytes = fromBase64(padded);
  if (bytes === undefined) throw malformed('it was cut off or changed on its way; copy it whole');
  let facts: DaemonFacts;
  let signed: { readonly body: Uint8Array; readonly signature: Uint8Array };
  try {
    const [inner, signature] = decodeCbor(lineSchema, bytes, 'public line', LINE_BYTES_MAX);
    signed = { body: inner, signature };
    facts = decodeCbor(factsSchema, inner, 'daemon facts', LINE_BYTES_MAX);
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error));
  }
  const message = concat(utf8(SIGNATURE_DOMAIN), signed.body);
  const genuine = crypto.ed25519Verify(signed.signature, message, facts.hoster.identityKey);
  if (!genuine || facts.daemon.id !== daemonIdOf(crypto, facts.daemon.receiptKey)) {
    throw new Fault(
      'integrity',
      'PUBLIC_LINE_FORGED',
      `the public line of ${facts.hoster.name} is not what its identity key signed; ask the hoster for it again`,
      { hoster: facts.hoster.id },
    );
  }
  return facts;
}
