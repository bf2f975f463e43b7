// vauban vault create: keys that never leave this machine, a public line for the officers, and the recovery words, once.

import { Fault } from '@vauban/core';
import type { Command } from 'commander';
import { CHARTER_OPTION } from '../charter-verb.ts';
import type { Context } from '../context.ts';
import { passphraseFrom } from '../passphrase.ts';
import { handOverWords, wordsIn } from '../recovery-words.ts';
import {
  charterSource,
  rememberNetwork,
  vaultDirectory,
  type VaultOptions,
  vaultOptions,
} from '../vault-verb.ts';

interface Options extends VaultOptions {
  readonly network: string;
  readonly agency?: string;
  readonly label?: string;
  readonly french?: boolean;
  readonly wordsFile?: string;
}

/** What a local network grants a new agency: a terabyte of its own files. */
const QUOTA_BYTES = 1_000_000_000_000;

export function registerVaultCreate(parent: Command, context: Context): void {
  const command = vaultOptions(parent.command('create'))
    .description('make a vault: keys, recovery words, and a place in the consortium')
    .requiredOption(...CHARTER_OPTION)
    .option('--agency <name>', 'what the agency is called')
    .option('--label <text>', 'which of the agency’s vaults this is')
    .option('--french', 'recovery words in French')
    .option('--words-file <file>', 'write the recovery words there instead of printing them');
  context.declare<Options>(command, {
    example: 'vauban vault create --network ./grand-est --vault ./archives',
    notes:
      'With only a charter file, the line printed goes to the consortium’s officers; run the\n' +
      'same command again once they have put the agency in force (exit status 6 until then).',
    run: async (_, options) => {
      const directory = vaultDirectory(context, options);
      const client = await import('@vauban/client');
      const { nodeCrypto } = await import('@vauban/core/node');
      const { versions, networkDirectory } = await charterSource(options.network);
      const ports = await client.nodeClient(directory);
      const pending = await client.readConfig(ports).catch(() => undefined);
      if (pending !== undefined && pending.note !== null) {
        throw new Fault('refused', 'VAULT_EXISTS', `there is a vault in ${directory} already`, { directory });
      }
      const passphrase = await passphraseFrom(context, options, { twice: pending === undefined });
      const made =
        pending === undefined
          ? await client.createVault(ports, {
              charter: versions,
              passphrase,
              ...(options.agency === undefined ? {} : { agencyName: options.agency }),
              ...(options.label === undefined ? {} : { label: options.label }),
              ...(options.french === true ? { language: 'french' as const } : {}),
            })
          : undefined;
      if (made !== undefined) {
        await handOverWords(context, { of: 'vault', words: made.words, file: options.wordsFile });
      }
      const line = made?.publicLine ?? (await client.publicLineOf(ports, passphrase));
      let charter = versions;
      if (networkDirectory !== undefined) {
        const { enactCharter } = await import('@vauban/fleet');
        const { id, name, rootKey } = client.openAgencyLine(nodeCrypto, line);
        const chain = await enactCharter(
          networkDirectory,
          (current) => {
            if (current.agencies.some((one) => one.id === id)) return current;
            const policies = current.policies.map((one) => one.name);
            const agency = { id, name, rootKey, quotaBytes: QUOTA_BYTES, suspended: false, policies };
            return { ...current, agencies: [...current.agencies, agency] };
          },
          { signal: context.signal },
        );
        charter = chain.signedFrom(1);
        await rememberNetwork(directory, networkDirectory);
      }
      try {
        const config = await client.activateVault(ports, { passphrase, charter });
        const { vault, device } = client.describeVault(config);
        context.print(
          {
            vault,
            device,
            agency: config.agency,
            publicLine: line,
            inForce: true,
            ...wordsIn(made?.words, options.wordsFile),
          },
          `The vault in ${directory} is ready; its agency is ${config.agency}.`,
        );
      } catch (error) {
        if (!client.isPending(error)) throw error;
        const { vault, device } = client.describeVault(await client.readConfig(ports));
        context.status = 6;
        context.print(
          { vault, device, publicLine: line, inForce: false, ...wordsIn(made?.words, options.wordsFile) },
          `Send this line to the consortium’s officers, then run the same command again:\n\n${line}`,
        );
        context.say('The agency is not in force yet.');
      }
    },
  });
}
