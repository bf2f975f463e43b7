// vauban daemon config check: everything that would keep a daemon from starting, before it is started.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-code.ts';

interface Options {
  readonly config: string;
}

export function registerDaemonConfigCheck(parent: Command, context: Context): void {
  const command = parent
    .command('check')
    .description('check a configuration, its keys, its data directory and its charter')
    .requiredOption('--config <toml>', 'the configuration file');
  context.declare<Options>(command, {
    example: 'vauban daemon config check --config /srv/vauban/daemon.toml',
    notes: 'Prints ok, or one line per problem.',
    run: async (_, { config }) => {
      const { checkHome } = await import('@vauban/daemon');
      const problems = await checkHome(config);
      context.print(
        {
          ok: problems.length === 0,
          problems: problems.map(({ code, message, facts }) => ({ code, message, facts })),
        },
        problems.length === 0 ? 'ok' : problems.map((one) => one.message).join('\n'),
      );
      const [first] = problems;
      if (first !== undefined) context.status = exitCodeOf(first.kind);
    },
  });
}
