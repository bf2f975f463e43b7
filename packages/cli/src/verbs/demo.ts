// vauban demo: the whole promise as a story, on this machine, in a temporary directory, with nothing left behind.

import type { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-code.ts';

interface Options {
  readonly files?: string;
  readonly burn: number;
}

export function registerDemo(program: Command, context: Context): void {
  const command = program
    .command('demo')
    .description('nine hosters, one agency, a burnt datacenter, nothing lost: watch it happen')
    .option('--files <dir>', 'what to store; the project’s own dependencies when not given')
    .option('--burn <n>', 'how many sites burn', wholeNumber, 3);
  context.declare<Options>(command, {
    example: 'vauban demo --burn 3',
    notes: 'Runs nine real daemons on loopback for two minutes, in a directory it removes.',
    run: async (_, options) => {
      const { runDemo } = await import('../demo/story.ts');
      const told = await runDemo(context, options);
      context.print(told.document, told.text);
      context.status = told.fault === undefined ? 0 : exitCodeOf(told.fault);
    },
  });
}
