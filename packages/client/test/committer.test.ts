// The last step of every write, and what it says of retention.

import { APPEND_BYTES_MAX, APPEND_ENTRIES_MAX, encodeCbor, Fault, utf8 } from '@vauban/core';
import { nodeRandom as random } from '@vauban/core/node';
import { describe, expect, it } from 'vitest';
import { batch, change, gate, place, setup, type TestLog, until } from './committer-setup.ts';

describe('the committer', () => {
  it('shares the next append among batches that come while one is under way, places before records', async () => {
    const { log, committer } = setup();
    const open = gate(log);
    const first = committer.commit(batch('first', [place()]));
    await until(() => log.appends.length === 1);
    const others = ['a', 'b', 'c'].map((path) => committer.commit(batch(path, [place(), place()])));
    open();
    await Promise.all([first, ...others]);
    expect(log.appends).toHaveLength(2);
    expect(log.told).toEqual(['place', 'first', ...Array(6).fill('place'), 'a', 'b', 'c']);
  });

  it('tries each alone when one of them is refused, and tells only that one', async () => {
    const { log, committer } = setup();
    const bad = place();
    log.refuse = (payloads) =>
      payloads.includes(bad) ? new Fault('refused', 'QUOTA', 'too much', { class: 'never' }) : undefined;
    const open = gate(log);
    const first = committer.commit(batch('first'));
    await until(() => log.appends.length === 1);
    const results = Promise.allSettled([
      committer.commit(batch('a', [place()])),
      committer.commit(batch('bad', [bad])),
      committer.commit(batch('b', [place()])),
    ]);
    open();
    await first;
    expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(log.told).toEqual(['first', 'place', 'a', 'place', 'b']);
  });

  it('writes nothing again that may still be certified as it is', async () => {
    const { log, committer } = setup();
    log.refuse = (payloads) =>
      payloads.length > 1 ? new Fault('refused', 'BUDGET_SPENT', 'later', { class: 'later' }) : undefined;
    const open = gate(log);
    const first = committer.commit(batch('first'));
    await until(() => log.appends.length === 1);
    const results = Promise.allSettled(['a', 'b'].map((path) => committer.commit(batch(path))));
    open();
    await first;
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(log.appends).toHaveLength(2);
  });

  it('tells a batch that cannot be recorded at once, and the others never', async () => {
    const { log, committer } = setup();
    const open = gate(log);
    const first = committer.commit(batch('first'));
    await until(() => log.appends.length === 1);
    const bad = committer.commit(batch('../escape'));
    const none = committer.commit({ places: [], changes: [], index: null });
    const good = committer.commit(batch('good'));
    await expect(bad).rejects.toMatchObject({ code: 'VAULT_PATH' });
    await expect(none).rejects.toThrow('at least one change');
    open();
    await Promise.all([first, good]);
    expect(log.told).toEqual(['first', 'good']);
  });

  it('tells everyone who waits when nothing can be written, and goes on afterwards', async () => {
    let broken = true;
    const { log, committer } = setup({
      open: async () => {
        if (broken) throw new Fault('failure', 'STORE_CORRUPT', 'the disk is broken');
      },
    });
    const results = await Promise.allSettled(['a', 'b', 'c'].map((path) => committer.commit(batch(path))));
    expect(results.map((one) => (one.status === 'rejected' ? one.reason.code : one.status))).toEqual(
      Array(3).fill('STORE_CORRUPT'),
    );
    broken = false;
    await committer.commit(batch('d'));
    expect(log.told).toEqual(['d']);
  });

  it('never loses a batch that comes just as the last one ends', async () => {
    const { log, committer } = setup();
    for (let ticks = 0; ticks < 60; ticks++) {
      const first = committer.commit(batch(`first ${ticks}`));
      let second: Promise<void> | undefined;
      const late = (async () => {
        for (let i = 0; i < ticks; i++) await Promise.resolve();
        second = committer.commit(batch(`second ${ticks}`));
        await second;
      })();
      await first;
      await late;
    }
    const resolvers: Promise<void>[] = [];
    await committer.commit(batch('a')).then(() => {
      resolvers.push(committer.commit(batch('b')));
    });
    await Promise.all(resolvers);
    expect(log.told).toHaveLength(122);
  });

  it('says that a batch is certified though what others wrote cannot be read', async () => {
    let calls = 0;
    const { log, committer } = setup({
      committed: async () => {
        calls += 1;
        throw new Fault('refused', 'MALFORMED', 'an index of another device');
      },
    });
    const open = gate(log);
    const all = ['first', 'a', 'b'].map((path) => committer.commit(batch(path)));
    open();
    await Promise.all(all);
    expect(calls).toBe(2);
    expect(log.told).toEqual(['first', 'a', 'b']);
  });

  it('keeps an index at hand that it has just pointed to', async () => {
    const { log, committer, door } = setup();
    const sealed = utf8('sealed index of 33 bytes, so long');
    const pointer = {
      content: random.bytes(16),
      key: random.bytes(32),
      size: sealed.length - 16,
      in: { pack: random.bytes(32), offset: 0, length: sealed.length },
    };
    await committer.commit({ places: [place()], changes: [], index: { pointer, sealed } });
    expect(log.told).toEqual(['place', 'index']);
    await door.within(async ({ indexes }) => {
      const values: Uint8Array[] = [];
      for await (const [, value] of indexes.range({})) values.push(value);
      expect(values).toEqual([sealed]);
    });
  });
});

