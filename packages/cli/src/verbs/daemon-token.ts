// vauban daemon token: lets a program ask the daemon over its loopback port, for a while and for some things.

import { Fault } from '@vauban/core';
import type { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { time } from '../output.ts';

const HOUR_MS = 3_600_000;
const DAYS_DEFAULT = 30;
/** A link is for whoever looks now. */
const LINK_HOURS = 12;

interface Options {
  readonly config: string;
  readonly scope: string;
  readonly days?: number;
  readonly hours?: number;
  readonly link?: boolean;
}

export function registerDaemonToken(parent: Command, context: Context): void {
  const command = parent
    .command('token')
    .description('make a token for the admin port')
    .requiredOption('--config <toml>', 'the configuration of the daemon')
    .option('--scope <scope>', 'read, or operate to change things as well', 'read')
    .option('--days <number>', `how long it lasts (default: ${DAYS_DEFAULT})`, wholeNumber)
    .option('--hours <number>', 'how long it lasts, in hours', wholeNumber)
    .option('--link', `print a link that opens the live map in a browser (for ${LINK_HOURS} hours)`);
  context.declare<Options>(command, {
    example: 'vauban daemon token --config /srv/vauban/daemon.toml --days 90',
    notes:
      'Prints the token, to be sent as «Authorization: Bearer …» to the port that listen in section [admin] names. The socket needs none. With --link it is the end of an address that a browser of this machine opens: the live map. Who has the link can read what it shows for as long as it lasts. No list of tokens is kept: to end them all, remove keys/admin.key.',
    run: async (_, { config, scope, days, hours, link = false }) => {
      if (scope !== 'read' && scope !== 'operate') {
        throw new Fault('usage', 'TOKEN_SCOPE', '--scope should be read or operate', { scope });
      }
      if (link && scope !== 'read') {
        throw new Fault('usage', 'TOKEN_SCOPE', 'a link is for looking: leave --scope out', { scope });
      }
      const { makeAdminToken } = await import('@vauban/daemon');
      const hoursDefault = link ? LINK_HOURS : DAYS_DEFAULT * 24;
      const lifeMs = (hours ?? (days === undefined ? hoursDefault : days * 24)) * HOUR_MS;
      const made = await makeAdminToken(config, { scope, lifeMs });
      if (!link) context.print(made, made.token);
      else if (made.listen === null) {
        const message = `the daemon has no admin port for a browser: set listen = "127.0.0.1:9464" in section [admin] of ${config}, then start it again`;
        throw new Fault('refused', 'NO_ADMIN_PORT', message, { config });
      } else {
        const address = `http://${made.listen}/#${made.token}`;
        context.print({ ...made, link: address }, address);
      }
      if (context.json) return;
      context.say(`Scope ${scope}, until ${time(made.expires)}.`);
      if (made.listen === null) {
        context.say('The daemon has no admin port: set listen in section [admin], then start it again.');
      }
    },
  });
}
