// vauban vault recover: the whole namespace back on an empty machine, from the words and any quorum of hosters.

import { Fault, isFault } from '@vauban/core';
import type { Command } from 'commander';
import { CHARTER_OPTION } from '../charter-verb.ts';
import type { Context } from '../context.ts';
import { count } from '../output.ts';
import { passphraseFrom } from '../passphrase.ts';
import { wordsFrom } from '../recovery-words.ts';
import {
  charterSource,
  rememberNetwork,
  vaultDirectory,
  type VaultOptions,
  vaultOptions,
} from '../vault-verb.ts';

interface Options extends VaultOptions {
  readonly network: string;
  readonly wordsFile: string;
  readonly rootWordsFile?: string;
  readonly agency?: string;
  readonly label?: string;
}

export function registerVaultRecover(parent: Command, context: Context): void {
  const command = vaultOptions(parent.command('recover'))
    .description('get a vault back from its 24 words, as a new device')
    .requiredOption('--words-file <file>', 'file with the 24 recovery words')
    .option('--root-words-file <file>', 'file with the 24 words of the agency’s root key, if it was replaced')
    .requiredOption(...CHARTER_OPTION)
    .option('--agency <id>', 'the agency’s id, when the charter file is older than it')
    .option('--label <text>', 'which of the agency’s vaults');
  context.declare<Options>(command, {
    example: 'vauban vault recover --words-file words.txt --network charter.cbor --vault ./back',
    run: async (_, options) => {
      const directory = vaultDirectory(context, options);
      const client = await import('@vauban/client');
      const words = await wordsFrom(options.wordsFile);
      const { rootWordsFile } = options;
      const rootWords = rootWordsFile === undefined ? undefined : await wordsFrom(rootWordsFile);
      const { versions, networkDirectory } = await charterSource(options.network);
      const passphrase = await passphraseFrom(context, options, { twice: true });
      const ports = await client.nodeClient(directory);
      const { vault, device } = await client
        .recoverVault(ports, {
          words,
          charter: versions,
          passphrase,
          ...(rootWords === undefined ? {} : { rootWords }),
          ...(options.agency === undefined ? {} : { agency: options.agency }),
          ...(options.label === undefined ? {} : { label: options.label }),
        })
        .catch((error: unknown) => {
          if (!isFault(error, 'VAULT_EXISTS')) throw error;
          const message = `there is a vault in ${directory} already; name another directory`;
          throw new Fault('refused', 'VAULT_EXISTS', message, { directory });
        });
      if (networkDirectory !== undefined) await rememberNetwork(directory, networkDirectory);
      const opened = await client.Vault.open(ports, passphrase);
      try {
        const objects = (await opened.list('', { signal: context.signal })).length;
        context.print(
          { vault, device, objects },
          `${count(objects, 'object')} recovered into ${directory}, as a new device.`,
        );
      } finally {
        await opened.close();
      }
    },
  });
}
