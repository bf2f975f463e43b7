// What each event does to a network: chance events (disks, buildings, floods …) and those of the agenda (noticed, repaired,
// replaced). Who waits how long follows the charter's durations; who takes a fragment, `placement`.

import { FOUND, NOTICED, REPAIRED, REPLACED, RETURNS, SPREAD } from './agenda.ts';
import type { Future } from './future.ts';
import { GONE, SOUND } from './future.ts';
import { answerAll, findRot, loseAll, needsHome, rot, settle } from './losses.ts';
import { BUILDING, CRASH, DISK, FLOOD, HOSTER, OUTAGE, repairYears, ROT } from './model.ts';
import type { Dice } from './random.ts';
import { strike } from './shocks.ts';
import type { Tally } from './tally.ts';

/** A future on its way. */
export interface Run {
  readonly future: Future;
  readonly dice: Dice;
  readonly tally: Tally;
  /** Whether rates may be changed and the weight make up for it. */
  readonly isBiased: boolean;
}

export function happen(run: Run, kind: number): void {
  const { future: f, dice } = run;
  const { model } = f;
  const { ground, assumptions: a } = model;
  const one = <T>(all: readonly T[]): T => all[dice.below(all.length)] as T;
  switch (kind) {
    case DISK:
      kill(run, dice.below(ground.daemons), { replacedMean: model.diskReplaced });
      break;
    case CRASH:
      silence(run, dice.below(ground.daemons), dice.exponential(model.crash));
      break;
    case ROT:
      spoil(run, dice.below(ground.daemons));
      break;
    case OUTAGE: {
      const years = dice.exponential(model.outage);
      for (const daemon of one(ground.daemonsOfSite)) silence(run, daemon, years);
      break;
    }
    case BUILDING: {
      const sites = one(ground.sitesOfBuilding);
      const first = dice.below(sites.length);
      for (const [at, site] of sites.entries()) {
        const burns = at === first || dice.unit() < a.spreads;
        if (burns) destroy(run, site);
        else
          for (const daemon of ground.daemonsOfSite[site] ?? [])
            silence(run, daemon, dice.exponential(model.switchedOff));
      }
      break;
    }
    case FLOOD: {
      const groups = one(ground.sitesOfZone).map((site) => ground.daemonsOfSite[site] ?? []);
      const shock = { groups, groupChance: a.floodHits, daemonChance: 1 };
      for (const daemon of strike(shock, run)) kill(run, daemon, { replacedMean: model.siteRebuilt });
      break;
    }
    case HOSTER:
      for (const daemon of one(ground.daemonsOfHoster))
        kill(run, daemon, { replacedMean: model.hosterReplaced });
      break;
    default: {
      const shock = {
        groups: ground.daemonsOfHoster,
        groupChance: a.exposedShare,
        daemonChance: a.exposedLose,
      };
      for (const daemon of strike(shock, run)) kill(run, daemon, { replacedMean: model.diskReplaced });
    }
  }
}

export function fallDue(run: Run, kind: number, daemon: number): void {
  switch (kind) {
    case RETURNS:
      comeBack(run, daemon);
      break;
    case REPLACED:
      replace(run, daemon);
      break;
    case NOTICED:
      notice(run, daemon);
      break;
    case REPAIRED:
      repair(run, daemon);
      break;
    case FOUND:
      if (findRot(run.future, daemon)) {
        run.future.wiped[daemon] = 1;
        startRepair(run, daemon);
      }
      break;
    default:
      spreadOut(run);
  }
}

function destroy(run: Run, site: number): void {
  const { ground, siteRebuilt } = run.future.model;
  for (const daemon of ground.daemonsOfSite[site] ?? []) kill(run, daemon, { replacedMean: siteRebuilt });
}

/** Disks gone. The mean until it is there again, empty, is in years. */
export function kill(
  { future: f, dice, tally }: Run,
  daemon: number,
  {
    replacedMean,
    noticedAfter = f.model.lostAfter,
  }: { readonly replacedMean: number; readonly noticedAfter?: number },
): void {
  if (f.dead[daemon] === 1) return;
  loseAll(f, daemon, tally);
  if (f.isUp(daemon)) f.ups--;
  f.dead[daemon] = 1;
  f.deadSince[daemon] = f.time;
  f.away[daemon] = 0;
  f.wiped[daemon] = 1;
  f.agenda.put(f.time + (replacedMean > 0 ? dice.exponential(replacedMean) : 0), REPLACED, daemon);
  f.agenda.put(f.time + noticedAfter, NOTICED, daemon);
}

