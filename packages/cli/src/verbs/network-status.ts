// vauban network status: opens with the line that matters.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { size, table } from '../output.ts';

const columns = [
  { title: 'site' },
  { title: 'hoster' },
  { title: 'state' },
  { title: 'pid', right: true },
  { title: 'fragments', right: true },
  { title: 'stored', right: true },
];

export function registerNetworkStatus(parent: Command, context: Context): void {
  const command = parent
    .command('status')
    .description('what would still be read if more burnt, and how each daemon is')
    .argument('<dir>', 'the network’s directory');
  context.declare<object>(command, {
    example: 'vauban network status ./grand-est',
    run: async ([dir = '']) => {
      const { networkStatus } = await import('@vauban/fleet');
      const status = await networkStatus(dir, { signal: context.signal });
      const rows = status.daemons.map((one) => [
        one.site,
        one.hoster.replace(/^hebergeur-/, ''),
        one.state,
        one.pid === null ? '' : String(one.pid),
        one.fragments === null ? '?' : String(one.fragments),
        one.bytes === null ? '?' : size(one.bytes),
      ]);
      const alerts = status.daemons.flatMap((one) => one.alerts.map((alert) => `\n! ${one.site}: ${alert}`));
      context.print(
        status,
        `${status.summary}\n\n${table(columns, rows)}${alerts.length > 0 ? '\n' : ''}${alerts.join('')}`,
      );
    },
  });
}
