// Rot that readers find before the scrub does: how long it goes unnoticed, and what that is worth.

import { standardDurations } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groundOf, syntheticCharter } from '../src/ground.ts';
import { intervalOf } from '../src/interval.ts';
import { meanYearsUnnoticed, type Model, modelOf } from '../src/model.ts';
import { Dice } from '../src/random.ts';
import { plainRuns } from '../src/splitting.ts';
import { inPlace, quiet } from './chain-runs.ts';

const place = { name: 'Metz', latitude: 49.1, longitude: 6.2, hoster: 'Mirabelle' };
const scrubPeriod = standardDurations.scrubPeriodMs / (365.25 * 86_400_000);

/** 2 + 1 where volumes rot and nothing else happens; rebuilt in an hour once noticed. Audits find nothing. */
function rotting(reads: number, changes: { rottingVolumes?: number; fragmentRot?: number } = {}): Model {
  const charter = syntheticCharter({ places: [place], sites: 3 });
  return modelOf({
    ground: groundOf(charter, []),
    keeping: { id: 'rotting', name: { en: '', fr: '' }, code: 'rs', k: 2, m: 1 },
    assumptions: { ...quiet, reads, rottingShare: 1, auditFinds: 0, rottingVolumes: 0.5, ...changes },
    durations: standardDurations,
    horizonYears: 10,
    crashes: false,
    exponentialRepair: 1 / 8_766,
  });
}

const run = (reads: number, seed: number, rottingVolumes = 0.5) =>
  plainRuns({
    model: rotting(reads, { rottingVolumes }),
    placements: [inPlace(3)],
    dice: new Dice(seed),
    horizonYears: 10,
    futures: 400,
  });

describe('rot that goes unnoticed', () => {
  it('does for half a scrub period without reads, and for a read’s time where reads are frequent', () => {
    expect(meanYearsUnnoticed({ scrubPeriod, readRate: 0 })).toBeCloseTo(scrubPeriod / 2, 12);
    expect(meanYearsUnnoticed({ scrubPeriod, readRate: 1e5 }) * 1e5).toBeCloseTo(1, 3);
    // Both sides of where the series stands in.
    const at = (x: number) => meanYearsUnnoticed({ scrubPeriod, readRate: x / scrubPeriod }) / scrubPeriod;
    expect(at(0.000_999_9) / at(0.001_000_1)).toBeCloseTo(1, 6);
  });

  it('does never for longer with more reads, nor are more segments at risk', () => {
    const rate = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(rate, rate, (a, b) => {
        const [few, many] = [Math.min(a, b), Math.max(a, b)];
        const years = (readRate: number) => meanYearsUnnoticed({ scrubPeriod, readRate });
        expect(years(many)).toBeLessThanOrEqual(years(few) * (1 + 1e-9));
        const tail = (reads: number) => rotting(reads, { fragmentRot: 1e-3 }).rotTail;
        for (const [i, more] of tail(many).entries())
          expect(more).toBeLessThanOrEqual((tail(few)[i] as number) * (1 + 1e-9));
      }),
    );
  });

  it.each([0, 6, 60])('in futures as in the closed form: %i reads a year', (reads) => {
    const rate = 0.02;
    // A read takes two of three fragments. Each of three rots seldom, so hardly two at once, and waits to be found and rebuilt.
    const each = meanYearsUnnoticed({ scrubPeriod, readRate: (reads * 2) / 3 }) + 1 / 8_766;
    const shares = Array.from(
      { length: 20 },
      (_, at) => (run(reads, at + 1, rate).yearsMissing[1] ?? 0) / 10,
    );
    const { low, high } = intervalOf(shares);
    expect(low * 0.97).toBeLessThan(3 * rate * each);
    expect(high * 1.03).toBeGreaterThan(3 * rate * each);
    expect(high / low).toBeLessThan(1.2);
  });

  it('costs less the more is read', () => {
    const losses = [0, 12, 200].map((reads) =>
      intervalOf(Array.from({ length: 10 }, (_, at) => run(reads, at + 1).anyLoss)),
    );
    const [none, some, many] = losses as [(typeof losses)[0], (typeof losses)[0], (typeof losses)[0]];
    expect(some.high).toBeLessThan(none.low);
    expect(many.high).toBeLessThan(some.low);
  });
});
