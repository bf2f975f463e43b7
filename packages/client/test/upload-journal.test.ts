// What an interrupted upload may go on with. Its safety: a key whose bytes may have left is never used for other bytes,
// so a line that was noted is there after any crash, and a journal that lost one is not used.

import { memoryFiles, type MemoryFiles, utf8 } from '@vauban/core';
import { nodeRandom } from '@vauban/core/node';
import { describe, expect, it } from 'vitest';
import {
  type JournalPorts,
  type StoredSegment,
  UploadJournal,
  type UploadStart,
} from '../src/upload-journal.ts';

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill);
const START: UploadStart = {
  source: '/srv/files/plan.pdf',
  path: 'plans/plan.pdf',
  size: 40_000_000,
  modified: 1_760_000_000_000,
  policy: 'standard',
  content: bytes(16, 1),
  key: bytes(32, 2),
};
const STORED: StoredSegment = {
  segment: bytes(32, 3),
  descriptor: {
    vault: bytes(32, 4),
    code: 'rs',
    k: 2,
    m: 1,
    cellBytes: 147_456,
    stripes: 7,
    lastCellBytes: 1_000,
    roots: [bytes(32, 5), bytes(32, 6), bytes(32, 7)],
  },
  fragments: [
    [bytes(32, 5), bytes(16, 8), 0, bytes(64, 9)],
    [bytes(32, 6)],
    [bytes(32, 7), bytes(16, 10), 3, bytes(64, 11)],
  ],
};

const PROCESSES = ['first', 'second', 'third'];

/** Processes of one machine; each has a name and may be dead. */
function machine(files: MemoryFiles = memoryFiles()) {
  const dead = new Set<string>();
  const ports = (owner: string, vaultSecret = bytes(32, 42)): JournalPorts => ({
    files,
    random: nodeRandom,
    vaultSecret,
    owner,
    alive: async (name) => PROCESSES.includes(name) && !dead.has(name),
  });
  return { files, dead, ports };
}

async function journalNames(files: MemoryFiles): Promise<string[]> {
  return (await files.list('uploads')).map((name) => name.replace(/^[0-9a-f]{32}/, 'id'));
}

async function idOf(files: MemoryFiles): Promise<string> {
  const names = (await files.list('uploads')).filter((name) => !name.includes('.'));
  expect(names).toHaveLength(1);
  return names[0] as string;
}

/** A disk that holds just this journal, as if its process had died. */
async function withJournal(content: Uint8Array, id: string) {
  const made = machine();
  await made.files.makeDirectory('uploads');
  const file = await made.files.create(`uploads/${id}`);
  await file.write(content);
  await file.sync();
  await file.close();
  await made.files.syncDirectory('uploads');
  return made;
}

