// vauban forecast: how likely loss is over the years ahead, for this network or an imagined one, and what would change it.

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Fault, isFault } from '@vauban/core';
import type { Effort, Forecast, ForecastOptions, PolicyForecast } from '@vauban/forecast';
import type * as forecasts from '@vauban/forecast';
import { type Command, Option } from 'commander';
import { wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { size, table, wrap } from '../output.ts';

interface Options {
  readonly network?: string;
  readonly assumptions?: string;
  readonly printAssumptions?: boolean;
  readonly years: number;
  readonly policies?: string;
  readonly seed: number;
  readonly effort: 'quick' | 'normal' | 'thorough';
  readonly sites?: number;
  readonly daemons?: number;
  readonly segments?: number;
  readonly report?: string;
}

type Library = typeof forecasts;

const SITES = 9;
const SITES_MAX = 1_000;

export function registerForecast(program: Command, context: Context): void {
  const command = program
    .command('forecast')
    .description('how likely loss is in the years ahead, by simulation')
    .option('--network <dir>', 'this network, and what it stores; an imagined one of nine sites unless said')
    .option('--sites <count>', 'sites of the imagined network (9)', wholeNumber)
    .option('--daemons <count>', 'daemons on each of its sites (1)', wholeNumber)
    .option('--segments <count>', 'as if so many segments were stored', wholeNumber)
    .option('--assumptions <toml>', 'rates and delays that differ from the standard')
    .option('--print-assumptions', 'print them as a file to change, with their sources')
    .option('--years <count>', 'how far ahead', wholeNumber, 5)
    .option('--policies <a,b>', 'which to compare: own and eight others (default: all)')
    .option('--seed <number>', 'the same seed gives the same figures', wholeNumber, 1)
    .addOption(
      new Option('--effort <effort>', 'narrower intervals take longer')
        .choices(['quick', 'normal', 'thorough'])
        .default('normal'),
    )
    .option('--report <dir>', 'write forecast.html and forecast.json there');
  context.declare<Options>(command, {
    example: 'vauban forecast --network ./grand-est --years 10 --report ./forecast',
    notes:
      'With a report, assumptions are also moved one by one to see what matters. Nothing is started or changed. ' +
      'Of a running network, own begins with what its ledger says: who holds what, and who is lost or silent. ' +
      'The other policies keep as much, placed anew by the rule that clients use. ' +
      'Policies: own, 3-copies, 6+3-rs, 6+3-clay, 5+4, 4+2, 3-zones, 10-of-30, 29-of-80.',
    run: async (_, options) => {
      const library = await import('@vauban/forecast');
      const assumptions = await assumptionsFrom(library, options);
      if (options.printAssumptions === true) {
        context.print(assumptions, library.formatAssumptions(assumptions));
        return;
      }
      const asked = await askedOf(context, { library, options, assumptions });
      const forecast = await simulated(context, library.forecasting(asked));
      const files = options.report === undefined ? null : await written(library, forecast, options.report);
      context.print({ ...library.forecastData(forecast), report: files }, text(library, forecast));
      if (files !== null && !context.json) context.say(`Report: ${files.html}`);
    },
  });
}

async function assumptionsFrom(library: Library, { assumptions: file, segments }: Options) {
  const { readFile } = await import('node:fs/promises');
  const read = () => readFile(file ?? '', 'utf8').catch((error: unknown) => notRead(file ?? '', error));
  const assumptions =
    file === undefined ? library.standardAssumptions : library.parseAssumptions(await read());
  if (segments === undefined) return assumptions;
  return { ...assumptions, segments: library.assumptionFrom('segments', segments) };
}

function notRead(file: string, error: unknown): never {
  throw new Fault('failure', 'FILE_UNREADABLE', `${file} cannot be read`, { file }, error);
}

async function askedOf(
  context: Context,
  of: {
    readonly library: Library;
    readonly options: Options;
    readonly assumptions: ForecastOptions['assumptions'];
  },
): Promise<ForecastOptions> {
  const { library, options, assumptions } = of;
  const { cities } = await import('@vauban/fleet');
  const { nodeCrypto } = await import('@vauban/core/node');
  const { network, sites = SITES, daemons = 1 } = options;
  if (network !== undefined && (options.sites ?? options.daemons) !== undefined) {
    const message = '--sites and --daemons describe an imagined network; leave them out with --network';
    throw new Fault('usage', 'FORECAST_OPTIONS', message, {});
  }
  if (sites < 1 || sites > SITES_MAX || daemons < 1 || sites * daemons > 5_000) {
    const message = `an imagined network has 1 to ${SITES_MAX} sites and at most 5,000 daemons in all`;
    throw new Fault('usage', 'FORECAST_OPTIONS', message, { sites, daemons });
  }
  const { charter, held } =
    network === undefined
      ? {
          charter: library.syntheticCharter({ places: cities, sites, daemonsPerSite: daemons }),
          held: undefined,
        }
      : await storedIn(network, context.signal);
  const effort: Effort = library.efforts[options.effort];
  return {
    charter,
    ...(held === undefined ? {} : { held }),
    ...(held === undefined || options.segments === undefined ? {} : { scaledTo: assumptions.segments }),
    assumptions,
    years: options.years,
    ...(options.policies === undefined
      ? {}
      : { policies: options.policies.split(',').map((one) => one.trim()) }),
    seed: options.seed,
    effort,
    sensitivities: options.report !== undefined,
    crypto: nodeCrypto,
    now: network === undefined ? charter.issued : Date.now(),
    places: cities,
  };
}

/** What a network stores, where somebody answers and a key is there to ask with; otherwise its charter alone. */
async function storedIn(
  network: string,
  signal: AbortSignal,
): Promise<Pick<ForecastOptions, 'charter' | 'held'>> {
  const { networkHoldings, readNetworkCharter } = await import('@vauban/fleet');
  const { current } = await readNetworkCharter(network);
  const read = await networkHoldings(network, { signal }).catch((error: unknown) => {
    if (isFault(error, 'NO_KEYS')) return undefined;
    throw error;
  });
  return read === undefined ? { charter: current } : { charter: read.charter, held: read };
}

/** Lets signals through between runs. */
async function simulated(context: Context, steps: ReturnType<Library['forecasting']>): Promise<Forecast> {
  const progress = context.progress('forecast');
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    progress.update(step.value.done, step.value.total, 'runs');
    await setImmediate();
    context.signal.throwIfAborted();
  }
}

