// Reads a page strictly, as no browser does: every tag closed in order, every attribute quoted, nothing but the tags and
// attributes that the renderer is known to write. What hostile text slipped in as markup shows up here.

const TAG = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+(?:="[^"<>]*")?)*)\s*(\/?)>/y;
const VOID = new Set(['meta', 'input']);
const TAGS = new Set(
  'html head meta title style body header fieldset legend input label main div p h1 h2 strong span section nav ol ul li a table caption thead tbody tfoot tr th td figure figcaption details summary dl dt dd b footer script svg defs desc pattern rect path circle line g text'.split(
    ' ',
  ),
);
const ATTRIBUTES =
  /^(lang|charset|http-equiv|content|name|class|type|id|for|checked|href|aria-(label|labelledby|hidden)|role|tabindex|scope|open|width|height|viewBox|focusable|x|y|x1|x2|y1|y2|cx|cy|r|rx|d|fill|stroke(-width|-dasharray)?|transform|text-anchor|font-size|patternUnits)$/;

export interface Element {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The text directly and deeply inside, entities decoded. */
  text: string;
  readonly parent: Element | null;
}

export function readPage(page: string): readonly Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  let at = page.startsWith('<!doctype html>\n') ? 16 : 0;
  while (at < page.length) {
    const next = page.indexOf('<', at);
    const text = decoded(page.slice(at, next < 0 ? page.length : next));
    for (const element of open) element.text += text;
    if (next < 0) break;
    TAG.lastIndex = next;
    const match = TAG.exec(page);
    if (match === null) throw new Error(`no tag of ours: ${page.slice(next, next + 60)}`);
    const [whole, closing, tag = '', attributes = '', empty] = match;
    at = next + whole.length;
    if (!TAGS.has(tag)) throw new Error(`a tag never written: ${whole}`);
    if (closing === '/') {
      const last = open.pop();
      if (last?.tag !== tag) throw new Error(`</${tag}> closes ${last?.tag ?? 'nothing'}`);
      continue;
    }
    const element: Element = {
      tag,
      attributes: attributesOf(attributes),
      text: '',
      parent: open.at(-1) ?? null,
    };
    elements.push(element);
    if (tag === 'script' || tag === 'style') {
      const end = page.indexOf('<', at);
      element.text = page.slice(at, end);
      at = end;
    }
    if (empty !== '/' && !VOID.has(tag)) open.push(element);
  }
  if (open.length > 0) throw new Error(`never closed: ${open.map(({ tag }) => tag).join(' ')}`);
  return elements;
}

function attributesOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([\w:-]+)(?:="([^"]*)")?/g)) {
    if (!ATTRIBUTES.test(name)) throw new Error(`an attribute never written: ${name}`);
    found[name] = decoded(value);
  }
  return found;
}

function decoded(text: string): string {
  if (/&(?!(amp|lt|gt|quot|#39);)/.test(text)) throw new Error(`a bare ampersand: ${text.slice(0, 60)}`);
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

export function inside(element: Element, isIt: (each: Element) => boolean): boolean {
  for (let each: Element | null = element; each !== null; each = each.parent) if (isIt(each)) return true;
  return false;
}

/** Cells of the tables in one language, in order. */
export function cellsOf(elements: readonly Element[], language: string): readonly string[] {
  return elements
    .filter(({ tag }) => tag === 'td' || tag === 'th')
    .filter((element) => inside(element, ({ attributes }) => attributes['class'] === `language ${language}`))
    .map(({ text }) => text);
}
