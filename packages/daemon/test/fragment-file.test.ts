// The fragment file's bytes: the worked example of SPEC.md, and a trailer that is read in one way only.

import { readFile } from 'node:fs/promises';
import { concat, fromHex, LEAF_BYTES, merkleRoot, toHex } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeTrailer,
  encodeTrailer,
  FRAGMENT_BYTES_MAX,
  fileBytes,
  keyOfName,
  pathOf,
  TRAILER_BYTES,
} from '../src/fragment-file.ts';
import { crypto, newMachine, put, STORED_AT, sample } from './fragment-setup.ts';

const data = fromHex('000102030405060708090a0b0c0d0e0f') as Uint8Array;
const example = {
  segment: new Uint8Array(32).fill(0xab),
  index: 7,
  root: merkleRoot(crypto, crypto.leafHashes(data, LEAF_BYTES)),
  bytes: 16,
  agency: 'archives',
  vault: new Uint8Array(32).fill(0xcd),
  storedAt: STORED_AT,
};

test('the file in SPEC.md is the file on disk', async () => {
  const spec = await readFile(new URL('../SPEC.md', import.meta.url), 'utf8');
  const [, block = ''] = /<!-- worked example: fragment file -->\s*```\n([^`]*)```/.exec(spec) ?? [];
  const lines = block.split('\n').map((line) => /^([0-9]+)\s+([0-9a-f]+)/.exec(line));
  const written: string[] = [];
  for (const line of lines) {
    if (line === null) continue;
    expect(Number(line[1])).toBe(written.join('').length / 2);
    written.push(line[2] as string);
  }
  const machine = await newMachine();
  await put(await machine.open(), { ...example, data });
  expect(toHex((await machine.files.readAll(pathOf(example), 999)) as Uint8Array)).toBe(written.join(''));
  expect(spec).toContain(pathOf(example));
});

test('the parts end to end are the whole file', async () => {
  const one = sample(100_000);
  const machine = await newMachine();
  await put(await machine.open(), one);
  const file = (await machine.files.readAll(pathOf(one), 200_000)) as Uint8Array;
  const trailer = encodeTrailer(crypto, { ...one, storedAt: STORED_AT });
  expect(toHex(file)).toBe(toHex(concat(one.data, crypto.leafHashes(one.data, LEAF_BYTES), trailer)));
  expect(file.length).toBe(fileBytes(100_000));
});

describe('a trailer', () => {
  const trailer = encodeTrailer(crypto, example);
  const sealed = (change: (bytes: Uint8Array) => void) => {
    const bytes = trailer.slice();
    change(bytes);
    bytes.set(crypto.sha256(bytes.subarray(0, 192)), 192);
    return bytes;
  };

  test('of any fragment decodes to what was encoded', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const record = fc.record({
      segment: hash,
      index: fc.nat(254),
      root: hash,
      bytes: fc.integer({ min: 1, max: FRAGMENT_BYTES_MAX }),
      agency: fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/),
      vault: hash,
      storedAt: fc.maxSafeNat(),
    });
    fc.assert(
      fc.property(record, (one) => {
        expect(decodeTrailer(crypto, encodeTrailer(crypto, one))).toEqual(one);
      }),
    );
  });

  test('with any flipped bit is none', () => {
    for (let bit = 0; bit < 8 * TRAILER_BYTES; bit++) {
      const bent = trailer.slice();
      bent[bit >> 3] = (bent[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(decodeTrailer(crypto, bent)).toBeUndefined();
    }
  });

  test.each([
    ['another version', (bytes: Uint8Array) => bytes.set([0x31], 16)],
    ['index 255', (bytes: Uint8Array) => bytes.set([0, 255], 18)],
    ['no bytes', (bytes: Uint8Array) => bytes.fill(0, 20, 32)],
    ['bytes beyond counting', (bytes: Uint8Array) => bytes.fill(255, 20, 28)],
    ['a leaf count of its own', (bytes: Uint8Array) => bytes.set([2], 31)],
    ['a time beyond counting', (bytes: Uint8Array) => bytes.fill(255, 128, 136)],
    ['an agency of 41 bytes', (bytes: Uint8Array) => bytes.fill(0x61, 137, 178).set([41], 136)],
    ['no agency', (bytes: Uint8Array) => bytes.fill(0, 136, 177)],
    ['an agency in capitals', (bytes: Uint8Array) => bytes.set([0x41], 137)],
    ['an agency that is no text', (bytes: Uint8Array) => bytes.set([0xff], 137)],
    ['something after the agency', (bytes: Uint8Array) => bytes.set([1], 150)],
    ['something in the reserve', (bytes: Uint8Array) => bytes.set([1], 191)],
  ])('with %s is none, though its hash is right', (_, change) => {
    expect(
      decodeTrailer(
        crypto,
        sealed(() => undefined),
      ),
    ).toEqual(example);
    expect(decodeTrailer(crypto, sealed(change))).toBeUndefined();
  });

  test('of another length is none', () => {
    expect(decodeTrailer(crypto, trailer.subarray(1))).toBeUndefined();
    expect(decodeTrailer(crypto, concat(trailer, Uint8Array.of(0)))).toBeUndefined();
  });
});

describe('a file name', () => {
  const hex = 'ab'.repeat(32);
  test('and its key are one to one', () => {
    for (const index of [0, 7, 10, 254]) {
      const key = { segment: fromHex(hex) as Uint8Array, index };
      expect(pathOf(key)).toBe(`fragments/ab/${hex}-${index}`);
      expect(keyOfName(`${hex}-${index}`)).toEqual(key);
    }
  });

  test.each([
    hex,
    `${hex}-`,
    `${hex}-255`,
    `${hex}-07`,
    `${hex}-1000`,
    `${hex}-1.tmp`,
    `${hex.toUpperCase()}-1`,
    `${hex}0-1`,
  ])('%s is none', (name) => {
    expect(keyOfName(name)).toBeUndefined();
  });
});