async function written(library: Library, forecast: Forecast, directory: string) {
  const { mkdir, writeFile } = await import('node:fs/promises');
  const { renderReport } = await import('@vauban/report');
  const document = library.forecastDocument(forecast, Date.now());
  await mkdir(directory, { recursive: true });
  const files = { html: join(directory, 'forecast.html'), json: join(directory, 'forecast.json') };
  await writeFile(files.html, renderReport(document));
  await writeFile(files.json, `${JSON.stringify(document.data, null, 2)}\n`);
  return files;
}

function text(library: Library, forecast: Forecast): string {
  const chance = (one: number) => library.chanceText(one, 'en');
  const { policies, years, seed, network } = forecast;
  const rows = policies.map(({ keeping, estimate: e }: PolicyForecast) => {
    const { value, low, high } = e.lossPerYear;
    const shown = value === 0 ? `< ${chance(high)}` : `${e.isBound ? '≤ ' : ''}${chance(value)}`;
    return [
      keeping.id,
      shown,
      `${chance(low)} – ${chance(high)}`,
      e.nines === null ? '–' : e.nines.toFixed(1),
      size(e.repairBytesPerYear.value),
      e.rawPerUsable.toFixed(2),
    ];
  });
  const columns = [
    { title: 'policy', gives: true },
    { title: 'loss per year', right: true },
    { title: '95 % interval', right: true },
    { title: 'nines', right: true },
    { title: 'repair/y', right: true },
    { title: 'raw', right: true },
  ];
  const lead = policies[0];
  const margins =
    lead === undefined
      ? []
      : lead.estimate.timeAtMargin
          .slice(0, 4)
          .map(
            ({ margin, share }) =>
              `margin ${margin}: ${share.value > 0.01 ? `${(share.value * 100).toFixed(2)} %` : chance(share.value)}`,
          );
  const notes = [
    `${network.name}: ${network.sites} sites, ${network.daemons} daemons; ${years} ${years === 1 ? 'year' : 'years'}, seed ${seed}. ` +
      'Loss: chance that any segment is lost in a year; nines: of one segment. Raw: terabytes per usable one.',
    ...library.storedText(forecast).map(({ en }) => en),
    ...(lead === undefined ? [] : [`Share of time under ${lead.keeping.id}: ${margins.join(', ')}.`]),
    ...policies
      .filter(({ hosts }) => hosts !== null)
      .map(
        ({ keeping, hosts }) =>
          `${keeping.id} needs more places than there are: simulated on ${hosts} hosts.`,
      ),
    'What it rests on: vauban forecast --print-assumptions',
  ];
  return `${table(columns, rows)}\n\n${notes.map((note) => wrap(note)).join('\n')}`;
}
