// From values to places on the paper, and where an axis has its ticks. Breaks on ranges that are empty or absurdly wide:
// both are mended here, so that the charts never see them.

import type { Scale } from '../document.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../text/quantity.ts';

export interface Domain {
  readonly from: number;
  readonly to: number;
}

/** Beyond this, differences overflow; such a value is only in the table. */
const DRAWN_MAX = 1e100;
const DRAWN_MIN = 1e-100;

export function isDrawn(value: number | null | undefined, scale: Scale = 'linear'): value is number {
  if (value === null || value === undefined || !Number.isFinite(value) || Math.abs(value) > DRAWN_MAX)
    return false;
  return scale === 'linear' || value >= DRAWN_MIN;
}

export type Place = (value: number) => number;

export function place(domain: Domain, on: Domain, scale: Scale = 'linear'): Place {
  const of = scale === 'log' ? Math.log10 : (value: number) => value;
  const from = of(domain.from);
  const factor = (on.to - on.from) / (of(domain.to) - from || 1);
  return (value) => on.from + (of(value) - from) * factor;
}

/** The least and greatest of the values that can be drawn, or null. */
export function extent(values: Iterable<number | null | undefined>, scale: Scale = 'linear'): Domain | null {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!isDrawn(value, scale)) continue;
    if (value < from) from = value;
    if (value > to) to = value;
  }
  return from <= to ? { from, to } : null;
}

export interface Ticks {
  readonly domain: Domain;
  readonly ticks: readonly number[];
}

/** Round steps of 1, 2 or 5, about `wanted` of them, the domain widened to whole steps; zero is always in it. */
export function linearTicks(range: Domain | null, wanted: number, stepMin = 0): Ticks {
  const from = Math.min(0, range?.from ?? 0);
  const to = Math.max(0, range?.to ?? 0);
  return roundTicks({ from, to: to - from < DRAWN_MIN ? from + 1 : to }, wanted, stepMin);
}

/** As `linearTicks`, but the domain need not hold zero. */
export function roundTicks({ from, to }: Domain, wanted: number, stepMin = 0): Ticks {
  const size = Math.abs(to);
  const apart = to - from > Math.max(size * 1e-9, DRAWN_MIN);
  const span = apart ? to - from : size > DRAWN_MIN ? size * 1e-3 : 1;
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(stepMin, power * ([1, 2, 5].find((each) => each * power >= rough * 0.999) ?? 10));
  const first = Math.floor(from / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(to / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => tidy((first + index) * step, step));
  return { domain: { from: first * step, to: last * step }, ticks };
}

/** 0.30000000000000004 is 0.3. */
function tidy(value: number, step: number): number {
  const rounded = Number(value.toPrecision(12));
  return Math.abs(rounded) < step * 1e-6 ? 0 : rounded;
}

/** Whole powers of ten, at most `wanted` of them; within two decades also their halves and fifths. */
export function logTicks(range: Domain | null, wanted: number): Ticks {
  const low = Math.floor(Math.log10(range?.from ?? 0.1) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(range?.to ?? 1) - 1e-9));
  const domain = { from: 10 ** low, to: 10 ** high };
  const stride = Math.max(1, Math.ceil((high - low) / Math.max(1, wanted)));
  const powers: number[] = [];
  for (let power = low; power <= high; power += stride) powers.push(Number(`1e${power}`));
  if (high - low > (wanted < 4 ? 1 : 2)) return { domain, ticks: powers };
  const between = powers.slice(0, -1).flatMap((power) => [2 * power, 5 * power]);
  return { domain, ticks: [...powers, ...between].sort((a, b) => a - b) };
}

const TIME_STEPS_MS = [
  1,
  2,
  5,
  10,
  20,
  50,
  100,
  200,
  500,
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((days) => days * DAY_MS),
];

/** Ticks at round times since `originMs`; the domain is not widened. */
export function timeTicks(domain: Domain, originMs: number, wanted: number): readonly number[] {
  const rough = (domain.to - domain.from) / Math.max(1, wanted);
  const largest = TIME_STEPS_MS.at(-1) ?? DAY_MS;
  const step = TIME_STEPS_MS.find((each) => each >= rough) ?? Math.ceil(rough / largest) * largest;
  const ticks: number[] = [];
  const first = Math.ceil((domain.from - originMs) / step - 1e-9);
  for (let index = first; originMs + index * step <= domain.to + step * 1e-9; index += 1) {
    if (ticks.length > 100) break;
    ticks.push(originMs + index * step);
  }
  return ticks;
}
