// vauban site declare-lost: the crisis team says that a site does not come back soon. Others rebuild what it held, at once.

import type { HealingOverview, SiteStatement } from '@vauban/fleet';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import {
  atOperatorDesk,
  confirmed,
  entryInWords,
  operatorOptions,
  type OperatorVerbOptions,
} from '../operator-verb.ts';
import { count, size, wrap } from '../output.ts';

interface Options extends OperatorVerbOptions {
  readonly yes?: boolean;
}

export function registerSiteDeclareLost(parent: Command, context: Context): void {
  const command = operatorOptions(parent.command('declare-lost'))
    .description('say that a site is lost: what it held is rebuilt elsewhere, at once')
    .argument('<site>', 'which one')
    .option('--yes', 'yes, it is lost');
  context.declare<Options>(command, {
    example: 'vauban site declare-lost strasbourg --network ./grand-est --yes',
    notes:
      'For a site that is known to be gone: without this, a silent site is waited for (lost-after in the charter). The word goes ' +
      'into the operator’s own log and counts once a quorum of hosters has cosigned it. Nothing is erased. A daemon of the site that ' +
      'comes back serves what it has and takes nothing new until its engineer readmits it.',
    run: async ([site = ''], { yes, ...options }) => {
      const { checkSite, declareSiteLost, healingOf } = await import('@vauban/fleet');
      const { said, repair } = await atOperatorDesk(context, options, async (desk) => {
        const { hoster } = checkSite(desk.charter, site);
        const daemons = desk.charter.daemons.filter((one) => one.site === site).length;
        await confirmed(context, {
          yes,
          question: `${site} of ${hoster} is lost, with ${count(daemons, 'daemon')}? Everything it held will be rebuilt elsewhere.`,
          facts: { site, hoster, daemons },
        });
        const word = await declareSiteLost(desk, site);
        // It is said and done, whoever answers now.
        return { said: word, repair: await healingOf(desk).catch(() => undefined) };
      });
      context.print(said, `${inWords(said)}\n${wrap(nextInWords(said, repair))}`);
      if (!context.json) context.say(`Next: vauban repair status --network ${options.network}`);
    },
  });
}

function inWords({ site, hoster, operator, daemons, entry, cosignedBy, finished }: SiteStatement): string {
  return [
    wrap(
      `${site} of ${hoster} is declared lost by ${operator}${finished ? ', as an earlier run began to say' : ''}; cosigned by ${cosignedBy.join(', ')}.`,
    ),
    entryInWords(entry),
    ...(daemons.length === 0 ? [] : [`No longer counted on: ${daemons.join('\n                      ')}`]),
  ].join('\n');
}

/**
 * What comes of it. Daemons take a moment to look through the ledger: that none of them has found anything yet does not say
 * that there is nothing. `repair`: undefined when nobody answered.
 */
export function nextInWords(
  { daemons }: Pick<SiteStatement, 'daemons'>,
  repair: Pick<HealingOverview, 'paused' | 'pausedSites' | 'segmentsToRepair' | 'bytesToGo'> | undefined,
): string {
  if (daemons.length === 0) return 'No daemon stands there: nothing is to be rebuilt.';
  if (repair?.paused === true) {
    return 'Repair is paused: what they held is rebuilt only after vauban repair resume.';
  }
  const { pausedSites = [], segmentsToRepair = 0, bytesToGo = 0 } = repair ?? {};
  const paused = pausedSites.length === 0 ? '' : `; repair is paused at ${pausedSites.join(', ')}`;
  const known =
    segmentsToRepair === 0
      ? ''
      : ` (${count(segmentsToRepair, 'segment')}, ${size(bytesToGo)} to go, as far as is known yet)`;
  return `What they held and nobody has rebuilt yet is rebuilt from now on${known}${paused}.`;
}
