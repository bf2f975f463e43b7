// What the verbs of the charter share: where the charter is, the desk they work at, lines that officers and engineers send,
// and words for what a version changes.

import { readFile, stat } from 'node:fs/promises';
import type { Charter } from '@vauban/core';
import type { CharterDesk } from '@vauban/fleet';
import type { Context } from './context.ts';
import { indented, time } from './output.ts';

export const CHARTER_OPTION = [
  '--network <path>',
  'the charter file, or the directory of a local network',
] as const;

export interface DeskOptions {
  readonly network: string;
  /** Of an officer, to speak to the hosters. */
  readonly key?: string;
}

/** Works at a desk that can ask the hosters, and closes it, whatever happens. */
export async function atDesk(
  { signal }: Context,
  { network, key }: DeskOptions,
  work: (desk: CharterDesk) => Promise<void>,
): Promise<void> {
  const { CharterDesk } = await import('@vauban/fleet');
  const desk = await CharterDesk.open(network, { signal, ...(key === undefined ? {} : { key }) });
  try {
    await work(desk);
  } finally {
    await desk.close();
  }
}

/** The argument itself, or the file it names. */
export async function lineOf(text: string): Promise<string> {
  const isFile = await stat(text).then(
    (found) => found.isFile() && found.size < 65_536,
    () => false,
  );
  return (isFile ? await readFile(text, 'utf8') : text).trim();
}

/** What a version changes, for a person about to sign it. */
export function changesInWords(charter: Charter, changes: readonly string[]): string {
  const title = `Version ${charter.version} of ${charter.name}, expires ${time(charter.expires)}:`;
  const lines = changes.length === 0 ? ['nothing changes; it is renewed'] : changes;
  return [title, ...lines.map((line) => indented(line))].join('\n');
}
