// What happens to fragments: they go, rot, stop answering, come back, stand elsewhere. Keeps the counts that everything else
// reads, and tells the tally when segments are lost.

import { type Future, GONE, ROTTEN, SOUND } from './future.ts';
import type { Tally } from './tally.ts';

/** Brings the years since the last change into the tally. Before any count changes. */
export function tallyTime(f: Future, tally: Tally): void {
  const years = f.time - f.talliedUntil;
  if (years <= 0) return;
  f.talliedUntil = f.time;
  const weight = Math.exp(f.logWeight) * years;
  for (let missing = 0; missing <= f.missing; missing++) {
    if ((f.byMissing[missing] as number) === 0) continue;
    tally.yearsMissing[missing] =
      (tally.yearsMissing[missing] as number) + weight * (f.shareMissing[missing] as number);
  }
  if (f.unreadable > 0) tally.yearsUnreadable += weight * f.shareUnreadable;
}

/** All of a daemon's fragments are gone. Before the daemon is marked as dead. */
export function loseAll(f: Future, daemon: number, tally: Tally): void {
  const { n } = f.model;
  const isUp = f.isUp(daemon);
  tallyTime(f, tally);
  for (let at = 0; at < f.holders.length; at++) {
    if (f.holders[at] !== daemon || f.fragments[at] === GONE) continue;
    const placement = (at / n) | 0;
    const wasSound = f.fragments[at] === SOUND;
    f.fragments[at] = GONE;
    if (!wasSound) continue;
    if (isUp) answer(f, placement, -1);
    addSound(f, placement, -1, tally);
  }
}

/** One fragment is gone, wherever it stood. */
export function lose(f: Future, at: number, tally: Tally): void {
  const wasSound = f.fragments[at] === SOUND;
  const placement = (at / f.model.n) | 0;
  tallyTime(f, tally);
  f.fragments[at] = GONE;
  if (!wasSound) return;
  if (f.isUp(f.holders[at] as number)) answer(f, placement, -1);
  addSound(f, placement, -1, tally);
}

/** Marks placements with several fragments on one daemon as such; whether there is any. For futures that begin. */
export function recount(f: Future): boolean {
  const { n } = f.model;
  let any = false;
  for (let placement = 0; placement < f.placements.length; placement++) {
    const holders = f.holders.subarray(placement * n, (placement + 1) * n);
    if (new Set(holders).size === n) continue;
    f.isMoved[placement] = 1;
    any = true;
    if (f.isLost[placement] === 0) setLevel(f, placement);
  }
  return any;
}

/** One sound fragment rots unnoticed. It goes on answering, with bytes that no reader accepts. */
export function rot(f: Future, at: number, tally: Tally): void {
  const placement = (at / f.model.n) | 0;
  tallyTime(f, tally);
  f.fragments[at] = ROTTEN;
  if (f.isUp(f.holders[at] as number)) answer(f, placement, -1);
  addSound(f, placement, -1, tally);
}

/** The rot of a daemon's fragments is noticed; whether there was any. */
export function findRot(f: Future, daemon: number): boolean {
  let found = false;
  for (let at = 0; at < f.holders.length; at++) {
    if (f.holders[at] !== daemon || f.fragments[at] !== ROTTEN) continue;
    f.fragments[at] = GONE;
    found = true;
  }
  return found;
}

/** A daemon stops or begins to answer. Before it is marked so. */
export function answerAll(f: Future, daemon: number, by: 1 | -1, tally: Tally): void {
  const { n } = f.model;
  tallyTime(f, tally);
  for (let at = 0; at < f.holders.length; at++) {
    if (f.holders[at] === daemon && f.fragments[at] === SOUND) answer(f, (at / n) | 0, by);
  }
}

/** A fragment stands on another daemon, which is up; nobody needs the one it stood on. */
export function settle(f: Future, at: number, daemon: number, tally: Tally): void {
  const placement = (at / f.model.n) | 0;
  tallyTime(f, tally);
  const isSound = f.fragments[at] === SOUND;
  const answered = isSound && f.isUp(f.holders[at] as number);
  if (f.holders[at] !== daemon) f.isMoved[placement] = 1;
  f.holders[at] = daemon;
  f.fragments[at] = SOUND;
  if (!answered) answer(f, placement, 1);
  if (!isSound) addSound(f, placement, 1, tally);
  else if (f.isLost[placement] === 0) setLevel(f, placement);
}

