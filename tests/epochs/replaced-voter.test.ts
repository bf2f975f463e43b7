// Voters come and go while an agency works: nothing certified is lost, nobody waits long, and a key whose epoch is over
// is on no disk any more. Five real daemons, puts and gets without a pause.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { runHere } from '../support/command.ts';
import { TestNetwork } from '../support/network.ts';
import { Workload } from '../charter/workload.ts';
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
  network = await TestNetwork.up({ sites: 5, k: 2, m: 1 });
  load = new Workload(await network.vault(), network.scratch);
  members = await membersOf(network);
  load.start();
  await load.ops(1);
}, 60_000);
afterAll(async () => {
  await load?.stop().catch(() => undefined);
  await network?.close();
}, 30_000);

const member = (at: number) => members[at] as Member;

test('a voter leaves: its key is gone, and it signs nothing more', async () => {
  const charter = await openEpoch(network, { leave: member(4).hoster });
  expect(charter.epoch).toBe(2);
  await load.ops(2);
  expect(await silenceOf(network, member(4))).toBe('VOTER_NONE');
  expect(await votingKeysOf(network, member(4))).toEqual([]);
  for (const at of [0, 1, 2, 3])
    expect(await votingKeysOf(network, member(at))).toEqual(['voting-2.key', 'voting-3.key']);
});

test('it comes back in another’s place, and votes once it has read what the others hold', async () => {
  const enter = await keyFor(network, member(4), 3);
  await openEpoch(network, { enter, leave: member(0).hoster });
  await load.ops(1);
  await untilVoting(network, member(4));
  expect(await silenceOf(network, member(0))).toBe('VOTER_NONE');
  // One of the four may be silent, so nothing could go on if the new one did not vote.
  await network.kill(member(1).site);
  await load.ops(1);
  await network.start();
});

test('all keys are replaced, and nobody waits for it', async () => {
  await untilVoting(network, member(1));
  await openEpoch(network);
  await load.ops(2);
  for (const at of [1, 2, 3, 4])
    expect(await votingKeysOf(network, member(at))).toEqual(['voting-4.key', 'voting-5.key']);
});

test('and the ledger has everything', async () => {
  await load.stop();
  const verified = await runHere(['ledger', 'verify', '--network', network.directory, '--json']);
  expect(verified.code, verified.stderr).toBe(0);
});
