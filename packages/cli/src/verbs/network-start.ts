// vauban network start: returns when every daemon serves and every voter votes.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count } from '../output.ts';
import { ownCommand } from '../own-command.ts';

export function registerNetworkStart(parent: Command, context: Context): void {
  const command = parent
    .command('start')
    .description('start one process per daemon; those running already are left alone')
    .argument('<dir>', 'the network’s directory');
  context.declare<object>(command, {
    example: 'vauban network start ./grand-est',
    notes: 'Each daemon’s log is in <dir>/daemons/<site>/daemon.log.',
    run: async ([dir = '']) => {
      const { startNetwork } = await import('@vauban/fleet');
      const bar = context.progress('starting');
      const result = await startNetwork(dir, {
        command: ownCommand,
        signal: context.signal,
        onProgress: ({ ready, total }) => bar.update(ready, total, `${ready} of ${total} ready`),
      });
      const { started, running, burnt, quorum, silent } = result;
      const parts = [
        `${count(started.length + running.length, 'daemon')} ready`,
        ...(running.length > 0 ? [`${running.length} of them were running already`] : []),
        ...(burnt.length > 0 ? [`${count(burnt.length, 'daemon')} on burnt sites left out`] : []),
      ];
      context.print(result, parts.join('; '));
      if (!quorum)
        context.say('Too few hosters are left for a quorum: data can be read, nothing can be certified.');
      else for (const { site, reason } of silent) context.say(`${site} serves but does not vote: ${reason}`);
    },
  });
}