describe('an upload journal', () => {
  it('gives a later run what an earlier one noted', async () => {
    const { ports, files } = machine();
    const journal = await UploadJournal.begin(ports('first'), START);
    await journal.noteSealed(0, bytes(32, 20));
    await journal.noteSealed(1, bytes(32, 21));
    await journal.noteStored(1, STORED);
    await journal.release();
    expect(await journalNames(files)).toEqual(['id']);
    const again = (await UploadJournal.resume(ports('second'), START)) as UploadJournal;
    expect(again.start).toEqual(START);
    expect([...again.sealed]).toEqual([
      [0, bytes(32, 20)],
      [1, bytes(32, 21)],
    ]);
    expect([...again.stored]).toEqual([[1, STORED]]);
    expect(await journalNames(files)).toEqual(['id', 'id.owner']);
    await again.discard();
    expect(await journalNames(files)).toEqual([]);
    expect(await UploadJournal.resume(ports('third'), START)).toBeUndefined();
  });

  it('notices when sealing again gives other bytes', async () => {
    const { ports } = machine();
    const journal = await UploadJournal.begin(ports('first'), START);
    await journal.noteSealed(0, bytes(32, 20));
    await journal.release();
    const again = (await UploadJournal.resume(ports('second'), START)) as UploadJournal;
    expect(again.agrees(0, bytes(32, 20))).toBe(true);
    expect(again.agrees(0, bytes(32, 21))).toBe(false);
    expect(again.agrees(1, bytes(32, 21))).toBe(true);
  });

  it('is not taken from a process that still runs, only from one that is gone', async () => {
    const { ports, dead, files } = machine();
    const journal = await UploadJournal.begin(ports('first'), START);
    await journal.noteSealed(0, bytes(32, 20));
    expect(await UploadJournal.resume(ports('second'), START)).toBeUndefined();
    dead.add('first');
    const taken = (await UploadJournal.resume(ports('second'), START)) as UploadJournal;
    expect(taken.sealed.size).toBe(1);
    expect(new TextDecoder().decode(files.bytesOf(`uploads/${await idOf(files)}.owner`))).toBe('second');
    expect(await UploadJournal.resume(ports('third'), START)).toBeUndefined();
  });

  it('of a source that changed, or another policy, is discarded', async () => {
    for (const change of [{ size: 1 }, { modified: 1 }, { policy: 'other' }]) {
      const { ports, files } = machine();
      await (await UploadJournal.begin(ports('first'), START)).release();
      expect(await UploadJournal.resume(ports('second'), { ...START, ...change })).toBeUndefined();
      expect(await journalNames(files)).toEqual([]);
    }
  });

  it('of another file, or of the same one for another path, is left alone', async () => {
    const { ports, files } = machine();
    await (await UploadJournal.begin(ports('first'), START)).release();
    for (const change of [{ source: '/srv/files/other' }, { path: 'other' }]) {
      expect(await UploadJournal.resume(ports('second'), { ...START, ...change })).toBeUndefined();
    }
    expect(await journalNames(files)).toEqual(['id']);
    expect(await UploadJournal.resume(ports('second'), START)).toBeDefined();
  });

  it('cannot be read with the secret of another vault, and shows nothing of what it is about', async () => {
    const { ports, files } = machine();
    const journal = await UploadJournal.begin(ports('first'), START);
    await journal.noteStored(0, STORED);
    await journal.release();
    const raw = Buffer.from(files.bytesOf(`uploads/${await idOf(files)}`) as Uint8Array);
    for (const secret of [START.key, START.content, utf8(START.path), utf8(START.source), STORED.segment]) {
      expect(raw.includes(Buffer.from(secret))).toBe(false);
    }
    expect(await UploadJournal.resume(ports('second', bytes(32, 43)), START)).toBeUndefined();
  });

  it('under the name of another journal is not that journal', async () => {
    const { ports, files } = machine();
    await (await UploadJournal.begin(ports('first'), START)).release();
    const moved = await withJournal(
      files.bytesOf(`uploads/${await idOf(files)}`) as Uint8Array,
      'f'.repeat(32),
    );
    expect(await UploadJournal.resume(moved.ports('second'), START)).toBeUndefined();
  });

  it('torn at any byte keeps the lines before, and what is appended then can be read', async () => {
    const { ports, files } = machine();
    const journal = await UploadJournal.begin(ports('first'), START);
    const id = await idOf(files);
    const ends = [(files.bytesOf(`uploads/${id}`) as Uint8Array).length];
    for (const nth of [0, 1]) {
      await journal.noteSealed(nth, bytes(32, 20 + nth));
      ends.push((files.bytesOf(`uploads/${id}`) as Uint8Array).length);
    }
    const whole = (files.bytesOf(`uploads/${id}`) as Uint8Array).slice();
    for (let length = 0; length <= whole.length; length++) {
      for (const zeros of length % 7 === 0 ? [0, 1, 40] : [0]) {
        const end = ends.findLast((one) => one <= length) ?? 0;
        const content = new Uint8Array(Math.min(whole.length, length + zeros));
        content.set(whole.subarray(0, length));
        // Zeros come in place of bytes of the torn line only.
        if (content.length > (ends.find((one) => one > length) ?? whole.length)) continue;
        const torn = await withJournal(content, id);
        const found = await UploadJournal.resume(torn.ports('second'), START);
        const lines = ends.indexOf(end);
        if (lines < 0) {
          expect(found).toBeUndefined();
          expect(await journalNames(torn.files)).toEqual([]);
          continue;
        }
        // Zeros may be what the line ends with anyway.
        expect([...(found as UploadJournal).sealed.keys()].slice(0, lines)).toEqual([0, 1].slice(0, lines));
        await (found as UploadJournal).noteSealed(7, bytes(32, 27));
        await (found as UploadJournal).release();
        const after = (await UploadJournal.resume(torn.ports('third'), START)) as UploadJournal;
        expect(after.sealed.get(7)).toEqual(bytes(32, 27));
        expect(after.sealed.size).toBeGreaterThan(lines);
      }
    }
  });

  it('damaged anywhere before its last line is not used: a line that is missing may be about bytes that left', async () => {
    const { ports, files } = machine();
    const journal = await UploadJournal.begin(ports('first'), START);
    await journal.noteSealed(0, bytes(32, 20));
    const id = await idOf(files);
    const first = (files.bytesOf(`uploads/${id}`) as Uint8Array).length;
    for (let nth = 1; nth < 40; nth++) await journal.noteStored(nth, STORED);
    const whole = (files.bytesOf(`uploads/${id}`) as Uint8Array).slice();
    for (const at of [first - 1, first + 10]) {
      const content = whole.slice();
      content[at] = (content[at] as number) ^ 1;
      const damaged = await withJournal(content, id);
      expect(await UploadJournal.resume(damaged.ports('second'), START)).toBeUndefined();
    }
  });

  it('too long to be one is removed, and does not stand in the way of others', async () => {
    const { ports, files } = machine();
    await (await UploadJournal.begin(ports('first'), START)).release();
    const huge = '0'.repeat(32);
    await (await files.create(`uploads/${huge}`)).close();
    const stat = files.stat.bind(files);
    const readAll = files.readAll.bind(files);
    files.stat = async (path) =>
      path.endsWith(huge) ? { bytes: 2 ** 30, allocatedBytes: 2 ** 30 } : stat(path);
    files.readAll = async (path, bytesMax) => {
      if (path.endsWith(huge)) throw new Error('more than fits the memory');
      return readAll(path, bytesMax);
    };
    expect(await UploadJournal.resume(ports('second'), START)).toBeDefined();
    expect((await files.list('uploads')).includes(huge)).toBe(false);
  });

  it('writes lines asked for at once one after the other', async () => {
    // A disk that takes short lines before long ones, as parallel writes of one file may.
    const inner = memoryFiles();
    const create = inner.create.bind(inner);
    inner.create = async (path) => {
      const file = await create(path);
      const write = file.write.bind(file);
      file.write = async (content) => {
        for (let i = 0; i < content.length / 100; i++) await Promise.resolve();
        await write(content);
      };
      return file;
    };
    const { ports } = machine(inner);
    const journal = await UploadJournal.begin(ports('first'), START);
    await Promise.all([
      journal.noteStored(0, STORED),
      journal.noteSealed(1, bytes(32, 21)),
      journal.noteStored(1, STORED),
      journal.noteSealed(2, bytes(32, 22)),
    ]);
    await journal.release();
    const again = (await UploadJournal.resume(ports('second'), START)) as UploadJournal;
    expect([...again.sealed.keys()]).toEqual([1, 2]);
    expect([...again.stored.keys()]).toEqual([0, 1]);
  });
});