/** Whether a fragment of a segment that is not lost needs a new home: it is known to be gone, or its daemon written off. */
export function needsHome(f: Future, at: number): boolean {
  return f.fragments[at] === GONE || f.writtenOff[f.holders[at] as number] === 1;
}

function answer(f: Future, placement: number, by: 1 | -1): void {
  const { k } = f.model;
  const before = f.answering[placement] as number;
  f.answering[placement] = before + by;
  if (f.isLost[placement] === 1) return;
  if (by < 0 && before === k) unreadable(f, placement, 1);
  else if (by > 0 && before === k - 1) unreadable(f, placement, -1);
}

function unreadable(f: Future, placement: number, by: 1 | -1): void {
  f.unreadable += by;
  f.shareUnreadable = f.unreadable === 0 ? 0 : f.shareUnreadable + by * shareOf(f, placement);
}

function addSound(f: Future, placement: number, by: 1 | -1, tally: Tally): void {
  const { model, byMissing } = f;
  const { n, k } = model;
  const sound = (f.sound[placement] as number) + by;
  f.sound[placement] = sound;
  if (f.isLost[placement] === 1) return;
  const missing = n - sound;
  count(f, placement, missing + by, -1);
  count(f, placement, missing, 1);
  if (by < 0) exposed(f, placement, sound, tally);
  if (sound < k) {
    f.isLost[placement] = 1;
    count(f, placement, missing, -1);
    addLevel(f, f.levels[placement] as number, -1);
    if ((f.answering[placement] as number) < k) unreadable(f, placement, -1);
    f.lost++;
    f.level = n - k + 1;
  } else setLevel(f, placement);
  if (missing > f.missing) f.missing = missing;
  while (f.missing > 0 && byMissing[f.missing] === 0) f.missing--;
}

/** After fragments of a placement went or moved. */
function setLevel(f: Future, placement: number): void {
  const { n, k } = f.model;
  const level = n - k + 1 - lossesLeft(f, placement);
  const before = f.levels[placement] as number;
  if (level === before) return;
  f.levels[placement] = level;
  addLevel(f, before, -1);
  addLevel(f, level, 1);
}

function addLevel(f: Future, level: number, by: 1 | -1): void {
  f.byLevel[level] = (f.byLevel[level] as number) + by;
  if (f.lost > 0) return;
  if (by > 0 && level > f.level) f.level = level;
  while (f.level > 0 && f.byLevel[f.level] === 0) f.level--;
}

/** Daemons, the fullest first, that may go before fewer than k sound fragments are left, and with the last of them are. */
function lossesLeft(f: Future, placement: number): number {
  const { n, k } = f.model;
  let spare = (f.sound[placement] as number) - k;
  if (f.isMoved[placement] === 0) return spare + 1;
  const loads = new Map<number, number>();
  for (let at = placement * n; at < (placement + 1) * n; at++) {
    if (f.fragments[at] !== SOUND) continue;
    const holder = f.holders[at] as number;
    loads.set(holder, (loads.get(holder) ?? 0) + 1);
  }
  let left = 0;
  for (const load of [...loads.values()].sort((a, b) => b - a)) {
    left++;
    spare -= load;
    if (spare < 0) break;
  }
  return left;
}

function count(f: Future, placement: number, missing: number, by: 1 | -1): void {
  f.byMissing[missing] = (f.byMissing[missing] as number) + by;
  f.shareMissing[missing] = (f.shareMissing[missing] as number) + by * shareOf(f, placement);
}

function shareOf(f: Future, placement: number): number {
  return f.placements[placement]?.share ?? 0;
}

/** What losing one more fragment costs: all segments of the placement, or those that rot had brought as near. */
function exposed(f: Future, placement: number, sound: number, tally: Tally): void {
  const { rotTail, segments } = f.model;
  const tail = (rotTail[sound] as number) - (rotTail[sound + 1] as number);
  if (tail <= 0) return;
  const weight = Math.exp(f.logWeight);
  const share = tail * shareOf(f, placement);
  tally.shareLost += weight * share;
  const any = tail >= 1 ? 1 : -Math.expm1(-segments * share);
  const first = weight * f.intact * any;
  tally.losses.push({ at: f.time, weight: first, share: weight * share });
  tally.anyLoss += first;
  f.intact *= 1 - any;
}
