// Row 6: a voter whose second memory is missing, behind what others remember, or says what nobody else does. It must not
// vote with that key again, says why, and comes back through an epoch of its own.

import { VoteJournal } from '@vauban/ledger';
import type { HosterMachine } from '../hoster-machine.ts';
import { openEpoch } from '../officers-desk.ts';
import type { PulledLog } from '../checker.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const EPOCH_MS_MAX = 20_000;
const VOTES = 'votes-1';
const VOTES_BYTES_MAX = 1_000_000;
const chosen = new WeakMap<Stage, string>();

async function keysOf({ files }: HosterMachine): Promise<readonly string[]> {
  return (await files.list('keys')).filter((name) => name.startsWith('voting-'));
}

async function comesBack(
  stage: Stage,
  code: string,
  harm: (hoster: HosterMachine) => Promise<(() => Promise<void>) | undefined>,
): Promise<void> {
  const { world } = stage;
  const person = stage.person('town-1');
  const [name] = stage.some(1) as [string];
  const hoster = stage.hoster(name);
  chosen.set(stage, name);
  await stage.put(person, 'before');
  const later = await harm(hoster);
  await stage.put(person, 'since');
  await heardOf(stage, name);
  hoster.kill();
  await later?.();
  const votes = stage.votesBy(name);
  stage.is('it has voted', votes > 0);
  hoster.start();
  await stage.must('it stops, and says why', () =>
    stage.said(name, 'error voting-stopped', `code="${code}"`),
  );
  stage.is(
    'it says how to come back',
    stage.said(name, 'voting-stopped', 'run vauban daemon voting-key --epoch 2'),
  );
  await stage.must('it does not vote', () => hoster.state === 'silent');
  stage.is('its keys are destroyed', (await keysOf(hoster)).length === 0);
  await stage.put(person, 'without it');
  // Whatever it is told meanwhile, and however often it starts.
  hoster.kill();
  hoster.start();
  await world.sleep(20_000);
  stage.is('it stays silent', hoster.state === 'silent');
  stage.is('and signs nothing', stage.votesBy(name) === votes);
  stage.is('an epoch opens', await openEpoch(world, EPOCH_MS_MAX));
  await stage.must('it votes again', () => hoster.state === 'voting');
  const entered = world.charters.current.hosters.find(({ id }) => id === name);
  stage.is('as one that has just entered', entered?.votingSince === 2 && world.charters.current.epoch === 2);
  await stage.put(person, 'with it');
  await stage.must('its new key signs', () =>
    stage.evidence.votes.some((one) => one.hoster === name && one.epoch === 2),
  );
}

/** Another hoster has asked it for everything: that one remembers how many votes it has cast. */
function heardOf(stage: Stage, name: string): Promise<void> {
  const names = new Set(stage.hosters.map((one) => one.name));
  const sinceMs = stage.world.nowMs;
  const asked = () =>
    stage.messages.some(
      ({ from, to, what, atMs }) =>
        from === name && names.has(to) && what === 'answer heads' && atMs > sinceMs,
    );
  return stage.must('another hoster has heard of its votes', asked, 600_000);
}

/** What it reads before it votes again is everything. */
function holdsAll(stage: Stage, logs: readonly PulledLog[]): void {
  const name = chosen.get(stage);
  const held = (daemon: string | undefined) =>
    logs
      .filter((one) => one.daemon === daemon)
      .map(({ origin, size }) => `${origin} ${size}`)
      .sort()
      .join();
  const other = stage.hosters.find((one) => one.name !== name)?.name;
  stage.is('it holds what the others hold', held(name) !== '' && held(name) === held(other));
}

export const missingVotes: Scenario = {
  name: 'missing-votes',
  says: 'A voter’s vote history is missing: it destroys its keys, says why, and is a new voter in the next epoch.',
  play: (stage) =>
    comesBack(stage, 'VOTE_HISTORY_MISSING', async (hoster) => () => hoster.files.remove(VOTES)),
  judge: holdsAll,
};

export const restoredVoter: Scenario = {
  name: 'restored-voter',
  says: 'A voter’s disk, or its vote history alone, is put back to what it was: others remember more of its votes, and it is the same.',
  play: (stage) =>
    comesBack(stage, 'VOTE_HISTORY_BEHIND', async (hoster) => {
      const old = hoster.disk.image();
      const votes = (await hoster.files.readAll(VOTES, VOTES_BYTES_MAX)) as Uint8Array;
      return async () => {
        if (stage.world.seed % 2 === 0) return hoster.restore(old);
        await hoster.files.remove(VOTES);
        const file = await hoster.files.create(VOTES);
        await file.write(votes);
        await file.sync();
        await file.close();
      };
    }),
  judge: holdsAll,
};

export const contradictedVotes: Scenario = {
  name: 'contradicted-votes',
  says: 'A voter’s vote history says what no other hoster holds of a log: it does not vote on that log, says why, and does so again under a fresh key.',
  async play(stage) {
    const { world } = stage;
    const [person, other] = [stage.person('town-1'), stage.person('harbour-1')];
    const [name] = stage.some(1) as [string];
    const hoster = stage.hoster(name);
    chosen.set(stage, name);
    await stage.put(person, 'before');
    await stage.put(other, 'before');
    const origin = await stage.origin(person);
    await stage.must('it has the certificate', () => stage.votesBy(name) >= 2);
    hoster.kill();
    const { crypto } = world;
    const journal = await VoteJournal.open(hoster.files, VOTES, crypto);
    const last = journal.last(origin);
    stage.is('it has voted on the log', last !== undefined);
    await journal.cast({ epoch: 1, origin, size: last?.size ?? 0, root: crypto.sha256(new Uint8Array(1)) });
    await journal.close();
    hoster.start();
    await stage.must('it says why', () =>
      stage.said(name, 'log-not-healed', origin, 'VOTE_HISTORY_CONTRADICTS'),
    );
    const on = (log: string, epoch: number) =>
      stage.evidence.votes.filter((one) => one.hoster === name && one.origin === log && one.epoch === epoch)
        .length;
    const votes = on(origin, 1);
    const [elsewhere, otherOrigin] = [() => on(otherOrigin, 1), await stage.origin(other)];
    const before = elsewhere();
    await stage.must('it votes on others', () => hoster.state === 'voting');
    await stage.put(person, 'without it');
    // A removal names no segment, so no other log has to be known for it.
    await other.does({ do: 'remove', by: 'harbour-1', at: 0, path: 'before' }, 0);
    await stage.must('it signs another log', () => elsewhere() > before);
    await world.sleep(20_000);
    stage.is('and not that one', on(origin, 1) === votes);
    stage.is('an epoch opens', await openEpoch(world, EPOCH_MS_MAX));
    await stage.must('everybody has entered it', () =>
      stage.hosters.every((one) => stage.said(one.name, 'info epoch epoch=2')),
    );
    await stage.must('it is healed', () => stage.said(name, 'ledger-healed'), 60_000);
    await stage.put(person, 'with it');
    await stage.must('its new key signs that log', () => on(origin, 2) > 0);
  },
  judge: holdsAll,
};
