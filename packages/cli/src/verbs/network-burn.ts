// vauban network burn: a real loss, on purpose.

import { Fault } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, size } from '../output.ts';
import { ownCommand } from '../own-command.ts';

interface Options {
  readonly site: string;
  readonly yes?: boolean;
}

export function registerNetworkBurn(parent: Command, context: Context): void {
  const command = parent
    .command('burn')
    .description('kill a site’s daemons and erase their disks: there is no way back')
    .argument('<dir>', 'the network’s directory')
    .requiredOption('--site <site>', 'which one')
    .option('--yes', 'yes, really erase it');
  context.declare<Options>(command, {
    example: 'vauban network burn ./grand-est --site strasbourg --yes',
    run: async ([dir = ''], { site, yes }) => {
      if (yes !== true) {
        throw new Fault(
          'usage',
          'YES_MISSING',
          `this kills the daemons of ${site} and erases their disks for good; repeat with --yes if that is meant`,
          { site },
        );
      }
      const { openStage } = await import('@vauban/fleet');
      const result = await (await openStage(dir, { command: ownCommand })).burn(site);
      const { daemons, fragmentsLost, bytesLost } = result;
      context.print(
        result,
        `${site} has burnt: ${count(daemons.length, 'daemon')}, ${count(fragmentsLost, 'fragment')} (${size(bytesLost)}) lost`,
      );
    },
  });
}
