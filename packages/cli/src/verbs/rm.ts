// vauban rm: deletes, and gives up the hosters' promise to keep what nothing else needs. For a while undelete brings it
// back; then hosters erase it.

import type { Released } from '@vauban/client';
import { Fault, toHex } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, time, wrap } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { clean } from './put.ts';

interface Options extends VaultOptions {
  readonly finish?: boolean;
}

export function registerRm(program: Command, context: Context): void {
  const command = vaultOptions(program.command('rm'))
    .description('delete a path, and what is below it')
    .argument('[vault-path]', 'what to delete')
    .option('--finish', 'no path: release what earlier deletions had to leave');
  context.declare<Options>(command, {
    example: 'vauban rm council/2019 --vault ./archives',
    notes:
      'vauban undelete brings it back for as long as the charter’s grace lasts; hosters erase after that.\n' +
      'What the policy retains is hidden now and released when that ends, by the next put or rm.',
    run: async ([path], options) => {
      const { signal } = context;
      if ((path === undefined) !== (options.finish === true)) {
        throw new Fault('usage', 'USAGE', 'name what to delete, or give --finish without a path', {});
      }
      if (path === undefined) {
        const released = await withVault(context, options, (vault) => vault.finishRemoval({ signal }));
        const done = released.claims === 0 ? 'Nothing more to release now.' : '';
        return context.print(documentOf(released), wrap([done, ...linesOf(released)].join('\n').trim()));
      }
      const removed = await withVault(context, options, (vault) => vault.remove(clean(path), { signal }));
      const objects = removed.objects.map(({ write }) => ({
        path: write.path,
        size: write.size,
        modified: time(write.modified),
        version: toHex(write.version),
      }));
      context.print(
        { objects, undoUntil: time(removed.undoUntil), ...documentOf(removed) },
        wrap(
          [
            `${count(objects.length, 'object')} deleted; vauban undelete brings back what you want until ${time(removed.undoUntil)}.`,
            ...linesOf(removed),
          ].join('\n'),
        ),
      );
    },
  });
}

function documentOf({ claims, retainedUntil, mayRelease }: Released) {
  return {
    claimsReleased: claims,
    retainedUntil: retainedUntil === null ? null : time(retainedUntil),
    mayRelease,
  };
}

function linesOf({ claims, retainedUntil, mayRelease }: Released): string[] {
  const lines: string[] = [];
  if (!mayRelease) {
    lines.push('This device has no right to delete: the hosters keep the bytes until one that has it does.');
  }
  if (claims > 0) lines.push(`${count(claims, 'claim')} released: hosters may erase the bytes after that.`);
  if (retainedUntil !== null) {
    lines.push(`The policy keeps bytes until ${time(retainedUntil)}; a later put or rm releases them.`);
  }
  return lines;
}
