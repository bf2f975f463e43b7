// What is on the disk before a receipt or a cosignature leaves a real daemon, recorded on its real disk; and that leaving
// out any one step is noticed by the check that reads the recording.

import type { OpenFile } from '@vauban/core';
import { makeCertificate, parseSignature } from '@vauban/ledger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Caller, outcomeOf } from './caller.ts';
import { Consortium } from './consortium.ts';
import { brokenPromise, inWords, promisesIn } from './durable-order.ts';
import { DAY_MS } from './network.ts';
import { objects } from './pen.ts';
import { Recorder, type Saboteur } from './recorder.ts';

let it: Consortium;
const recorder = new Recorder();
const SITE = 0;

beforeAll(async () => {
  it = await Consortium.open();
  await restart();
});
afterAll(() => it?.close());

async function restart(bend = recorder.bend): Promise<void> {
  await it.network.stop(SITE);
  await it.network.start(SITE, { bend });
  await it.network.untilVoting(SITE);
  // A bulk stream does not introduce its caller anew; a message does.
  await it.courier.ask(SITE, 'status', {});
}

/** What was recorded while `work` ran with that sabotage, background work of the voter included. */
async function recorded(work: () => Promise<unknown>, sabotage: Saboteur = () => false) {
  const from = recorder.steps.length;
  recorder.sabotage = sabotage;
  try {
    await work();
  } finally {
    recorder.sabotage = () => false;
  }
  return recorder.steps.slice(from);
}

let named = 0;
const upload = () => it.courier.upload(SITE, it.segment(`durable ${named++}`, { lastCellBytes: 40_000 }), 1);
const freshLog = () => {
  const { pen, genesis } = it.device();
  return it.mustBring(pen.write([genesis, objects('a')]), SITE);
};
const offerDraft = async () => {
  await it.network.enact((charter) => ({ ...charter }));
};
const note = () => it.courier.ask(SITE, 'note', { note: it.device().note });

describe('every step is there, and in order', () => {
  test('before a receipt', async () => {
    const steps = await recorded(upload);
    expect(promisesIn(steps, 'receipt')).toBe(1);
    expect({ broken: brokenPromise(steps), steps: inWords(steps) }).toMatchObject({ broken: undefined });
  });

  test('before many receipts at once, one of them for a fragment held already, and a fresh one', async () => {
    const segments = [1, 2, 3, 4, 5, 6].map((nth) => it.segment(`together ${nth}`));
    const [first] = segments;
    if (first === undefined) throw new Error('a segment');
    const steps = await recorded(async () => {
      await Promise.all(segments.map((segment) => it.courier.upload(SITE, segment, 2)));
      expect((await it.courier.upload(SITE, first, 2)).sent).toBe(false);
      await it.courier.ask(SITE, 'receipt', { segment: first.wire, index: 2 });
    });
    expect(promisesIn(steps, 'receipt')).toBe(8);
    expect(brokenPromise(steps)).toBeUndefined();
  });

  test('before two receipts for one fragment, brought twice at the same time', async () => {
    const segment = it.segment('twice at once');
    const steps = await recorded(() =>
      Promise.all([it.courier.upload(SITE, segment, 2), it.courier.upload(SITE, segment, 2)]),
    );
    expect(promisesIn(steps, 'receipt')).toBe(2);
    expect(brokenPromise(steps)).toBeUndefined();
  });

  test('before a cosignature', async () => {
    const steps = await recorded(freshLog);
    expect(promisesIn(steps, 'cosignature')).toBe(1);
    expect({ broken: brokenPromise(steps), steps: inWords(steps) }).toMatchObject({ broken: undefined });
  });

  test('before many cosignatures at once, of new logs and of growing ones, and of the same bytes again', async () => {
    const devices = [1, 2, 3, 4].map(() => it.device());
    const steps = await recorded(async () => {
      await Promise.all(
        devices.map(async ({ pen, genesis }) => {
          const first = pen.write([genesis]);
          await Promise.all([it.mustBring(first, SITE), it.mustBring(first, SITE)]);
          await it.mustBring(pen.write([objects('more')]), SITE);
        }),
      );
    });
    expect(promisesIn(steps, 'cosignature')).toBe(12);
    expect(brokenPromise(steps)).toBeUndefined();
  });

  test('before a head that came under a certificate is cosigned on being asked', async () => {
    const { pen, genesis } = it.device();
    const append = pen.write([genesis, objects('a')]);
    const lines = await Promise.all([1, 2, 3].map((at) => it.mustBring(append, at)));
    const certificate = makeCertificate(it.charter, append.checkpoint, lines.map(parseSignature));
    const stored = await recorded(async () => {
      expect(await outcomeOf(it.bring(append, SITE, certificate))).toEqual({ code: 'stored' });
      await it.mustBring(append, SITE);
    });
    expect(promisesIn(stored, 'cosignature')).toBe(1);
    expect(brokenPromise(stored)).toBeUndefined();
  });

  test('before a draft of the charter is cosigned, and before a root note is acknowledged', async () => {
    const steps = await recorded(async () => {
      await offerDraft();
      await note();
    });
    expect([promisesIn(steps, 'draft'), promisesIn(steps, 'note')]).toEqual([1, 1]);
    expect(brokenPromise(steps)).toBeUndefined();
  });
});

