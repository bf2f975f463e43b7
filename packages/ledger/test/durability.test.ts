// The order that makes a cosignature true: the batch is durable, then the vote, then it is signed. Shown by what the
// ports are told, and by crashes; ports that skip a step make the same checks fail.

import { Fault, type Files, memoryFiles, type OpenFile, type Store } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  type AppendReply,
  cosign,
  isVoided,
  LogStore,
  makeCertificate,
  openHeads,
  readHead,
  VoteJournal,
} from '../src/index.ts';
import { type HosterOptions, TestHoster, testClock, VOTES } from './memory-hosters.ts';
import { chainOf, cosignerOf, crypto, sampleCharter } from './sample-charter.ts';
import { deviceGenesis, objects, Pen, VAULT } from './samples.ts';

async function votes(of: Partial<HosterOptions> = {}) {
  const events: string[] = [];
  const hoster = await TestHoster.create({
    id: 'h1',
    charters: chainOf(sampleCharter(4)),
    clock: testClock(),
    record: (what) => events.push(what),
    ...of,
  });
  events.length = 0;
  const pen = new Pen('device laptop');
  const replies: AppendReply[] = [];
  replies.push(await hoster.append(pen.write([deviceGenesis('laptop')]), null));
  replies.push(await hoster.append(pen.write([objects('a')]), null));
  for (const reply of replies) expect(reply.result).toBe('cosigned');
  return { events, hoster, pen };
}

/** Throws unless each signature follows a synced batch and a synced vote of its own, in that order. */
function checkOrder(events: readonly string[]): void {
  const each = events.join(', ').split('signed').slice(0, -1);
  if (each.length === 0) throw new Error('nothing was signed after all');
  for (const before of each) {
    const batch = before.indexOf('batch synced');
    if (batch < 0 || before.indexOf('vote synced') < batch) throw new Error(`signed after: ${before}`);
  }
}

/** Throws unless, after a power cut, all that was signed is stored and remembered. */
async function checkCrash(hoster: TestHoster, pen: Pen): Promise<void> {
  const journal = await VoteJournal.open(hoster.files.crash(), VOTES, crypto);
  const logs = await LogStore.open(hoster.store.crash(), crypto);
  const { size, checkpoint } = logs.state(pen.origin);
  expect(size).toBe(2);
  expect((await logs.records(pen.origin, 0, size)).length).toBe(2);
  expect(journal.last(pen.origin)).toMatchObject({ size: 2, root: readHead(checkpoint).root });
  expect(journal.counter).toBe(2);
}

const withoutSync = (store: Store): Store => ({
  ...store,
  batch: (operations) => store.batch(operations, { sync: false }),
});

const forgetful = (files: Files): Files => ({
  ...files,
  append: async (path): Promise<OpenFile> => ({ ...(await files.append(path)), sync: async () => undefined }),
});

describe('a cosignature', () => {
  test('follows the synced batch and the synced vote, and survives a power cut', async () => {
    const { events, hoster, pen } = await votes();
    expect(events).toEqual([
      'batch synced',
      'vote synced',
      'signed',
      'batch synced',
      'vote synced',
      'signed',
    ]);
    checkOrder(events);
    await checkCrash(hoster, pen);
  });

  const skipping: [string, Partial<HosterOptions>][] = [
    ['batches without sync', { wrapStore: withoutSync }],
    ['votes without fsync', { wrapFiles: forgetful }],
  ];

  test.each(skipping)('%s: both checks find it', async (_what, of) => {
    const { events, hoster, pen } = await votes(of);
    expect(() => checkOrder(events)).toThrow('signed after');
    await expect(checkCrash(hoster, pen)).rejects.toThrow('expected');
  });

  test('is not given twice over another order: the check itself can fail', () => {
    expect(() => checkOrder(['vote synced', 'batch synced', 'signed'])).toThrow('signed after');
    expect(() => checkOrder(['signed', 'batch synced', 'vote synced'])).toThrow('signed after');
    expect(() => checkOrder(['batch synced', 'vote synced', 'signed', 'signed'])).toThrow('signed after');
    expect(() => checkOrder([])).toThrow('nothing');
  });

  test('given again for the same bytes is the same, and costs no vote', async () => {
    const { events, hoster, pen } = await votes();
    const again = await hoster.append(pen.appendFrom(1), null);
    const wire = hoster.seen.map(({ reply }) =>
      reply.result === 'cosigned' ? reply.cosignature : reply.result,
    );
    expect(again.result).toBe('cosigned');
    expect(wire[2]).toBe(wire[1]);
    expect(events.slice(6)).toEqual(['signed']);
    expect(hoster.journal.counter).toBe(2);
  });

  test('of an idle head carries a new time after a day', async () => {
    const clock = testClock();
    const { hoster, pen } = await votes({ clock });
    clock.time += 86_401_000;
    await hoster.append(pen.appendFrom(1), null);
    const [, before, after] = hoster.seen.map(({ reply }) =>
      reply.result === 'cosigned' ? reply.cosignature : '',
    );
    expect(after).not.toBe(before);
    expect(hoster.journal.counter).toBe(2);
  });
});

