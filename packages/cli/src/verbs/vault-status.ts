// vauban vault status: am I safe?

import { toHex } from '@vauban/core';
import { margin } from '@vauban/placement';
import { fragmentBytesOf } from '@vauban/ledger';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, size, time } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';

export function registerVaultStatus(parent: Command, context: Context): void {
  const command = vaultOptions(parent.command('status')).description(
    'how much is stored, and how many sites may burn',
  );
  context.declare<VaultOptions>(command, {
    example: 'vauban vault status --vault ./archives',
    run: async (_, options) => {
      const document = await withVault(context, options, async (vault) => {
        const { signal } = context;
        // In a crisis, what was certified when last seen counts; a note says so.
        const places = await vault.places('', { signal });
        const versions = await vault.list('', { stale: true, signal });
        const { links, charter } = vault.membership;
        const live = await links.live({ patient: true, signal });
        const held = await Promise.all(
          places.map(async (place) => ({ place, holders: await vault.holders.of(place, signal) })),
        );
        const margins = held.map(
          ({ place, holders }) =>
            margin(charter, { k: place.k, holders, live: (daemon) => live.has(daemon) }).sites,
        );
        const storedBytes = held.reduce(
          (sum, { place, holders }) => sum + holders.length * fragmentBytesOf(place),
          0,
        );
        const agency = charter.agencies.find((one) => one.id === vault.agency);
        return {
          vault: vault.id,
          agency: vault.agency,
          objects: versions.length,
          bytes: versions.reduce((sum, { write }) => sum + write.size, 0),
          storedBytes,
          segments: new Set(places.map((place) => toHex(place.segment))).size,
          worstMargin: margins.length === 0 ? null : Math.min(...margins),
          lastCertified: vault.newestTime === 0 ? null : time(vault.newestTime),
          quotaBytes: agency?.quotaBytes ?? 0,
          daemonsUp: live.size,
          daemons: charter.daemons.length,
        };
      });
      const { worstMargin } = document;
      const safe =
        worstMargin === null
          ? 'nothing stored yet'
          : worstMargin < 0
            ? 'SOME OBJECTS CANNOT BE READ NOW'
            : `all objects can be read; ${worstMargin === 0 ? 'no more sites' : `any ${count(worstMargin, 'more site')}`} may be lost`;
      context.print(
        document,
        [
          `${safe}; ${document.daemonsUp} of ${document.daemons} daemons up`,
          '',
          `objects         ${document.objects} (${size(document.bytes)})`,
          `stored          ${size(document.storedBytes)} in ${count(document.segments, 'segment')}`,
          `last certified  ${document.lastCertified ?? 'never'}`,
          `quota           ${size(document.quotaBytes)}`,
        ].join('\n'),
      );
    },
  });
}
