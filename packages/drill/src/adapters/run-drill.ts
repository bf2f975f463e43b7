// A drill from its first word in the ledger to its last: made ready, watched while it is healthy, struck, watched until the margin
// is back or the time is over, walked, judged. Whatever happens, what was staged is undone and the ledger told.

import {
  asFault,
  type Charter,
  type Durations,
  type Fault,
  fromHex,
  quorumOf,
  toHex,
  votingHosters,
} from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom } from '@vauban/core/node';
import type { Vault } from '@vauban/client';
import {
  enactCharter,
  type HealingOverview,
  type LedgerSegment,
  type OperatorDesk,
  type Stage,
} from '@vauban/fleet';
import { drawSites, type SiteDraw, sitesOfStep } from '../draw.ts';
import { judge, type Seen } from '../promises.ts';
import type { DrillResult, Event, Phase, PhaseName, Sample } from '../result.ts';
import type { ScenarioFile } from '../scenario-file.ts';
import { Deeds, isStaged } from './deeds.ts';
import { countDisks, lookAtDisks } from './disk-count.ts';
import { openDrillVault } from './drill-vault.ts';
import { durationsBeside } from './durations-beside.ts';
import { environmentOf } from './environment.ts';
import { foresee } from './foresee.ts';
import { LedgerWatch, type LedgerView } from './ledger-watch.ts';
import { objectsInVault } from './objects-in-vault.ts';
import { Meters } from './meters.ts';
import { Observer } from './observer.ts';
import { play } from './play.ts';
import { heardOf } from './ready.ts';
import { UnderWay } from './under-way.ts';
import { noCounts, Workload } from './workload.ts';

/** For each thing that is put back in the end. */
const CLOSING_MS = 120_000;
/** A site that is silent in the end is asked so many times more. */
const LAST_LOOKS = 4;

export interface DrillOptions {
  readonly stage: Stage;
  readonly desk: OperatorDesk;
  readonly file: ScenarioFile;
  readonly seed: number;
  /** In place of the scenario's; null: it never breaks off. */
  readonly abortBelow: number | null;
  /** A directory for files on their way. */
  readonly scratch: string;
  readonly onProgress: (progress: Progress) => void;
  /** What the drill could not put back as it was, a sentence without its full stop, and why. */
  readonly onLeft: (what: string, why: Fault) => void;
  readonly signal: AbortSignal;
}

/** Where the drill is, for whoever watches. */
export interface Progress {
  readonly atMs: number;
  readonly phase: PhaseName | 'preparing' | 'closing';
  readonly sample?: Sample;
  readonly event?: Event;
  /** Whether the margin came back; null before that is known. */
  readonly healed: boolean | null;
  /** Files, while the drill is got ready. */
  readonly stored: number;
  readonly reads: number;
  readonly failures: number;
  readonly wrong: number;
}

/** The ledger read once, and the sites that the scenario's places fall on. */
export interface Cast {
  readonly view: LedgerView;
  readonly draw: SiteDraw;
  /** Daemons that answer. */
  readonly heard: HealingOverview;
}

/** Who would be struck, from the ledger as it is now. Faults: NETWORK_SILENT, SITES_TOO_FEW, SITE_UNKNOWN (usage). */
export async function castDrill(
  options: Pick<DrillOptions, 'stage' | 'desk' | 'file' | 'seed' | 'signal'>,
): Promise<Cast> {
  const { stage, desk, file, seed, signal } = options;
  const heard = await heardOf(desk);
  const watch = new LedgerWatch(desk.session, signal);
  await watch.look(new Set(heard.daemons.map(({ id }) => id)));
  const view = watch.known;
  const { burnt } = await stage.look();
  const { charter } = desk;
  const sites = charter.sites.map(({ id }) => ({
    id,
    votes: isVoting(charter, id),
    stands: !burnt.has(id),
  }));
  const draw = drawSites({ crypto: nodeCrypto, seed, scenario: file.scenario, sites });
  const standing = stage.sites.filter((site) => !burnt.has(site));
  for (const step of file.scenario.steps) sitesOfStep(step.sites, { draw, standing, known: stage.sites });
  return { view, draw, heard };
}

function isVoting(charter: Charter, site: string): boolean {
  const voters = new Set(votingHosters(charter).map(({ voter }) => voter));
  return charter.daemons.some((one) => one.site === site && voters.has(one.id));
}

