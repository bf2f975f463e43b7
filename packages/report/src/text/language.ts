// Which words to take, and how each language sets them: in French, spaces before high punctuation do not break lines.

import type { Label, Language, Words } from '../document.ts';

export const LANGUAGES: readonly Language[] = ['en', 'fr'];

/** U+202F: narrow, and never broken. */
export const THIN = '\u202f';

export function wordsIn(language: Language, label: Label): string {
  if (typeof label === 'string') return label;
  return heldTogether(language === 'fr' ? frenchSpaces(label.fr) : label.en);
}

/** A number and its unit stay on one line. */
function heldTogether(text: string): string {
  return text.replace(
    /(?<=\d) (?=(?:ms|s|min|h|d|j|[kMGTP]?[Bo](?:\/s)?|[kMG]bit\/s)(?![\p{L}\d]))/gu,
    '\u00a0',
  );
}

/** "Latency: p50", "Latence : p50". */
export function colon(language: Language): string {
  return language === 'fr' ? '\u00a0: ' : ': ';
}

/** "a; b", "a ; b". */
export function semicolon(language: Language): string {
  return language === 'fr' ? `${THIN}; ` : '; ';
}

/** Authors type ordinary spaces: "Perdu ? Non : « relu » à 12 %." */
function frenchSpaces(text: string): string {
  return text
    .replace(/[ \u00a0](?=[;!?%](?!\w))/g, THIN)
    .replace(/[ \u00a0](?=[:»](?!\w))|(?<=«) /g, '\u00a0')
    .replace(/(?<=\d) (?=\d{3}(?!\d))/g, THIN);
}

export function isWords(value: unknown): value is Words {
  return typeof value === 'object' && value !== null && 'en' in value && 'fr' in value;
}
