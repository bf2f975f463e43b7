// A hoster whose disk was put back to an older day: it refuses to vote, says why and what to do, and votes again under a
// new key, in an epoch of its own.

import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Workload } from '../charter/workload.ts';
import { TestNetwork, until } from '../support/network.ts';
import {
  keyFor,
  type Member,
  membersOf,
  openEpoch,
  silenceOf,
  untilVoting,
  votingKeysOf,
} from './consortium.ts';

let network: TestNetwork;
let load: Workload;
let members: Member[];

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 4, k: 2, m: 1 });
  load = new Workload(await network.vault(), network.scratch);
  members = await membersOf(network);
  load.start();
}, 60_000);
afterAll(async () => {
  await load?.stop().catch(() => undefined);
  await network?.close();
}, 30_000);

const member = (at: number) => members[at] as Member;

test('refuses to vote, says why, and comes back through a new key and an epoch', async () => {
  const restored = member(2);
  const { data } = await network.daemon(restored.site);
  const old = join(network.scratch, 'old-data');
  await network.kill(restored.site);
  await cp(data, old, { recursive: true });
  await network.start();
  await untilVoting(network, restored);
  await load.ops(2);
  // Another voter that starts hears how often this one has voted.
  await network.kill(member(0).site);
  await network.start();
  await untilVoting(network, member(0));
  await network.kill(restored.site);
  await rm(data, { recursive: true });
  await rename(old, data);
  await network.start();
  await until(async () => (await silenceOf(network, restored)) === 'VOTE_HISTORY_BEHIND');
  await until(async () => (await votingKeysOf(network, restored)).length === 0);
  expect(await network.logOf(restored.site)).toMatch(
    /remembers \d+ votes of this hoster.*vauban daemon voting-key --epoch 2/,
  );
  await load.ops(1);

  const enter = await keyFor(network, restored, 2);
  await openEpoch(network, { enter });
  await untilVoting(network, restored);
  expect(await votingKeysOf(network, restored)).toEqual(['voting-2.key', 'voting-3.key']);
  await load.ops(1);
});
