// vauban undelete: brings back what rm deleted, while the charter's grace lasts.

import { toHex } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, printable, size, table, time } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { clean } from './put.ts';

const columns = [{ title: 'size', right: true }, { title: 'deleted' }, { title: 'path' }];

export function registerUndelete(program: Command, context: Context): void {
  const command = vaultOptions(program.command('undelete'))
    .description('bring back a deleted path, and what was below it')
    .argument('<vault-path>', 'what vauban rm deleted');
  context.declare<VaultOptions>(command, {
    example: 'vauban undelete council/2019 --vault ./archives',
    notes: 'vauban ls --deleted shows what can be brought back, and until when.',
    run: async ([path = ''], options) => {
      const back = await withVault(context, options, (vault) =>
        vault.undelete(clean(path), { signal: context.signal }),
      );
      const objects = back.map(({ version: { write }, deletedAt }) => ({
        path: write.path,
        size: write.size,
        deleted: time(deletedAt),
        version: toHex(write.version),
      }));
      const rows = objects.map((one) => [size(one.size), one.deleted, printable(one.path)]);
      context.print(
        { objects },
        [`${count(objects.length, 'object')} back:`, table(columns, rows, { cut: false })].join('\n'),
      );
    },
  });
}
