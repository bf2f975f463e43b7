// vauban daemon status: what a hoster's daemon holds, for whom, what it is doing, and what it wants from a human.

import type { Command } from 'commander';
import type { AdminStatus } from '@vauban/daemon';
import type { Context } from '../context.ts';
import { count, day, indented, printable, size, table, time, wrap } from '../output.ts';

/** What a table has when it is two columns in. */
const INDENTED = 78;

interface Options {
  readonly config: string;
}

export function registerDaemonStatus(parent: Command, context: Context): void {
  const command = parent
    .command('status')
    .description('what a running daemon holds, does and wants')
    .requiredOption('--config <toml>', 'its configuration file');
  context.declare<Options>(command, {
    example: 'vauban daemon status --config /srv/vauban/daemon.toml',
    notes: 'Asks the running daemon through its admin socket. What it wants from a human comes last.',
    run: async (_, { config }) => {
      const { askAdmin } = await import('@vauban/daemon');
      const ask = { method: 'GET', path: '/v0/status', signal: context.signal } as const;
      const status = (await askAdmin(config, ask)) as AdminStatus;
      context.print(status, statusText(status));
    },
  });
}

export function statusText(status: AdminStatus): string {
  const { holds, ledger, charter } = status;
  const silent = ledger.silent === null ? [] : [indented(`no vote now: ${printable(ledger.silent.message)}`)];
  return [
    wrap(`${status.site} (${status.hoster}) is ${status.mode}, since ${time(status.startedAt)}`),
    indented(`daemon ${status.daemon}`),
    indented(`charter ${charter.name}, version ${charter.version}, until ${day(charter.expires)}`),
    '',
    wrap(
      `Holds ${count(holds.fragments, 'fragment')}, ${size(holds.bytes)} of ${size(holds.capacityBytes)}; room for ${size(holds.freeBytes)}`,
    ),
    ...(holds.agencies.length === 0 ? [] : [block(agencies(status))]),
    '',
    wrap(
      `Ledger: ${count(ledger.logs, 'log')}, ${count(ledger.entries, 'entry', 'entries')}, ${ledger.uncertified} not certified`,
    ),
    ...silent,
    ...(status.peers.length === 0 ? [] : ['', 'Other daemons', block(peers(status))]),
    '',
    'Doing',
    ...(status.doing.length === 0 ? [indented('nothing but serving')] : status.doing.map(activity)),
    '',
    'Wants from you',
    ...(status.wants.length === 0
      ? [indented('nothing')]
      : status.wants.map(({ code, message }) => indented(`! ${printable(message)} (${code})`))),
  ].join('\n');
}

function agencies({ holds }: AdminStatus): string {
  return table(
    [
      { title: 'agency', gives: true },
      { title: 'stored', right: true },
    ],
    holds.agencies.map(({ name, bytes }) => [printable(name), size(bytes)]),
    { columns: INDENTED },
  );
}

function peers(status: AdminStatus): string {
  return table(
    [
      { title: 'site', gives: true },
      { title: 'hoster', gives: true },
      { title: 'up', right: true },
      { title: 'silent', right: true },
      { title: 'lost', right: true },
    ],
    status.peers.map((of) => [of.site, of.hoster, `${of.up}`, `${of.silent}`, `${of.lost}`]),
    { columns: INDENTED },
  );
}

function activity({ text, done, total }: AdminStatus['doing'][number]): string {
  const part = done === undefined || total === undefined ? '' : `, ${done} of ${total}`;
  return indented(`${printable(text)}${part}`);
}

function block(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
