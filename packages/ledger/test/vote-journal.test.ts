// The voter's second memory: what it survives, what it refuses to survive, and that it is asked before a signature.

import {
  diskError,
  equalBytes,
  type FilesCall,
  type MemoryFiles,
  memoryFiles,
  randomBelow,
  utf8,
} from '@vauban/core';
import { expect, test } from 'vitest';
import { type Vote, VoteJournal } from '../src/index.ts';
import { countedRandom } from './memory-hosters.ts';
import { crypto } from './sample-charter.ts';

const root = (name: string) => crypto.sha256(utf8(name));
const vote = (log: number, size: number): Vote => ({
  epoch: 0,
  origin: `grand-est/${'ab'.repeat(31)}${String(log).padStart(2, '0')}`,
  size,
  root: root(`${log} ${size}`),
});
const open = (files: MemoryFiles) => VoteJournal.open(files, 'votes', crypto);

async function journalWith(count: number, files = memoryFiles()): Promise<MemoryFiles> {
  await VoteJournal.create(files, 'votes');
  const journal = await open(files);
  for (let size = 1; size <= count; size++) await journal.cast(vote(size % 3, size));
  await journal.close();
  return files;
}

test('votes are read again, with the last of each log and the counter', async () => {
  const journal = await open(await journalWith(7));
  expect(journal.counter).toBe(7);
  expect(journal.last(vote(1, 7).origin)).toMatchObject(vote(1, 7));
  expect(journal.last(vote(9, 1).origin)).toBeUndefined();
  expect(
    journal
      .votes()
      .map(({ size }) => size)
      .sort((a, b) => a - b),
  ).toEqual([5, 6, 7]);
  expect(await journal.cast(vote(0, 8))).toBe(8);
});

test('a second journal is not created over the first', async () => {
  const files = await journalWith(1);
  await expect(VoteJournal.create(files, 'votes')).rejects.toThrow('EEXIST');
});

test('a missing one is a fault, not an empty one', async () => {
  await expect(open(memoryFiles())).rejects.toMatchObject({ code: 'VOTE_HISTORY_MISSING' });
});

test('in a directory of its own, that directory is synced', async () => {
  const calls: FilesCall[] = [];
  const files = memoryFiles({ record: (call) => calls.push(call) });
  await files.makeDirectory('keys');
  await VoteJournal.create(files, 'keys/votes');
  expect(calls.at(-1)).toMatchObject({ call: 'syncDirectory', path: 'keys' });
});

/** The journal's bytes changed by `change`, on a fresh disk. */
async function damaged(change: (bytes: Uint8Array) => Uint8Array): Promise<MemoryFiles> {
  const from = await journalWith(5);
  const files = memoryFiles();
  const file = await files.create('votes');
  await file.write(change((from.bytesOf('votes') as Uint8Array).slice()));
  await file.close();
  return files;
}

const lengthAt = async () => {
  const whole = (await journalWith(5)).bytesOf('votes') as Uint8Array;
  const shorter = (await journalWith(4)).bytesOf('votes') as Uint8Array;
  return { whole: whole.length, lastStart: shorter.length };
};

test('every way the last record can be torn costs that record and nothing else', async () => {
  const { whole, lastStart } = await lengthAt();
  for (let cut = lastStart; cut < whole; cut += 7) {
    for (const zeros of [0, 5, 300]) {
      const files = await damaged(
        (bytes) => new Uint8Array([...bytes.subarray(0, cut), ...new Uint8Array(zeros)]),
      );
      const journal = await open(files);
      expect(journal.counter).toBe(4);
      // It was cut off: the next vote is not written behind the tear.
      expect(await journal.cast(vote(1, 9))).toBe(5);
      expect((await open(files)).counter).toBe(5);
    }
  }
});

test('a flipped bit before the last record is a fault, wherever it falls', async () => {
  const { lastStart } = await lengthAt();
  for (let at = 0; at < lastStart; at++) {
    // The header's check bytes are zeros that nobody reads.
    if (at >= 4 && at < 12) continue;
    const files = await damaged((bytes) => {
      bytes[at] = (bytes[at] as number) ^ 0x10;
      return bytes;
    });
    await expect(open(files), `byte ${at}`).rejects.toMatchObject({ code: 'VOTE_HISTORY_CORRUPT' });
  }
});

