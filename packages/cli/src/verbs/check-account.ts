// vauban check-account: whether a daemon really signed the account of a month, by the charter alone.

import type { Command } from 'commander';
import type { Context } from '../context.ts';

interface Options {
  readonly charter: string;
}

export function registerCheckAccount(parent: Command, context: Context): void {
  const command = parent
    .command('check-account')
    .description('check the signed account of a daemon')
    .argument('<file>', 'as vauban daemon account --json prints it, or from accounts/')
    .requiredOption('--charter <file>', 'the charter file of the consortium');
  context.declare<Options>(command, {
    example: 'vauban check-account 2026-03.json --charter charter.cbor',
    notes: 'Needs no network. The signature has to be of the daemon that the account names.',
    run: async ([file = ''], { charter }) => {
      const { checkAccountFile, readCharter } = await import('@vauban/daemon');
      const { accountText } = await import('../account-text.ts');
      const { account } = await checkAccountFile(file, await readCharter(charter));
      context.print(
        { ok: true, account },
        `Signed by daemon ${account.daemon} of ${account.charter}.\n\n${accountText(account)}`,
      );
    },
  });
}
