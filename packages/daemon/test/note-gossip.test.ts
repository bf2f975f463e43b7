// What hosters tell each other besides logs: a revocation that reached one reaches the others, with all other notes, and
// so does the proof that a writer signed two histories.

import { nodeCrypto as crypto } from '@vauban/core/node';
import { forkProofOf, signRootNote } from '@vauban/ledger';
import { beforeEach, expect, it } from 'vitest';
import { forkAlerts, NoteGossip } from '../src/note-gossip.ts';
import {
  answerOf,
  charters,
  clock,
  delegationOf,
  mirrors,
  NOW,
  Pen,
  publicOf,
  random,
  seedOf,
  type TestMirror,
} from './mirror-setup.ts';

const revocation = signRootNote(
  crypto,
  {
    format: 'vauban/revoke/0',
    charter: 'grand-est',
    agency: 'metz',
    deviceKey: publicOf('laptop'),
    issued: NOW,
  },
  seedOf('root metz'),
);

let all: TestMirror[];
let logged: string[];
beforeEach(async () => {
  all = await mirrors();
  logged = [];
});

/** One hoster hears what another one says. */
async function listen(at: number, to: TestMirror): Promise<void> {
  const { mirror } = all[at - 1] as TestMirror;
  const log = (_level: string, what: string) => void logged.push(what);
  const gossip = new NoteGossip({ mirror, charters, crypto, clock, random, log });
  await gossip.listen(await answerOf(to), () => false);
}

it('a revocation that one hoster stores seals the log at whoever listens to it', async () => {
  const [h1, h2, h3, h4] = all as [TestMirror, TestMirror, TestMirror, TestMirror];
  const pen = new Pen('laptop');
  const first = pen.begin();
  for (const one of all) expect(await one.append(first, null)).toMatchObject({ result: 'cosigned' });
  await h1.putNote(revocation);
  await h1.putNote(delegationOf('phone'));
  await listen(2, h1);
  expect((await h2.notes(null)).notes.length).toBe(2);
  const refused = await h2.append(pen.objects('more'), null);
  expect(refused).toMatchObject({ result: 'refused', fault: { code: 'LOG_SEALED' } });
  // What does not check is not taken, and harms nobody.
  const notes = async () => ({ notes: [Uint8Array.of(1), revocation.slice(0, 50)], more: false });
  await listen(4, { ...h3, notes });
  expect((await h4.notes(null)).notes).toEqual([]);
});

it('a fork of any lengths is proven by whoever compares, told to others, and an operator hears of it', async () => {
  const [h1, h2, h3, h4] = all as [TestMirror, TestMirror, TestMirror, TestMirror];
  const pen = new Pen('laptop');
  const common = pen.begin();
  const other = pen.copy();
  for (const one of all) await one.append(common, null);
  for (const append of [pen.objects('left'), pen.objects('further left')]) await h1.append(append, null);
  await h2.append(other.objects('right'), null);
  expect(await forkAlerts(h2.mirror)).toEqual([]);
  await listen(2, h1);
  // One that holds the common beginning only takes the proof over.
  await listen(3, h2);
  for (const { mirror } of [h2, h3]) {
    expect(await forkProofOf(mirror.logs.store, pen.origin)).toBeDefined();
    expect(await forkAlerts(mirror)).toMatchObject([{ code: 'FORKED', facts: { origins: [pen.origin] } }]);
  }
  // A log that is only longer elsewhere is no fork.
  await listen(4, h1);
  expect(await forkAlerts(h4.mirror)).toEqual([]);
  // Whoever knows that its device was revoked has nothing left to ask for.
  await h2.putNote(revocation);
  expect(await forkAlerts(h2.mirror)).toEqual([]);
  expect((await forkAlerts(h3.mirror)).length).toBe(1);
  expect(logged.filter((what) => what === 'fork-proven').length).toBe(2);
});
