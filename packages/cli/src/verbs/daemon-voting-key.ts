// vauban daemon voting-key: a hoster votes for the first time, or again after its key was destroyed or may be known.

import { dirname, join, resolve } from 'node:path';
import { Fault } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';

interface Options {
  readonly config: string;
  readonly epoch?: string;
  readonly identity?: string;
}

export function registerDaemonVotingKey(parent: Command, context: Context): void {
  const command = parent
    .command('voting-key')
    .description('make a voting key for an epoch to come')
    .requiredOption('--config <file>', 'the configuration of the daemon that is to vote')
    .option('--epoch <number>', 'which epoch (default: the one after the charter file’s)')
    .option('--identity <file>', 'your identity key (default: keys/identity.key beside the configuration)');
  context.declare<Options>(command, {
    example: 'vauban daemon voting-key --config /srv/vauban/daemon.toml',
    notes:
      'Prints the public line of the daemon with its new key, for the officers of the consortium. Once the version that lists it is in force, the daemon reads what the other voters hold, then votes. The daemon may run meanwhile.',
    run: async (_, options) => {
      const { makeVotingKey, openHome, readKey } = await import('@vauban/daemon');
      const epoch = options.epoch === undefined ? undefined : epochOf(options.epoch);
      const home = await openHome(options.config);
      const beside = join(dirname(resolve(options.config)), 'keys', 'identity.key');
      const identity = await readKey(options.identity ?? beside, 'identity');
      const made = await makeVotingKey(home, { identity, ...(epoch === undefined ? {} : { epoch }) });
      context.print({ ...made }, made.publicLine);
      if (context.json) return;
      context.say(
        made.made
          ? `Made the voting key of epoch ${made.epoch}. Next: send the line above to the consortium's officers; the version that opens epoch ${made.epoch} lists the key.`
          : `There is a voting key for epoch ${made.epoch} already; the line above names it.`,
      );
    },
  });
}

function epochOf(text: string): number {
  const epoch = Number(text);
  if (/^[0-9]{1,9}$/.test(text)) return epoch;
  throw new Fault(
    'usage',
    'EPOCH_NUMBER',
    `an epoch is a number such as 2, and not ${JSON.stringify(text)}`,
    {
      value: text,
    },
  );
}
