// vauban daemon init: what a hoster's engineer types first. Keys stay here; one public line leaves.

import { join, resolve } from 'node:path';
import { Fault } from '@vauban/core';
import type { Command } from 'commander';
import { dateOrTime, decimalNumber, percent, several } from '../arguments.ts';
import type { Context } from '../context.ts';

interface Options {
  readonly hoster: string;
  readonly site: string;
  readonly city?: string;
  readonly country?: string;
  readonly building?: string;
  readonly address?: string;
  readonly latitude?: number;
  readonly longitude?: number;
  readonly listen?: readonly string[];
  readonly announce?: readonly string[];
  readonly capacity?: string;
  readonly identity?: string;
  readonly seat?: string;
  readonly law?: string;
  readonly certification?: readonly string[];
  readonly signedBy?: string;
  readonly data?: string;
  readonly foreignShareLargest?: number;
  readonly foreignShareTotal?: number;
  readonly foreignVeto?: boolean;
  readonly validUntil?: number;
}

export function registerDaemonInit(parent: Command, context: Context): void {
  const command = parent
    .command('init')
    .description('set up a daemon: keys, data directory, configuration')
    .argument('<dir>', 'a new directory for it')
    .requiredOption('--hoster <name>', 'your company')
    .requiredOption('--site <name>', 'the datacenter it stands in')
    .option('--city <name>', 'where that is (default: the site)')
    .option('--country <code>', 'ISO 3166-1, two letters (default: FR)')
    .option('--building <name>', 'what burns together (default: the site)')
    .option('--address <text>', 'postal address')
    .option('--latitude <degrees>', 'for maps', decimalNumber)
    .option('--longitude <degrees>', 'for maps', decimalNumber)
    .option(
      '--listen <address>',
      'where to listen; may be repeated (default: /ip4/127.0.0.1/tcp/4001)',
      several,
    )
    .option('--announce <address>', 'where others reach it, if elsewhere; may be repeated', several)
    .option('--capacity <size>', 'most bytes of fragments to take (default: 100GB)')
    .option('--identity <file>', 'your identity key, for a further daemon; it gets no vote')
    .option('--seat <code>', 'declaration: country of your seat (default: the country)')
    .option('--law <code>', 'declaration: law that applies (default: the country)')
    .option('--data <code>', 'declaration: country where data lies (default: the country)')
    .option(
      '--foreign-share-largest <percent>',
      'declaration: capital of the largest owner from outside the Union (default: 0)',
      percent,
    )
    .option(
      '--foreign-share-total <percent>',
      'declaration: capital of all owners from outside the Union (default: 0)',
      percent,
    )
    .option('--foreign-veto', 'declaration: someone outside the Union can veto decisions')
    .option('--valid-until <date>', 'declaration: when it ends (default: in a year)', dateOrTime)
    .option('--certification <name>', 'declaration: a certification; may be repeated', several)
    .option('--signed-by <name>', 'declaration: who signs it (default: the hoster)');
  context.declare<Options>(command, {
    example: 'vauban daemon init /srv/vauban --hoster "Cigogne" --site Strasbourg',
    notes:
      'Prints one public line for the officers of the consortium. They send back a charter file that lists the daemon; put it in <dir>/charter.cbor, then: vauban daemon run.',
    run: async ([dir = ''], options) => {
      const { createDaemon, parseBytes, readKey } = await import('@vauban/daemon');
      const { capacity, identity, seat, law, data, certification, signedBy, ...others } = options;
      const { foreignShareLargest, foreignShareTotal, foreignVeto, validUntil, ...rest } = others;
      const capacityBytes = capacity === undefined ? undefined : parseBytes(capacity);
      if (capacity !== undefined && capacityBytes === undefined) {
        throw new Fault(
          'usage',
          'INIT_VALUE',
          `capacity is ${JSON.stringify(capacity)}, but should be a size such as 100GB`,
          {
            setting: 'capacity',
            value: capacity,
          },
        );
      }
      const { daemon, publicLine, facts } = await createDaemon(dir, {
        ...plain(rest),
        ...(capacityBytes === undefined ? {} : { capacityBytes }),
        ...(identity === undefined ? {} : { identity: await readKey(identity, 'identity') }),
        declaration: {
          ...(seat === undefined ? {} : { seat }),
          ...(law === undefined ? {} : { law }),
          ...(data === undefined ? {} : { data }),
          ...(foreignShareLargest === undefined ? {} : { foreignShareLargest }),
          ...(foreignShareTotal === undefined ? {} : { foreignShareTotal }),
          ...(foreignVeto === undefined ? {} : { foreignVeto }),
          ...(validUntil === undefined ? {} : { validUntil }),
          ...(certification === undefined ? {} : { certifications: [...certification] }),
          ...(signedBy === undefined ? {} : { signedBy }),
        },
      });
      context.print({ daemon, publicLine }, publicLine);
      if (context.json) return;
      const config = join(resolve(dir), 'daemon.toml');
      context.say(`Daemon ${daemon} of ${facts.hoster.name} is set up in ${resolve(dir)}.`);
      if (facts.daemon.addresses.every((address) => address.includes('/127.0.0.1/'))) {
        context.say(
          'It listens on this machine only. For others to reach it, start over with --listen and --announce.',
        );
      }
      context.say(`Next: send the line above to the consortium's officers, put the charter file they
send back at ${join(resolve(dir), 'charter.cbor')}, then
  vauban daemon config check --config ${config}
  vauban daemon run --config ${config}
Put copies of ${join(resolve(dir), 'keys')} in a safe; nobody else has them.`);
    },
  });
}

/** Commander's own option `json` is not the daemon's. */
function plain<Value extends object>(options: Value): Omit<Value, 'json'> {
  const { json: _, ...rest } = options as Value & { json?: boolean };
  return rest;
}
