// vauban repair pause: daemons rebuild nothing until told to go on. For a day when the lines are needed for something else.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { atOperatorDesk, operatorOptions, type OperatorVerbOptions, whySilent } from '../operator-verb.ts';
import { count, wrap } from '../output.ts';

export function registerRepairPause(parent: Command, context: Context): void {
  const command = operatorOptions(parent.command('pause')).description(
    'rebuild nothing until repair resume: the margin stays as low as it is',
  );
  context.declare<OperatorVerbOptions>(command, {
    example: 'vauban repair pause --network ./grand-est',
    notes:
      'Each daemon remembers it, also when it is started anew. A daemon that does not answer now does not hear of it.',
    run: (_, options) => tellRepair(context, options, true),
  });
}

/** What both verbs do. */
export async function tellRepair(
  context: Context,
  options: OperatorVerbOptions,
  paused: boolean,
): Promise<void> {
  const { pauseRepair } = await import('@vauban/fleet');
  const done = await atOperatorDesk(context, options, (desk) => pauseRepair(desk, paused));
  const { told, silent } = done;
  const unheard = silent.map((one) => `! ${one.site} has not heard it: ${whySilent(one)}`);
  const state = paused ? 'Repair is paused' : 'Repair goes on';
  context.print(
    done,
    [`${state} at ${count(told.length, 'daemon')}.`, ...unheard].map((line) => wrap(line)).join('\n'),
  );
}
