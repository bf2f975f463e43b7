// vauban drill: a real loss, staged and measured on a live network, with a report.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from '@vauban/core';
import type * as Drill from '@vauban/drill';
import type { OperatorDesk, Stage } from '@vauban/fleet';
import type { Command } from 'commander';
import { type DrillSeen, drillLine, drillScreen, previewInWords } from '../drill-screen.ts';
import { wholeNumber } from '../arguments.ts';
import type { Context } from '../context.ts';
import { FullScreen } from '../full-screen.ts';
import { confirmed } from '../operator-verb.ts';
import { wrap } from '../output.ts';
import { passphraseFrom } from '../passphrase.ts';
import { ownCommand } from '../own-command.ts';

interface Options {
  readonly network?: string;
  readonly operatorKey?: string;
  readonly report?: string;
  readonly dryRun?: boolean;
  readonly vault?: string;
  readonly passphraseFile?: string;
  readonly seed: number;
  readonly abortBelow?: number;
  readonly yes?: boolean;
}

const EVENTS_SHOWN = 8;
/** Without a terminal: so often a line, besides events and phases. */
const LINE_EVERY_MS = 5_000;

export function registerDrill(program: Command, context: Context): Command {
  const command = program
    .command('drill')
    .description('lose a datacenter on purpose, watch, and keep a report')
    // What stands behind a verb of its own belongs to that verb.
    .enablePositionalOptions()
    .argument('[scenario]', 'a name of the library (vauban drill list), or a TOML file')
    .option('--network <dir>', 'the directory of a local network')
    .option('--operator-key <file>', 'your operator key (a local network’s directory has one)')
    .option('--report <dir>', 'where the report goes')
    .option('--dry-run', 'only say what would be at risk, from placement alone')
    .option('--vault <dir>', 'with --dry-run: name the files of this vault that would be')
    .option('--passphrase-file <file>', 'its passphrase, on the first line')
    .option('--seed <number>', 'which sites are struck, where the scenario leaves that open', wholeNumber, 1)
    .option('--abort-below <margin>', 'break off when the worst margin falls below this', wholeNumber)
    .option('--yes', 'yes, really do that to this network');
  context.declare<Options>(command, {
    example: 'vauban drill burn-one-site --network ./grand-est --report ./reports --yes',
    notes:
      'Everything in it is real: daemons are killed, disks erased, networks cut, and files of an agency of its own are stored and read all the while. ' +
      'What burns stays burnt; those files are given up in the end. The charter’s waiting times are shortened where the scenario says so, and put back; the report has both. ' +
      'Only an operator of the charter may begin one. Beginning, end and the report’s hash are in the ledger. Exit status 1 when a promise was broken.',
    run: async ([name], options) => {
      const drill = await import('@vauban/drill');
      if (name === undefined) {
        const known = await drill.libraryNames();
        throw new Fault('usage', 'SCENARIO_MISSING', `which scenario? The library has ${known.join(', ')}`, {
          known: [...known],
        });
      }
      const file = await drill.findScenario(name);
      const { openStage, OperatorDesk } = await import('@vauban/fleet');
      const { network } = options;
      if (network === undefined) {
        const message = 'a drill needs a network: give --network <its directory>';
        throw new Fault('usage', 'NETWORK_MISSING', message, {});
      }
      const stage = await openStage(network, { command: ownCommand });
      // Without the signal of Ctrl-C: what was staged is undone by asking the daemons.
      const { operatorKey } = options;
      const desk = await OperatorDesk.open(network, operatorKey === undefined ? {} : { operatorKey });
      try {
        await (options.dryRun === true ? dryRun : play)(context, { drill, file, stage, desk, options });
      } finally {
        await desk.close();
      }
    },
  });
  return command;
}

interface Ground {
  readonly drill: typeof Drill;
  readonly file: Drill.ScenarioFile;
  readonly stage: Stage;
  readonly desk: OperatorDesk;
  readonly options: Options;
}

async function dryRun(context: Context, { drill, file, stage, desk, options }: Ground): Promise<void> {
  const { seed } = options;
  const { signal } = context;
  const { view, draw } = await drill.castDrill({ stage, desk, file, seed, signal });
  const { vault: directory } = options;
  const objectsOf =
    directory === undefined ? undefined : await objectsIn(context, { drill, directory, options });
  const foreseen = await drill.foresee(
    { stage, file },
    { view, draw, charter: desk.charter, ...(objectsOf === undefined ? {} : { objectsOf }) },
  );
  const { scenario } = file;
  const { abortBelow = scenario.abortBelow } = options;
  drill.checkFloor(abortBelow, desk.charter, null);
  context.print(
    { scenario: scenario.name, seed, ...foreseen },
    previewInWords(scenario, foreseen, abortBelow),
  );
}

/** Only their agency knows which files a segment holds. */
async function objectsIn(
  context: Context,
  of: { readonly drill: typeof Drill; readonly directory: string; readonly options: Options },
): Promise<(segment: string) => readonly string[]> {
  const { nodeClient, Vault } = await import('@vauban/client');
  const vault = await Vault.open(await nodeClient(of.directory), await passphraseFrom(context, of.options));
  try {
    return await of.drill.objectsInVault(vault, '', context.signal);
  } finally {
    await vault.close();
  }
}