describe('a crash at every step', () => {
  /** Fails the nth write to either disk, for good, as a machine that stops there. */
  function stopping(nth: number) {
    let left = nth;
    const step = async (work: () => Promise<void>) => {
      if (left-- <= 0) throw new Error('the machine stopped');
      await work();
    };
    return {
      wrapStore: (store: Store): Store => ({
        ...store,
        batch: (...batch) => step(() => store.batch(...batch)),
      }),
      wrapFiles: (files: Files): Files => ({
        ...files,
        append: async (path) => {
          const file = await files.append(path);
          return {
            write: (bytes) => step(() => file.write(bytes)),
            sync: () => step(() => file.sync()),
            close: () => file.close(),
          };
        },
      }),
    };
  }

  test.each([0, 1, 2, 3])(
    '%i steps on: nothing is signed, the restarted voter signs the same bytes',
    async (steps) => {
      const events: string[] = [];
      const charters = chainOf(sampleCharter(4));
      const options = { id: 'h1', charters, clock: testClock(), record: (what: string) => events.push(what) };
      const hoster = await TestHoster.create({ ...options, ...stopping(steps) });
      const pen = new Pen('device laptop');
      const append = pen.write([deviceGenesis('laptop')]);
      const tried = hoster.append(append, null);
      if (steps < 3) {
        await expect(tried).rejects.toMatchObject({ kind: 'failure' });
        expect(events).not.toContain('signed');
        // Nor does a second try on the same machine, which no longer knows what its disks hold.
        await expect(hoster.append(append, null)).rejects.toMatchObject({ kind: 'failure' });
        expect(events).not.toContain('signed');
      } else {
        await tried;
      }
      Object.assign(hoster.options, { wrapStore: undefined, wrapFiles: undefined });
      await hoster.crash();
      expect(await hoster.append(append, null)).toMatchObject({ result: 'cosigned' });
      expect(hoster.journal.counter).toBe(1);
    },
  );
});

describe('the two memories of a voter', () => {
  test('a journal older than the store is borne: the vote is cast again before it is signed', async () => {
    const { hoster, pen, events } = await votes();
    const older = memoryFiles();
    await VoteJournal.create(older, VOTES);
    hoster.files = older;
    await hoster.open();
    await hoster.mirror.checkHistory();
    hoster.mirror.startVoting();
    events.length = 0;
    expect(await hoster.append(pen.appendFrom(1), null)).toMatchObject({ result: 'cosigned' });
    expect(hoster.journal.counter).toBe(1);
    expect(hoster.journal.last(pen.origin)?.size).toBe(2);
  });

  test('what was adopted counts as voted, but is cosigned only once it is admitted', async () => {
    const { hoster } = await votes();
    const pen = new Pen('device phone');
    const other = pen.copy();
    await hoster.mirror.adopt(pen.write([deviceGenesis('phone', { until: 5 })]));
    expect(hoster.journal.last(pen.origin)).toBeUndefined();
    expect(await hoster.append(pen.appendFrom(0), null)).toMatchObject({
      result: 'refused',
      fault: { code: 'DELEGATION_EXPIRED' },
    });
    expect(await hoster.append(other.write([deviceGenesis('phone')]), null)).toMatchObject({
      fault: { code: 'FORKED' },
    });
    expect(hoster.mirror.logs.state(pen.origin)).toMatchObject({ size: 1, admittedSize: 0 });
  });

  test('a void that was only adopted cancels nothing that is certified', async () => {
    const { hoster, pen } = await votes();
    const lines = ['h1', 'h2', 'h3'].map((name) =>
      cosign(crypto, readHead(pen.checkpoint()), cosignerOf(name), 1),
    );
    const charter = sampleCharter(4);
    await hoster.certify(pen.origin, makeCertificate(charter, pen.checkpoint(), lines));
    await hoster.mirror.adopt(pen.write([{ kind: 'void', index: 1 }]));
    expect(hoster.mirror.logs.state(pen.origin)).toMatchObject({ size: 3, certifiedSize: 2 });
    expect(await isVoided(hoster.mirror.logs.store, { origin: pen.origin, index: 1 })).toBe(false);
  });

  test('a key given up while an append waits for the disks signs nothing more', async () => {
    const { hoster, pen } = await votes();
    const waiting = hoster.append(pen.write([objects('b')]), null);
    const reason = new Fault('integrity', 'VOTE_HISTORY_BEHIND', 'a peer remembers more', {});
    await expect.poll(() => hoster.mirror.logs.state(pen.origin).size).toBeGreaterThan(0);
    hoster.mirror.stopVoting(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test('heads of a vault leave out a log whose first batch is not stored yet', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let slow = false;
    const wrapStore = (store: Store): Store => ({
      ...store,
      // The disk has it, and says so late.
      batch: async (...batch) => {
        await store.batch(...batch);
        if (slow) await held;
      },
    });
    const { hoster } = await votes({ wrapStore });
    slow = true;
    const phone = new Pen('device phone');
    const appending = hoster.append(phone.write([deviceGenesis('phone')]), null);
    const nonce = new Uint8Array(32);
    const scope = { of: 'vault', vault: VAULT } as const;
    await expect.poll(() => hoster.mirror.logs.originsOfVault(VAULT)).toContain(phone.origin);
    const asked = { hoster: 'h1', nonce, scope };
    const { heads } = openHeads(crypto, sampleCharter(4), asked, await hoster.heads(nonce, scope));
    expect(heads.map(({ size }) => size)).toEqual([2]);
    release();
    expect(await appending).toMatchObject({ result: 'cosigned' });
  });

  test('a head without its certificate is unfinished after ten seconds', async () => {
    const clock = testClock();
    const { hoster, pen } = await votes({ clock });
    expect(hoster.mirror.unfinished()).toEqual([]);
    clock.time += 10_000;
    expect(hoster.mirror.unfinished()).toEqual([pen.origin]);
  });
});
