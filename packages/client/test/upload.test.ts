// Interrupted uploads: whatever dies and whatever changes meanwhile, no key and nonce ever seal two plaintexts that leave
// the machine, and what was stored is not sent again.

import { Fault, FRAME_BYTES, memoryFiles, utf8, toHex } from '@vauban/core';
import { nodeRandom as random } from '@vauban/core/node';
import { FRAME_PLAIN_BYTES } from '@vauban/seal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Turns } from '../src/turns.ts';
import { forgetUpload, uploadFile } from '../src/upload.ts';
import {
  contentOf,
  digest,
  entryOf,
  killedAfter,
  machineOf,
  MODIFIED,
  optionsOf,
  Outside,
  readBack,
  SIZE,
  sourceOf,
  upload,
} from './upload-setup.ts';

describe('an upload', () => {
  it('is stored whole, and its journal is gone when it is in the ledger', async () => {
    const outside = new Outside();
    const machine = machineOf();
    for (const size of [1, FRAME_PLAIN_BYTES, FRAME_PLAIN_BYTES + 1, SIZE]) {
      const content = contentOf(1, size);
      const uploaded = await upload(outside, machine, { owner: 'first', content });
      expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
      expect(toHex(uploaded.sha256)).toBe(digest(content));
      expect(uploaded.places).toHaveLength(Math.ceil(size / FRAME_PLAIN_BYTES));
      expect((await machine.files.list('uploads')).length).toBe(2);
      await uploaded.done();
      expect(await machine.files.list('uploads')).toEqual([]);
    }
  });

  it('killed and run again unchanged sends the same ciphertext, and nothing that was stored', async () => {
    const outside = new Outside();
    const machine = machineOf();
    const content = contentOf(1, SIZE);
    await killedAfter(outside, machine, { owner: 'first', content, segments: 3 });
    const before = new Set(outside.segments.keys());
    expect(before.size).toBe(3);
    const uploaded = await upload(outside, machine, { owner: 'second', content });
    expect(outside.segments.size).toBe(5);
    // Two were stored with their receipts; the third had left, its receipt had not come.
    expect(uploaded.sentBytes).toBe(outside.sent - 3 * FRAME_BYTES);
    expect(uploaded.sentBytes).toBe(2 * FRAME_BYTES + 1_016);
    expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
  });

  it('killed and run again with other bytes under the same size and time uses other keys', async () => {
    const outside = new Outside();
    const machine = machineOf();
    await killedAfter(outside, machine, { owner: 'first', content: contentOf(1, SIZE), segments: 3 });
    const keys = new Set(outside.left.keys());
    const changed = contentOf(2, SIZE);
    const uploaded = await upload(outside, machine, { owner: 'second', content: changed });
    expect(Buffer.from(readBack(outside, uploaded)).equals(changed)).toBe(true);
    const fresh = [...outside.left.keys()].filter((key) => !keys.has(key));
    expect(fresh).toHaveLength(5);
  });

  it('uses other keys also when several processes left journals of it', async () => {
    const outside = new Outside();
    const machine = machineOf();
    const content = contentOf(1, SIZE);
    const alive = new Set<string>();
    for (const owner of ['first', 'second', 'third']) {
      await killedAfter(outside, machine, { owner, content, segments: 2 });
      // They ran at the same time: none could take over from the others.
      machine.dead.clear();
      alive.add(owner);
    }
    for (const owner of alive) machine.dead.add(owner);
    const changed = contentOf(2, SIZE);
    const uploaded = await upload(outside, machine, { owner: 'fourth', content: changed });
    expect(Buffer.from(readBack(outside, uploaded)).equals(changed)).toBe(true);
    await uploaded.done();
    expect(await machine.files.list('uploads')).toEqual([]);
  });

  it('of a file that changes while it is read is not stored, and its keys are not used again', async () => {
    for (const stamp of [{ modified: MODIFIED + 1 }, { size: SIZE + 1 }]) {
      const outside = new Outside();
      const machine = machineOf();
      const options = optionsOf(outside, machine, 'first');
      const of = { entry: entryOf(SIZE), path: 'plans/plan.pdf' };
      const content = contentOf(1, SIZE);
      await expect(uploadFile(options, sourceOf(content, stamp), of)).rejects.toMatchObject({
        code: 'SOURCE_CHANGED',
      });
      expect(await machine.files.list('uploads')).toEqual([]);
      for (const length of [SIZE - 1, SIZE + 1]) {
        await expect(uploadFile(options, sourceOf(contentOf(1, length)), of)).rejects.toMatchObject({
          code: 'SOURCE_CHANGED',
        });
      }
      expect(await machine.files.list('uploads')).toEqual([]);
    }
  });

  it('that the hosters fail ends with their fault, gives all memory back, and is gone on with', async () => {
    const outside = new Outside();
    const machine = machineOf();
    const content = contentOf(1, SIZE);
    const turns = new Turns({ max: 2, bytesEach: FRAME_BYTES });
    const act = async (nth: number) => {
      if (nth === 3) throw new Fault('failure', 'TOO_FEW_SITES', 'three sites burn');
    };
    await expect(upload(outside, machine, { owner: 'first', content, act, turns })).rejects.toMatchObject({
      code: 'TOO_FEW_SITES',
    });
    const { signal } = new AbortController();
    await Promise.all([turns.take(signal), turns.take(signal)]);
    const uploaded = await upload(outside, machine, { owner: 'first', content });
    expect(uploaded.sentBytes).toBeLessThanOrEqual(FRAME_BYTES + 1_016);
    expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
  });

  it('sends nothing that its journal could not note first', async () => {
    let full = false;
    let writes = 0;
    const files = memoryFiles({
      fail: ({ call }) => {
        if (call === 'write') writes += 1;
        return full && call === 'write' && writes > 5 ? new Error('the disk is full') : undefined;
      },
    });
    const outside = new Outside();
    const machine = machineOf(files);
    full = true;
    await expect(upload(outside, machine, { owner: 'first', content: contentOf(1, SIZE) })).rejects.toThrow(
      'the disk is full',
    );
    const left = outside.stores;
    expect(left).toBeLessThan(5);
    full = false;
    const changed = contentOf(2, SIZE);
    const uploaded = await upload(outside, machine, { owner: 'first', content: changed });
    expect(Buffer.from(readBack(outside, uploaded)).equals(changed)).toBe(true);
  });

  it('sends nothing before the journal says on the disk what it is', async () => {
    const files = memoryFiles();
    const create = files.create.bind(files);
    let synced = 0;
    files.create = async (path) => {
      const file = await create(path);
      const sync = file.sync.bind(file);
      file.sync = async () => {
        for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
        await sync();
        synced += 1;
      };
      return file;
    };
    const outside = new Outside();
    const act = async (nth: number) => {
      // The first line says what is uploaded, then there is one for each segment before it leaves.
      expect(synced).toBeGreaterThanOrEqual(nth + 2);
    };
    const turns = new Turns({ max: 9, bytesEach: FRAME_BYTES });
    await upload(outside, machineOf(files), { owner: 'first', content: contentOf(1, SIZE), act, turns });
    expect(outside.stores).toBe(5);
  });

  it('of segments larger than the buffers at hand works all the same', async () => {
    const outside = new Outside();
    const turns = new Turns({ max: 1, bytesEach: 1_000 });
    const content = contentOf(1, SIZE);
    const uploaded = await upload(outside, machineOf(), { owner: 'first', content, turns });
    expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
  });

  it('that the vault has already is forgotten with its keys', async () => {
    const outside = new Outside();
    const machine = machineOf();
    const content = contentOf(1, SIZE);
    await killedAfter(outside, machine, { owner: 'first', content, segments: 2 });
    await forgetUpload(optionsOf(outside, machine, 'second'), sourceOf(content), {
      entry: entryOf(SIZE),
      path: 'plans/plan.pdf',
    });
    expect(await machine.files.list('uploads')).toEqual([]);
  });
});

