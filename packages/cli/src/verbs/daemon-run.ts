// vauban daemon run: the daemon itself, in the foreground, until a signal stops it.

import type { Command } from 'commander';
import type { Context } from '../context.ts';

interface Options {
  readonly config: string;
  readonly staged?: boolean;
}

export function registerDaemonRun(parent: Command, context: Context): void {
  const command = parent
    .command('run')
    .description('run a daemon until SIGTERM or Ctrl-C')
    .requiredOption('--config <toml>', 'its configuration file')
    .option('--staged', 'for drills: suffer what a drill writes beside the configuration');
  context.declare<Options>(command, {
    example: 'vauban daemon run --config /srv/vauban/daemon.toml',
    notes: 'Prints one line when it serves: ready {…}. Logs JSON lines on standard error.',
    run: async (_, { config, staged }) => {
      const run =
        staged === true
          ? (await import('@vauban/fleet')).runStagedDaemon
          : (await import('@vauban/daemon')).runDaemon;
      await run({
        config,
        log: (line) => context.io.stderr.write(`${line}\n`),
        ready: (facts) => context.print(facts, `ready ${JSON.stringify(facts)}`),
        stop: context.signal,
      });
    },
  });
}
