// The bytes of objects records and indexes: positional deterministic CBOR (SPEC section 5), about 150 bytes a small file
// besides its path. Shapes only; what the values mean together is checked in objects-record.ts.

import { compareBytes, decodeCbor, Fault, shape, utf8 } from '@vauban/core';
import * as v from 'valibot';
import type {
  ContentPlace,
  IndexPointer,
  ObjectChange,
  ObjectWrite,
  SealedContent,
} from './objects-record.ts';

// Generous here, exact in objects-record.ts.
const textBytesMax = 8192;
const listMax = 1_000_000;

const id = shape.bytes(16);
// Text a person chose travels as a byte string of UTF-8: CBOR decoders drop a leading byte order mark, and one file so
// named would then make its whole batch unreadable.
const text = shape.bytesUpTo(textBytesMax);
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const place = v.union([
  v.strictTuple([
    v.literal(0),
    v.pipe(v.array(v.strictTuple([shape.bytes(32), shape.count()])), v.maxLength(listMax)),
  ]),
  v.strictTuple([v.literal(1), v.nullable(shape.bytes(32)), shape.count(), shape.count()]),
]);
const content = v.strictTuple([id, shape.bytes(32), place]);
const pointer = v.strictTuple([id, shape.bytes(32), shape.count(), place]);
const ids = v.pipe(v.array(id), v.maxLength(256));
const integer = v.pipe(v.number(), v.safeInteger());
const extras = v.pipe(
  v.unknown(),
  // An empty array or byte string would pass for an object whose keys are all optional: two encodings of one value.
  v.check((value) => Object.getPrototypeOf(value ?? 0) === Object.prototype, 'expected a map'),
  v.strictObject({
    /** content type */
    t: v.optional(text),
    /** metadata, sorted by name: pairs, as a map could not hold every name */
    m: v.optional(v.pipe(v.array(v.strictTuple([text, text])), v.minLength(1))),
  }),
);

// path, object, version, parents, modified, mode
const sharedSchema = v.strictTuple([text, id, id, ids, integer, shape.count()]);
const deleteSchema = v.strictTuple([v.literal(0), text, ids]);
const fileSchema = v.strictTuple([
  v.literal(1),
  sharedSchema,
  shape.count(),
  v.nullable(shape.bytes(32)),
  v.nullable(content),
  extras,
]);
const directorySchema = v.strictTuple([v.literal(2), sharedSchema, extras]);
const symlinkSchema = v.strictTuple([v.literal(3), sharedSchema, text, extras]);

const inlineSchema = v.strictTuple([
  v.literal(0),
  v.literal(0),
  v.pipe(v.array(v.unknown()), v.maxLength(listMax)),
]);
const pointerSchema = v.strictTuple([v.literal(0), v.literal(1), pointer]);
const recordSchema = v.union([inlineSchema, pointerSchema]);

export function malformed(what: string, detail: string): Fault {
  return new Fault('refused', 'MALFORMED', `The ${what} is malformed: ${detail}.`, { what, detail });
}

/** The outer layer of a record or index; its changes still as CBOR gave them. Faults: MALFORMED, TOO_LARGE. */
export function recordOfWire(
  bytes: Uint8Array,
  what: string,
  bytesMax: number,
): { readonly changes: readonly unknown[] } | { readonly index: IndexPointer } {
  const wire = decodeCbor(recordSchema, bytes, what, bytesMax);
  if (wire[1] === 0) return { changes: wire[2] };
  const [contentId, key, size, where] = wire[2];
  return { index: { content: contentId, key, size, in: placeOfWire(where) } };
}

export function wireOfPointer(index: IndexPointer): unknown {
  return [index.content, index.key, index.size, wireOfPlace(index.in)];
}

