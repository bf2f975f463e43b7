// Which of several holders of an index to count on: custody only adds, so a returned site leaves indices held twice.
// The topology is judged by these alone; the others may then be surplus.

import { compareNames, type LiveHolder } from './healing-view.ts';
import { Loads } from './loads.ts';

export type Keepers = readonly (LiveHolder | undefined)[];

/** Above this many selections, one index after the other is bettered instead: nine indices held twice are 512. */
const SELECTIONS_MAX = 1_024;

/**
 * One holder that is up or silent per index, none where there is none: those that survive most losses, then share
 * fewest sites, buildings and hosters, then are strong, then use most daemons, then have the smaller ids.
 */
export function chooseKeepers(
  byIndex: readonly (readonly LiveHolder[])[],
  o: { readonly k: number; readonly strong: (one: LiveHolder) => boolean },
): Keepers {
  // Weights leave 1 and 10,000 apart for any n of 255 at most.
  const weakness = (one: LiveHolder) => (one.standing === 'silent' ? 10_000 : o.strong(one) ? 0 : 1);
  const options = byIndex.map((all) => all.filter((one) => one.standing !== 'leaving'));
  const doubled = options.filter((all) => all.length > 1);
  if (doubled.length === 0) return options.map(([only]) => only);
  for (const all of doubled) {
    all.sort((a, b) => weakness(a) - weakness(b) || compareNames(a.daemon, b.daemon));
  }
  const judge = (selected: Keepers): readonly number[] => {
    const loads = loadsOf(selected);
    const onDaemon = new Map<string, number>();
    let weak = 0;
    for (const one of selected) {
      if (one === undefined) continue;
      weak += weakness(one);
      onDaemon.set(one.daemon, (onDaemon.get(one.daemon) ?? 0) + 1);
    }
    const crowded = [...onDaemon.values()].reduce((sum, count) => sum + count * count, 0);
    return [-loads.survives(o.k), ...loads.squares(), weak, crowded];
  };
  const selections = doubled.reduce((product, all) => product * all.length, 1);
  return selections <= SELECTIONS_MAX ? bestOfAll(options, judge) : bettered(options, judge);
}

export function loadsOf(keepers: Keepers): Loads {
  const loads = new Loads();
  for (const one of keepers) if (one !== undefined) loads.add(one.domains, 1);
  return loads;
}

type Judge = (selected: Keepers) => readonly number[];
type Options = readonly (readonly LiveHolder[])[];

function bestOfAll(options: Options, judge: Judge): Keepers {
  let best: { readonly selected: Keepers; readonly marks: readonly number[] } | undefined;
  const selected: (LiveHolder | undefined)[] = options.map(([first]) => first);
  const choices = options.flatMap((all, index) => (all.length > 1 ? [{ all, index }] : []));
  const descend = (depth: number): void => {
    const choice = choices[depth];
    if (choice === undefined) {
      const marks = judge(selected);
      if (best === undefined || compareMarks(marks, best.marks) < 0)
        best = { selected: [...selected], marks };
      return;
    }
    for (const one of choice.all) {
      selected[choice.index] = one;
      descend(depth + 1);
    }
  };
  descend(0);
  return best?.selected ?? selected;
}

function bettered(options: Options, judge: Judge): Keepers {
  let selected: Keepers = options.map(([first]) => first);
  let marks = judge(selected);
  for (let changed = true; changed; ) {
    changed = false;
    for (const [index, all] of options.entries()) {
      for (const one of all) {
        const other = selected.with(index, one);
        const otherMarks = judge(other);
        if (compareMarks(otherMarks, marks) >= 0) continue;
        [selected, marks, changed] = [other, otherMarks, true];
      }
    }
  }
  return selected;
}

/** Negative when `a` is better; by the first mark that differs, the less the better. */
export function compareMarks(a: readonly number[], b: readonly number[]): number {
  for (const [at, mark] of a.entries()) {
    const difference = mark - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
