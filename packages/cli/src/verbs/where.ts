// vauban where: who holds what of an object, each holder having just proven a random leaf or not; with --at, who held
// what by then, as the ledger recorded it.

import { toHex } from '@vauban/core';
import { heldNow, isoTime, type ProvenHolding } from '@vauban/ledger';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { AT_HELP, moment, notAhead } from '../moment.ts';
import { count, day, table } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { clean } from './put.ts';

const columns = [
  { title: 'fragment', right: true },
  { title: 'site' },
  { title: 'hoster' },
  { title: 'daemon' },
  { title: 'proven now' },
];

interface Options extends VaultOptions {
  readonly at?: number;
}

const pastColumns = [
  { title: 'fragment', right: true },
  { title: 'site' },
  { title: 'hoster' },
  { title: 'daemon' },
  { title: 'from' },
  { title: 'to' },
];

export function registerWhere(program: Command, context: Context): void {
  const command = vaultOptions(program.command('where'))
    .description('say where each fragment of an object is, and challenge its holder')
    .argument('<vault-path>', 'an object')
    .option('--at <date>', `who held what by then, challenging nobody: ${AT_HELP}`, moment);
  context.declare<Options>(command, {
    example: 'vauban where council/2026/minutes.pdf --vault ./archives',
    run: async ([path = ''], options) => {
      if (options.at !== undefined) return past(context, clean(path), { ...options, at: options.at });
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

/** Placement history: every holding that began by that date, with what ended it. */
async function past(
  context: Context,
  path: string,
  options: VaultOptions & { readonly at: number },
): Promise<void> {
  const { nodeClock } = await import('@vauban/core/node');
  const at = notAhead(options.at, nodeClock.now()) ?? options.at;
  const { statement } = await withVault(context, options, (vault) =>
    vault.prove(path, { signal: context.signal, at }),
  );
  const { segments } = statement;
  const text = segments.map((segment, nth) => {
    const held = heldNow(segment);
    const rows = segment.fragments.flatMap(({ index, holdings }) =>
      holdings.length === 0
        ? [[String(index), 'nobody', '', '', '', '']]
        : holdings.map((one) => [
            String(index),
            one.site,
            one.hoster.replace(/^hebergeur-/, ''),
            one.daemon.slice(0, 12),
            day(one.since.time),
            endOf(one),
          ]),
    );
    return [
      `segment ${nth + 1} of ${segments.length}: ${segment.segment.slice(0, 16)}…, ${segment.code} ${segment.k}+${segment.m}`,
      table(pastColumns, rows),
      `${held.fragments} of ${segment.k + segment.m} fragments held, on ${count(held.sites.length, 'site')}`,
    ].join('\n');
  });
  context.print(
    { path, at: isoTime(statement.at), charterVersion: statement.charter.shown, segments },
    [...text, `As recorded by ${isoTime(statement.at)}, by the dates of the entries’ writers.`].join('\n\n'),
  );
}

function endOf({ until }: ProvenHolding): string {
  if (until === null) return '';
  return `${day(until.time)} ${until.kind === 'charter' ? 'left' : until.kind}`;
}
