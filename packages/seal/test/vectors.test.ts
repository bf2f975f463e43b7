// vectors/*.json, through every path: what another implementation has to reproduce, this one reproduces too.

import { concat, FRAME_BYTES, type Fault } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { describe, expect, it } from 'vitest';
import {
  agencyKeys,
  argon2idKdf,
  decodeObjectsIndex,
  decodeObjectsRecord,
  encodeObjectsIndex,
  encodeObjectsRecord,
  FRAME_PLAIN_BYTES,
  type FrameSpan,
  framesFor,
  type KdfName,
  type KdfParams,
  type ObjectChange,
  type ObjectsRecord,
  openFrameRange,
  openFrames,
  openKeyFile,
  openRecord,
  plainBytes,
  recordKey,
  replacedRootKeys,
  scryptKdf,
  sealedBytes,
  sealFrame,
  sealFrames,
  sealKeyFile,
  sealRecord,
  secretOfWords,
  segmentKey,
  tagsDigest,
  vaultIdOf,
  vaultSecret,
  wordsOf,
} from '../src/index.ts';
import { counting, faultOf, pattern, scriptedRandom, toHex, vectors } from './support.ts';

type Bytes = Uint8Array;
const codeOf = (run: () => unknown): Fault['code'] => faultOf(run).code;

describe('recovery', () => {
  const { valid, invalid } = vectors<{
    valid: { secret: Bytes; english: string; french: string }[];
    invalid: { phrase: string; code: string }[];
  }>('recovery');

  it.each(valid)('$english', ({ secret, english, french }) => {
    expect(wordsOf(secret).join(' ')).toBe(english);
    expect(wordsOf(secret, 'french').join(' ')).toBe(french);
    expect(secretOfWords(english)).toEqual(secret);
    expect(secretOfWords(french)).toEqual(secret);
  });

  it.each(invalid)('$code', ({ phrase, code }) => {
    expect(codeOf(() => secretOfWords(phrase))).toBe(code);
  });
});

it('keys', () => {
  const keys = vectors<{
    agencySecret: Bytes;
    rootSeed: Bytes;
    rootPublic: Bytes;
    replacedRoot: { rootSecret: Bytes; rootSeed: Bytes; rootPublic: Bytes };
    vaults: { label: string; id: Bytes; secret: Bytes; origin: string; recordKey: Bytes }[];
    segments: { dataKey: Bytes; content: Bytes; segment: number; key: Bytes }[];
  }>('keys');
  const { agencySecret, rootSeed, rootPublic } = keys;
  expect(agencyKeys(nodeCrypto, agencySecret)).toEqual({ rootSeed, rootPublic });
  const { rootSecret, ...replaced } = keys.replacedRoot;
  expect(replacedRootKeys(nodeCrypto, rootSecret)).toEqual(replaced);
  for (const { label, id, secret, origin, recordKey: key } of keys.vaults) {
    expect(vaultIdOf(rootPublic, label)).toEqual(id);
    expect(vaultSecret(agencySecret, id)).toEqual(secret);
    expect(recordKey(secret, origin)).toEqual(key);
  }
  for (const { dataKey, content, segment, key } of keys.segments) {
    expect(segmentKey(dataKey, { content, segment })).toEqual(key);
  }
  expect(keys.vaults.length + keys.segments.length).toBe(5);
});

