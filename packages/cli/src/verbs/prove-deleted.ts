// vauban prove-deleted: a file that shows anyone, without network or keys, that a deleted path's claims were given up and
// its fragments erased; and, while that is not so, by whom not.

import { resolve } from 'node:path';
import { Fault } from '@vauban/core';
import { type DeletionStatement, notErased } from '@vauban/ledger';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, size, wrap } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { writeNew } from './prove.ts';
import { clean } from './put.ts';

interface Options extends VaultOptions {
  readonly label?: string;
  readonly out: string;
}

export function registerProveDeleted(program: Command, context: Context): void {
  const command = vaultOptions(program.command('prove-deleted'))
    .description('write a proof of who erased what was deleted, to check offline')
    .argument('<vault-path>', 'what vauban rm deleted, and all that was below it')
    .requiredOption('-o, --out <file>', 'where to write the proof; nothing is overwritten')
    .option('--label <text>', 'say in the proof what it is about, marked as not proven');
  context.declare<Options>(command, {
    example: 'vauban prove-deleted council/2019 -o deleted.proof --vault ./archives',
    notes:
      'Hosters erase when the charter’s grace is over. Until all have, the file says who has not, and this\n' +
      'ends with 1. Whoever gets the file checks it with vauban check-proof and the charter’s root.',
    run: async ([path = ''], options) => {
      const { label } = options;
      const { text, statement } = await withVault(context, options, (vault) =>
        vault.proveDeleted(clean(path), {
          signal: context.signal,
          ...(label === undefined ? {} : { label }),
        }),
      );
      const file = resolve(options.out);
      await writeNew(file, text);
      if (!statement.finished) throw unfinished(context, file, statement);
      const bytes = Buffer.byteLength(text);
      const { charter, segments } = statement;
      const holders = new Set(segments.flatMap(({ purges }) => purges.map(({ daemon }) => daemon)));
      context.print(
        { file, bytes, charterRoot: charter.root, segments: segments.length, finished: true },
        [
          wrap(
            `${options.out}: ${count(segments.length, 'segment')}, all given up and erased by ${count(holders.size, 'holder')}; ${size(bytes)}. To check it, anywhere:`,
          ),
          '',
          `  vauban check-proof ${options.out} --charter-root \\`,
          `    ${charter.root}`,
        ].join('\n'),
      );
    },
  });
}

/** Says who has not erased yet, and what is still claimed. */
function unfinished(context: Context, file: string, { segments }: DeletionStatement): Fault {
  const claimed = segments.filter(({ claims }) => claims.some(({ released }) => released === null));
  const waiting = segments.flatMap((segment) =>
    notErased(segment).map(({ fragment, daemon, site, hoster }) => ({
      segment: segment.segment,
      fragment,
      daemon,
      site,
      hoster,
    })),
  );
  context.sayEach([
    ...claimed.map(
      ({ segment }) =>
        `segment ${segment.slice(0, 16)}… is still claimed: its policy, or other files, need it`,
    ),
    ...waiting.map(
      ({ segment, fragment, site, hoster }) =>
        `segment ${segment.slice(0, 16)}…, fragment ${fragment}: not erased by ${site} (${hoster})`,
    ),
  ]);
  const sites = [...new Set(waiting.map(({ site }) => site))];
  const why =
    claimed.length > 0
      ? `${count(claimed.length, 'segment')} of ${segments.length} ${claimed.length === 1 ? 'is' : 'are'} still claimed`
      : `${sites.slice(0, 12).join(', ')} ${sites.length === 1 ? 'has' : 'have'} not erased yet`;
  return new Fault(
    'failure',
    'DELETION_UNFINISHED',
    `the deletion is not finished: ${why}. ${file} says so, and proves the rest; ask again later, into another file`,
    { file, claimed: claimed.map(({ segment }) => segment), waiting },
  );
}
