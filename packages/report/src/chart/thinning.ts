// Fewer points that tell the same story: what a line keeps when it has more points than the paper has columns, and which
// times a table shows. Extremes are never lost.

import { extent } from './scale.ts';

export type Point = readonly [x: number, value: number | null];

/** Per column its first, lowest, highest and last value; gaps stay. Points are in order of x. */
export function thinPoints(points: readonly Point[], columnsMax: number): readonly Point[] {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined || points.length <= 4 * columnsMax) return points;
  const perColumn = (last[0] - first[0]) / columnsMax || 1;
  const kept: Point[] = [];
  let column: Point[] = [];
  let number = 0;
  for (const point of points) {
    const at = Math.floor((point[0] - first[0]) / perColumn);
    if (at !== number || point[1] === null) {
      kept.push(...extremes(column));
      column = [];
      number = at;
    }
    if (point[1] === null) kept.push(point);
    else column.push(point);
  }
  return [...kept, ...extremes(column)];
}

function extremes(column: readonly Point[]): readonly Point[] {
  if (column.length <= 4) return column;
  let low = 0;
  let high = 0;
  column.forEach(([, value], index) => {
    if ((value ?? 0) < (column[low]?.[1] ?? 0)) low = index;
    if ((value ?? 0) > (column[high]?.[1] ?? 0)) high = index;
  });
  return [...new Set([0, low, high, column.length - 1])]
    .sort((a, b) => a - b)
    .map((index) => column[index])
    .filter((point) => point !== undefined);
}

/**
 * At most `most` of the sorted numbers, among them the first and the last: of an even row every so many, of an uneven one
 * those just before evenly spaced places.
 */
export function thinTimes(sorted: readonly number[], most: number): readonly number[] {
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined || sorted.length <= most) return sorted;
  const shown = new Set<number>();
  if (isEven(sorted)) {
    const stride = Math.ceil((sorted.length - 1) / (most - 1));
    sorted.forEach((value, at) => at % stride === 0 && shown.add(value));
    return [...shown.add(last)];
  }
  let at = 0;
  for (let step = 0; step < most; step += 1) {
    const until = step === most - 1 ? last : first + (step * (last - first)) / (most - 1);
    while (at + 1 < sorted.length && (sorted[at + 1] ?? last) <= until) at += 1;
    shown.add(sorted[at] ?? last);
  }
  return [...shown];
}

function isEven(sorted: readonly number[]): boolean {
  const gaps = sorted.slice(1).map((value, at) => value - (sorted[at] ?? value));
  const range = extent(gaps);
  return range !== null && range.to <= 1.5 * range.from;
}

/** Sorted, each once. */
export function union(lists: Iterable<Iterable<number>>): readonly number[] {
  const all = new Set<number>();
  for (const list of lists) for (const value of list) if (Number.isFinite(value)) all.add(value);
  return [...all].sort((a, b) => a - b);
}
