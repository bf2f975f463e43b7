// Tails of the binomial distribution, kept exact where they are tiny: summed upwards from the first term.

/** P(X ≥ from) for X of `n` trials with chance p each. */
export function binomialTail(n: number, p: number, from: number): number {
  if (from <= 0) return 1;
  if (from > n || p <= 0) return 0;
  if (p >= 1) return 1;
  let log = from * Math.log(p) + (n - from) * Math.log1p(-p);
  for (let i = 0; i < from; i++) log += Math.log((n - i) / (from - i));
  let term = Math.exp(log);
  let sum = term;
  for (let i = from; i < n; i++) {
    term *= ((n - i) / (i + 1)) * (p / (1 - p));
    sum += term;
  }
  return Math.min(1, sum);
}
