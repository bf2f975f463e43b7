// vauban drill list: the scenarios that come along.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { table } from '../output.ts';

export function registerDrillList(parent: Command, context: Context): void {
  const command = parent.command('list').description('the scenarios that come along');
  context.declare(command, {
    example: 'vauban drill list',
    run: async () => {
      const { findScenario, libraryNames } = await import('@vauban/drill');
      const all = await Promise.all((await libraryNames()).map(findScenario));
      const scenarios = all.map(({ scenario: { name, title, sabotage, network } }) => ({
        name,
        title,
        sabotage,
        network,
      }));
      const rows = scenarios.map(({ name, title }) => [name, title.en]);
      context.print({ scenarios }, table([{ title: 'scenario' }, { title: 'what happens' }], rows));
    },
  });
}
