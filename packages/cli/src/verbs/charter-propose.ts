// vauban charter propose: the next version of the charter, composed from an edited text and newcomers' public lines,
// as a draft that officers sign.

import { readFile, writeFile } from 'node:fs/promises';
import { decodeCharter, Fault, officersThreshold } from '@vauban/core';
import type { Newcomers } from '@vauban/fleet';
import type { Command } from 'commander';
import { several } from '../arguments.ts';
import { atDesk, CHARTER_OPTION, changesInWords, type DeskOptions, lineOf } from '../charter-verb.ts';
import type { Context } from '../context.ts';
import { count } from '../output.ts';

interface Options extends DeskOptions {
  readonly output: string;
  readonly add?: readonly string[];
}

export function registerCharterPropose(parent: Command, context: Context): void {
  const command = parent
    .command('propose')
    .description('draft the next version of the charter, for officers to sign')
    .argument('[text]', 'an edited text of the charter (from charter show --toml)')
    .requiredOption(...CHARTER_OPTION)
    .requiredOption('-o, --output <file>', 'where the draft goes')
    .option('--add <line>', 'a public line, or a file with one; may be repeated', several)
    .option('--key <file>', 'your officer key, to ask hosters for the newest version and for voting keys');
  context.declare<Options>(command, {
    example: 'vauban charter propose next.toml --network charter.cbor -o v2.draft',
    notes:
      'Without a text nothing changes but what --add brings; without both, the charter is renewed. ' +
      'Changing who votes opens an epoch: every voter then gets a new key, which is asked of the hosters here.',
    run: async ([path], options) => {
      const { charterChanges, encodeDraft, proposeCharter } = await import('@vauban/fleet');
      const text = path === undefined ? undefined : await readText(path);
      const lines = await Promise.all((options.add ?? []).map(lineOf));
      await atDesk(context, options, async (desk) => {
        const draft = await proposeCharter(desk, { text, ...(await newcomersOf(lines)) });
        await writeFile(options.output, encodeDraft(draft), { flag: 'wx' }).catch((error: unknown) => {
          throw notWritten(options.output, error);
        });
        const charter = decodeCharter(draft.body);
        const changes = charterChanges(desk.chain.current, charter);
        context.print(
          { draft: options.output, version: charter.version, epoch: charter.epoch, changes },
          `${changesInWords(charter, changes)}\n\nThe draft is in ${options.output}.`,
        );
        if (context.json) return;
        const needed = officersThreshold(desk.chain.current);
        context.say(
          `Next: ${count(needed, 'officer')} sign it: vauban charter sign ${options.output} --network ${options.network} --key <key>`,
        );
      });
    },
  });
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const message = `the text ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
    throw new Fault('usage', 'FILE_UNREADABLE', message, { path });
  });
}

/** Faults: those of the two kinds of line, LINE_UNKNOWN (usage). */
async function newcomersOf(lines: readonly string[]): Promise<Newcomers> {
  const { openAgencyLine } = await import('@vauban/client');
  const { openPublicLine } = await import('@vauban/daemon');
  const { nodeCrypto } = await import('@vauban/core/node');
  const daemons = lines.filter((line) => line.startsWith('vauban-daemon'));
  const agencies = lines.filter((line) => line.startsWith('vauban-agency'));
  const other = lines.find((line) => !daemons.includes(line) && !agencies.includes(line));
  if (other !== undefined) {
    const message = `--add takes the public line of a daemon (vauban-daemon0:…) or of an agency (vauban-agency0:…), or a file with one, not "${other.slice(0, 40)}"`;
    throw new Fault('usage', 'LINE_UNKNOWN', message, {});
  }
  return {
    daemons: daemons.map((line) => openPublicLine(nodeCrypto, line)),
    agencies: agencies.map((line) => openAgencyLine(nodeCrypto, line)),
  };
}

function notWritten(path: string, error: unknown): Fault {
  const { code } = error as NodeJS.ErrnoException;
  const message =
    code === 'EEXIST'
      ? `there is a file ${path} already: name another one, no draft is written over`
      : `the draft cannot be written to ${path} (${code ?? 'unknown'})`;
  return new Fault(
    'refused',
    code === 'EEXIST' ? 'FILE_EXISTS' : 'FILE_UNWRITABLE',
    message,
    { path },
    error,
  );
}
