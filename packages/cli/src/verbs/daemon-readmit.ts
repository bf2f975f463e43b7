// vauban daemon readmit: a human has looked, and a daemon that came back read-only counts again.

import type { Readmission } from '@vauban/daemon';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count } from '../output.ts';

interface Options {
  readonly config: string;
}

export function registerDaemonReadmit(parent: Command, context: Context): void {
  const command = parent
    .command('readmit')
    .description('let a daemon that came back read-only count again')
    .requiredOption('--config <toml>', 'its configuration file');
  context.declare<Options>(command, {
    example: 'vauban daemon readmit --config /srv/vauban/daemon.toml',
    notes:
      'First make sure that it is the right disk, sound, and of today: from then on the daemon takes and erases again. It says so in the ledger.',
    run: async (_, { config }) => {
      const { askAdmin } = await import('@vauban/daemon');
      const ask = { method: 'POST', path: '/v0/readmit', body: {}, signal: context.signal } as const;
      const done = (await askAdmin(config, ask)) as Readmission;
      const losses =
        done.losses === 0 ? '' : `; ${count(done.losses, 'declared loss', 'declared losses')} answered`;
      context.print(done, `It ${done.readOnly ? 'is still read-only' : 'counts again'}${losses}.`);
      if (done.readOnly) context.status = 1;
    },
  });
}
