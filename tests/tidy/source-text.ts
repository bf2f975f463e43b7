// Splits a TypeScript source into what runs and what is said: code without strings and comments, and comments alone.
// Every character keeps its place, so an index or a line found in one text is right in the others.

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with comments, the insides of strings, template text and regular expressions as spaces. */
  readonly code: string;
  /** The text with everything but comments as spaces. */
  readonly comments: string;
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** A regular expression, not a division, may stand after these words; after other words and numbers it may not. */
const WORDS_BEFORE_REGEX =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|do|else|await|yield)$/;

export function sourceFile(path: string, text: string): SourceFile {
  const kinds = kindsOf(text);
  const keep = (wanted: string) =>
    Array.from({ length: text.length }, (_, at) =>
      kinds[at] === wanted || text[at] === '\n' ? text[at] : ' ',
    ).join('');
  return { path, text, code: keep('c'), comments: keep('/') };
}

/** One letter per UTF-16 unit: `c` code, `/` comment, `s` inside of a string, template or regular expression. */
function kindsOf(text: string): string[] {
  const kinds: string[] = Array.from({ length: text.length }, () => 'c');
  /** Brace depth at which each open `${` ends, innermost last. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;

  const mark = (kind: string, until: number) => {
    kinds.fill(kind, at, until);
    at = until;
  };
  const templateText = () => {
    const start = at;
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at))
      at += text[at] === '\\' ? 2 : 1;
    kinds.fill('s', start, at);
    if (text[at] === '$') {
      templates.push(depth);
      depth += 1;
      at += 2;
    } else {
      at += 1;
    }
  };

  while (at < text.length) {
    const char = text[at];
    if (text.startsWith('//', at)) {
      mark('/', orEnd(text.indexOf('\n', at), text));
    } else if (text.startsWith('/*', at)) {
      const end = text.indexOf('*/', at + 2);
      mark('/', end < 0 ? text.length : end + 2);
    } else if (char === "'" || char === '"') {
      at += 1;
      mark('s', endOfQuoted(text, at, char));
      at += 1;
    } else if (char === '`') {
      at += 1;
      templateText();
    } else if (char === '}' && templates.at(-1) === depth - 1) {
      templates.pop();
      depth -= 1;
      at += 1;
      templateText();
    } else if (char === '/' && regexMayStartAfter(text.slice(Math.max(0, at - 200), at))) {
      const end = endOfRegex(text, at);
      at += 1;
      if (end !== undefined) mark('s', end);
      at += 1;
    } else {
      if (char === '{') depth += 1;
      if (char === '}') depth -= 1;
      at += 1;
    }
  }
  return kinds;
}

function orEnd(index: number, text: string): number {
  return index < 0 ? text.length : index;
}

function endOfQuoted(text: string, start: number, quote: string): number {
  let at = start;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at, text.length);
}

function regexMayStartAfter(before: string): boolean {
  const code = before.trimEnd();
  const last = code.at(-1);
  return last === undefined || '(,=:[!&|?{};+-*%~^<>'.includes(last) || WORDS_BEFORE_REGEX.test(code);
}

/** The index of the closing slash, or undefined if the line ends first: then it was a division. */
function endOfRegex(text: string, start: number): number | undefined {
  let inClass = false;
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at;
  }
  return undefined;
}

function lineAt(file: SourceFile, index: number): number {
  return file.text.slice(0, index).split('\n').length;
}

/** The places where a pattern (with the flag g) matches what runs. */
export function matches(
  file: SourceFile,
  pattern: RegExp,
  text = file.code,
): { readonly line: number; readonly match: string }[] {
  return Array.from(text.matchAll(pattern), (found) => ({
    line: lineAt(file, found.index),
    match: found[0],
  }));
}

/** Every static, type, dynamic and re-exporting import with a literal specifier. */
export function importsOf(file: SourceFile): Import[] {
  const opening =
    /(?<![\w$.])(?:from\s*|import\s*\(?\s*|import\s*\.\s*meta\s*\.\s*resolve\s*\(\s*|require\s*\(\s*)(['"`])/g;
  return Array.from(file.code.matchAll(opening), (found) => {
    const start = found.index + found[0].length;
    const end = file.code.indexOf(found[1]!, start);
    return { specifier: file.text.slice(start, end), line: lineAt(file, found.index) };
  });
}
