import { describe, expect, it } from 'vitest';
import { nodeGround, runSmoke, WorldFailure } from '../src/index.ts';

describe('one seed, one history', () => {
  it('runs the same way twice, line by line, whatever ran before', async () => {
    const lines: [string[], string[]] = [[], []];
    // A ground of its own each time: nothing remembered may change what happens.
    const first = await runSmoke({ seed: 41, ground: nodeGround(), print: (line) => lines[0].push(line) });
    const second = await runSmoke({ seed: 41, ground: nodeGround(), print: (line) => lines[1].push(line) });
    expect(lines[0]).toHaveLength(first.lines);
    const different = lines[0].findIndex((line, at) => line !== lines[1][at]);
    expect(lines[0].slice(different, different + 1)).toEqual([]);
    expect(second).toEqual(first);
  });
});

describe('what goes beyond the promise is noticed', () => {
  it('four burnt sites', async () => {
    const run = runSmoke({ seed: 1, ground: nodeGround(), sabotage: 'too-many-burn' });
    await expect(run).rejects.toThrow(/npm run world -- --seed 1/);
    await expect(run).rejects.toBeInstanceOf(WorldFailure);
  });

  it('disks that say they have synced and have not', async () => {
    const run = runSmoke({ seed: 1, ground: nodeGround(), sabotage: 'disks-lie' });
    await expect(run).rejects.toBeInstanceOf(WorldFailure);
  });
});
