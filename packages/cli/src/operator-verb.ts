// What the verbs of operators share: the charter or network they name, the key they sign with, and asking before what cannot be
// taken back.

import { Fault } from '@vauban/core';
import type { OperatorDesk } from '@vauban/fleet';
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { wrap } from './output.ts';

export interface OperatorVerbOptions {
  readonly network: string;
  readonly operatorKey?: string;
}

export function operatorOptions(command: Command): Command {
  return command
    .requiredOption('--network <path>', 'the charter file, or the directory of a local network')
    .option('--operator-key <file>', 'your operator key (a local network’s directory has one)');
}

/** Works as an operator who can ask the daemons, and leaves in order, whatever happens. */
export async function atOperatorDesk<Result>(
  { signal }: Context,
  { network, operatorKey }: OperatorVerbOptions,
  work: (desk: OperatorDesk) => Promise<Result>,
): Promise<Result> {
  const { OperatorDesk } = await import('@vauban/fleet');
  const desk = await OperatorDesk.open(network, {
    signal,
    ...(operatorKey === undefined ? {} : { operatorKey }),
  });
  try {
    return await work(desk);
  } finally {
    await desk.close();
  }
}

/** Faults: YES_MISSING (usage) where nobody can be asked; INTERRUPTED when the person says no. */
export async function confirmed(
  { io }: Context,
  of: { readonly yes: boolean | undefined; readonly question: string; readonly facts: Fault['facts'] },
): Promise<void> {
  if (of.yes === true) return;
  if (!io.interactive) {
    const message = `${of.question} Repeat with --yes if that is meant`;
    throw new Fault('usage', 'YES_MISSING', message, of.facts);
  }
  const { confirm } = await import('@clack/prompts');
  const answer = await confirm({ message: of.question, initialValue: false, output: process.stderr });
  if (answer !== true) throw new Fault('interrupted', 'INTERRUPTED', 'nothing was done', {});
}

/** The log's name is long: enough of it to tell it from others. The document has all of it. */
export function entryInWords({ origin, index }: { readonly origin: string; readonly index: number }): string {
  const slash = origin.lastIndexOf('/');
  const name = `${origin.slice(0, slash + 1)}${origin.slice(slash + 1, slash + 17)}…`;
  return wrap(`Entry ${index} of ${name}`);
}

/** For a table of sites: where a daemon listens is in the document. */
export function whySilent({ code, message }: { readonly code: string; readonly message: string }): string {
  return ['PEER_UNREACHABLE', 'DEADLINE'].includes(code) ? 'it does not answer' : message;
}
