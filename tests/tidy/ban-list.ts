// What pure source may not touch, because clocks, randomness, bulk crypto and the network arrive as ports.
// The linter's scope analysis catches the same globals; this list says why, and sees members as well.

import { isAdapter, isPure, isWorkbench, packageOf, type Finding } from './places.ts';
import { matches, type SourceFile } from './source-text.ts';

/** `bare` matches a global by its name: not a member, and not a property or method that is being defined. */
const bare = (name: string) => new RegExp(`(?<![.\\w$])${name}(?![\\w$]|\\s*\\??:)`, 'g');

const BANS: readonly { readonly pattern: RegExp; readonly message: string }[] = [
  { pattern: /(?<![\w$])Date\s*\.\s*now\b/g, message: 'Date.now: the time comes from the clock port' },
  {
    pattern: /(?<![\w$.])new\s+Date\s*(\(\s*\)|(?!\s*\())/g,
    message: 'new Date without an argument: the time comes from the clock port',
  },
  { pattern: /(?<![\w$.]|new\s+)Date\s*\(/g, message: 'Date(): the time comes from the clock port' },
  { pattern: bare('performance'), message: 'performance: the time comes from the clock port' },
  {
    pattern: /(?<![.\w$])(setTimeout|setInterval|setImmediate)\s*\(/g,
    message: 'a timer: waiting goes through the clock port',
  },
  {
    pattern: /\bAbortSignal\s*\.\s*timeout\b/g,
    message: 'AbortSignal.timeout: waiting goes through the clock port',
  },
  { pattern: /\bMath\s*\.\s*random\b/g, message: 'Math.random: randomness comes from the random port' },
  {
    pattern: /\bcrypto\s*\.\s*(subtle|getRandomValues|randomUUID)\b/g,
    message: 'the global crypto: use the crypto and random ports',
  },
  { pattern: bare('globalThis'), message: 'globalThis: whatever it holds comes through a port' },
  {
    pattern: /(?<![.\w$])process\s*(?:\?\s*)?[.[;,)]/g,
    message: 'process: facts of the process come as arguments',
  },
  {
    pattern: /\bimport\s*\(\s*(?!['"`\s])/g,
    message: 'import of a computed name: the import law cannot see it',
  },
  {
    pattern: /(?<![.\w$])new\s+(WebSocket|XMLHttpRequest|Worker|EventSource)\b/g,
    message: 'a network or thread global: use a port',
  },
];

/** A call of the global fetch, told from a method named fetch by what follows the closing parenthesis. */
const FETCH = /(?<![.\w$]|function\s+|async\s+)fetch\s*\(/g;

export function banFindings(file: SourceFile): Finding[] {
  const found: Finding[] = [];
  if (isPure(file.path)) {
    for (const { pattern, message } of BANS) {
      for (const { line } of matches(file, pattern)) found.push({ path: file.path, line, message });
    }
    for (const hit of file.code.matchAll(FETCH)) {
      if (isMethod(file.code, hit.index + hit[0].length)) continue;
      const line = file.code.slice(0, hit.index).split('\n').length;
      found.push({ path: file.path, line, message: 'fetch: the network comes through the network port' });
    }
  }
  if (isAdapter(file.path) && !isWorkbench(file.path) && packageOf(file.path) !== 'cli') {
    for (const { line, match } of matches(file, /(?<![.\w$])process\s*\.\s*(argv|env)\b/g)) {
      found.push({
        path: file.path,
        line,
        message: `${match}: only the cli reads arguments and environment`,
      });
    }
  }
  return found;
}

/** True when the parenthesis opened just before `start` is a parameter list: a body or a type follows it. */
function isMethod(code: string, start: number): boolean {
  let depth = 1;
  let at = start;
  for (; at < code.length && depth > 0; at += 1) depth += code[at] === '(' ? 1 : code[at] === ')' ? -1 : 0;
  return /^\s*[{:]/.test(code.slice(at));
}
