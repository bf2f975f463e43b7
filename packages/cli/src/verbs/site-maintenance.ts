// vauban site maintenance: a site will be away on purpose, until then. What it holds is not rebuilt meanwhile.

import { Fault } from '@vauban/core';
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { moment } from '../moment.ts';
import { atOperatorDesk, entryInWords, operatorOptions, type OperatorVerbOptions } from '../operator-verb.ts';
import { time, wrap } from '../output.ts';

interface Options extends OperatorVerbOptions {
  readonly until?: string;
  readonly over?: boolean;
}

export function registerSiteMaintenance(parent: Command, context: Context): void {
  const command = operatorOptions(parent.command('maintenance'))
    .description('say that a site is away on purpose for a while')
    .argument('<site>', 'which one')
    .option(
      '--until <time>',
      'a day (to its end, in UTC), a moment such as 2026-03-01T12:00Z, or 2h from now; a week at most',
    )
    .option('--over', 'it is back before that');
  context.declare<Options>(command, {
    example: 'vauban site maintenance metz --until 2h --network ./grand-est',
    notes:
      'Until then nothing is rebuilt because this site is silent, unless the margin of a segment falls under half of what it may ' +
      'lose. Said again, the last word counts.',
    run: async ([site = ''], { until, over, ...options }) => {
      const { announceMaintenance } = await import('@vauban/fleet');
      const end = await endOf({ until, over });
      const said = await atOperatorDesk(context, options, (desk) =>
        announceMaintenance(desk, { site, until: end }),
      );
      const what = end === 0 ? 'is back from maintenance' : `is in maintenance until ${time(end)}`;
      context.print(
        said,
        `${wrap(`${site} of ${said.hoster} ${what}, says ${said.operator}; cosigned by ${said.cosignedBy.join(', ')}.`)}\n${entryInWords(said.entry)}`,
      );
    },
  });
}

/** ms since 1970; 0 for over. Faults: USAGE. */
async function endOf(of: {
  readonly until: string | undefined;
  readonly over: boolean | undefined;
}): Promise<number> {
  const { until, over } = of;
  if ((until === undefined) !== (over === true)) {
    throw new Fault('usage', 'USAGE', 'say either --until <time> or --over', {});
  }
  if (until === undefined) return 0;
  const { parseDuration } = await import('@vauban/fleet');
  const { nodeClock } = await import('@vauban/core/node');
  const wait = parseDuration(until);
  if (wait !== undefined) return nodeClock.now() + wait;
  try {
    return moment(until);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const message = `--until takes a duration such as 2h, a day such as 2026-03-01 or a moment such as 2026-03-01T12:00Z, and not "${until.slice(0, 60)}"`;
    throw new Fault('usage', 'USAGE', message, { until: until.slice(0, 60) });
  }
}