/** It does not answer, and has its disks. */
export function silence({ future: f, tally }: Run, daemon: number, years: number): void {
  const until = f.time + years;
  if (f.dead[daemon] === 1 || (f.away[daemon] === 1 && (f.awayUntil[daemon] as number) >= until)) return;
  if (f.away[daemon] === 0) {
    answerAll(f, daemon, -1, tally);
    f.away[daemon] = 1;
    f.ups--;
  }
  f.awayUntil[daemon] = until;
  f.agenda.put(until, RETURNS, daemon);
  if (years > f.model.lostAfter) f.agenda.put(f.time + f.model.lostAfter, NOTICED, daemon);
}

/** Each fragment is re-read by its holder once in a scrub period, challenged twice in an audit period, and read by clients. */
function spoil({ future: f, dice, tally }: Run, daemon: number): void {
  if (f.dead[daemon] === 1) return;
  const { assumptions: a, scrubPeriod, auditPeriod, readRate, recheck } = f.model;
  let any = false;
  for (let at = 0; at < f.holders.length; at++) {
    if (f.holders[at] !== daemon || f.fragments[at] !== SOUND || dice.unit() >= a.rottingShare) continue;
    rot(f, at, tally);
    any = true;
  }
  if (!any) return;
  const scrubbed = dice.unit() * scrubPeriod;
  const audited = dice.unit() < a.auditFinds ? (dice.unit() * auditPeriod) / 2 + recheck : Infinity;
  // Drawn with every rate, so that one seed draws the same else; without reads it is never.
  const read = dice.exponential(1) / readRate;
  f.agenda.put(f.time + Math.min(scrubbed, audited, read), FOUND, daemon);
}

function comeBack(run: Run, daemon: number): void {
  const { future: f, tally } = run;
  if (f.away[daemon] === 0 || f.time < (f.awayUntil[daemon] as number)) return;
  answerAll(f, daemon, 1, tally);
  f.away[daemon] = 0;
  f.writtenOff[daemon] = 0;
  f.ups++;
  welcome(run, daemon);
}

function replace(run: Run, daemon: number): void {
  const { future: f } = run;
  if (f.dead[daemon] === 0) return;
  f.dead[daemon] = 0;
  f.writtenOff[daemon] = 0;
  f.ups++;
  welcome(run, daemon);
}

/** One more is there: what waited for a home may have one, and what shares a site may spread out. */
function welcome(run: Run, newcomer: number): void {
  const { future: f } = run;
  if (f.wiped[newcomer] === 1) startRepair(run, newcomer);
  for (let daemon = 0; f.homelessDaemons > 0 && daemon < f.homeless.length; daemon++) {
    if (f.homeless[daemon] === 0) continue;
    f.homeless[daemon] = 0;
    f.homelessDaemons--;
    startRepair(run, daemon);
  }
  if (!f.isSpreading && f.isMoved.includes(1)) startSpreading(f);
}

/** A round of spreading out, once the bytes of one daemon have been moved. */
export function startSpreading(f: Future): void {
  const { model } = f;
  f.isSpreading = true;
  const bytes = bytesOf(f, 0);
  const { linkBytesYear, diskBytesYear } = model;
  const years = repairYears({ bytes, reads: 1, hands: 1, linkBytesYear, diskBytesYear });
  f.agenda.put(f.time + (model.exponentialRepair ?? years), SPREAD, 0);
}

/** Silent for as long as the charter waits: from now on what it held is rebuilt. */
function notice(run: Run, daemon: number): void {
  const { future: f } = run;
  if (f.isUp(daemon)) {
    if (f.wiped[daemon] === 1) startRepair(run, daemon);
    return;
  }
  const since = (f.awayUntil[daemon] as number) - f.time;
  if (f.dead[daemon] === 0 && since <= 0) return;
  f.writtenOff[daemon] = 1;
  startRepair(run, daemon);
}

export function startRepair({ future: f, dice }: Run, daemon: number): void {
  if (f.repairing[daemon] === 1) return;
  f.repairing[daemon] = 1;
  const { exponentialRepair, linkBytesYear, diskBytesYear } = f.model;
  if (exponentialRepair !== undefined) {
    f.agenda.put(f.time + dice.exponential(exponentialRepair), REPAIRED, daemon);
    return;
  }
  // One after the other with all that links and disks allow: as fast in sum as side by side.
  const years = repairYears({
    ...workFor(f, daemon),
    hands: f.ups,
    linkBytesYear,
    diskBytesYear,
  });
  f.busyUntil = Math.max(f.time, f.busyUntil) + years;
  f.agenda.put(f.busyUntil, REPAIRED, daemon);
}

function bytesOf(f: Future, daemon: number): number {
  const { ground, usableBytes, n, k } = f.model;
  return ((usableBytes * n) / k) * (ground.shareOf[daemon] as number);
}

