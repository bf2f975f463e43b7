// vauban vault activate: this machine's device put in force, for the first time or under the agency's new root key.

import { isFault } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count } from '../output.ts';
import { passphraseFrom } from '../passphrase.ts';
import { wordsFrom } from '../recovery-words.ts';
import { charterSource, type VaultOptions, vaultOptions, vaultPorts, withOpened } from '../vault-verb.ts';

interface Options extends VaultOptions {
  readonly network?: string;
  readonly rootWordsFile?: string;
}

export function registerVaultActivate(parent: Command, context: Context): void {
  const command = vaultOptions(parent.command('activate'))
    .description(
      'put this machine in force, once the officers have put its agency or its new root key in force',
    )
    .option('--network <path>', 'a newer charter file, or the directory of a local network')
    .option('--root-words-file <file>', 'file with the 24 words of the root key that another machine made');
  context.declare<Options>(command, {
    example: 'vauban vault activate --vault ./archives --root-words-file root-words.txt',
    notes:
      'Under a new root key this machine goes on as a new device, and every device of the vault that the old key had let in is revoked: ' +
      'run this on each machine of yours, with the new words. Exit status 6 while the charter does not name the key. Run twice, it ends what was interrupted.',
    run: async (_, options) => {
      const client = await import('@vauban/client');
      const { directory, ports } = await vaultPorts(context, options);
      const before = await client.readConfig(ports);
      const rootWords =
        options.rootWordsFile === undefined ? undefined : await wordsFrom(options.rootWordsFile);
      const charter =
        options.network === undefined ? undefined : (await charterSource(options.network)).versions;
      const passphrase = await passphraseFrom(context, options);
      const given = {
        ...(charter === undefined ? {} : { charter }),
        ...(rootWords === undefined ? {} : { rootWords }),
      };
      const config = await client.activate(ports, { passphrase, ...given }).catch(async (error: unknown) => {
        const isRoot = isFault(error, 'ROOT_PENDING');
        const line = isRoot
          ? await client.pendingRootLine(ports, passphrase)
          : client.isPending(error) && (await client.publicLineOf(ports, passphrase));
        if (!line) throw error;
        context.status = 6;
        const what = isRoot ? 'new root key' : 'agency';
        context.print(
          { agency: before.agency, publicLine: line, inForce: false },
          `Send this line to the consortium’s officers, then run the same command again:\n\n${line}`,
        );
        context.say(`The ${what} is not in force yet.`);
        return undefined;
      });
      if (config === undefined) return;
      const { signal } = context;
      const revoked = await withOpened(context, { ports, passphrase }, (vault) =>
        client.retireDevices(vault, { signal }),
      );
      const { vault, device } = client.describeVault(config);
      const lines = [`The vault in ${directory} is in force; its agency is ${config.agency}.`];
      if (before.note !== null && device !== before.device) {
        lines.push('This machine goes on as a new device, under the agency’s new root key.');
      }
      if (revoked.length > 0) {
        const devices = count(revoked.length, 'device');
        lines.push(
          `${devices} that the old root key had let in ${revoked.length === 1 ? 'is' : 'are'} revoked; on machines of yours among them, run vauban vault activate --root-words-file <file>.`,
        );
      }
      context.print({ vault, device, agency: config.agency, inForce: true, revoked }, lines.join('\n'));
    },
  });
}
