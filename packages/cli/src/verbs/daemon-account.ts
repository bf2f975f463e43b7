// vauban daemon account: bytes per agency by ledger, index and disk, signed by the daemon, with what makes them differ.

import type { Command } from 'commander';
import type { SignedAccount } from '@vauban/daemon';
import type { Context } from '../context.ts';

interface Options {
  readonly config: string;
  readonly month?: string;
}

export function registerDaemonAccount(parent: Command, context: Context): void {
  const command = parent
    .command('account')
    .description('bytes per agency by ledger, index and disk')
    .requiredOption('--config <toml>', 'its configuration file')
    .option('--month <yyyy-mm>', 'an earlier month, as it was last drawn up (default: now)');
  context.declare<Options>(command, {
    example: 'vauban daemon account --config /srv/vauban/daemon.toml --month 2026-03',
    notes:
      'The running daemon counts, and signs with its receipt key. It keeps each month in accounts/ in its data directory; vauban check-account checks such a file.',
    run: async (_, { config, month }) => {
      const { askAdmin } = await import('@vauban/daemon');
      const { accountText } = await import('../account-text.ts');
      const path = month === undefined ? '/v0/account' : `/v0/account?month=${encodeURIComponent(month)}`;
      const signed = (await askAdmin(config, {
        method: 'GET',
        path,
        signal: context.signal,
      })) as SignedAccount;
      context.print(signed, accountText(signed.account));
    },
  });
}