async function play(context: Context, { drill, file, stage, desk, options }: Ground): Promise<void> {
  const { scenario } = file;
  const { report } = options;
  if (report === undefined) {
    throw new Fault('usage', 'REPORT_MISSING', 'where should the report go? Give --report <directory>', {});
  }
  const { seed, abortBelow = scenario.abortBelow } = options;
  const left: string[] = [];
  const watched = watch(context, { scenario, desk });
  const drilling = {
    stage,
    desk,
    file,
    seed,
    abortBelow,
    onProgress: watched.show,
    onLeft: (what: string, why: Fault) => left.push(`${what}: ${why.message}`),
    signal: AbortSignal.any([context.signal, ...watched.left]),
  };
  const scratch = await mkdtemp(join(tmpdir(), 'vauban-drill-'));
  let result: Drill.DrillResult;
  let written: Drill.WrittenReport;
  const { burnt } = await stage.look();
  try {
    await drill.checkReportPlace(report);
    const cast = await drill.castDrill(drilling);
    await drill.checkReady(drilling, cast);
    const foreseen = await drill.foresee({ stage, file }, { ...cast, charter: desk.charter });
    if (!context.json) context.say(`${previewInWords(scenario, foreseen, abortBelow)}\n`);
    await confirmed(context, {
      yes: options.yes,
      question: `${scenario.title.en}: this is done for real to ${desk.charter.name}, and what burns stays burnt?`,
      facts: { scenario: scenario.name },
    });
    watched.begin();
    result = await drill.runDrill({ ...drilling, scratch }, cast);
    written = await drill.writeReport(desk, { file, result, directory: report });
  } catch (error) {
    throw drilling.signal.aborted ? await brokenOff(stage, burnt) : error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
    watched.end();
    for (const message of left) context.say(`! Not as it was before: ${message}`);
  }
  const ok = result.aborted === null && result.promises.every(({ kept }) => kept);
  const promises = result.promises.map(({ name, kept, detail }) => ({ name, kept, detail: detail.en }));
  const document = {
    ok,
    scenario: scenario.name,
    promises,
    phases: result.phases,
    report: written,
    aborted: result.aborted?.en ?? null,
  };
  context.print(document, verdictInWords(result, { ok, written, network: options.network ?? '' }));
  if (!ok) context.status = 1;
}

/** What Ctrl-C leaves behind. `burntBefore`: sites that had burnt before the drill. */
async function brokenOff(stage: Stage, burntBefore: ReadonlySet<string>): Promise<Fault> {
  const { burnt } = await stage.look();
  const lost = [...burnt].filter((site) => !burntBefore.has(site));
  const stays = lost.length === 0 ? 'nothing has burnt' : `burnt, and stays burnt: ${lost.join(', ')}`;
  const message = `broken off by hand, so there is no report; what was staged is undone; ${stays}`;
  return new Fault('interrupted', 'INTERRUPTED', message, { burnt: lost });
}

function verdictInWords(
  { promises, aborted, scenario }: Drill.DrillResult,
  of: { readonly ok: boolean; readonly written: Drill.WrittenReport; readonly network: string },
): string {
  const { ok, written, network } = of;
  const lines = promises.map(
    ({ kept, title, detail }) =>
      `${kept ? 'kept  ' : 'BROKEN'}  ${title.en}\n        ${wrap(detail.en, 72).replaceAll('\n', '\n        ')}`,
  );
  return [
    `${ok ? 'KEPT' : 'BROKEN'}: ${scenario.title.en}`,
    ...(aborted === null ? [] : [wrap(aborted.en)]),
    ...lines,
    '',
    `Report: ${written.html}`,
    `        ${written.json}`,
    ...(written.unrecorded === null
      ? [`Next: vauban drill verify ${written.html} --network ${network}`]
      : [wrap(`! The ledger does not know of the report yet: ${written.unrecorded}`)]),
  ].join('\n');
}

/** A screen that is drawn anew, or lines. */
function watch(
  context: Context,
  { scenario, desk }: { readonly scenario: Drill.Scenario; readonly desk: OperatorDesk },
): {
  readonly show: (progress: Drill.Progress) => void;
  readonly begin: () => void;
  readonly end: () => void;
  readonly left: readonly AbortSignal[];
} {
  const cities = new Map(desk.charter.sites.map(({ id, city }) => [id, city]));
  const { terminal } = context.io;
  const left = new AbortController();
  let screen: FullScreen | undefined;
  let seen: DrillSeen | undefined;
  let lineMs = Number.NEGATIVE_INFINITY;
  return {
    left: [left.signal],
    begin: () => {
      context.io.onGone?.(() => left.abort());
      if (terminal === undefined || context.json) return;
      screen = new FullScreen(context.io, terminal);
      screen.left.addEventListener('abort', () => left.abort(), { once: true });
    },
    end: () => screen?.close(),
    show: (progress) => {
      const { event, phase, sample } = progress;
      // A word of its own: an event, or another phase.
      const isNews = event !== undefined || phase !== seen?.progress.phase;
      const told = event === undefined ? [] : [{ atMs: event.atMs, text: event.what.en }];
      seen = {
        scenario,
        cities,
        progress,
        sample: sample ?? seen?.sample,
        events: [...told, ...(seen?.events ?? [])].slice(0, EVENTS_SHOWN),
      };
      const now = seen;
      if (screen !== undefined) screen.show((size) => drillScreen(now, size));
      else if (isNews || performance.now() - lineMs >= LINE_EVERY_MS) {
        if (!isNews) lineMs = performance.now();
        context.say(drillLine(progress, scenario.workload.files));
      }
    },
  };
}
