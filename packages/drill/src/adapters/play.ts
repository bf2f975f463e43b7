// The course of a drill once it is ready: steps when they are due, and the wait for the margin, in phases. Breaks off when the
// margin falls below the operator's floor.

import { nodeClock } from '@vauban/core/node';
import type { Words } from '@vauban/report';
import { diskMargins } from '../disk-margins.ts';
import { firstIncidentMs } from '../first-incident.ts';
import { type SiteDraw, sitesOfStep } from '../draw.ts';
import type { PhaseName, Sample } from '../result.ts';
import type { Deeds } from './deeds.ts';
import { type DiskLook, isWhole, lookAtDisks } from './disk-count.ts';
import type { LedgerWatch } from './ledger-watch.ts';
import type { Observer } from './observer.ts';
import type { DrillOptions } from './run-drill.ts';

const POLL_MS = 250;
/** Between two looks at the disks while the margin is awaited. */
const DISKS_EVERY_MS = 3_000;
/** Samples below the operator's floor in a row before the drill breaks off: one may be a hiccup. */
const LOW_SAMPLES = 2;

export interface Course {
  readonly aborted: Words | null;
  readonly healed: boolean;
  readonly toFullMarginMs: number | null;
}

export interface Play extends DrillOptions {
  readonly standing: readonly string[];
  readonly draw: SiteDraw;
  readonly deeds: Deeds;
  readonly observer: Observer;
  readonly ledger: LedgerWatch;
  readonly enter: (phase: PhaseName) => void;
  readonly now: () => number;
}

/** Steps and waiting. */
export async function play(of: Play): Promise<Course> {
  const { file, stage, draw, deeds, observer, enter, now, signal, abortBelow } = of;
  const { scenario } = file;
  await nodeClock.sleep(scenario.healthyMs, signal);
  const firstMs = now();
  const repairedBefore = observer.samples.at(-1)?.repairedFragments ?? 0;
  const repairs = () => (observer.samples.at(-1)?.repairedFragments ?? 0) > repairedBefore;
  const low = () => {
    const last = observer.samples.slice(-LOW_SAMPLES);
    return (
      abortBelow !== null &&
      last.length === LOW_SAMPLES &&
      last.every(
        ({ atMs, worstMargin }) => atMs >= firstMs && worstMargin !== null && worstMargin < abortBelow,
      )
    );
  };
  /** Resolves to whether it came; `low` ends the waiting too. */
  const until = async (holds: () => Promise<boolean> | boolean, withinMs: number): Promise<boolean> => {
    for (const end = now() + withinMs; now() < end && !low(); ) {
      // Nobody watches any more: nothing further is done to the network.
      if (observer.problem !== undefined) throw observer.problem;
      if (repairs()) enter('repair');
      if (await holds()) return true;
      await nodeClock.sleep(POLL_MS, signal);
    }
    return false;
  };
  const isHealed = healing(of);
  enter('event');
  for (const step of scenario.steps) {
    const { when } = step;
    if ('afterMs' in when) await until(() => false, when.afterMs);
    else if (!(await until(when.once === 'repairing' ? repairs : isHealed, scenario.healWithinMs))) break;
    if (low()) break;
    const { burnt } = await stage.look();
    const standing = stage.sites.filter((site) => !burnt.has(site));
    await deeds.carryOut(step, sitesOfStep(step.sites, { draw, standing, known: stage.sites }), low);
  }
  if (!repairs()) enter('degraded');
  const healed = await until(isHealed, scenario.healWithinMs);
  if (low()) {
    const margin = observer.samples.at(-1)?.worstMargin ?? 0;
    const aborted = {
      en: `Broken off: the margin of the worst segment fell to ${margin}, below the floor of ${abortBelow} that its operator had set.`,
      fr: `Interrompu : la marge du segment le plus exposé est tombée à ${margin}, sous le seuil de ${abortBelow} fixé par l’opérateur.`,
    };
    return { aborted, healed: false, toFullMarginMs: null };
  }
  const firstIncident = firstIncidentMs(deeds.done) ?? firstMs;
  return {
    aborted: null,
    healed,
    toFullMarginMs: healed ? marginBackMs(observer.samples, firstIncident) : null,
  };
}

/**
 * From the first incident to the first look after which, by the ledger, no segment lacked more fragments than before; null when none
 * ever did.
 */
function marginBackMs(samples: readonly Sample[], firstMs: number): number | null {
  const lackedBefore = samples.reduce(
    (most, { atMs, lacking }) => (atMs < firstMs ? Math.max(most, lacking ?? 0) : most),
    0,
  );
  const after = samples.filter(({ atMs }) => atMs >= firstMs);
  const last = after.findLastIndex(({ lacking }) => lacking !== null && lacking > lackedBefore);
  const back = after[last + 1];
  return last < 0 || back === undefined ? null : back.atMs - firstMs;
}

/**
 * Whether all fragments of all segments are on sound disks again, spread as well as the sites that are left allow: asked of the
 * daemons first, of the disks themselves at last.
 */
function healing({ stage, desk, deeds, observer, ledger, now }: Play): () => Promise<boolean> {
  let lookedMs = Number.NEGATIVE_INFINITY;
  let seen: Sample | undefined;
  return async () => {
    const sample = observer.samples.at(-1);
    if (sample === undefined || sample === seen || sample.segmentsToRepair > 0) return false;
    // A look from before the last deed says nothing of what it did.
    if (sample.atMs < (deeds.done.at(-1)?.endedMs ?? 0)) return false;
    if ((sample.lacking ?? 1) > 0 || now() - lookedMs < DISKS_EVERY_MS) return false;
    const { segments } = ledger.known;
    seen = sample;
    lookedMs = now();
    const look = await lookAtDisks(stage, segments, 'what changed');
    const sound = onServing(look.sound, sample);
    if (!isWhole(sound, segments)) return false;
    const { charter } = desk;
    return (
      diskMargins({ charter, now: nodeClock.now(), segments, sound, sites: sample.sites }).belowBest === 0
    );
  };
}

/** Without the disks of sites that do not serve. */
function onServing(sound: DiskLook['sound'], { sites }: Sample): DiskLook['sound'] {
  return new Map(
    [...sound].filter(([site]) => ['up', 'read-only', 'maintenance', 'lost'].includes(sites[site] ?? '')),
  );
}
