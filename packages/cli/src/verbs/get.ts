// vauban get: restore a file or a tree.

import { lstat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, size } from '../output.ts';
import { gravest, type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { clean } from './put.ts';

interface Options extends VaultOptions {
  readonly stale?: boolean;
}

export function registerGet(program: Command, context: Context): void {
  const command = vaultOptions(program.command('get'))
    .description('restore a file or a directory')
    .argument('<vault-path>', 'what to restore; / is everything')
    .argument('<out>', 'where to write it; nothing is overwritten')
    .option('--stale', 'do not ask whether there is a newer version');
  context.declare<Options>(command, {
    example: 'vauban get council/2026 ./back --vault ./archives',
    run: async ([path = '', out = ''], options) => {
      const { nodeTargetDirectory, nodeTargetFile } = await import('@vauban/client');
      const started = performance.now();
      const progress = context.progress('get');
      const target = resolve(out);
      const isDirectory = await lstat(target).then(
        (found) => found.isDirectory(),
        () => false,
      );
      let done = 0;
      const result = await withVault(context, options, (vault) =>
        vault.get(
          clean(path),
          (tree) =>
            tree
              ? nodeTargetDirectory(target)
              : nodeTargetFile(isDirectory ? join(target, basename(clean(path))) : target),
          {
            signal: context.signal,
            stale: options.stale === true,
            below: path.endsWith('/'),
            onProgress: (bytes, total) => {
              done += bytes;
              progress.update(done, total, size(done));
            },
          },
        ),
      );
      const seconds = (performance.now() - started) / 1_000;
      const { objects, bytes, problems } = result;
      const worst = gravest(problems.map(({ fault }) => fault));
      if (worst !== undefined && objects.length + problems.length === 1) throw worst;
      context.sayEach(problems.map(({ path: at, fault }) => `not restored: ${at}: ${fault.message}`));
      if (worst !== undefined) context.status = context.exitCode(worst);
      context.print(
        {
          objects,
          bytes,
          seconds,
          problems: problems.map(({ path: at, fault }) => ({
            path: at,
            code: fault.code,
            message: fault.message,
          })),
        },
        `${count(objects.length, 'object')} restored (${size(bytes)}) in ${seconds.toFixed(1)} s` +
          (problems.length > 0 ? `; ${problems.length} NOT restored` : ''),
      );
    },
  });
}
