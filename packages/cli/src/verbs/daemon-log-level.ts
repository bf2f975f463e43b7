// vauban daemon log-level: a running daemon says more, or less, until it ends.

import type { Command } from 'commander';
import type { Context } from '../context.ts';

interface Options {
  readonly config: string;
}

export function registerDaemonLogLevel(parent: Command, context: Context): void {
  const command = parent
    .command('log-level')
    .description('make a running daemon log more or less')
    .argument('[level]', 'debug, info, warn or error; without it: what it is')
    .requiredOption('--config <toml>', 'its configuration file');
  context.declare<Options>(command, {
    example: 'vauban daemon log-level --config /srv/vauban/daemon.toml debug',
    notes: 'Lasts until the daemon ends; then the configuration counts. Only debug names fragments.',
    run: async ([level], { config }) => {
      const { askAdmin } = await import('@vauban/daemon');
      const answer = (await askAdmin(config, {
        ...(level === undefined ? { method: 'GET' } : { method: 'PUT', body: { level } }),
        path: '/v0/log-level',
        signal: context.signal,
      })) as { readonly level: string };
      context.print(answer, answer.level);
    },
  });
}
