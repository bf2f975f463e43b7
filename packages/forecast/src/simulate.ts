// The clock of one future: draws what comes next, lets it happen, and keeps the future's weight, which makes up for rates
// that were changed to meet rare losses (importance sampling of a Poisson stream; SPEC, biasing).

import { type Run, fallDue, happen } from './events.ts';
import { tallyTime } from './losses.ts';

/** Of ∫ (drawn − true rate) dt while fragments are missing: what a future may use of changed rates between two splits. */
const SPENT_MAX = 4;

/**
 * Runs a future until its level (see `Future`) is `target`, or to `untilYears`; whether the former. A future that
 * is there already stays as it is.
 */
export function simulate(run: Run, o: { readonly untilYears: number; readonly target: number }): boolean {
  const { future: f, dice, tally, isBiased } = run;
  const { plain, calm, urgent } = f.model;
  const { agenda } = f;
  const { untilYears, target } = o;
  while (f.level < target) {
    const isUrgent = isBiased && f.missing > 0 && f.spent < SPENT_MAX;
    const rates = !isBiased ? plain : f.missing === 0 ? calm : isUrgent ? urgent : plain;
    const at = f.time + dice.exponential(1 / rates.total);
    const due = agenda.next;
    const now = Math.min(at, due, untilYears);
    if (rates !== plain) {
      const spent = (rates.total - plain.total) * (now - f.time);
      f.logWeight += spent;
      if (isUrgent) f.spent += spent;
    }
    f.time = now;
    if (now >= untilYears) {
      tallyTime(f, tally);
      return false;
    }
    tally.events++;
    if (due <= at) {
      const code = agenda.take();
      fallDue(run, code & 7, code >> 3);
      continue;
    }
    const drawn = dice.unit() * rates.total;
    let kind = 0;
    while (kind < 7 && drawn >= (rates.sums[kind] as number)) kind++;
    if (rates !== plain) f.logWeight += rates.logRatios[kind] as number;
    happen(run, kind);
  }
  tallyTime(f, tally);
  return true;
}
