// vauban vault new-root: a new root key for the agency, whose old one was stolen or may have been. Nothing changes until the
// officers have put it in force.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { passphraseFrom } from '../passphrase.ts';
import { handOverWords, wordsIn } from '../recovery-words.ts';
import { type VaultOptions, vaultOptions, vaultPorts } from '../vault-verb.ts';

interface Options extends VaultOptions {
  readonly french?: boolean;
  readonly wordsFile?: string;
  readonly anew?: boolean;
}

export function registerVaultNewRoot(parent: Command, context: Context): void {
  const command = vaultOptions(parent.command('new-root'))
    .description('make the agency a new root key, when the old one was stolen or may have been')
    .option('--french', 'its words in French')
    .option('--words-file <file>', 'write its words there instead of printing them')
    .option('--anew', 'make another one in place of one that is not in force yet');
  context.declare<Options>(command, {
    example: 'vauban vault new-root --vault ./archives',
    notes:
      'The line printed goes to the consortium’s officers, in a way that shows them it is you (charter propose --add). ' +
      'Once it is in force, run vauban vault activate here; every other machine of the agency then needs the new words. ' +
      'Whoever has the old words can still read what they could read (the vault’s keys stay), but lets no machine in, ' +
      'revokes, writes and deletes nothing any more.',
    run: async (_, options) => {
      const client = await import('@vauban/client');
      const { ports } = await vaultPorts(context, options);
      const { agency } = await client.readConfig(ports);
      const passphrase = await passphraseFrom(context, options);
      const { publicLine, words } = await client.newRootKey(ports, {
        passphrase,
        handOver: (made) => handOverWords(context, { of: 'root', words: made, file: options.wordsFile }),
        ...(options.french === true ? { language: 'french' as const } : {}),
        ...(options.anew === true ? { anew: true } : {}),
      });
      context.print(
        { agency, publicLine, made: words !== undefined, ...wordsIn(words, options.wordsFile) },
        `Send this line to the consortium’s officers; once it is in force, run vauban vault activate here:\n\n${publicLine}`,
      );
      if (words !== undefined) return;
      context.say(
        'This key was made before, and its words were shown then. If nobody has them, make another with --anew: the line sent before is then worth nothing.',
      );
    },
  });
}
