// What a terminal shows of a drill while it runs: the sites, the margin, what is being repaired and how long that may take.

import type { Preview, Progress, Sample, Scenario } from '@vauban/drill';
import { count, period, size, table, wrap } from './output.ts';

export interface DrillSeen {
  readonly scenario: Scenario;
  readonly cities: ReadonlyMap<string, string>;
  /** The newest first. */
  readonly events: readonly { readonly atMs: number; readonly text: string }[];
  readonly progress: Progress;
  readonly sample: Sample | undefined;
}

const phaseWords: { readonly [phase in Progress['phase']]: string } = {
  preparing: 'getting ready: files are stored, daemons made to obey the stage',
  healthy: 'healthy: nothing has happened yet',
  event: 'the event',
  degraded: 'degraded: the margin is lower, repair has not begun',
  repair: 'repair',
  'full-margin': 'the margin is back',
  closing: 'closing: what was staged is undone, the disks are read',
};

/** At most `rows` lines of at most `columns`. */
export function drillScreen(
  { scenario, cities, events, progress, sample }: DrillSeen,
  { columns, rows }: { readonly columns: number; readonly rows: number },
): readonly string[] {
  const head = [
    `Drill: ${scenario.title.en}`,
    `${clock(progress.atMs)}  ${phaseWords[progress.phase]}`,
    '',
    ...(sample === undefined ? [] : [marginLine(sample), repairLine(sample), workLine(progress), '']),
  ];
  const sites = sample === undefined ? [] : siteLines(sample, cities, columns);
  const told = events.map(({ atMs, text }) => `${clock(atMs)}  ${text}`);
  const lines = [...head, ...sites, ...(told.length === 0 ? [] : ['', ...told])];
  return lines
    .slice(0, rows)
    .map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
}

/** One line, for a log. */
export function drillLine(progress: Progress): string {
  const { event, sample } = progress;
  const at = clock(progress.atMs);
  if (event !== undefined) return `${at}  ${event.what.en}`;
  if (sample === undefined) return `${at}  ${phaseWords[progress.phase]}`;
  return `${at}  ${progress.phase}: ${marginLine(sample)}; ${repairLine(sample)}; ${workLine(progress)}`;
}

function marginLine({ worstMargin }: Sample): string {
  return worstMargin === null
    ? 'margin unknown: nobody shows the ledger'
    : worstMargin < 0
      ? `margin ${worstMargin}: a segment cannot be read now`
      : `margin ${worstMargin} of the worst segment`;
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

/** The dry run, within 80 columns. */
export function previewInWords(scenario: Scenario, preview: Preview): string {
  const { sites, segments, byMargin, segmentsAtRisk, objectsAtRisk } = preview;
  const margins = Object.entries(byMargin)
    .toSorted(([a], [b]) => Number(a) - Number(b))
    .map(([margin, many]) => [margin, String(many)]);
  const risk =
    segmentsAtRisk === 0
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
        ]),
    wrap(
      preview.expectedSeconds === null
        ? 'Nothing would have to be rebuilt.'
        : `${count(preview.fragmentsToRebuild, 'fragment')} would be rebuilt, ${size(preview.bytesToMove)} over the links, about ${period(preview.expectedSeconds)} once the loss is noticed.`,
    ),
    ...(objectsAtRisk === null || objectsAtRisk.length === 0
      ? []
      : [objectsAtRisk.map((path) => `  at risk: ${path}`).join('\n')]),
  ].join('\n\n');
}