/**
 * What of a daemon's bytes is to be rebuilt, and from how many fragments each: the mean over the placements, since one missing
 * is cheaper than several under clay. By what segments weigh, not by how many placements there are.
 */
function workFor(f: Future, daemon: number): { readonly bytes: number; readonly reads: number } {
  const { n, reads } = f.model;
  let held = 0;
  let wanting = 0;
  let sum = 0;
  for (let at = 0; at < f.holders.length; at++) {
    if (f.holders[at] !== daemon) continue;
    const placement = (at / n) | 0;
    const share = f.placements[placement]?.share ?? 0;
    held += share;
    if (!needsHome(f, at)) continue;
    wanting += share;
    sum += share * (n - (f.answering[placement] as number) <= 1 ? reads.one : reads.more);
  }
  const bytes = bytesOf(f, daemon);
  // Of a sample, a daemon may hold nothing: it lost as many bytes all the same.
  if (held === 0) return { bytes, reads: reads.one };
  return { bytes: (bytes * wanting) / held, reads: wanting === 0 ? reads.one : sum / wanting };
}

/** The time to rebuild what stood on a daemon has passed: it stands elsewhere, or on that daemon's new disk. */
function repair(run: Run, daemon: number): void {
  const { future: f, tally } = run;
  const { n, k, retry } = f.model;
  f.repairing[daemon] = 0;
  if (f.wiped[daemon] === 0 && f.writtenOff[daemon] === 0) return;
  const { bytes, reads } = workFor(f, daemon);
  tally.repairBytes += Math.exp(f.logWeight) * bytes * reads;
  const quorate = hasQuorum(f);
  let again = false;
  let waits = false;
  for (let at = 0; at < f.holders.length; at++) {
    if (f.holders[at] !== daemon || !needsHome(f, at)) continue;
    const placement = (at / n) | 0;
    if (f.isLost[placement] === 1) continue;
    if (!quorate || (f.answering[placement] as number) < k) {
      again = true;
      continue;
    }
    const home = homesOf(f, placement)[at - placement * n] as number;
    if (home >= 0 && f.isUp(home)) settle(f, at, home, tally);
    else waits = true;
  }
  if (again) {
    f.repairing[daemon] = 1;
    f.agenda.put(f.time + retry, REPAIRED, daemon);
  } else if (!waits) {
    f.wiped[daemon] = 0;
  } else if (f.homeless[daemon] === 0) {
    f.homeless[daemon] = 1;
    f.homelessDaemons++;
  }
}

/**
 * Nobody's custody of what it rebuilt is certified without a quorum of voters (core: q = ⌊(v + f) / 2⌋ + 1, f a third of
 * them). Officers take a voter that is gone for good out of the charter after a while.
 */
function hasQuorum(f: Future): boolean {
  const { ground, votesRemoved } = f.model;
  const { voters } = ground;
  if (f.ups === ground.daemons || voters.length === 0) return true;
  let there = 0;
  let all = 0;
  for (const voter of voters) {
    if (f.dead[voter] === 1 && f.time - (f.deadSince[voter] as number) > votesRemoved) continue;
    all++;
    if (f.isUp(voter)) there++;
  }
  return there >= Math.floor((all + Math.floor((all - 1) / 3)) / 2) + 1;
}

function homesOf(f: Future, placement: number): Int32Array {
  const { n } = f.model;
  return (f.placements[placement] as Future['placements'][number]).healer.plan({
    standing: (daemon) => (f.isUp(daemon) ? 0 : f.writtenOff[daemon] === 1 ? 2 : 1),
    holder: (index) =>
      f.fragments[placement * n + index] === GONE ? -1 : (f.holders[placement * n + index] as number),
  });
}

function spreadOut({ future: f, tally }: Run): void {
  const { n, ground } = f.model;
  const { isAlone } = ground;
  f.isSpreading = false;
  if (!hasQuorum(f)) return;
  for (let placement = 0; placement < f.placements.length; placement++) {
    if (f.isMoved[placement] === 0 || f.isLost[placement] === 1) continue;
    // Whole, one fragment per daemon, and no two daemons go together: no plan could better that.
    if (f.levels[placement] === 0 && isAlone) continue;
    for (let round = 0; round < n; round++) {
      const homes = homesOf(f, placement);
      const index = homes.findIndex((home, at) => {
        const from = f.holders[placement * n + at] as number;
        return home >= 0 && f.isUp(home) && f.fragments[placement * n + at] === SOUND && f.isUp(from);
      });
      if (index < 0) break;
      settle(f, placement * n + index, homes[index] as number, tally);
    }
    // With everybody there, as well as it can: nothing to gain until it is moved again.
    if (f.ups === ground.daemons) f.isMoved[placement] = 0;
  }
}