describe('appends', () => {
  const sizes = (log: TestLog) =>
    log.appends.map((payloads) => ({
      entries: payloads.length,
      bytes: payloads.reduce((sum, payload) => sum + encodeCbor(payload).length, 0),
    }));

  it('of a huge file stay within their limits, its record last', async () => {
    for (const [places, fragments] of [
      [1_000, 9],
      [60, 255],
      [129, 3],
    ] as const) {
      const { log, committer } = setup();
      const all = Array.from({ length: places }, () => place(fragments));
      await committer.commit(batch('huge', all));
      for (const { entries, bytes } of sizes(log)) {
        expect(entries).toBeLessThanOrEqual(APPEND_ENTRIES_MAX / 2 + 1);
        expect(bytes).toBeLessThanOrEqual(APPEND_BYTES_MAX);
      }
      expect(log.told).toEqual([...Array(places).fill('place'), 'huge']);
      expect(log.entries.slice(0, -1).map(({ payload }) => payload)).toEqual(all);
    }
  });

  it('of many batches stay within their limits, in the order they were asked for', async () => {
    const { log, committer } = setup();
    const open = gate(log);
    const long = 'x'.repeat(200);
    const all = Array.from({ length: 400 }, (_, nth) =>
      committer.commit({
        places: Array.from({ length: nth % 5 }, () => place()),
        changes: Array.from({ length: 1 + (nth % 90) }, (__, at) => change(`${nth}/${at}/${long}`)),
        index: null,
      }),
    );
    open();
    await Promise.all(all);
    for (const { entries, bytes } of sizes(log)) {
      expect(entries).toBeLessThanOrEqual(APPEND_ENTRIES_MAX);
      expect(bytes).toBeLessThanOrEqual(APPEND_BYTES_MAX);
    }
    const records = log.told.filter((one) => one !== 'place').map((one) => Number(one.split('/')[0]));
    expect(records).toEqual(Array.from({ length: 400 }, (_, nth) => nth));
    expect(log.appends.length).toBeLessThan(100);
  });

  it('of a huge file that is refused half-way tell its writer', async () => {
    const { log, committer } = setup();
    log.refuse = () =>
      log.appends.length === 2 ? new Fault('refused', 'QUOTA', 'too much', { class: 'never' }) : undefined;
    await expect(
      committer.commit(
        batch(
          'huge',
          Array.from({ length: 500 }, () => place()),
        ),
      ),
    ).rejects.toThrow('too much');
    expect(log.appends).toHaveLength(2);
  });
});

describe('retention', () => {
  const UNTIL = 1_760_000_000_000;
  const told = (log: TestLog) =>
    log.entries.flatMap(({ payload }) => (payload.kind === 'place' ? payload.retainUntil : []));

  it('is counted from when the entry is written, however long the batch has waited for that', async () => {
    let now = UNTIL;
    const { log, committer } = setup({ retainUntil: () => now });
    const open = gate(log);
    const first = committer.commit(batch('first', [place()]));
    await until(() => log.appends.length === 1);
    const second = committer.commit(batch('second', [place()]));
    now += 3_600_000;
    open();
    await Promise.all([first, second]);
    expect(told(log)).toEqual([UNTIL, UNTIL + 3_600_000]);
  });

  it('is never shortened', async () => {
    const { log, committer } = setup({ retainUntil: () => UNTIL - 1 });
    await committer.commit(batch('a', [place()]));
    expect(told(log)).toEqual([UNTIL]);
  });
});
