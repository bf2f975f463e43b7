// Recovery words on their way to a person, and back: shown once or written to a file that is new, read from a file, and
// never taken from the arguments.

import { readFile, writeFile } from 'node:fs/promises';
import { Fault } from '@vauban/core';
import type { Context } from './context.ts';
import { whyUnreadable } from './unreadable.ts';

/** What the words stand for, in a sentence about whoever has them. */
const worth = {
  vault:
    'The 24 recovery words. Whoever has them has the vault; without them and without\n' +
    'this machine, nobody does.',
  root:
    'The 24 words of the new root key. Whoever has them lets machines in and shuts them\n' +
    'out. Recovering the vault takes these and the vault’s own 24.',
} as const;

interface Words {
  readonly of: keyof typeof worth;
  readonly words: readonly string[];
  readonly file: string | undefined;
}

/** Into the file, or on the terminal; with --json and no file they are left to the document. Faults: WORDS_FILE. */
export async function handOverWords(context: Context, { of, words, file }: Words): Promise<void> {
  if (file !== undefined) {
    await writeFile(file, `${words.join(' ')}\n`, { mode: 0o600, flag: 'wx' }).catch(
      (error: NodeJS.ErrnoException) => {
        const why = error.code === 'EEXIST' ? 'there is a file of that name already' : whyUnreadable(error);
        const message = `the words cannot be written to ${file}: ${why}`;
        throw new Fault('refused', 'WORDS_FILE', message, { path: file }, error);
      },
    );
    context.say(`The 24 words are in ${file}. Print them, lock them away, and delete the file.`);
    return;
  }
  if (context.json) return;
  const rows = [0, 6, 12, 18].map((from) =>
    words
      .slice(from, from + 6)
      .map((word, nth) => `${String(from + nth + 1).padStart(2)} ${word.padEnd(9)}`)
      .join(' '),
  );
  const shown = rows.map((row) => row.trimEnd()).join('\n  ');
  context.say(`\n${worth[of]} They are shown once: write them down now.\n\n  ${shown}\n`);
}

/** With --json the words are part of the document, which is printed once, unless they went to a file. */
export function wordsIn(
  words: readonly string[] | undefined,
  file: string | undefined,
): { readonly words?: string } {
  return words === undefined || file !== undefined ? {} : { words: words.join(' ') };
}

/** Faults (usage): WORDS_FILE. */
export function wordsFrom(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const message = `the words in ${path} cannot be read: ${whyUnreadable(error)}`;
    throw new Fault('usage', 'WORDS_FILE', message, { path });
  });
}
