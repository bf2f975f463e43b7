// vauban network stop: ends this network's processes, and no others.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count } from '../output.ts';

export function registerNetworkStop(parent: Command, context: Context): void {
  const command = parent
    .command('stop')
    .description('stop all daemons in order')
    .argument('<dir>', 'the network’s directory');
  context.declare<object>(command, {
    example: 'vauban network stop ./grand-est',
    run: async ([dir = '']) => {
      const { stopNetwork } = await import('@vauban/fleet');
      const result = await stopNetwork(dir);
      const { stopped, killed } = result;
      const cut = killed.length === 0 ? '' : `; ${killed.length} did not end in order and had to be killed`;
      context.print(result, `${count(stopped.length + killed.length, 'daemon')} stopped${cut}`);
    },
  });
}
