// The 24 recovery words (BIP39) and the 32-byte agency secret they say. Faults name positions, never words:
// a word typed nearly right is still a secret.

import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist as english } from '@scure/bip39/wordlists/english.js';
import { wordlist as french } from '@scure/bip39/wordlists/french.js';
import { assert, Fault } from '@vauban/core';
import { AGENCY_SECRET_BYTES } from './keys.ts';

export type RecoveryLanguage = 'english' | 'french';

const wordCount = 24;
// Far above 24 words of 8 letters, however generously spaced; below anything that costs time to split.
const textLengthMax = 4096;

const lists: readonly { readonly language: RecoveryLanguage; readonly words: readonly string[] }[] = [
  { language: 'english', words: english },
  { language: 'french', words: french },
];

// BIP39 counts letters with and without accents as the same, so people may type either.
const spellings = lists.map(({ language, words }) => ({
  language,
  words,
  listed: new Map(words.map((word) => [plainSpelling(word), word])),
}));

/** The 24 words of a secret, lower case, as they are to be written down. */
export function wordsOf(agencySecret: Uint8Array, language: RecoveryLanguage = 'english'): readonly string[] {
  assert(agencySecret.length === AGENCY_SECRET_BYTES, 'an agency secret has 32 bytes');
  const list = lists.find((each) => each.language === language);
  assert(list, `no word list for ${language}`);
  return entropyToMnemonic(agencySecret, [...list.words])
    .normalize('NFC')
    .split(/\s+/u);
}

/**
 * The secret that 24 English or French words say; case, accents and spacing do not matter.
 * Faults (usage): WORD_COUNT {found, wanted}, UNKNOWN_WORD {position, positions, language} (from 1),
 * WORDS_CHECKSUM (all are in the list, yet one is wrong or two are swapped).
 */
export function secretOfWords(text: string): Uint8Array {
  const typed = text.slice(0, textLengthMax).split(/\s+/u).filter(Boolean).map(plainSpelling);
  if (typed.length !== wordCount || text.length > textLengthMax) {
    throw new Fault(
      'usage',
      'WORD_COUNT',
      `A recovery phrase has ${wordCount} words, separated by spaces; ${typed.length} were found.`,
      { found: typed.length, wanted: wordCount },
    );
  }
  const readings = spellings.map(({ language, words, listed }) => ({
    language,
    words,
    found: typed.map((word) => listed.get(word)),
  }));
  const unknown = readings.map(({ language, found }) => ({
    language,
    positions: found.flatMap((word, at) => (word === undefined ? [at + 1] : [])),
  }));
  for (const { words, found } of readings) {
    const secret = found.includes(undefined) ? undefined : entropyOf(found.join(' '), words);
    if (secret) return secret;
  }
  // The list that knows most of the words is the one the person means.
  const closest = unknown.reduce((best, each) =>
    each.positions.length < best.positions.length ? each : best,
  );
  const first = closest.positions[0];
  if (first === undefined) {
    throw new Fault(
      'usage',
      'WORDS_CHECKSUM',
      'These words are all in the list but do not belong together: one is wrong, or two are swapped. Compare each with the paper.',
      { language: closest.language },
    );
  }
  throw new Fault(
    'usage',
    'UNKNOWN_WORD',
    `Word ${first} is not in the ${closest.language} list${closest.positions.length > 1 ? ` (nor are ${closest.positions.length - 1} others)` : ''}; compare it with the paper.`,
    { position: first, positions: closest.positions, language: closest.language },
  );
}

function entropyOf(phrase: string, words: readonly string[]): Uint8Array | undefined {
  try {
    return mnemonicToEntropy(phrase, [...words]);
  } catch {
    return undefined;
  }
}

/** Lower case without accents (NFKD, combining marks dropped). */
function plainSpelling(word: string): string {
  return word.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');
}