/** After `checkReady`. Faults: those of castDrill, of a first put, DRILL_UNDER_WAY (refused), and whatever the stage cannot do. */
export async function runDrill(options: DrillOptions, { draw }: Cast): Promise<DrillResult> {
  const { stage, desk, file, seed, abortBelow, signal, onProgress } = options;
  const { scenario } = file;
  const drill = nodeRandom.bytes(16);
  let began = nodeClock.monotonic();
  const now = () => Math.round(nodeClock.monotonic() - began);
  let phase: Progress['phase'] = 'preparing';
  const phases: Phase[] = [];
  const events: Event[] = [];
  let workload: Workload | undefined;
  let healed: boolean | null = null;
  const tell = (more: Pick<Progress, 'sample' | 'event'> = {}) => {
    onProgress({
      atMs: now(),
      phase,
      healed,
      ...(workload?.counts ?? noCounts),
      ...more,
    });
  };
  const enter = (name: PhaseName) => {
    const fromMs = now();
    const last = phases.at(-1);
    if (last?.name === name) return;
    if (last !== undefined) phases.splice(-1, 1, { ...last, toMs: fromMs });
    phases.push({ name, fromMs, toMs: fromMs });
    phase = name;
    tell();
  };
  tell();

  const underWay = await UnderWay.begin(stage.directory, desk.charter.durations);
  const say = (word: 'begun' | 'aborted') =>
    desk.writing((log) => log.say({ ...drillWord(drill, options), phase: word, report: null }));
  const left = (what: string) => (error: unknown) => options.onLeft(what, asFault(error));
  const prefix = `drill-${toHex(drill).slice(0, 12)}`;
  let vault: Vault | undefined;
  let deeds: Deeds | undefined;
  const watching = new AbortController();
  const ledger = new LedgerWatch(desk.session, signal);
  const struck = scenario.steps.flatMap(({ deed, sites }) => (isStaged(deed) ? sites : []));
  let hasBegun = false;
  let hasEnded = false;
  try {
    await say('begun');
    hasBegun = true;
    vault = await openDrillVault(stage.directory);
    await enactDurations(stage, { ...underWay.durations, ...scenario.durations }, signal);
    await desk.session.catchUp();
    const { burnt } = await stage.look();
    const standing = stage.sites.filter((site) => !burnt.has(site));
    const prepared = sitesOfStep(struck, { draw, standing, known: stage.sites });
    await stage.prepare(prepared, signal);
    workload = new Workload({
      vault,
      shape: scenario.workload,
      prefix,
      scratch: options.scratch,
      now,
      signal,
    });
    await workload.fill(tell);
    const observer = new Observer({
      desk,
      stage,
      ledger,
      now,
      onSample: (sample) => tell({ sample }),
      signal: AbortSignal.any([signal, watching.signal]),
    });
    const first = await observer.look();
    observer.samples.length = 0;
    const view = ledger.known;
    const diskBefore = await lookAtDisks(stage, view.segments);
    const disksBefore = countDisks(diskBefore, { ...placeOf(desk, view), sites: first.sites });
    const objectsOf = await objectsInVault(vault, prefix, signal);
    const preview = await foresee(options, { view, draw, charter: desk.charter, objectsOf });
    const meters = new Meters(stage);
    await meters.begin();

    began = nodeClock.monotonic();
    const startedAt = nodeClock.now();
    enter('healthy');
    workload.begin();
    observer.begin();
    deeds = new Deeds({
      stage,
      desk,
      workload,
      meters,
      now,
      seed,
      onEvent: (event) => {
        events.push(event);
        tell({ event });
      },
      signal,
    });
    const course = await play({
      ...options,
      standing,
      draw,
      deeds,
      observer,
      ledger,
      enter,
      now,
      abortBelow,
    });
    healed = course.healed;
    if (course.aborted === null) {
      enter('full-margin');
      await nodeClock.sleep(scenario.fullMarginMs, signal);
    } else await deeds.undo(signal);
    // First the last put: what is acknowledged is read back, all of it.
    await workload.end();
    const readBack = await workload.readAll();
    await observer.end();
    await deeds.finish();
    await observer.look();
    const walked = ledger.known;
    const diskAfter = await lookAtDisks(stage, walked.segments);
    const last = await lastLook(observer, stage);
    const ending = { segments: namedByBoth(walked.segments, ledger.known.segments) };
    const endedMs = now();
    const open = phases.pop();
    if (open !== undefined) phases.push({ ...open, toMs: endedMs });
    const seen: Seen = {
      drill: toHex(drill),
      scenario: { ...scenario, abortBelow },
      scenarioDigest: file.digest,
      seed,
      operator: desk.operator,
      startedAt,
      endedAt: startedAt + endedMs,
      network: networkOf(desk.charter),
      environment: environmentOf(stage),
      durations: durationsBeside(underWay.durations, desk.charter.durations),
      preview,
      phases,
      events,
      done: deeds.done,
      returns: deeds.returns,
      samples: observer.samples,
      deals: workload.deals,
      storedBytes: workload.storedBytes,
      readBack,
      disksBefore,
      disksAfter: countDisks(diskAfter, { ...placeOf(desk, ending), sites: last.sites, before: diskBefore }),
      healed: course.healed,
      toFullMarginMs: course.toFullMarginMs,
      ...(await meters.end()),
      aborted: course.aborted,
    };
    const result = { ...seen, promises: judge(seen) };
    hasEnded = true;
    return result;
  } finally {
    phase = 'closing';
    tell();
    watching.abort();
    await workload?.end().catch(() => undefined);
    // Also after Ctrl-C or a fault: a network is not left in a play, nor the ledger without an end of it.
    if (!hasEnded)
      await deeds?.undo(AbortSignal.timeout(CLOSING_MS)).catch(left('what was done to sites is not undone'));
    await stage.restore(AbortSignal.timeout(CLOSING_MS)).catch(left('some daemons still obey the drill'));
    await enactDurations(stage, underWay.durations, AbortSignal.timeout(CLOSING_MS)).then(
      () => underWay.end(),
      left('waiting times are still those of the drill, until another drill ends'),
    );
    await desk.session.catchUp().catch(left('the newest charter is not known here'));
    await workload
      ?.removeAll(AbortSignal.timeout(CLOSING_MS))
      .catch(left('the drill’s files are not given up'));
    await vault?.close();
    if (hasBegun && !hasEnded)
      await say('aborted').catch(left('the ledger does not know that the drill was broken off'));
  }
}

