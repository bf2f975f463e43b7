// vauban repair status: how far the network is with rebuilding what was lost.

import type { HealingOverview } from '@vauban/fleet';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { atOperatorDesk, operatorOptions, type OperatorVerbOptions, whySilent } from '../operator-verb.ts';
import { count, period, size, table, wrap } from '../output.ts';

interface Options extends OperatorVerbOptions {
  readonly watch?: boolean;
}

const REFRESH_MS = 1_000;
/** What one daemon gives up, another takes over a moment later: nothing is left when nobody says so twice. */
const QUIET_READINGS = 2;

export function registerRepairStatus(parent: Command, context: Context): void {
  const command = operatorOptions(parent.command('status'))
    .description('how much is to be rebuilt, how endangered it is, and how long it takes')
    .option('--watch', 'ask again each second, until nothing is left to repair');
  context.declare<Options>(command, {
    example: 'vauban repair status --network ./grand-est --watch',
    notes:
      'A margin is how many more fragments of a segment may be lost; below 0 it cannot be read now. Each daemon counts what it is to ' +
      'take in itself. Nothing is to be repaired before a silent site is lost: after a while (lost-after in the charter), or ' +
      'when an operator says so (vauban site declare-lost).',
    run: async (_, { watch, ...options }) => {
      const { healingOf } = await import('@vauban/fleet');
      const { nodeClock } = await import('@vauban/core/node');
      const sleep = (ms: number, signal: AbortSignal) => nodeClock.sleep(ms, signal);
      const overview = await atOperatorDesk(context, options, async (desk) =>
        watch === true ? watchRepair(context, () => healingOf(desk), sleep) : healingOf(desk),
      );
      context.print(overview, healingInWords(overview));
    },
  });
}

/** The last of many: by then a quorum is heard, and nothing is left. */
export async function watchRepair(
  context: Pick<Context, 'progress' | 'say' | 'signal'>,
  ask: () => Promise<HealingOverview>,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
): Promise<HealingOverview> {
  let bar = context.progress('repair');
  let most = 0;
  let told = false;
  for (let quiet = 0; ; ) {
    const now = await ask();
    const { segmentsToRepair: left } = now;
    // Without a quorum nobody can say that nothing is left.
    const deaf = isDeaf(now);
    if (deaf && !told) {
      context.say(`${headline(now)}; waiting for them`);
      bar = context.progress('repair');
    }
    told = deaf;
    quiet = left === 0 && !deaf ? quiet + 1 : 0;
    if (quiet >= QUIET_READINGS) return now;
    most = Math.max(most, left);
    bar.update(most - left, most, deaf ? noQuorum(now) : toGo(now));
    await sleep(REFRESH_MS, context.signal);
  }
}

/** Within 80 columns. */
export function healingInWords(of: HealingOverview): string {
  const { byMargin, rateByLink, daemons, silent } = of;
  // The most endangered first.
  const margins = Object.entries(byMargin)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([margin, segments]) => [margin, String(segments)]);
  const rates = Object.entries(rateByLink).map(([site, bytes]) => [site, `${size(bytes)}/s`]);
  const busy = daemons
    .filter((one) => one.segmentsToRepair > 0)
    .map((one) => [
      one.site,
      String(one.segmentsToRepair),
      size(one.bytesToGo),
      one.paused ? 'paused' : one.etaSeconds === null ? '?' : period(one.etaSeconds),
    ]);
  const leaving = daemons.flatMap(({ site, leaving: out }) =>
    out === null
      ? []
      : [
          out.safeToStop
            ? `${site} is empty: its daemon may be stopped`
            : `${site} is being emptied: ${count(out.fragmentsLeft, 'fragment')}, ${size(out.bytesLeft)} left`,
        ],
  );
  const notes = [
    ...leaving,
    ...daemons.flatMap(({ site, readOnly }) =>
      readOnly === null ? [] : [`${site} is read-only: ${readOnly}`],
    ),
    ...silent.map((one) => `! ${one.site} is not counted here: ${whySilent(one)}`),
  ];
  const right = { right: true };
  return [
    wrap(`${headline(of)}.`),
    ...(margins.length === 0
      ? []
      : [
          table(
            [
              { title: 'margin', ...right },
              { title: 'segments', ...right },
            ],
            margins,
          ),
        ]),
    ...(busy.length === 0
      ? []
      : [
          table(
            [
              { title: 'site that repairs' },
              { title: 'segments', ...right },
              { title: 'to go', ...right },
              { title: 'left', ...right },
            ],
            busy,
          ),
        ]),
    ...(rates.length === 0 ? [] : [table([{ title: 'comes from' }, { title: 'now', ...right }], rates)]),
    ...(notes.length === 0 ? [] : [notes.map((note) => wrap(note)).join('\n')]),
  ].join('\n\n');
}

function headline(of: HealingOverview): string {
  const stopped = of.paused
    ? '; repair is paused'
    : of.pausedSites.length > 0
      ? `; paused at ${of.pausedSites.join(', ')}`
      : '';
  const done = of.doneSegments === 0 ? '' : `; ${size(of.doneBytes)} rebuilt since the daemons started`;
  const left = of.segmentsToRepair === 0 ? 'nothing is to be repaired' : toGo(of);
  return `${isDeaf(of) ? withoutQuorum(of) : left}${stopped}${done}`;
}

/** Too few hosters are heard for anything to be certified. */
function isDeaf({ hosters }: HealingOverview): boolean {
  return hosters.answered < hosters.needed;
}

function noQuorum({ hosters: { answered, all, needed } }: HealingOverview): string {
  return `no quorum is heard: ${answered} of ${count(all, 'hoster')} ${answered === 1 ? 'answers' : 'answer'}, ${needed} are needed`;
}

function withoutQuorum(of: HealingOverview): string {
  const known = of.segmentsToRepair === 0 ? '' : `; known so far: ${count(of.segmentsToRepair, 'segment')}`;
  return `${noQuorum(of)}; until then nobody says what is to be repaired, and nothing can be${known}`;
}

function toGo({ segmentsToRepair, bytesToGo, etaSeconds, paused }: HealingOverview): string {
  const left = paused ? '' : etaSeconds === null ? ', no telling how long' : `, about ${period(etaSeconds)}`;
  return `${count(segmentsToRepair, 'segment')} to repair, ${size(bytesToGo)} to go${left}`;
}