test('records in another order, or twice, are a fault', async () => {
  const { whole, lastStart } = await lengthAt();
  const files = await damaged((bytes) => new Uint8Array([...bytes, ...bytes.subarray(lastStart, whole)]));
  await expect(open(files)).rejects.toMatchObject({ code: 'VOTE_HISTORY_CORRUPT' });
});

test('a large one is rewritten at opening, and says the same', async () => {
  const files = memoryFiles();
  await journalWith(0, files);
  const journal = await open(files);
  const casts = [];
  for (let size = 1; size <= 7_600; size++) casts.push(journal.cast(vote(size % 5, size)));
  await Promise.all(casts);
  expect((files.bytesOf('votes') as Uint8Array).length).toBeGreaterThan(1_048_576);
  const reopened = await open(files);
  expect((files.bytesOf('votes') as Uint8Array).length).toBeLessThan(2_000);
  expect(reopened.counter).toBe(7_600);
  expect((await open(files)).votes()).toEqual(journal.votes().toSorted((a, b) => a.size - b.size));
});

test('one that grows is rewritten while it runs, so that it can always be opened', async () => {
  const files = await journalWith(0);
  const journal = await VoteJournal.open(files, 'votes', crypto, 2_000);
  for (let size = 1; size <= 50; size++) await journal.cast(vote(size % 3, size));
  expect((files.bytesOf('votes') as Uint8Array).length).toBeLessThan(3_500);
  const again = await open(files.crash());
  expect(again.counter).toBe(50);
  expect(again.last(vote(2, 50).origin)).toMatchObject(vote(2, 50));
});

test('votes cast at once keep their order and share an fsync', async () => {
  let syncs = 0;
  const files = memoryFiles({ record: ({ call }) => void (syncs += call === 'sync' ? 1 : 0) });
  await VoteJournal.create(files, 'votes');
  const journal = await open(files);
  syncs = 0;
  const counters = await Promise.all(Array.from({ length: 40 }, (_, at) => journal.cast(vote(at, 1))));
  expect(counters).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
  expect(syncs).toBeLessThan(5);
  expect((await open(files)).counter).toBe(40);
});

test('the counter that others are told never runs ahead of the disk', async () => {
  const files = await journalWith(0);
  const journal = await open(files);
  const slow = journal.cast(vote(1, 1));
  expect(journal.counter).toBe(0);
  await slow;
  expect(journal.counter).toBe(1);
});

test('crash anywhere: what was cast is there, and it can be opened', async () => {
  const random = countedRandom('journal crashes');
  for (let run = 0; run < 150; run++) {
    let files = memoryFiles();
    await VoteJournal.create(files, 'votes');
    const journal = await VoteJournal.open(files, 'votes', crypto, 700);
    const done: number[] = [];
    const crashAt = randomBelow(random, 30);
    let calls = 0;
    const casts = [];
    const disk = files;
    for (let size = 1; size <= 8; size++) {
      casts.push(
        journal.cast(vote(size % 2, size)).then(
          (counter) => done.push(counter),
          () => undefined,
        ),
      );
      if (randomBelow(random, 2) === 0) {
        for (let turn = 0; turn < 12; turn++) {
          if (calls++ === crashAt && files === disk) files = disk.crash(random);
          await Promise.resolve();
        }
      }
    }
    if (files === disk) files = disk.crash(random);
    await Promise.all(casts);
    const after = await open(files);
    expect(after.counter).toBeGreaterThanOrEqual(Math.max(0, ...done));
  }
});

test.each(['write', 'sync'] as const)(
  'after a failed %s no vote counts as cast, then or later',
  async (call) => {
    let failing = false;
    const files = memoryFiles({
      fail: (made) => (failing && made.call === call ? diskError('EIO') : undefined),
    });
    await journalWith(2, files);
    const journal = await open(files);
    failing = true;
    const both = [journal.cast(vote(1, 3)), journal.cast(vote(2, 3))];
    for (const one of both) await expect(one).rejects.toMatchObject({ code: 'VOTE_HISTORY_FAILED' });
    failing = false;
    await expect(journal.cast(vote(1, 3))).rejects.toMatchObject({ code: 'VOTE_HISTORY_FAILED' });
    expect(journal.counter).toBe(2);
    expect(equalBytes(journal.last(vote(1, 1).origin)?.root as Uint8Array, vote(1, 1).root)).toBe(true);
  },
);