/** Nothing is asked of hosters where the charter says so already. */
async function enactDurations(stage: Stage, durations: Durations, signal: AbortSignal): Promise<void> {
  const fields = Object.keys(durations) as (keyof Durations)[];
  await enactCharter(
    stage.directory,
    (charter) =>
      fields.every((field) => charter.durations[field] === durations[field])
        ? charter
        : { ...charter, durations },
    { signal },
  );
}

/** Once more when a site whose daemons run has not answered: it may just have been busy. */
async function lastLook(observer: Observer, stage: Stage): Promise<Sample> {
  let sample = await observer.look();
  for (let again = 0; again < LAST_LOOKS; again++) {
    const { running } = await stage.look();
    if (![...running].some((site) => sample.sites[site] === 'silent')) break;
    sample = await observer.look();
  }
  return sample;
}

/** What the ledger is told of it. */
export function drillWord(
  drill: Uint8Array,
  { file, abortBelow }: Pick<DrillOptions, 'file' | 'abortBelow'>,
) {
  return {
    kind: 'drill',
    drill,
    scenario: file.scenario.name,
    plan: fromHex(file.digest) as Uint8Array,
    floor: abortBelow,
  } as const;
}

function placeOf(desk: OperatorDesk, { segments }: Pick<LedgerView, 'segments'>) {
  return { segments, charter: desk.charter, now: nodeClock.now() };
}

/** What was to be on the disks before they were walked, and still was afterwards: copies come and go meanwhile. */
function namedByBoth(
  before: readonly LedgerSegment[],
  after: readonly LedgerSegment[],
): readonly LedgerSegment[] {
  const later = new Map(after.map((one) => [one.segment, one.holders]));
  return before.flatMap((one) => {
    const still = later.get(one.segment);
    if (still === undefined) return [];
    const holders = one.holders.filter(({ index, daemon }) =>
      still.some((other) => other.index === index && other.daemon === daemon),
    );
    return [{ ...one, holders }];
  });
}

function networkOf(charter: Charter): DrillResult['network'] {
  const [policy] = charter.policies;
  return {
    name: charter.name,
    charterVersion: charter.version,
    k: policy?.k ?? 0,
    m: policy?.m ?? 0,
    quorum: quorumOf(charter),
    sites: charter.sites.map(({ id, city, hoster, latitude, longitude }) => ({
      id,
      city,
      hoster: charter.hosters.find((one) => one.id === hoster)?.name ?? hoster,
      latitude: latitude / 1e6,
      longitude: longitude / 1e6,
      votes: isVoting(charter, id),
    })),
  };
}
