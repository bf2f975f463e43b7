// vauban ls: what the vault holds, from its own log.

import { asFault, Fault, toHex } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { printable, size, table, time } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';

interface Options extends VaultOptions {
  readonly stale?: boolean;
  readonly deleted?: boolean;
}

const columns = [{ title: 'size', right: true }, { title: 'modified' }, { title: 'path' }];
const deletedColumns = [
  { title: 'size', right: true },
  { title: 'deleted' },
  { title: 'undelete until' },
  { title: 'path' },
];

export function registerLs(program: Command, context: Context): void {
  const command = vaultOptions(program.command('ls'))
    .description('list what the vault holds')
    .argument('[prefix]', 'only paths that begin with this')
    .option('--stale', 'answer from what was certified when last seen')
    .option('--deleted', 'list what vauban undelete can bring back, and until when');
  context.declare<Options>(command, {
    example: 'vauban ls council/ --vault ./archives',
    run: async ([prefix = ''], options) => {
      if (options.deleted === true) return listDeleted(context, prefix.replace(/^\/+/, ''), options);
      const versions = await withVault(context, options, (vault) =>
        vault
          .list(prefix.replace(/^\/+/, ''), { signal: context.signal, stale: options.stale === true })
          .catch((error: unknown) => {
            throw orStale(asFault(error));
          }),
      );
      const objects = versions.map(({ write }) => ({
        path: write.path,
        kind: write.kind,
        size: write.size,
        modified: time(write.modified),
        version: toHex(write.version),
      }));
      const rows = objects.map((one) => [
        size(one.size),
        one.modified,
        printable(one.path) + (one.kind === 'directory' ? '/' : ''),
      ]);
      context.print({ objects }, rows.length === 0 ? 'nothing' : table(columns, rows, { cut: false }));
    },
  });
}

async function listDeleted(context: Context, prefix: string, options: Options): Promise<void> {
  const deleted = await withVault(context, options, (vault) =>
    vault
      .listDeleted(prefix, { signal: context.signal, stale: options.stale === true })
      .catch((error: unknown) => {
        throw orStale(asFault(error));
      }),
  );
  const objects = deleted.map(({ version: { write }, deletedAt, until }) => ({
    path: write.path,
    kind: write.kind,
    size: write.size,
    deleted: time(deletedAt),
    undeleteUntil: time(until),
    version: toHex(write.version),
  }));
  const rows = objects.map((one) => [
    size(one.size),
    one.deleted,
    one.undeleteUntil,
    printable(one.path) + (one.kind === 'directory' ? '/' : ''),
  ]);
  context.print({ objects }, rows.length === 0 ? 'nothing' : table(deletedColumns, rows, { cut: false }));
}

/** Who cannot be told the newest listing is told how to get the last one. */
function orStale(fault: Fault): Fault {
  if (fault.kind !== 'unreachable') return fault;
  const message = `${fault.message}. --stale lists what was certified when last seen`;
  return new Fault(fault.kind, fault.code, message, fault.facts, fault);
}
