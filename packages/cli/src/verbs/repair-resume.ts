// vauban repair resume: what repair pause stopped goes on.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { operatorOptions, type OperatorVerbOptions } from '../operator-verb.ts';
import { tellRepair } from './repair-pause.ts';

export function registerRepairResume(parent: Command, context: Context): void {
  const command = operatorOptions(parent.command('resume')).description(
    'go on rebuilding after repair pause',
  );
  context.declare<OperatorVerbOptions>(command, {
    example: 'vauban repair resume --network ./grand-est',
    run: (_, options) => tellRepair(context, options, false),
  });
}