export function wireOfChange(change: ObjectChange): unknown {
  if (change.kind === 'delete') return [0, utf8(change.path), change.versions];
  const { path, object, version, parents, modified, mode, content: sealed } = change;
  const shared = [utf8(path), object, version, parents, modified, mode];
  const rest = wireOfExtras(change);
  if (change.kind === 'directory') return [2, shared, rest];
  if (change.kind === 'symlink') return [3, shared, utf8(change.target ?? ''), rest];
  const inside = sealed ? [sealed.content, sealed.key, wireOfPlace(sealed.in)] : null;
  return [1, shared, change.size, change.sha256 ?? null, inside, rest];
}

/** Fault: MALFORMED. */
export function changeOfWire(wire: unknown, what: string): ObjectChange {
  switch (Array.isArray(wire) ? wire[0] : undefined) {
    case 0: {
      const [, path, versions] = parse(deleteSchema, wire, what);
      return { kind: 'delete', path: textOf(path, what), versions };
    }
    case 1: {
      const [, shared, size, sha256, sealed, rest] = parse(fileSchema, wire, what);
      return {
        kind: 'file',
        ...sharedOfWire(shared, what),
        size,
        ...(sha256 && { sha256 }),
        ...(sealed && { content: contentOfWire(sealed) }),
        ...extrasOfWire(rest, what),
      };
    }
    case 2: {
      const [, shared, rest] = parse(directorySchema, wire, what);
      return { kind: 'directory', ...sharedOfWire(shared, what), size: 0, ...extrasOfWire(rest, what) };
    }
    case 3: {
      const [, shared, to, rest] = parse(symlinkSchema, wire, what);
      const target = textOf(to, what);
      return { kind: 'symlink', ...sharedOfWire(shared, what), size: 0, target, ...extrasOfWire(rest, what) };
    }
    default:
      throw malformed(what, 'unknown kind of change');
  }
}

function sharedOfWire(wire: v.InferOutput<typeof sharedSchema>, what: string) {
  const [path, object, version, parents, modified, mode] = wire;
  return { path: textOf(path, what), object, version, parents, modified, mode };
}

function contentOfWire([contentId, key, where]: v.InferOutput<typeof content>): SealedContent {
  return { content: contentId, key, in: placeOfWire(where) };
}

function wireOfPlace(where: ContentPlace): unknown {
  if ('segments' in where) return [0, where.segments.map((segment) => [segment.id, segment.bytes])];
  return [1, where.pack, where.offset, where.length];
}

function placeOfWire(wire: v.InferOutput<typeof place>): ContentPlace {
  if (wire[0] === 0) return { segments: wire[1].map(([segment, bytes]) => ({ id: segment, bytes })) };
  return { pack: wire[1], offset: wire[2], length: wire[3] };
}

function wireOfExtras({ contentType, meta }: ObjectWrite): unknown {
  const pairs = Object.entries(meta ?? {})
    .map(([name, value]) => [utf8(name), utf8(value)] as const)
    .sort(([a], [b]) => compareBytes(a, b));
  return {
    ...(contentType !== undefined && { t: utf8(contentType) }),
    ...(pairs.length > 0 && { m: pairs }),
  };
}

function extrasOfWire(
  { t, m }: v.InferOutput<typeof extras>,
  what: string,
): Pick<ObjectWrite, 'contentType' | 'meta'> {
  if (m?.some(([name], at) => at > 0 && compareBytes(m[at - 1]?.[0] ?? name, name) >= 0)) {
    throw malformed(what, 'metadata names are not in order');
  }
  // fromEntries defines properties, so a name such as __proto__ is only a name.
  const meta = m && Object.fromEntries(m.map(([name, value]) => [textOf(name, what), textOf(value, what)]));
  return { ...(t && { contentType: textOf(t, what) }), ...(meta && { meta }) };
}

function textOf(bytes: Uint8Array, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw malformed(what, 'text that is not UTF-8');
  }
}

function parse<const Schema extends v.GenericSchema>(
  schema: Schema,
  wire: unknown,
  what: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, wire);
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw malformed(what, `${v.getDotPath(issue) ?? '(root)'}: ${issue.message}`);
}
