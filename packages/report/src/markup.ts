// The only way from text to markup: a template tag that escapes whatever is put into it, unless it is markup already.
// Breaks when anything builds HTML or SVG without coming through here.

import { assert } from '@vauban/core';

/** Text that is markup already, and may be put into a page as it is. */
export interface Markup {
  readonly markup: string;
}

export type Content = string | number | Markup | null | false | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What XML 1.0 and HTML leave no place for, and halves of surrogate pairs, which no encoding can carry. */
const UNFIT =
  // oxlint-disable-next-line no-control-regex -- these are the characters to be replaced
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** Marks that turn the direction of writing: a name with one could make its neighbours read otherwise. */
const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;

/** Text for HTML and SVG, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replace(UNFIT, '\ufffd')
    .replace(TURNS, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Template tag: `html\`<td>${text}</td>\``. Numbers are coordinates: rounded to hundredths, and always finite. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  let markup = strings[0] ?? '';
  contents.forEach((content, index) => {
    markup += written(content) + (strings[index + 1] ?? '');
  });
  return { markup };
}

/** Of text that this package wrote itself: style sheets, JSON that is already escaped. */
export function trusted(markup: string): Markup {
  return { markup };
}

function written(content: Content): string {
  if (typeof content === 'string') return escapeHtml(content);
  if (typeof content === 'number') {
    assert(Number.isFinite(content), 'a number in markup is finite');
    return String(Number(content.toFixed(2)));
  }
  if (content === null || content === false) return '';
  if ('markup' in content) return content.markup;
  return content.map(written).join('');
}
