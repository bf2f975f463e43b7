import { describe, expect, it } from 'vitest';
import { drawPlan, nodeGround, only, runCrowd, runHistory, shrink, WorldFailure } from '../src/index.ts';
import { hosterNames } from '../src/membership.ts';

it('a history is the same in any process, whatever ran there before', async ({ signal }) => {
  const seeds = { from: 7, count: 3, signal };
  const [one, two] = await Promise.all([
    runCrowd({ ...seeds, processes: 1 }),
    runCrowd({ ...seeds, processes: 2 }),
  ]);
  const traces = (crowd: typeof one) =>
    crowd.outcomes.map((outcome) => ('report' in outcome ? outcome.report.trace : outcome.why));
  expect(traces(one)).toEqual(traces(two));
  const ground = nodeGround();
  const last = await runHistory({ plan: drawPlan(ground.crypto, 9), ground });
  expect(traces(one).at(-1)).toBe(last.trace);
});

describe('a failing history', () => {
  const ground = nodeGround();
  const drawn = drawPlan(ground.crypto, 3);
  const burns = hosterNames
    .slice(0, 4)
    .map((hoster, nth) => ({ fault: 'burn', op: 7 + nth, plusMs: 0, hoster }) as const);
  const bystanders = [
    { fault: 'delay', op: 3, plusMs: 10, forMs: 500, byMs: 50 },
    { fault: 'kill-device', op: 5, plusMs: 10, device: 'town-2' },
  ] as const;
  const plan = {
    ...drawn,
    operations: drawn.operations.slice(0, 12),
    faults: [...bystanders, ...burns],
    liars: [],
  };

  it('is reduced to what makes it fail, and replays from that', async () => {
    const failure = await runHistory({ plan, ground }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorldFailure);
    const small = await shrink({ plan, failure: failure as WorldFailure, ground, expired: () => false });
    expect(small.misfortunes).toEqual([2, 3, 4, 5]);
    expect(small.plan).toEqual(only(plan, [2, 3, 4, 5]));
    await expect(runHistory({ plan: small.plan, ground })).rejects.toThrow(small.failure.why);
  });

  it('says when there was no time to reduce it', async () => {
    const failure = new WorldFailure(3, [], new Error('why'));
    const same = await shrink({ plan, failure, ground, expired: () => true });
    expect(same.plan).toEqual(plan);
    expect(same.runs).toBe(0);
  });
});
