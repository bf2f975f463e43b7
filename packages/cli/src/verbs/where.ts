// vauban where: who holds what of an object, each holder having just proven a random leaf or not; with --at, who held
// what by then, as the ledger recorded it.

import type { FragmentWhereabouts } from '@vauban/client';
import { toHex } from '@vauban/core';
import { heldNow, isoTime, type ProvenHolding } from '@vauban/ledger';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { AT_HELP, moment, notAhead } from '../moment.ts';
import { whySilent } from '../operator-verb.ts';
import { count, day, printable, table, wrap } from '../output.ts';
import { type VaultOptions, vaultOptions, withVault } from '../vault-verb.ts';
import { clean } from './put.ts';

const columns = [
  { title: 'fragment', right: true },
  { title: 'site', gives: true },
  { title: 'hoster', gives: true },
  { title: 'daemon' },
  { title: 'named by' },
  { title: 'proven now' },
];

interface Options extends VaultOptions {
  readonly at?: number;
}

const pastColumns = [
  { title: 'fragment', right: true },
  { title: 'site', gives: true },
  { title: 'hoster', gives: true },
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
        fragments: fragments.map(({ problem: _, ...one }) => one),
      }));
      const sites = found.length === 0 ? null : Math.min(...found.map(({ survives }) => survives));
      const text = found.map(({ place, fragments }, nth) =>
        [
          `segment ${nth + 1} of ${found.length}: ${toHex(place.segment).slice(0, 16)}…, ${place.code} ${place.k}+${place.m}`,
          holdersInWords(fragments),
        ].join('\n'),
      );
      const survives =
        sites === null
          ? 'The object has no bytes: its record is in the ledger.'
          : sites < 0
            ? 'It cannot be read now.'
            : sites === 0
              ? 'It may not survive the loss of one more site.'
              : `It survives the loss of any ${count(sites, 'more site')}.`;
      context.print({ path: clean(path), segments, survives: { sites } }, [...text, survives].join('\n\n'));
    },
  });
}

/** Within 80 columns: why somebody did not prove what it is to hold stands below, for no table has room for it. */
export function holdersInWords(fragments: readonly FragmentWhereabouts[]): string {
  const unproven = fragments.flatMap(({ index, site, live, gone, problem }) =>
    live || gone ? [] : [{ index, site, problem }],
  );
  const proven = ({ live, gone }: FragmentWhereabouts) => (live ? 'yes' : gone ? 'no, gone' : 'NO');
  return [
    table(
      columns,
      fragments.map((one) => [
        String(one.index),
        one.site,
        one.hoster.replace(/^hebergeur-/, ''),
        one.daemon.slice(0, 12),
        one.by,
        proven(one),
      ]),
    ),
    ...unproven.map(({ index, site, problem }) => {
      const why =
        problem === null ? 'nobody knows why' : `${printable(whySilent(problem))} (${problem.code})`;
      return wrap(`! fragment ${index} at ${site}: ${why}`);
    }),
    ...moved(fragments),
  ].join('\n');
}

/** Where fragments are that their place does not name. */
function moved(fragments: readonly FragmentWhereabouts[]): string[] {
  const since = fragments.filter((one) => one.by === 'custody' && one.live);
  if (since.length === 0) return [];
  const sites = since.map(({ index, site }) => `fragment ${index} at ${site}`);
  return [wrap(`Rebuilt or moved since it was stored: ${sites.join(', ')}.`)];
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