describe('left out, it is noticed:', () => {
  const onDisk =
    (call: string, where: RegExp): Saboteur =>
    (step) =>
      step.at === 'disk' && step.call === call && where.test(step.path);
  const inStore =
    (prefix: string): Saboteur =>
    (step) =>
      step.at === 'store' &&
      step.puts.some(({ key }) => Buffer.from(key).toString('latin1').startsWith(prefix));

  const fragment = /^fragments\/../;
  const rows: readonly [string, string, () => Promise<unknown>, Saboteur][] = [
    ['the bytes of a fragment', 'receipt without the bytes written', upload, onDisk('write', fragment)],
    ['the fsync of a fragment', 'receipt without the fsync of the file', upload, onDisk('sync', fragment)],
    ['the rename', 'receipt without the rename', upload, onDisk('rename', fragment)],
    [
      'the fsync of its directory',
      'receipt without the fsync of the directory',
      upload,
      onDisk('syncDirectory', fragment),
    ],
    ['the sync of the index', 'receipt without the synced index', upload, inStore('index/')],
    ['the sync of the ledger', 'cosignature without the synced batch', freshLog, inStore('ledger/L/')],
    ['the vote', 'cosignature without the vote written', freshLog, onDisk('write', /^votes-1$/)],
    [
      'the fsync of the vote history',
      'cosignature without the fsync of the vote history',
      freshLog,
      onDisk('sync', /^votes-1$/),
    ],
    [
      'the fsync of a draft’s vote',
      'draft without the fsync of the vote history',
      offerDraft,
      onDisk('sync', /^votes-1$/),
    ],
    ['the sync of a root note', 'note without the synced note', note, inStore('ledger/N/')],
  ];
  test.each(rows)('%s', async (_, found, work, sabotage) => {
    expect(brokenPromise(await recorded(work, sabotage))).toBe(found);
  });

  test('or done too late', async () => {
    for (const work of [upload, freshLog]) {
      const steps = await recorded(work);
      const sent = steps.findIndex(({ at }) => at === 'sent');
      const promise = steps[sent];
      if (promise === undefined) throw new Error('a promise');
      // The same steps with the promise given one or more steps earlier.
      const needed = work === upload ? 1 : 3;
      const earlier = steps.toSpliced(sent, 1).toSpliced(sent - needed, 0, promise);
      expect(brokenPromise(earlier)).toMatch(/ without /);
    }
  });
});

