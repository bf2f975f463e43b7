// vauban where: who holds what of an object, each holder having just proven a random leaf or not.

import { toHex } from '@vauban/core';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { count, table } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { clean } from './put.ts';

const columns = [
  { title: 'fragment', right: true },
  { title: 'site' },
  { title: 'hoster' },
  { title: 'daemon' },
  { title: 'proven now' },
];

export function registerWhere(program: Command, context: Context): void {
  const command = vaultOptions(program.command('where'))
    .description('say where each fragment of an object is, and challenge its holder')
    .argument('<vault-path>', 'an object');
  context.declare<VaultOptions>(command, {
    example: 'vauban where council/2026/minutes.pdf --vault ./archives',
    run: async ([path = ''], options) => {
      const found = await withVault(context, options, (vault) =>
        vault.where(clean(path), { signal: context.signal }),
      );
      const segments = found.map(({ place, fragments }) => ({
        id: toHex(place.segment),
        code: place.code,
        k: place.k,
        m: place.m,
        fragments: fragments.map(({ index, daemon, hoster, site, root, live }) => ({
          index,
          daemon,
          hoster,
          site,
          root,
          live,
        })),
      }));
      const sites = found.length === 0 ? null : Math.min(...found.map(({ survives }) => survives));
      const text = found.map(({ place, fragments }, nth) =>
        [
          `segment ${nth + 1} of ${found.length}: ${toHex(place.segment).slice(0, 16)}…, ${place.code} ${place.k}+${place.m}`,
          table(
            columns,
            fragments.map((one) => [
              String(one.index),
              one.site,
              one.hoster.replace(/^hebergeur-/, ''),
              one.daemon.slice(0, 12),
              one.live ? 'yes' : `NO: ${one.problem?.code ?? 'unknown'}`,
            ]),
          ),
        ].join('\n'),
      );
      const survives =
        sites === null
          ? 'The object has no bytes: its record is in the ledger.'
          : sites < 0
            ? 'It cannot be read now.'
            : `It survives the loss of any ${count(sites, 'more site')}.`;
      context.print({ path: clean(path), segments, survives: { sites } }, [...text, survives].join('\n\n'));
    },
  });
}
