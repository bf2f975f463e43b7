// vauban put: store a file or a tree.

import { lstat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-code.ts';
import { count, size } from '../output.ts';
import { allocatedNow, gravest, type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';

export function registerPut(program: Command, context: Context): void {
  const command = vaultOptions(program.command('put'))
    .description('store a file or a directory')
    .argument('<file-or-dir>', 'what to store')
    .argument('[vault-path]', 'where in the vault; its own name at the top when not given');
  context.declare<VaultOptions>(command, {
    example: 'vauban put ./minutes council/2026 --vault ./archives',
    notes:
      'Directories go in with all that is below; symbolic links are stored, never followed.\n' +
      'A file the vault already has at that path with the same content is not sent again.',
    run: async ([source = '', path], options) => {
      const { nodeSource } = await import('@vauban/client');
      const started = performance.now();
      const total = await sizeOf(source);
      const progress = context.progress('put');
      let done = 0;
      const stored = await withVault(context, options, async (vault, directory) => {
        const before = await allocatedNow(directory);
        const put = await vault.put(nodeSource(resolve(source)), clean(path ?? basename(resolve(source))), {
          signal: context.signal,
          onProgress: (bytes) => {
            done += bytes;
            progress.update(done, total ?? done, size(done));
          },
        });
        const after = await allocatedNow(directory);
        const bytes = before === undefined || after === undefined ? put.sentBytes : after - before;
        return { put, allocated: bytes };
      });
      const { put: result, allocated: storedBytes } = stored;
      const seconds = (performance.now() - started) / 1_000;
      context.sayEach(result.problems.map(({ fault }) => `not stored: ${fault.message}`));
      const worst = gravest(result.problems.map(({ fault }) => fault));
      if (worst !== undefined) context.status = exitCodeOf(worst.kind === 'usage' ? 'failure' : worst.kind);
      const fresh = result.objects.filter(({ unchanged }) => !unchanged).length;
      context.print(
        {
          objects: result.objects,
          bytes: result.bytes,
          storedBytes,
          seconds,
          problems: result.problems.map(({ path: at, fault }) => ({
            path: at,
            code: fault.code,
            message: fault.message,
          })),
        },
        `${count(fresh, 'object')} stored (${size(result.bytes)}, ${size(storedBytes)} on disks) in ${seconds.toFixed(1)} s` +
          (fresh < result.objects.length ? `; ${result.objects.length - fresh} unchanged` : '') +
          (result.problems.length > 0 ? `; ${result.problems.length} NOT stored` : ''),
      );
    },
  });
}

/** A vault path as people type it: without slashes at its ends. */
export function clean(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

/** Bytes of a single file; a tree is not walked twice just for the bar. */
async function sizeOf(source: string): Promise<number | undefined> {
  const found = await lstat(source).catch(() => undefined);
  return found?.isFile() === true ? found.size : undefined;
}
