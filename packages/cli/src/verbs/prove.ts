// vauban prove: a file that shows anyone, without network or keys, where a path's fragments stood at a date.

import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Fault } from '@vauban/core';
import { heldNow, isoTime } from '@vauban/ledger';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { AT_HELP, moment, notAhead } from '../moment.ts';
import { count, size } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { clean } from './put.ts';

interface Options extends VaultOptions {
  readonly at?: number;
  readonly label?: string;
  readonly output: string;
}

export function registerProve(program: Command, context: Context): void {
  const command = vaultOptions(program.command('prove'))
    .description('write a proof of where fragments stood, for anyone to check offline')
    .argument('<vault-path>', 'an object, or everything below a directory')
    .requiredOption('-o, --output <file>', 'where to write the proof; nothing is overwritten')
    .option('--at <date>', `${AT_HELP}; now when left out`, moment)
    .option('--label <text>', 'say in the proof what it is about, marked as not proven');
  context.declare<Options>(command, {
    example: 'vauban prove council/2026/minutes.pdf -o minutes.proof --vault ./archives',
    notes:
      'The proof names segments, sites and daemons, not the path: say it with --label if you want it in.\n' +
      'Whoever gets it checks it with vauban check-proof and the charter’s root (vauban charter show).',
    run: async ([path = ''], options) => {
      const { nodeClock } = await import('@vauban/core/node');
      const at = notAhead(options.at, nodeClock.now());
      const { label } = options;
      const { text, statement } = await withVault(context, options, (vault) =>
        vault.prove(clean(path), {
          signal: context.signal,
          ...(at === undefined ? {} : { at }),
          ...(label === undefined ? {} : { label }),
        }),
      );
      const file = resolve(options.output);
      await writeNew(file, text);
      const bytes = Buffer.byteLength(text);
      const { root } = statement.charter;
      const segments = statement.segments.map((one) => ({
        id: one.segment,
        fragments: one.fragments.length,
        held: heldNow(one).fragments,
        sites: heldNow(one).sites,
      }));
      context.print(
        { file, bytes, at: isoTime(statement.at), charterRoot: root, segments },
        [
          `${options.output}: where the fragments of ${count(segments.length, 'segment')} stood`,
          `on ${isoTime(statement.at)}, ${size(bytes)}. To check it, anywhere:`,
          '',
          `  vauban check-proof ${options.output} --charter-root \\`,
          `    ${root}`,
        ].join('\n'),
      );
    },
  });
}

/** Faults: TARGET_EXISTS. */
export async function writeNew(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    throw new Fault(
      'refused',
      'TARGET_EXISTS',
      `${file} is there already: choose another name for the proof`,
      {
        file,
      },
    );
  });
}
