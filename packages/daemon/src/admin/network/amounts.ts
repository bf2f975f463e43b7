// Numbers in words, in both languages: sizes, times that pass, counts, lists of names.

import type { Language, Words } from './network-view.ts';

const NAMES_MAX = 3;
const units: { readonly [language in Language]: readonly string[] } = {
  en: ['B', 'kB', 'MB', 'GB', 'TB', 'PB'],
  fr: ['o', 'ko', 'Mo', 'Go', 'To', 'Po'],
};
/** Keeps a number and its unit on one line. */
const NARROW = '\u00a0';

/** `1.4 MB`, `1,4 Mo`: one decimal below ten. */
export function sizeIn(language: Language, bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < 5) {
    value /= 1_000;
    unit += 1;
  }
  const text = value.toFixed(unit > 0 && value < 9.95 ? 1 : 0);
  return `${language === 'fr' ? text.replace('.', ',') : text}${NARROW}${units[language][unit]}`;
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h` (`2 j 4 h`). */
export function periodIn(language: Language, ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds}${NARROW}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes}${NARROW}min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return pair([hours, 'h'], [minutes % 60, 'min']);
  return pair([Math.floor(hours / 24), language === 'fr' ? 'j' : 'd'], [hours % 24, 'h']);
}

function pair(large: readonly [number, string], small: readonly [number, string]): string {
  const [first, second] = [large, small].map(([value, unit]) => `${value}${NARROW}${unit}`);
  return small[0] === 0 ? (first as string) : `${first} ${second}`;
}

/** `12,345`, `12 345`. */
export function numberIn(language: Language, value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, language === 'fr' ? '\u202f' : ',');
}

/** `1 segment`, `43 segments`: both languages make this plural by an s. In French 0 is singular. */
export function counted(value: number, noun: Words, plural: Words = withS(noun)): Words {
  return {
    en: `${numberIn('en', value)} ${value === 1 ? noun.en : plural.en}`,
    fr: `${numberIn('fr', value)} ${value < 2 ? noun.fr : plural.fr}`,
  };
}

function withS({ en, fr }: Words): Words {
  return { en: `${en}s`, fr: `${fr}s` };
}

/** `Metz, Nancy and 3 more`. */
export function namesIn(names: readonly string[]): Words {
  if (names.length > NAMES_MAX) {
    const first = names.slice(0, NAMES_MAX - 1).join(', ');
    const more = names.length - NAMES_MAX + 1;
    return { en: `${first} and ${more} more`, fr: `${first} et ${more} autres` };
  }
  const before = names.slice(0, -1).join(', ');
  const last = names.at(-1) ?? '';
  return before === '' ? { en: last, fr: last } : { en: `${before} and ${last}`, fr: `${before} et ${last}` };
}
