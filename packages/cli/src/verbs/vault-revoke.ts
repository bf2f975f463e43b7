// vauban vault revoke: take a device's rights away, for good.

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { short } from './vault-devices.ts';

export function registerVaultRevoke(parent: Command, context: Context): void {
  const command = vaultOptions(parent.command('revoke'))
    .description('take a device’s rights away, for good')
    .argument('<device>', 'its number, or the beginning of it');
  context.declare<VaultOptions>(command, {
    example: 'vauban vault revoke 6f1a0c --vault ./archives',
    notes:
      'For a machine that was lost or stolen. Everything it stored stays readable; nothing more that it signs counts. A machine that still has the vault’s directory and its passphrase can make itself a new device: then give the agency a new root key (vault new-root).',
    run: async ([device = ''], options) => {
      const done = await withVault(context, options, (vault) =>
        vault.revokeDevice(device, { signal: context.signal }),
      );
      const { adopted, skipped, branches } = done;
      const lines = [`Device ${short(done.device)} is revoked.`];
      if (adopted > 0)
        lines.push(`${count(adopted, 'entry', 'entries')} it had not finished were taken over.`);
      if (branches > 1) lines.push(`It had written ${branches} histories; what any of them stored is kept.`);
      if (skipped.length > 0) {
        const codes = [...new Set(skipped.map(({ code }) => code))].join(', ');
        lines.push(`${count(skipped.length, 'entry', 'entries')} no hoster takes over: ${codes}.`);
      }
      context.print(done, lines.join('\n'));
    },
  });
}