describe('frames', () => {
  const { key, valid, invalid, ranges } = vectors<{
    key: Bytes;
    valid: {
      plainBytes: number;
      sealedBytes: number;
      sealedSha256: Bytes;
      tagsDigest: Bytes;
      sealed?: Bytes;
    }[];
    invalid: { name: string; sealed: Bytes; code: string }[];
    ranges: { plainBytes: number; offset: number; length: number; span: FrameSpan }[];
  }>('frames');

  it.each(valid)('of $plainBytes bytes: whole, frame by frame, opened whole and in ranges', (vector) => {
    const plain = pattern(vector.plainBytes);
    expect(sealedBytes(plain.length)).toBe(vector.sealedBytes);
    expect(plainBytes(vector.sealedBytes)).toBe(plain.length);
    const whole = new Uint8Array(vector.sealedBytes);
    expect(sealFrames(nodeCrypto, key, plain, whole)).toEqual(vector.tagsDigest);
    expect(nodeCrypto.sha256(whole)).toEqual(vector.sealedSha256);
    if (vector.sealed) expect(whole).toEqual(vector.sealed);
    expect(tagsDigest(nodeCrypto, whole)).toEqual(vector.tagsDigest);

    const parts: Bytes[] = [];
    for (let from = 0; from < plain.length; from += FRAME_PLAIN_BYTES) {
      const plaintext = plain.subarray(from, from + FRAME_PLAIN_BYTES);
      const part = new Uint8Array(plaintext.length + 16);
      const last = from + FRAME_PLAIN_BYTES >= plain.length;
      sealFrame(nodeCrypto, key, { frame: parts.length, last, plaintext }, part);
      parts.push(part);
    }
    expect(nodeCrypto.sha256(concat(...parts))).toEqual(vector.sealedSha256);

    const opened = new Uint8Array(plain.length);
    openFrames(nodeCrypto, key, whole, opened);
    expect(Buffer.compare(opened, plain)).toBe(0);
    parts.forEach((sealed, firstFrame) => {
      const into = new Uint8Array(sealed.length - 16);
      openFrameRange(nodeCrypto, key, { sealed, firstFrame, plainBytesTotal: plain.length }, into);
      const from = firstFrame * FRAME_PLAIN_BYTES;
      expect(Buffer.compare(into, plain.subarray(from, from + into.length))).toBe(0);
    });
  });

  it.each(invalid)('$name: $code', ({ sealed, code }) => {
    const length = Math.max(0, sealed.length - 16 * Math.ceil(sealed.length / FRAME_BYTES));
    expect(codeOf(() => openFrames(nodeCrypto, key, sealed, new Uint8Array(length)))).toBe(code);
  });

  it.each(ranges)('range of $length at $offset', ({ span, ...range }) => {
    expect(framesFor(range)).toEqual(span);
  });
});

describe('records', () => {
  type Sealed = { vaultSecret: Bytes; origin: string; index: number; sealed: Bytes };
  const { valid, invalid } = vectors<{
    valid: (Sealed & { nonce: Bytes; plain: Bytes })[];
    invalid: (Sealed & { name: string; code: string })[];
  }>('records');

  it.each(valid)('$sealed.length bytes', (vector) => {
    expect(sealRecord({ ...vector, random: scriptedRandom(vector.nonce) })).toEqual(vector.sealed);
    expect(openRecord(vector)).toEqual(vector.plain);
  });

  it.each(invalid)('$name: $code', (vector) => {
    expect(codeOf(() => openRecord(vector))).toBe(vector.code);
  });
});

describe('objects', () => {
  const { records, indexes, invalid } = vectors<{
    records: { record: ObjectsRecord; bytes: Bytes }[];
    indexes: { changes: ObjectChange[]; bytes: Bytes }[];
    invalid: { name: string; bytes: Bytes }[];
  }>('objects');

  it.each(records)('record $#', ({ record, bytes }) => {
    expect(toHex(encodeObjectsRecord(record))).toBe(toHex(bytes));
    expect(decodeObjectsRecord(bytes)).toEqual(record);
  });

  it.each(indexes)('index $#', ({ changes, bytes }) => {
    expect(toHex(encodeObjectsIndex(changes))).toBe(toHex(bytes));
    expect(decodeObjectsIndex(bytes)).toEqual(changes);
  });

  it.each(invalid)('$name', ({ bytes }) => {
    expect(codeOf(() => decodeObjectsRecord(bytes))).toBe('MALFORMED');
    expect(codeOf(() => decodeObjectsIndex(bytes))).toBe('MALFORMED');
    // Each is its own failure, not the same valid record twice.
    expect(records.some((each) => toHex(each.bytes) === toHex(bytes))).toBe(false);
  });
});

describe('key files', () => {
  const { valid, invalid } = vectors<{
    valid: { kdf: KdfName; params: KdfParams; passphrase: string; secret: Bytes; bytes: Bytes }[];
    invalid: { name: string; passphrase: string; bytes: Bytes; code: string }[];
  }>('key-files');

  it.each(valid)('$kdf', ({ kdf, bytes, ...file }) => {
    const random = scriptedRandom(counting(0x10, 16), counting(0xc0, 24));
    const sealed = sealKeyFile({ ...file, random, kdf: kdf === 'scrypt' ? scryptKdf : argon2idKdf });
    expect(toHex(sealed)).toBe(toHex(bytes));
    expect(openKeyFile({ bytes, passphrase: file.passphrase })).toEqual(file.secret);
  });

  it.each(invalid)('$name: $code', ({ bytes, passphrase, code }) => {
    expect(codeOf(() => openKeyFile({ bytes, passphrase }))).toBe(code);
  });
});
