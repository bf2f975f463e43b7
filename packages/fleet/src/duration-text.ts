// Durations as people write them in charters and on command lines: "30s", "15min", "14d". Exact both ways.

const unitsMs = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1_000, ms: 1 } as const;
type Unit = keyof typeof unitsMs;

export const DURATION_EXAMPLE = 'a number with its unit (ms, s, min, h or d), such as 15min';

/** In the largest unit that leaves a whole number: 900,000 ms is "15min", 90,000 ms is "90s". */
export function durationInWords(ms: number): string {
  const unit = (Object.keys(unitsMs) as Unit[]).find((one) => ms >= unitsMs[one] && ms % unitsMs[one] === 0);
  return unit === undefined ? `${ms}ms` : `${ms / unitsMs[unit]}${unit}`;
}

/** Whole milliseconds; undefined when it is no duration, or one of less than a millisecond. */
export function parseDuration(text: string): number | undefined {
  const match = /^([0-9]{1,15}(?:\.[0-9]{1,9})?) ?(d|h|min|s|ms)$/.exec(text.trim());
  if (match === null) return undefined;
  const ms = Number(match[1]) * unitsMs[match[2] as Unit];
  // 0.1 s is 100 ms, however its product is rounded.
  const whole = Math.round(ms);
  return Number.isSafeInteger(whole) && whole > 0 && Math.abs(whole - ms) < 1e-6 ? whole : undefined;
}
