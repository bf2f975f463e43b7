// vauban vault devices: which machines may write to this vault, or once could.

import type { DeviceLine } from '@vauban/client';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, day, table, time } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';

export function registerVaultDevices(parent: Command, context: Context): void {
  const command = vaultOptions(parent.command('devices')).description(
    'the machines that may write to the vault, or once could',
  );
  context.declare<VaultOptions>(command, {
    example: 'vauban vault devices --vault ./archives',
    notes:
      'A device is one log. A vault directory that was put back from an older copy goes on as a new device; what the old one stored stays.',
    run: async (_, options) => {
      const devices = await withVault(context, options, (vault) => vault.devices({ signal: context.signal }));
      const rows = devices.map((one) => [
        short(one.origin),
        day(one.issued),
        mayWrite(one),
        `${one.entries}`,
        one.own ? 'this one' : '',
      ]);
      context.print(
        {
          devices: devices.map(({ origin, issued, until, revoked, sealed, formerRoot, entries, own }) => ({
            device: origin,
            issued: time(issued),
            until: time(until),
            revoked,
            sealed,
            formerRoot,
            entries,
            own,
          })),
        },
        [
          table(
            [
              { title: 'device' },
              { title: 'since' },
              { title: 'may write' },
              { title: 'entries', right: true },
              { title: '' },
            ],
            rows,
          ),
          '',
          `${count(devices.filter(({ revoked, formerRoot }) => !revoked && !formerRoot).length, 'device')} may write.`,
        ].join('\n'),
      );
    },
  });
}

function mayWrite({ revoked, sealed, formerRoot, until }: DeviceLine): string {
  if (revoked) return sealed ? 'revoked' : 'being revoked';
  return formerRoot ? 'no: old root key' : `until ${day(until)}`;
}

/** Enough of a device's number to tell it from others. */
export function short(origin: string): string {
  return origin.slice(origin.indexOf('/') + 1).slice(0, 12);
}