describe('an upload journal on a machine that loses power', () => {
  it('has every line that was noted', async () => {
    for (const random of [undefined, nodeRandom, nodeRandom]) {
      const { ports, files } = machine();
      const journal = await UploadJournal.begin(ports('first'), START);
      await journal.noteSealed(0, bytes(32, 20));
      await journal.noteStored(0, STORED);
      const after = machine(files.crash(random));
      after.dead.add('first');
      const found = await UploadJournal.resume(after.ports('second'), START);
      expect(found?.sealed.get(0)).toEqual(bytes(32, 20));
      expect(found?.stored.get(0)).toEqual(STORED);
    }
  });

  it('has the lines it resumed with, though the killed process had not synced the last', async () => {
    const first = machine();
    const journal = await UploadJournal.begin(first.ports('first'), START);
    await journal.noteSealed(0, bytes(32, 20));
    const id = await idOf(first.files);
    const lines = (first.files.bytesOf(`uploads/${id}`) as Uint8Array).slice();
    // Killed between the write and the sync: all of it is written, nothing of it is on the disk.
    const { files, ports } = await withJournal(new Uint8Array(0), id);
    await files.syncDirectory('');
    await (await files.append(`uploads/${id}`)).write(lines);
    const resumed = (await UploadJournal.resume(ports('second'), START)) as UploadJournal;
    expect(resumed.sealed.size).toBe(1);
    const found = await UploadJournal.resume(machine(files.crash()).ports('third'), START);
    expect(found?.sealed.get(0)).toEqual(bytes(32, 20));
  });

  it('appends nothing after a line that failed, and is not left for a later run', async () => {
    let failing: 'write' | 'sync' | undefined;
    for (const call of ['write', 'sync'] as const) {
      const files = memoryFiles({
        fail: (one) => (one.call === failing ? new Error('the disk is full') : undefined),
      });
      const { ports } = machine(files);
      const journal = await UploadJournal.begin(ports('first'), START);
      failing = call;
      await expect(journal.noteSealed(0, bytes(32, 20))).rejects.toMatchObject({ code: 'JOURNAL_FAILED' });
      failing = undefined;
      await expect(journal.noteSealed(1, bytes(32, 21))).rejects.toThrow('the disk is full');
      await journal.release();
      expect(await journalNames(files)).toEqual([]);
    }
  });
});
