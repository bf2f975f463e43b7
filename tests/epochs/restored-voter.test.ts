// A hoster whose disk was put back to an older day: it refuses to vote, says why and what to do, and votes again under a
// new key, in an epoch of its own.

import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/network.ts';
import { Consortium } from './consortium.ts';

let consortium: Consortium;
beforeAll(async () => {
  consortium = await Consortium.atWork(4);
}, 60_000);
afterAll(() => consortium?.close(), 30_000);

test('refuses to vote, says why, and comes back through a new key and an epoch', async () => {
  const { load, network } = consortium;
  const restored = consortium.member(2);
  const { data } = await network.daemon(restored.site);
  const old = join(network.scratch, 'old-data');
  await network.kill(restored.site);
  await cp(data, old, { recursive: true });
  await network.start();
  await consortium.untilVoting(restored);
  await load.ops(2);
  // Another voter that starts hears how often this one has voted.
  await network.kill(consortium.member(0).site);
  await network.start();
  await consortium.untilVoting(consortium.member(0));
  await network.kill(restored.site);
  await rm(data, { recursive: true });
  await rename(old, data);
  await network.start();
  await until(async () => (await consortium.silenceOf(restored)) === 'VOTE_HISTORY_BEHIND');
  await until(async () => (await consortium.votingKeysOf(restored)).length === 0);
  expect(await network.logOf(restored.site)).toMatch(
    /remembers \d+ votes of this hoster.*vauban daemon voting-key --epoch 2/,
  );
  await load.ops(1);

  const enter = await consortium.keyFor(restored, 2);
  await consortium.openEpoch({ enter });
  await consortium.untilVoting(restored);
  expect(await consortium.votingKeysOf(restored)).toEqual(['voting-2.key', 'voting-3.key']);
  await load.ops(1);
});
