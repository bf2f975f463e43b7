import { describe, expect, it } from 'vitest';
import { drawPlan, formatPlan, nodeGround, parsePlan, runHistory, WorldFailure } from '../src/index.ts';
import { hosterNames } from '../src/membership.ts';

const planOf = (seed: number) => drawPlan(nodeGround().crypto, seed);

describe('one seed, one history', () => {
  it('runs the same way twice, line by line, whatever ran before', async () => {
    const lines: [string[], string[]] = [[], []];
    const plan = planOf(41);
    // A ground of its own each time: nothing remembered may change what happens.
    const ground = nodeGround();
    const first = await runHistory({ plan, ground, print: (line) => lines[0].push(line) });
    const again = parsePlan(formatPlan(plan));
    const other = nodeGround();
    await runHistory({ plan: planOf(40), ground: other });
    const second = await runHistory({ plan: again, ground: other, print: (line) => lines[1].push(line) });
    expect(lines[0]).toHaveLength(first.lines);
    const different = lines[0].findIndex((line, at) => line !== lines[1][at]);
    expect(lines[0].slice(different, different + 1)).toEqual([]);
    expect(second).toEqual(first);
  });
});

describe('what goes beyond the promise is noticed', () => {
  const drawn = planOf(1);
  const calm = { ...drawn, operations: drawn.operations.slice(0, 14), faults: [], liars: [] };
  const burns = hosterNames
    .slice(0, 4)
    .map((hoster) => ({ fault: 'burn', op: 10, plusMs: 0, hoster }) as const);

  it('four burnt sites', async () => {
    const run = runHistory({ plan: { ...calm, faults: burns }, ground: nodeGround() });
    await expect(run).rejects.toThrow(/npm run world -- --seed 1/);
    await expect(run).rejects.toBeInstanceOf(WorldFailure);
  });

  it('disks that say they have synced and have not', async () => {
    const faults = [
      { fault: 'lying-disks', op: 0, plusMs: 0 },
      { fault: 'blackout', op: 10, plusMs: 0, forMs: 1_000 },
    ] as const;
    await expect(runHistory({ plan: { ...calm, faults }, ground: nodeGround() })).rejects.toBeInstanceOf(
      WorldFailure,
    );
  });
});
