// Recovery words: BIP39's own vectors, both languages, and faults that help without repeating a secret.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretOfWords, wordsOf } from '../src/index.ts';
import { bytesOf, counting, faultOf, toHex } from './support.ts';

// From the reference vectors of BIP39 (256-bit entropies).
const published: readonly (readonly [string, string])[] = [
  ['00'.repeat(32), `${'abandon '.repeat(23)}art`],
  ['ff'.repeat(32), `${'zoo '.repeat(23)}vote`],
  [
    '7f'.repeat(32),
    `${'legal winner thank year wave sausage worth useful '.repeat(2)}legal winner thank year wave sausage worth title`,
  ],
  [
    '80'.repeat(32),
    `${'letter advice cage absurd amount doctor acoustic avoid '.repeat(2)}letter advice cage absurd amount doctor acoustic bless`,
  ],
];

describe('24 words', () => {
  it.each(published)('say %s', (hex, phrase) => {
    expect(wordsOf(bytesOf(hex)).join(' ')).toBe(phrase);
    expect(toHex(secretOfWords(phrase))).toBe(hex);
  });

  it('say any secret, in both languages, however they are typed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.constantFrom('english', 'french'),
        (secret, language) => {
          const words = wordsOf(secret, language);
          expect(words).toHaveLength(24);
          const plain = new Uint8Array(secret);
          expect(secretOfWords(words.join(' '))).toEqual(plain);
          expect(secretOfWords(`\n ${words.join(' \t\r\n ').toUpperCase()} `)).toEqual(plain);
          expect(secretOfWords(words.join('\u00a0').normalize('NFD'))).toEqual(plain);
          expect(secretOfWords(words.join(' ').normalize('NFD').replace(/\p{M}/gu, ''))).toEqual(plain);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('French words have their accents, composed', () => {
    const words = wordsOf(bytesOf('7f'.repeat(32)), 'french');
    expect(words.every((word) => word === word.normalize('NFC'))).toBe(true);
    expect(wordsOf(counting(0, 32), 'french')).not.toEqual(wordsOf(counting(0, 32), 'english'));
  });
});

describe('faults', () => {
  const words = wordsOf(counting(0, 32));
  const french = wordsOf(counting(0, 32), 'french');

  it.each([0, 1, 12, 23, 25, 2000])('count the words: %i', (count) => {
    const fault = faultOf(() => secretOfWords('zoo '.repeat(count)));
    expect(fault.code).toBe('WORD_COUNT');
    expect(fault.facts.wanted).toBe(24);
    if (count <= 1000) expect(fault.facts.found).toBe(count);
  });

  it('give the positions of unknown words, in the language most words are of', () => {
    const fault = faultOf(() => secretOfWords(words.with(6, 'abandonn').with(11, 'xxxx').join(' ')));
    expect(fault.facts).toEqual({ position: 7, positions: [7, 12], language: 'english' });
    expect(faultOf(() => secretOfWords(french.with(0, 'xyz').join(' '))).facts).toMatchObject({
      position: 1,
      language: 'french',
    });
  });

  it('tell a wrong or swapped word from an unknown one', () => {
    const swapped = words.with(0, words[1] as string).with(1, words[0] as string);
    expect(faultOf(() => secretOfWords(swapped.join(' '))).code).toBe('WORDS_CHECKSUM');
    expect(faultOf(() => secretOfWords('abandon '.repeat(24))).code).toBe('WORDS_CHECKSUM');
  });

  it('never repeat a word', () => {
    for (const phrase of [words.with(6, 'secretword').join(' '), 'secretword', 'abandon '.repeat(24)]) {
      const fault = faultOf(() => secretOfWords(phrase));
      expect(`${fault.message} ${JSON.stringify(fault.facts)}`).not.toMatch(/secretword|abandon/);
      expect(fault.cause).toBeUndefined();
    }
  });

  it('a secret of another length is a programming error', () => {
    expect(() => wordsOf(counting(0, 16))).toThrow(/32 bytes/);
  });
});