describe('a disk that cannot keep a promise', () => {
  /** A daemon whose disk fails one kind of call from now on; a new one afterwards. */
  async function failing(is: Saboteur, work: (caller: Caller) => Promise<void>): Promise<void> {
    let broken = false;
    const error = () => Object.assign(new Error('EIO: the test says so'), { code: 'EIO' });
    await restart(({ files, store, network }) => ({
      network,
      files: {
        ...files,
        readAll: (path, bytesMax) => files.readAll(path, bytesMax),
        create: (path) => opened(path, files.create(path)),
        append: (path) => opened(path, files.append(path)),
      },
      store: {
        get: (key) => store.get(key),
        range: (range) => store.range(range),
        close: () => store.close(),
        batch: async (operations, options) => {
          const puts = operations.flatMap((one) =>
            'put' in one ? [{ key: one.put, value: one.value }] : [],
          );
          if (broken && is({ at: 'store', sync: options.sync, puts })) throw error();
          return store.batch(operations, options);
        },
      },
    }));
    async function opened(path: string, opening: Promise<OpenFile>) {
      const file = await opening;
      return {
        ...file,
        sync: async () => {
          if (broken && is({ at: 'disk', call: 'sync', path })) throw error();
          return file.sync();
        },
      };
    }
    broken = true;
    await work(it.courier);
    broken = false;
    await restart();
  }

  test('gives no receipt after a failed fsync, says so, and goes on reading', async () => {
    const before = it.segment('before the failure');
    await it.courier.upload(SITE, before, 1);
    const isFragment: Saboteur = (step) => step.at === 'disk' && step.path.startsWith('fragments/');
    await failing(isFragment, async (caller) => {
      expect(await outcomeOf(upload())).toEqual({ code: 'DISK_FAILED' });
      expect(await outcomeOf(upload())).toEqual({ code: 'DISK_FAILED' });
      expect(await caller.download(SITE, before, 1)).toEqual(before.fragments[1]);
      const { alerts } = await caller.ask(SITE, 'status', {});
      expect(alerts.map(({ code }) => code)).toEqual(['DISK_FAILED']);
    });
  });

  test.each([
    ['ledger', 'STORE_FAILED', (step) => step.at === 'store'],
    ['vote history', 'VOTE_HISTORY_FAILED', (step) => step.at === 'disk' && step.path === 'votes-1'],
  ] satisfies [string, string, Saboteur][])(
    'stops voting after a failed write of the %s, says so, and goes on serving',
    async (_, code, is) => {
      const segment = it.segment('held before');
      await it.courier.upload(SITE, segment, 1);
      await failing(is, async (caller) => {
        const { pen, genesis } = it.device();
        const append = pen.write([genesis]);
        expect(await outcomeOf(it.bring(append, SITE))).toEqual({ code });
        expect(await outcomeOf(it.bring(append, SITE))).toEqual({ code });
        const { alerts, silent } = await caller.ask(SITE, 'status', {});
        expect([silent?.code, alerts.map((one) => one.code)]).toEqual([code, [code]]);
        expect(await caller.download(SITE, segment, 1)).toEqual(segment.fragments[1]);
      });
      // Started again on a sound disk, it reads what is there and votes.
      await freshLog();
    },
  );
});

test('votes that a crash left unsynced are synced before they count', async () => {
  const { pen, genesis } = it.device();
  const append = pen.write([genesis]);
  // The fsync never reaches the disk: the bytes are in the system's memory only when the daemon is gone.
  await recorded(
    () => it.mustBring(append, SITE),
    (step) => step.at === 'disk' && step.call === 'sync',
  );
  const from = recorder.steps.length;
  await restart();
  await it.mustBring(append, SITE);
  const steps = recorder.steps.slice(from);
  const synced = steps.findIndex(
    (step) => step.at === 'disk' && step.call === 'sync' && step.path === 'votes-1',
  );
  const sent = steps.findIndex((step) => step.at === 'sent');
  expect(sent).toBeGreaterThan(-1);
  expect(synced).toBeGreaterThan(-1);
  expect(synced).toBeLessThan(sent);
});

test('an idle head is cosigned anew after a day, with nothing owed', async () => {
  const { clock } = it.network.site(SITE);
  const { pen, genesis } = it.device();
  const append = pen.write([genesis]);
  const first = await it.mustBring(append, SITE);
  clock.aheadMs = 2 * DAY_MS;
  const steps = await recorded(async () => {
    expect(await it.mustBring(append, SITE)).not.toBe(first);
  });
  clock.aheadMs = 0;
  expect(promisesIn(steps, 'cosignature')).toBe(1);
});
