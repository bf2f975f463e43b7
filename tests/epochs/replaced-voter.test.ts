// Voters come and go while an agency works: nothing certified is lost, nobody waits long, and a key whose epoch is over
// is on no disk any more. Five real daemons, puts and gets without a pause.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { runHere } from '../support/command.ts';
import { Consortium } from './consortium.ts';

let consortium: Consortium;
beforeAll(async () => {
  consortium = await Consortium.atWork(5);
  await consortium.load.ops(1);
}, 60_000);
afterAll(() => consortium?.close(), 30_000);

test('a voter leaves: its key is gone, and it signs nothing more', async () => {
  const { load } = consortium;
  const charter = await consortium.openEpoch({ leave: consortium.member(4).hoster });
  expect(charter.epoch).toBe(2);
  await load.ops(2);
  expect(await consortium.silenceOf(consortium.member(4))).toBe('VOTER_NONE');
  expect(await consortium.votingKeysOf(consortium.member(4))).toEqual([]);
  for (const at of [0, 1, 2, 3])
    expect(await consortium.votingKeysOf(consortium.member(at))).toEqual(['voting-2.key', 'voting-3.key']);
});

test('it comes back in another’s place, and votes once it has read what the others hold', async () => {
  const { load, network } = consortium;
  const enter = await consortium.keyFor(consortium.member(4), 3);
  await consortium.openEpoch({ enter, leave: consortium.member(0).hoster });
  await load.ops(1);
  await consortium.untilVoting(consortium.member(4));
  expect(await consortium.silenceOf(consortium.member(0))).toBe('VOTER_NONE');
  // One of the four may be silent, so nothing could go on if the new one did not vote.
  await network.kill(consortium.member(1).site);
  await load.ops(1);
  await network.start();
});

test('all keys are replaced, and nobody waits for it', async () => {
  const { load } = consortium;
  await consortium.untilVoting(consortium.member(1));
  await consortium.openEpoch();
  await load.ops(2);
  for (const at of [1, 2, 3, 4])
    expect(await consortium.votingKeysOf(consortium.member(at))).toEqual(['voting-4.key', 'voting-5.key']);
});

test('and the ledger has everything', async () => {
  const { load, network } = consortium;
  await load.stop();
  const verified = await runHere(['ledger', 'verify', '--network', network.directory, '--json']);
  expect(verified.code, verified.stderr).toBe(0);
});
