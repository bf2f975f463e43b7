// vauban network create: a consortium on one machine, composed of the same steps its members would take.

import type { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { count, table } from '../output.ts';

interface Options {
  readonly sites: number;
  readonly k: number;
  readonly m: number;
}

export function registerNetworkCreate(parent: Command, context: Context): void {
  const command = parent
    .command('create')
    .description('set up a local network: daemons, officers, charter')
    .argument('<dir>', 'a new directory for it')
    .option('--sites <count>', 'datacenters, one daemon each', wholeNumber, 9)
    .option('-k <count>', 'fragments that are enough to read', wholeNumber, 6)
    .option('-m <count>', 'fragments that may be lost', wholeNumber, 3);
  context.declare<Options>(command, {
    example: 'vauban network create ./grand-est --sites 9 -k 6 -m 3',
    notes: 'Nothing is started; that is vauban network start <dir>.',
    run: async ([dir = ''], { sites, k, m }) => {
      const { createNetwork } = await import('@vauban/fleet');
      const made = await createNetwork(dir, { sites, k, m });
      const rows = made.daemons.map(({ id, hoster, site }) => [site, hoster, id]);
      const columns = [{ title: 'site' }, { title: 'hoster' }, { title: 'daemon' }];
      context.print(
        made,
        `${table(columns, rows)}\n\n${count(sites, 'site')}; every segment becomes ${k} + ${m} fragments, any ${k} of them rebuild it.\nCharter: ${made.charter}\nRoot: ${made.root}`,
      );
      if (!context.json) context.say(`Next: vauban network start ${dir}`);
    },
  });
}
