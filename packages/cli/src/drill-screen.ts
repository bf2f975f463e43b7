// What a terminal shows of a drill while it runs: the sites, the margin, what is being repaired and how long that may take.

import type { Preview, Progress, Sample, Scenario } from '@vauban/drill';
import { count, period, printable, size, table, wrap } from './output.ts';

export interface DrillSeen {
  readonly scenario: Scenario;
  readonly cities: ReadonlyMap<string, string>;
  /** The newest first. */
  readonly events: readonly { readonly atMs: number; readonly text: string }[];
  readonly progress: Progress;
  readonly sample: Sample | undefined;
}

const phaseWords: { readonly [phase in Progress['phase']]: string } = {
  preparing: 'getting ready: every disk is read',
  healthy: 'healthy: nothing has happened yet',
  event: 'the event',
  degraded: 'degraded: nothing is rebuilt yet',
  repair: 'repair',
  'full-margin': 'the margin is back: watched a little longer, then all is read back',
  closing: 'closing: what was staged is undone, waiting times are put back',
};
/** Where the last phase begins without what it is named after. */
const TIME_OVER = 'time over: the margin is not back; now all that can be is read back';
/** The last line of the screen. */
const KEYS = 'q or Ctrl-C breaks off: what was staged is undone, what burnt stays burnt';

function phaseInWords({ phase, healed, stored }: Progress, files: number): string {
  if (phase === 'full-margin' && healed === false) return TIME_OVER;
  if (phase === 'preparing' && stored < files) return `getting ready: ${stored} of ${files} files stored`;
  return phaseWords[phase];
}

/** At most `rows` lines of at most `columns`. */
export function drillScreen(
  { scenario, cities, events, progress, sample }: DrillSeen,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): readonly string[] {
  const head = [
    `Drill: ${scenario.title.en}`,
    `${clock(progress.atMs)}  ${phaseInWords(progress, scenario.workload.files)}`,
    '',
    ...(sample === undefined ? [] : [marginLong(sample), repairLine(sample), workLine(progress), '']),
  ];
  const sites = sample === undefined ? [] : siteLines(sample, cities, columns);
  const told = events.map(({ atMs, text }) => `${clock(atMs)}  ${text}`);
  const lines = [...head, ...sites, ...(told.length === 0 ? [] : ['', ...told])];
  const shown = lines.slice(0, rows - 1);
  const gap = Array.from({ length: Math.max(0, rows - 1 - shown.length) }, () => '');
  return [...shown, ...gap, KEYS]
    .slice(-rows)
    .map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
}

/** One line, for a log. `files`: of the scenario's workload. */
export function drillLine(progress: Progress, files: number): string {
  const { event, sample } = progress;
  const at = clock(progress.atMs);
  if (event !== undefined) return `${at}  ${event.what.en}`;
  if (sample === undefined) return `${at}  ${phaseInWords(progress, files)}`;
  const phase = progress.phase === 'full-margin' && progress.healed === false ? 'time over' : progress.phase;
  return `${at}  ${phase}: ${marginLine(sample)}; ${repairLine(sample)}; ${workLine(progress)}`;
}

function marginLine({ worstMargin }: Sample): string {
  return worstMargin === null
    ? 'margin unknown: nobody shows the ledger'
    : worstMargin < 0
      ? `margin ${worstMargin}: a segment cannot be read now`
      : `margin ${worstMargin}`;
}

/** Where there is room to say what it is. */
function marginLong(sample: Sample): string {
  const isKnown = sample.worstMargin !== null && sample.worstMargin >= 0;
  return isKnown
    ? `${marginLine(sample)}: fragments that the worst segment has to spare`
    : marginLine(sample);
}

function repairLine({ segmentsToRepair, bytesToGo, rateByLink }: Sample): string {
  const rate = Object.values(rateByLink).reduce((sum, one) => sum + one, 0);
  if (segmentsToRepair === 0) return 'nothing to repair that daemons know of';
  const left = rate === 0 ? '' : `, about ${period(bytesToGo / rate)}`;
  return `${count(segmentsToRepair, 'segment')} to repair, ${size(bytesToGo)} to go at ${size(rate)}/s${left}`;
}

function workLine({ reads, failures, wrong }: Progress): string {
  return `${count(reads, 'read')}, ${count(failures, 'failure')}, ${count(wrong, 'wrong answer')}`;
}

function siteLines(sample: Sample, cities: ReadonlyMap<string, string>, columns: number): readonly string[] {
  const rows = Object.entries(sample.sites).map(([site, state]) => [
    cities.get(site) ?? site,
    state,
    sample.rateByLink[site] === undefined ? '' : `${size(sample.rateByLink[site])}/s`,
  ]);
  const titles = [{ title: 'site', gives: true }, { title: 'state' }, { title: 'sends', right: true }];
  return table(titles, rows, { columns }).split('\n');
}

function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** The dry run, within 80 columns. `floor`: below which margin the drill breaks off. */
export function previewInWords(scenario: Scenario, preview: Preview, floor: number | null): string {
  const { sites, segments, byMargin, segmentsAtRisk, fragmentsToRebuild } = preview;
  const lowest = Math.min(...Object.keys(byMargin).map(Number));
  const margins = Object.entries(byMargin)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([margin, many]) => [margin, String(many)]);
  const risk =
    segments === 0
      ? 'Nothing is stored here yet; the drill stores files of its own.'
      : segmentsAtRisk === 0
        ? 'Nothing would be unreadable at the worst moment.'
        : `${count(segmentsAtRisk, 'segment')} of ${segments} would be unreadable at the worst moment.`;
  const right = { right: true };
  return [
    wrap(`${scenario.title.en}: without ${sites.length === 0 ? 'losing any site' : sites.join(', ')}.`),
    wrap(risk),
    ...(margins.length === 0
      ? []
      : [
          table(
            [
              { title: 'margin then', ...right },
              { title: 'segments', ...right },
            ],
            margins,
          ),
          'Margin: fragments to spare, beyond those needed to read.',
        ]),
    ...(floor === null || lowest >= floor
      ? []
      : [
          wrap(
            `! The margin would fall to ${lowest}, below the floor of ${floor}: the drill would be broken off in its course.`,
          ),
        ]),
    wrap(
      preview.expectedSeconds === null
        ? segmentsAtRisk === 0
          ? 'Nothing would have to be rebuilt.'
          : 'What cannot be read cannot be rebuilt, and there is nothing else to rebuild.'
        : `${count(fragmentsToRebuild, 'fragment')} would be rebuilt, ${size(preview.bytesToMove)} over the links, about ${period(preview.expectedSeconds)} once the loss is noticed.`,
    ),
    ...riskInWords(preview),
  ].join('\n\n');
}

/** Names of files are their agency's: a terminal must not obey them. */
function riskInWords({ objectsAtRisk, objectsAtRiskCount }: Preview): readonly string[] {
  if (objectsAtRisk === null || objectsAtRisk.length === 0) return [];
  const many = objectsAtRiskCount ?? objectsAtRisk.length;
  const head =
    many === objectsAtRisk.length
      ? `${count(many, 'file')} of the vault at risk:`
      : `Files of the vault at risk, ${objectsAtRisk.length} of ${many}:`;
  return [[head, ...objectsAtRisk.map((path) => `  ${printable(path)}`)].join('\n')];
}
