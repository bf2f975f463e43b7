// Words in both languages, with the spaces that French typography asks for; and numbers and names inside sentences.

import type { Words } from '@vauban/report';

const NO_BREAK = '\u00a0';

/** Both versions; in French no line ends before a colon, nor inside quotation marks. */
export function words(en: string, fr: string): Words {
  return { en, fr: typeset(fr) };
}

function typeset(french: string): string {
  return french.replace(/ ([;:!?»%])/g, `${NO_BREAK}$1`).replace(/« /g, `«${NO_BREAK}`);
}

/** "metz, nancy and reims". */
export function listed(names: readonly string[]): Words {
  const [last = ''] = names.slice(-1);
  if (names.length < 2) return { en: last, fr: last };
  const first = names.slice(0, -1).join(', ');
  return { en: `${first} and ${last}`, fr: `${first} et ${last}` };
}

/** The cities of sites, by their ids; an id that the network has not is shown as it is. */
export function citiesOf(
  network: { readonly sites: readonly { readonly id: string; readonly city: string }[] },
  sites: readonly string[],
): readonly string[] {
  const cities = new Map(network.sites.map(({ id, city }) => [id, city]));
  return [...new Set(sites)].map((site) => cities.get(site) ?? site);
}

/** A count with its noun: `counted(2, ['file', 'files'], ['fichier', 'fichiers'])`. French has the singular for 0 as well. */
export function counted(
  count: number,
  en: readonly [one: string, many: string],
  fr: readonly [one: string, many: string],
): Words {
  return {
    en: `${grouped(count, ',')} ${count === 1 ? en[0] : en[1]}`,
    fr: `${grouped(count, NO_BREAK)}${NO_BREAK}${count < 2 ? fr[0] : fr[1]}`,
  };
}

/** Seconds below two minutes, then minutes. */
export function lasting(ms: number): Words {
  const seconds = ms / 1_000;
  if (seconds < 120) return unit(seconds < 10 ? seconds.toFixed(1) : String(Math.round(seconds)), 's');
  return unit((seconds / 60).toFixed(1), 'min');
}

export function bytesLong(bytes: number): Words {
  const steps = [
    ['GB', 'Go', 1e9],
    ['MB', 'Mo', 1e6],
    ['kB', 'ko', 1e3],
  ] as const;
  for (const [en, fr, size] of steps) {
    if (bytes >= size)
      return { en: `${short(bytes / size)} ${en}`, fr: `${comma(short(bytes / size))}${NO_BREAK}${fr}` };
  }
  return counted(bytes, ['byte', 'bytes'], ['octet', 'octets']);
}

function short(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function unit(number: string, name: string): Words {
  return { en: `${number} ${name}`, fr: `${comma(number)}${NO_BREAK}${name}` };
}

function comma(number: string): string {
  return number.replace('.', ',');
}

function grouped(count: number, by: string): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, by);
}
