import { describe, expect, it } from 'vitest';
import { nodeGround, runSmoke, type SmokeReport } from '../src/index.ts';

const ground = nodeGround();
const seeds = Array.from({ length: 20 }, (_, at) => at + 1);
const reports: SmokeReport[] = [];

describe('nine daemons and a client, whatever befalls them within the promise', () => {
  it.each(seeds)('seed %i: all that was acknowledged is there, in one history', async (seed) => {
    const report = await runSmoke({ seed, ground });
    expect(report.objects).toBeGreaterThan(5);
    reports.push(report);
  });

  it('tried every mishap', () => {
    const sum = (of: (report: SmokeReport) => number) => reports.reduce((total, one) => total + of(one), 0);
    expect(reports).toHaveLength(seeds.length);
    const mishaps = ['kill', 'power', 'isolate', 'burn', 'blackout'].map((what) =>
      sum((one) => one.mishaps[what] ?? 0),
    );
    expect(Math.min(...mishaps)).toBeGreaterThanOrEqual(seeds.length);
    expect(sum((one) => one.clientCrashes)).toBeGreaterThanOrEqual(seeds.length);
    expect(new Set(reports.map((one) => one.trace)).size).toBe(seeds.length);
  });
});
