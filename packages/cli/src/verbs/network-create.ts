// vauban network create: a consortium on one machine, composed of the same steps its members would take.

import { type CodeName, codeNames, Fault } from '@vauban/core';
import { type Command, Option } from 'commander';
import { several, wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { count, table } from '../output.ts';

interface Options {
  readonly sites: number;
  readonly k: number;
  readonly m: number;
  readonly code?: CodeName;
  readonly lostAfter?: string;
  readonly duration?: readonly string[];
  readonly containers?: boolean;
}

export function registerNetworkCreate(parent: Command, context: Context): void {
  const command = parent
    .command('create')
    .description('set up a local network: daemons, officers, charter')
    .argument('<dir>', 'a new directory for it')
    .option('--sites <count>', 'datacenters, one daemon each', wholeNumber, 9)
    .option('-k <count>', 'fragments that are enough to read', wholeNumber, 6)
    .option('-m <count>', 'fragments that may be lost', wholeNumber, 3)
    .addOption(
      new Option('--code <code>', 'how fragments are made (default: clay where it fits)').choices(codeNames),
    )
    .option('--lost-after <duration>', 'how long a silent daemon is waited for: 15min unless said')
    .option('--duration <name=value>', 'another of the charter’s waiting times; may be repeated', several)
    .option('--containers', 'for the nine containers of docker/compose.yaml');
  context.declare<Options>(command, {
    example: 'vauban network create ./grand-est --sites 9 -k 6 -m 3',
    notes:
      'Nothing is started; that is vauban network start <dir>. For rehearsals, --lost-after 5s makes repair begin soon; ' +
      'charter show tells all waiting times by the names that --duration takes.',
    run: async ([dir = ''], { sites, k, m, code, containers = false, ...waits }) => {
      const { createContainerNetwork, createNetwork, durationsFrom } = await import('@vauban/fleet');
      const durations = durationsFrom(saidOf(waits));
      const size = { sites, k, m, durations, ...(code === undefined ? {} : { code }) };
      const account = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
      const made = await (containers
        ? createContainerNetwork(dir, { ...size, account })
        : createNetwork(dir, size));
      const rows = made.daemons.map(({ id, hoster, site }) => [site, hoster, id]);
      const columns = [{ title: 'site' }, { title: 'hoster' }, { title: 'daemon' }];
      context.print(
        made,
        `${table(columns, rows)}\n\n${count(sites, 'site')}; every segment becomes ${k} + ${m} fragments, any ${k} of them rebuild it.\nCharter: ${made.charter}\nRoot: ${made.root}`,
      );
      const next = containers ? 'see docker/README.md' : `vauban network start ${dir}`;
      if (!context.json) context.say(`Next: ${next}`);
    },
  });
}

/** Names with their values. Faults: DURATION_MALFORMED. */
function saidOf({ lostAfter, duration = [] }: Pick<Options, 'lostAfter' | 'duration'>): [string, string][] {
  const said = duration.map((one): [string, string] => {
    const [name = '', value, ...more] = one.split('=');
    if (value !== undefined && more.length === 0) return [name.trim(), value.trim()];
    const message = `--duration takes a name and a value, such as takeover=10min, and not "${one.slice(0, 60)}"`;
    throw new Fault('usage', 'DURATION_MALFORMED', message, { value: one.slice(0, 60) });
  });
  return lostAfter === undefined ? said : [...said, ['lost-after', lostAfter]];
}
