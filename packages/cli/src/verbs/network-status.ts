// vauban network status: opens with the line that matters.

import type { DaemonStatus } from '@vauban/fleet';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, size, table, time, wrap } from '../output.ts';

const columns = (processes: boolean) => [
  { title: 'site', gives: true },
  { title: 'hoster', gives: true },
  { title: 'state' },
  ...(processes ? [{ title: 'pid', right: true }] : []),
  { title: 'fragments', right: true },
  { title: 'stored', right: true },
];

export function registerNetworkStatus(parent: Command, context: Context): void {
  const command = parent
    .command('status')
    .description('what would still be read if more burnt, and how each daemon is')
    .argument('<dir>', 'the network’s directory');
  context.declare<object>(command, {
    example: 'vauban network status ./grand-est',
    run: async ([dir = '']) => {
      const { networkStatus } = await import('@vauban/fleet');
      const status = await networkStatus(dir, { signal: context.signal });
      const { engineSilent } = status;
      const processes = status.fleet === 'processes';
      const rows = status.daemons.map((one) => [
        one.site,
        one.hoster.replace(/^hebergeur-/, ''),
        stateOf(one),
        ...(processes ? [one.pid === null ? '' : String(one.pid)] : []),
        one.fragments === null ? '?' : String(one.fragments),
        one.bytes === null ? '?' : size(one.bytes),
      ]);
      const notes = [
        ...(engineSilent === null
          ? []
          : [`\n${wrap(`! which containers run is not known: ${engineSilent}`)}`]),
        ...status.daemons.flatMap((one) => [
          ...standingOf(one).map((line) => `\n${wrap(`${one.site} ${line}`)}`),
          ...one.alerts.map((alert) => `\n${wrap(`! ${one.site}: ${alert}`)}`),
        ]),
      ];
      context.print(
        status,
        `${wrap(status.summary)}\n\n${table(columns(processes), rows)}${notes.length > 0 ? '\n' : ''}${notes.join('')}`,
      );
    },
  });
}

/** One word for the table: what keeps it from being counted on comes before what it is busy with. */
function stateOf(one: DaemonStatus): string {
  if (one.state === 'burnt') return one.state;
  if (one.lost) return one.state === 'up' ? 'up, lost' : 'lost';
  if (one.state !== 'up') return one.maintenanceUntil === null ? one.state : 'away';
  if (one.readOnly !== null) return 'read-only';
  if (one.draining !== null) return one.draining.safeToStop ? 'empty' : 'draining';
  if ((one.segmentsToRepair ?? 0) === 0) return 'up';
  return one.repairPaused === true ? 'paused' : 'repairing';
}

function standingOf(one: DaemonStatus): string[] {
  const { lost, maintenanceUntil, readOnly, draining, segmentsToRepair, repairPaused } = one;
  const toRepair = count(segmentsToRepair ?? 0, 'segment');
  return [
    ...(lost ? ['was declared lost: what it held is rebuilt elsewhere'] : []),
    ...(maintenanceUntil === null ? [] : [`is in maintenance until ${time(maintenanceUntil)}`]),
    ...(readOnly === null ? [] : [`is read-only: ${readOnly}`]),
    ...(draining === null
      ? []
      : [
          draining.safeToStop
            ? 'is empty: its daemon may be stopped'
            : `is being emptied: ${count(draining.fragmentsLeft, 'fragment')} left`,
        ]),
    ...((segmentsToRepair ?? 0) > 0
      ? [
          repairPaused === true
            ? `is to rebuild fragments of ${toRepair}, and repair is paused: vauban repair resume`
            : `rebuilds fragments of ${toRepair}`,
        ]
      : []),
  ];
}
