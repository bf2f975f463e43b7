// Means of independent runs and their 95 % intervals (SPEC, intervals), on the logarithm's scale, since estimates of rare events
// are skewed to the right; where nothing was seen, the upper end says how much could have been missed.

/** An estimate with the ends of its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % points of Student's t by degrees of freedom (Abramowitz and Stegun, table 26.10). */
const POINTS = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

function studentPoint(degrees: number): number {
  return POINTS[degrees - 1] ?? 1.96 + 2.46 / degrees;
}

/**
 * Of positive quantities, one per independent run: what two readings of the runs' spread say together, for a few runs that all
 * missed a rare and heavy part look narrower than they are. `unseen` is the upper end when all are 0.
 */
export function intervalOf(runs: readonly number[], unseen = 0): Interval {
  const { mean, error } = meanOf(runs);
  if (mean === 0) return { value: 0, low: 0, high: unseen };
  if (runs.length < 2) return { value: mean, low: 0, high: Infinity };
  const factor = Math.exp((studentPoint(runs.length - 1) * error) / mean);
  const asLogs = logNormal(runs);
  return {
    value: mean,
    low: Math.min(mean / factor, asLogs.low),
    high: Math.max(mean * factor, asLogs.high),
  };
}

/** Of logarithms: a spread of e² either way. */
const VARIANCE_MAX = 4;

/**
 * The interval of the mean, were the runs' logarithms normal (Cox's method: Zhou and Gao, Statistics in Medicine 1997), and some runs
 * empty: a spread of logarithms σ says how much of the mean, e^(σ²/2), lies in a tail that few runs meet.
 */
function logNormal(runs: readonly number[]): { readonly low: number; readonly high: number } {
  const many = runs.length;
  const logs = runs.filter((one) => one > 0).map(Math.log);
  const share = logs.length / many;
  const { mean, error } = meanOf(logs);
  // Where runs differ by powers of ten no law is known; the first reading allows for one run that carries all.
  const variance = Math.min(VARIANCE_MAX, error ** 2 * logs.length);
  const centre = Math.log(share) + mean + variance / 2;
  const spread = Math.sqrt(
    variance / logs.length +
      variance ** 2 / (2 * Math.max(1, logs.length - 1)) +
      (1 - share) / (share * many),
  );
  const reach = studentPoint(Math.max(1, logs.length - 1)) * spread;
  return { low: Math.exp(centre - reach), high: Math.exp(Math.min(700, centre + reach)) };
}

/** Mean, and its standard error. */
function meanOf(runs: readonly number[]): { readonly mean: number; readonly error: number } {
  const mean = runs.reduce((sum, one) => sum + one, 0) / runs.length;
  const squares = runs.reduce((sum, one) => sum + (one - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / Math.max(1, runs.length - 1) / runs.length) };
}

export function scaled({ value, low, high }: Interval, by: number): Interval {
  return { value: value * by, low: low * by, high: high * by };
}

/** The same of each end, by a rising function. */
export function mapped({ value, low, high }: Interval, by: (x: number) => number): Interval {
  return { value: by(value), low: by(low), high: by(high) };
}