describe('whatever dies and changes', () => {
  const run = fc.record({
    version: fc.integer({ min: 1, max: 2 }),
    segments: fc.integer({ min: 1, max: 5 }),
    stored: fc.boolean(),
    powerCut: fc.constantFrom('none', 'clean', 'torn'),
  });

  it('no key and nonce seals two plaintexts that leave, and the last run stores the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(run, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 2 }),
        async (runs, last) => {
          const outside = new Outside();
          let machine = machineOf();
          for (const [nth, { version, segments, stored, powerCut }] of runs.entries()) {
            // With nothing answered only as many as there are turns leave.
            const most = stored ? segments : Math.min(3, segments);
            await killedAfter(outside, machine, {
              owner: `process ${nth}`,
              content: contentOf(version, SIZE),
              segments: most,
              stored,
            });
            const { dead } = machine;
            if (powerCut !== 'none') {
              machine = { files: machine.files.crash(powerCut === 'torn' ? random : undefined), dead };
              // After a power cut nobody runs, and a torn name is nobody's.
              dead.has = () => true;
            }
          }
          const content = contentOf(last, SIZE);
          const uploaded = await upload(outside, machine, { owner: 'last', content });
          expect(Buffer.from(readBack(outside, uploaded)).equals(content)).toBe(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('is told by the recorder when keys are used again', () => {
    const outside = new Outside();
    const sealWith = (plain: Uint8Array) => {
      const into = new Uint8Array(plain.length + 16);
      outside.sealing.crypto.gcmSealInto(into, new Uint8Array(32), new Uint8Array(12), plain);
      return into;
    };
    const [a, b] = [sealWith(utf8('a')), sealWith(utf8('b'))];
    outside.take(a);
    outside.take(a);
    expect(() => outside.take(b)).toThrow('two plaintexts');
  });
});
