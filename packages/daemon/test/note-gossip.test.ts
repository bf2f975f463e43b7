// What hosters tell each other besides logs: a revocation that reached one reaches the others, with all other notes, and
// so does the proof that a writer signed two histories.

import { forkProofOf, openHeads, signRootNote, type Voter } from '@vauban/ledger';
import { beforeEach, expect, it } from 'vitest';
import { countedRandom, type TestHoster, TestNetwork } from '../../ledger/test/memory-hosters.ts';
import { crypto, NOW, publicOf, seedOf } from '../../ledger/test/sample-charter.ts';
import { delegationOf, deviceGenesis, objects, Pen } from '../../ledger/test/samples.ts';
import { forkAlerts, NoteGossip } from '../src/note-gossip.ts';

const revocation = signRootNote(
  crypto,
  {
    format: 'vauban/revoke/0',
    charter: 'grand-est',
    agency: 'metz',
    deviceKey: publicOf('device laptop'),
    issued: NOW,
  },
  seedOf('root metz'),
);
const random = countedRandom();

let network: TestNetwork;
let all: readonly [TestHoster, TestHoster, TestHoster, TestHoster];
let logged: string[];
beforeEach(async () => {
  network = await TestNetwork.of(4);
  all = [network.hoster(1), network.hoster(2), network.hoster(3), network.hoster(4)];
  logged = [];
});

/** One hoster hears what another one says. */
async function listen({ mirror }: TestHoster, voter: Voter): Promise<void> {
  const { charters, clock } = network;
  const log = (_level: string, what: string) => void logged.push(what);
  const asked = { hoster: voter.hoster, nonce: random.bytes(32), scope: { of: 'all' } as const };
  const signed = await voter.heads(asked.nonce, asked.scope);
  const answer = { voter, body: openHeads(crypto, charters.current, asked, signed) };
  await new NoteGossip({ mirror, charters, crypto, clock, random, log }).listen(answer, () => false);
}

it('a revocation that one hoster stores seals the log at whoever listens to it', async () => {
  const [h1, h2, h3, h4] = all;
  const pen = new Pen('device laptop');
  const first = pen.write([deviceGenesis('laptop')]);
  for (const one of all) expect(await one.append(first, null)).toMatchObject({ result: 'cosigned' });
  await h1.putNote(revocation);
  await h1.putNote(signRootNote(crypto, delegationOf('phone'), seedOf('root metz')));
  const told: string[] = [];
  h2.mirror.watchNotes(({ format }) => void told.push(format));
  await listen(h2, h1);
  expect((await h2.notes(null)).notes.length).toBe(2);
  // The daemon ends the device's sessions then, as when its agency brings the note.
  expect(new Set(told)).toEqual(new Set(['vauban/revoke/0', 'vauban/delegate/0']));
  const refused = await h2.append(pen.write([objects('more')]), null);
  expect(refused).toMatchObject({ result: 'refused', fault: { code: 'LOG_SEALED' } });
  // What does not check is not taken, and harms nobody.
  h3.lie.notes = async () => ({ notes: [Uint8Array.of(1), revocation.slice(0, 50)], more: false });
  await listen(h4, h3);
  expect((await h4.notes(null)).notes).toEqual([]);
});

it('a fork of any lengths is proven by whoever compares, told to others, and an operator hears of it', async () => {
  const [h1, h2, h3, h4] = all;
  const pen = new Pen('device laptop');
  const common = pen.write([deviceGenesis('laptop')]);
  const other = pen.copy();
  for (const one of all) await one.append(common, null);
  for (const text of ['left', 'further left']) await h1.append(pen.write([objects(text)]), null);
  await h2.append(other.write([objects('right')]), null);
  expect(await forkAlerts(h2.mirror)).toEqual([]);
  await listen(h2, h1);
  // One that holds the common beginning only takes the proof over.
  await listen(h3, h2);
  for (const { mirror } of [h2, h3]) {
    expect(await forkProofOf(mirror.logs.store, pen.origin)).toBeDefined();
    expect(await forkAlerts(mirror)).toMatchObject([{ code: 'FORKED', facts: { origins: [pen.origin] } }]);
  }
  // A log that is only longer elsewhere is no fork.
  await listen(h4, h1);
  expect(await forkAlerts(h4.mirror)).toEqual([]);
  // Whoever knows that its device was revoked has nothing left to ask for.
  await h2.putNote(revocation);
  expect(await forkAlerts(h2.mirror)).toEqual([]);
  expect((await forkAlerts(h3.mirror)).length).toBe(1);
  expect(logged.filter((what) => what === 'fork-proven').length).toBe(2);
});
