// The exact answer for the simplest network: n fragments that are lost at one rate and rebuilt side by side at another, until
// fewer than k are left. An absorbing birth–death chain, solved by uniformisation; an oracle for the simulation.

export interface Chain {
  readonly k: number;
  readonly m: number;
  /** Per fragment and year. */
  readonly lossRate: number;
  /** Per missing fragment and year. */
  readonly repairRate: number;
}

/** Chance that more than m are missing at once within so many years, from all there. */
export function lossWithin(years: number, { k, m, lossRate, repairRate }: Chain): number {
  const n = k + m;
  const up = (i: number) => (n - i) * lossRate;
  const down = (i: number) => i * repairRate;
  const fastest = Math.max(...Array.from({ length: m + 1 }, (_, i) => up(i) + down(i)));
  let now = new Float64Array(m + 1);
  now[0] = 1;
  // Poisson(rate·years) steps of the embedded chain; absorbed mass is added up by itself, so tiny answers keep their digits.
  const mean = fastest * years;
  const steps = Math.ceil(mean + 12 * Math.sqrt(mean) + 60);
  let absorbed = 0;
  let answer = 0;
  let logPoisson = -mean;
  for (let step = 0; step <= steps; step++) {
    answer += Math.exp(logPoisson) * absorbed;
    logPoisson += Math.log(mean / (step + 1));
    const next = new Float64Array(m + 1);
    for (let i = 0; i <= m; i++) {
      const mass = now[i] as number;
      const [rise, fall] = [up(i) / fastest, down(i) / fastest];
      if (i < m) next[i + 1] = (next[i + 1] as number) + mass * rise;
      else absorbed += mass * rise;
      if (i > 0) next[i - 1] = (next[i - 1] as number) + mass * fall;
      next[i] = (next[i] as number) + mass * Math.max(0, 1 - rise - fall);
    }
    now = next;
  }
  return answer;
}

/** Mean years until loss, from all there: first-step equations of a birth–death chain, solved from the top. */
export function yearsUntilLoss({ k, m, lossRate, repairRate }: Chain): number {
  const n = k + m;
  // h(i) = expected years from i to i + 1 missing: 1/up + down/up · h(i − 1).
  let total = 0;
  let h = 0;
  for (let i = 0; i <= m; i++) {
    const up = (n - i) * lossRate;
    h = (1 + i * repairRate * h) / up;
    total += h;
  }
  return total;
}
