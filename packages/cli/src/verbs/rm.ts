// vauban rm: a tombstone in the log. Bytes stay until releasing them is built.

import { toHex } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, time } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { clean } from './put.ts';

export function registerRm(program: Command, context: Context): void {
  const command = vaultOptions(program.command('rm'))
    .description('remove a path, and what is below it, from the listing')
    .argument('<vault-path>', 'what to remove');
  context.declare<VaultOptions>(command, {
    example: 'vauban rm council/2019 --vault ./archives',
    notes: 'This version of Vauban keeps the fragments: nothing on the hosters’ disks is freed yet.',
    run: async ([path = ''], options) => {
      const gone = await withVault(context, options, (vault) =>
        vault.remove(clean(path), { signal: context.signal }),
      );
      const objects = gone.map(({ write }) => ({
        path: write.path,
        size: write.size,
        modified: time(write.modified),
        version: toHex(write.version),
      }));
      context.print({ objects }, `${count(objects.length, 'object')} removed from the listing.`);
    },
  });
}
