// vauban daemon drain: hands everything a daemon holds over to others, and says when it may be switched off for good.

import { setTimeout as sleep } from 'node:timers/promises';
import type { DrainState } from '@vauban/daemon';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, size } from '../output.ts';

const POLL_MS = 1_000;

interface Options {
  readonly config: string;
  readonly cancel?: boolean;
}

export function registerDaemonDrain(parent: Command, context: Context): void {
  const command = parent
    .command('drain')
    .description('hand over what a daemon holds, to leave')
    .requiredOption('--config <toml>', 'its configuration file')
    .option('--cancel', 'stay after all: take fragments again');
  context.declare<Options>(command, {
    example: 'vauban daemon drain --config /srv/vauban/daemon.toml',
    notes:
      'Waits until it is safe to stop the daemon, and ends with 0 then. Ctrl-C ends the waiting, not the draining: the same command goes on waiting.',
    run: async (_, { config, cancel = false }) => {
      const { askAdmin } = await import('@vauban/daemon');
      const { signal } = context;
      const path = '/v0/drain';
      let state = (await askAdmin(config, { method: 'POST', path, body: { cancel }, signal })) as DrainState;
      if (cancel) {
        context.print(state, 'Called off: the daemon takes fragments again.');
        return;
      }
      const bytes = state.bytesLeft;
      const bar = context.progress('drain');
      while (!state.safeToStop) {
        bar.update(bytes - state.bytesLeft, bytes, inWords(state));
        await sleep(POLL_MS, undefined, { signal });
        state = (await askAdmin(config, { method: 'GET', path, signal })) as DrainState;
        if (!state.draining) break;
      }
      if (!state.safeToStop) {
        context.print(state, 'Somebody has called the draining off.');
        context.status = 1;
        return;
      }
      context.print(state, 'Safe to stop: others hold everything this daemon held.');
    },
  });
}

function inWords({ fragmentsLeft, bytesLeft, etaSeconds, waitsFor }: DrainState): string {
  const left = `${count(fragmentsLeft, 'fragment')}, ${size(bytesLeft)} left`;
  if (waitsFor !== null) return waitsFor;
  return etaSeconds === null ? left : `${left}, ${Math.ceil(etaSeconds / 60)} min`;
}
