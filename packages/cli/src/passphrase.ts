// Where a passphrase comes from: a file named on the command line or in the environment, or a person at a terminal.
// Never from the arguments, which every user of the machine can read.

import { readFile } from 'node:fs/promises';
import { Fault } from '@vauban/core';
import type { Context } from './context.ts';
import { whyUnreadable } from './unreadable.ts';

export interface PassphraseOptions {
  readonly passphraseFile?: string;
}

/** Faults (usage): PASSPHRASE_FILE, PASSPHRASE_MISSING; (interrupted) when the person gives up. */
export async function passphraseFrom(
  context: Context,
  options: PassphraseOptions,
  ask: { readonly twice: boolean } = { twice: false },
): Promise<string> {
  const path = options.passphraseFile ?? context.io.env['VAUBAN_PASSPHRASE_FILE'];
  if (path !== undefined && path !== '') {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      const message = `the passphrase file ${path} cannot be read: ${whyUnreadable(error)}`;
      throw new Fault('usage', 'PASSPHRASE_FILE', message, { path });
    });
    const [line = ''] = text.split(/\r?\n/);
    if (line === '')
      throw new Fault('usage', 'PASSPHRASE_FILE', `the first line of ${path} is empty`, { path });
    return line;
  }
  if (!context.io.interactive) {
    throw new Fault(
      'usage',
      'PASSPHRASE_MISSING',
      'a passphrase is needed: give --passphrase-file or VAUBAN_PASSPHRASE_FILE, or run this in a terminal',
      {},
    );
  }
  const first = await prompt('Passphrase of this vault');
  if (ask.twice && (await prompt('The same again')) !== first) {
    throw new Fault('usage', 'PASSPHRASE_DIFFERS', 'the two passphrases differ; nothing was done', {});
  }
  return first;
}

async function prompt(message: string): Promise<string> {
  const { isCancel, password } = await import('@clack/prompts');
  const answer = await password({ message, output: process.stderr });
  if (isCancel(answer)) throw new Fault('interrupted', 'INTERRUPTED', 'no passphrase was given', {});
  return answer;
}
