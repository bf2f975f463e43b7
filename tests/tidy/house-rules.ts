// Taste that a machine can check: lengths, names, headers, words, and tests that are really run.

import { isWorkbench, type Finding } from './places.ts';
import { matches, type SourceFile } from './source-text.ts';

const LINES_MAX = 400;
/** A file may be longer when one of its first five lines says why, beginning with this. */
const LONG_REASON = /^\s*(\/\/|\*|\/\*\*?)\s*Long:\s+\S/;

const KEBAB_PATH =
  /^([a-z0-9]+(-[a-z0-9]+)*\/)+[a-z0-9]+(-[a-z0-9]+)*(\.(property|long|contract))?(\.(test|bench|config|d))?\.(ts|js)$/;
const EMPTY_NAMES = /(^|[/-])(utils?|helpers?|types?|common|misc|stuff)(?=[./])/;

/**
 * Whole words of an identifier: `chunkBytes`, `lastChunk`, `CHUNK_BYTES`, but not `chunky`; nor sub-chunks, which is what the
 * literature calls the parts of a Clay cell.
 */
const FOREIGN_IDENTIFIERS =
  /(?<![A-Za-z])(chunk|replica|backup|piece)s?(?![a-z])|(?<=[a-z0-9])(?<!\b[sS]ub|[a-z]Sub)(Chunk|Replica|Backup|Piece)s?(?![a-z])|(?<![A-Za-z])(Chunk|Replica|Backup|Piece)s?(?![a-z])|(?<![A-Z])(?<!SUB_)(CHUNK|REPLICA|BACKUP|PIECE)S?(?![A-Z])/g;
const FOREIGN_COMMENTS = /(?<!sub-)\b(chunk|replica|backup)s?\b/gi;
/** On the same line or the one before: a word that an interface of others forces on us. */
const EXCUSE = /Their word:/;

const UNRUN =
  /(?<![.\w$])(?:it|test|describe|suite)(?:\s*\.\s*(?:concurrent|sequential|each|for|runIf))*\s*\.\s*(?:only|skip|todo)\b/g;

export function houseFindings(file: SourceFile): Finding[] {
  return [...shape(file), ...words(file), ...unrun(file)];
}

function shape({ path, text }: SourceFile): Finding[] {
  const found: Finding[] = [];
  const lines = text.trimEnd().split('\n');
  const say = (line: number, message: string) => found.push({ path, line, message });
  if (lines.length > LINES_MAX && !lines.slice(0, 5).some((line) => LONG_REASON.test(line))) {
    say(lines.length, `${lines.length} lines: above ${LINES_MAX} the first lines say why («// Long: …»)`);
  }
  if (!KEBAB_PATH.test(path)) say(1, 'the path is not in kebab-case');
  if (EMPTY_NAMES.test(path)) say(1, 'the name says nothing: name the file after what it owns');
  const first = lines[0]?.startsWith('#!') ? lines[1] : lines[0];
  if (!isTest(path) && !/^\s*(\/\/|\/\*)/.test(first ?? '')) {
    say(1, 'no header: the file opens with what it owns and what may break it');
  }
  return found;
}

function words(file: SourceFile): Finding[] {
  const lines = file.text.split('\n');
  return [...matches(file, FOREIGN_IDENTIFIERS), ...matches(file, FOREIGN_COMMENTS, file.comments)]
    .filter(({ line }) => !EXCUSE.test(`${lines[line - 2] ?? ''}\n${lines[line - 1] ?? ''}`))
    .map(({ line, match }) => ({
      path: file.path,
      line,
      message: `«${match}» is not a word of this house: see the list in the architecture («Their word: …» excuses one)`,
    }));
}

function unrun(file: SourceFile): Finding[] {
  if (!isWorkbench(file.path)) return [];
  return matches(file, UNRUN).map(({ line, match }) => ({
    path: file.path,
    line,
    message: `${match}: every test runs`,
  }));
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}
