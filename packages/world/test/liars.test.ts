// Each liar alone, in a short history in which it and an honest hoster are started anew: all judges agree that every
// promise held, and the liar did lie.

import { utf8 } from '@vauban/core';
import { agencyKeys, secretOfWords } from '@vauban/seal';
import { describe, expect, it } from 'vitest';
import type { Checker, End } from '../src/checker.ts';
import { newCheckers } from '../src/checkers/index.ts';
import { founding } from '../src/founding.ts';
import { runHistory } from '../src/index.ts';
import { liars } from '../src/liars/index.ts';
import { forkedWriter } from '../src/liars/forked-writer.ts';
import { pullLogs } from '../src/officers-desk.ts';
import { World } from '../src/world.ts';
import { ground, LIAR, liesTold, lyingAlone, planOf, SECOND_LIAR } from './liars-setup.ts';

describe('a hoster that lies', () => {
  it('has a name of its own', () => {
    expect(liars.length).toBeGreaterThanOrEqual(20);
    expect(new Set(liars.map(({ name }) => name)).size).toBe(liars.length);
  });

  it.each(lyingAlone)('%s: every promise holds', async (liar) => {
    const { counters } = await runHistory({ plan: planOf(1, [{ hoster: LIAR, liar }]), ground });
    expect(liesTold(counters, liar)).toBeGreaterThan(0);
  });
});

/** Nine hosters of whom two sign everything, and a device whose key is in two programs. */
async function forkedHistory(seed: number, liar: string) {
  const begin = await founding(ground);
  const checkers: Checker[] = newCheckers({ crypto: ground.crypto, charter: () => world.charters.current });
  const world: World = new World({
    seed,
    ground,
    founding: begin,
    tap: (message) => {
      for (const checker of checkers) checker.saw?.(message);
    },
    tell: (event, nowMs) => {
      for (const checker of checkers) checker.told?.(event, nowMs);
    },
  });
  const chosen = liars.find(({ name }) => name === liar);
  if (chosen === undefined) throw new Error(`there is no liar ${liar}`);
  for (const one of world.hosters) if ([LIAR, SECOND_LIAR].includes(one.name)) one.corrupt(chosen);
  const honest = world.hosters.filter(({ name }) => name !== LIAR && name !== SECOND_LIAR);
  const run = async () => {
    for (const hoster of world.hosters) hoster.start();
    expect(await world.until(() => honest.every(({ state }) => state === 'voting'))).toBe(true);
    const program = world.program('forker', 0);
    const network = world.party(program, { name: 'forker', seed: world.key('forker'), listens: false });
    await network.start();
    const { rootSeed } = agencyKeys(ground.crypto, secretOfWords(world.words('town')));
    const names = honest.map(({ name }) => name);
    const { first, second } = await forkedWriter(
      {
        crypto: ground.crypto,
        random: world.random('forker'),
        clock: program.clock,
        charters: world.charters,
        network,
        agency: { id: 'town', rootSeed },
        vault: ground.crypto.sha256(utf8('forked vault')),
      },
      { first: [LIAR, SECOND_LIAR, ...names.slice(0, 4)], second: [LIAR, SECOND_LIAR, ...names.slice(4)] },
    );
    const outcomes = await Promise.all([first.append(), second.append()]);
    outcomes.push(await first.append(), await second.append());
    // Long enough for every voter to try to finish what it holds.
    await world.sleep(30_000);
    for (const checker of checkers) checker.told?.({ of: 'burnt', hoster: 'nobody' }, world.nowMs);
    const logs = await pullLogs(
      world,
      honest.map(({ name }) => name),
      new Set(),
    );
    const end: End = { crypto: ground.crypto, charter: world.charters.current, logs, hosters: world.hosters };
    // A forked log need not make progress.
    for (const checker of checkers) if (checker.name !== 'progress') await checker.judge?.(end);
    for (const hoster of world.hosters) await hoster.stop();
    return { outcomes, counters: world.counters.all };
  };
  return world.scheduler.run(run, { timeMsMax: 600_000, eventsMax: 400_000 });
}

describe('a writer that lies', () => {
  it('gets one of its two histories certified at most, though two hosters sign both', async () => {
    const { outcomes, counters } = await forkedHistory(1, 'double-votes');
    expect(outcomes.filter((one) => one === 'certified').length).toBeGreaterThan(0);
    expect(outcomes[1]).not.toBe('certified');
    expect(counters['lie double-votes signs two trees']).toBeGreaterThan(0);
  });

  it('nor with hosters that agreed on a past to show', async () => {
    const { outcomes, counters } = await forkedHistory(2, 'frozen-pair');
    expect(outcomes[1]).not.toBe('certified');
    expect(liesTold(counters, 'frozen-pair')).toBeGreaterThan(0);
  });
});
