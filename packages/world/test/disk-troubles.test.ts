import { utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { describe, expect, it } from 'vitest';
import { Disk, type DiskTrouble } from '../src/disk.ts';
import { nodeGround } from '../src/index.ts';
import { Program } from '../src/program.ts';
import { Scheduler } from '../src/scheduler.ts';
import { seededRandom } from '../src/seeded-random.ts';
import { Trace } from '../src/trace.ts';

/** Does the work on a fresh disk, as one program. */
async function on<Result>(
  work: (of: {
    readonly disk: Disk;
    readonly program: Program;
    readonly scheduler: Scheduler;
  }) => Promise<Result>,
): Promise<Result> {
  const scheduler = new Scheduler(nodeGround().turn);
  const trace = new Trace({ crypto: nodeCrypto, nowMs: () => scheduler.nowMs, print: undefined });
  const random = seededRandom(nodeCrypto, 1, 'disk');
  const disk = new Disk({ name: 'disk', random, trace, capacityBytes: 1_000_000 });
  const program = new Program(scheduler, { name: 'program' });
  return scheduler.run(() => work({ disk, program, scheduler }), { timeMsMax: 60_000, eventsMax: 10_000 });
}

async function write(disk: Disk, program: Program, path: string): Promise<string> {
  try {
    const file = await disk.files(program).append(path);
    await file.write(utf8('some bytes'));
    await file.sync();
    await file.close();
    return 'written';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const key = utf8('ledger/one');
async function put(disk: Disk, program: Program): Promise<string> {
  const store = disk.store(program);
  try {
    await store.batch([{ put: key, value: utf8('a value') }], { sync: true });
    return 'written';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await store.close();
  }
}

describe('a disk in trouble', () => {
  const codes: readonly [DiskTrouble, string][] = [
    ['full', 'ENOSPC'],
    ['unwritable', 'EIO'],
    ['unsynced', 'EIO'],
  ];
  it.each(codes)('%s: files and database fail alike, until it is over', async (what, code) => {
    const seen = await on(async ({ disk, program }) => {
      const over = disk.trouble(what);
      const outcomes = new Set<string>();
      for (let nth = 0; nth < 40; nth++) {
        outcomes.add(await write(disk, program, `file-${nth}`));
        outcomes.add(await put(disk, program));
      }
      over();
      return { outcomes, after: [await write(disk, program, 'last'), await put(disk, program)] };
    });
    expect(seen.outcomes).toContain(code);
    expect(seen.after).toEqual(['written', 'written']);
  });

  it('unreadable: some reads fail', async () => {
    const outcomes = await on(async ({ disk, program }) => {
      await write(disk, program, 'file');
      disk.trouble('unreadable');
      const files = disk.files(program);
      const all = new Set<string>();
      for (let nth = 0; nth < 40; nth++) {
        all.add(
          await files.readAll('file', 100).then(
            () => 'read',
            (error: unknown) => (error as { code: string }).code,
          ),
        );
      }
      return all;
    });
    expect(outcomes).toEqual(new Set(['read', 'EIO']));
  });

  it('slow: what is made durable takes its time', async () => {
    const tookMs = await on(async ({ disk, program, scheduler }) => {
      disk.trouble('slow');
      await write(disk, program, 'file');
      return scheduler.nowMs;
    });
    expect(tookMs).toBeGreaterThan(300);
  });
});

describe('a disk', () => {
  it('becomes what its image was, as often as it likes', async () => {
    const seen = await on(async ({ disk, program }) => {
      await write(disk, program, 'file');
      await put(disk, program);
      const image = disk.image();
      const names = async () => [
        await disk.bare.list(''),
        (await disk.store(new Program(new Scheduler(nodeGround().turn), { name: 'reader' })).get(key)) !==
          undefined,
      ];
      await write(disk, program, 'later');
      const now = await names();
      const back: unknown[] = [];
      program.end();
      for (let nth = 0; nth < 2; nth++) {
        disk.restore(image);
        back.push(await names());
        await disk.bare.remove('file');
      }
      return { now, back };
    });
    expect(seen.now).toEqual([['file', 'later'], true]);
    expect(seen.back).toEqual([
      [['file'], true],
      [['file'], true],
    ]);
  });

  it('turns one bit over, in a file or in a value, and says where', async () => {
    const seen = await on(async ({ disk, program }) => {
      await write(disk, program, 'votes');
      await put(disk, program);
      const random = seededRandom(nodeCrypto, 2, 'flip');
      const places = [
        await disk.flip(random, { path: '' }),
        await disk.flip(random, { path: 'votes' }),
        await disk.flip(random, { key: utf8('ledger/') }),
        await disk.flip(random, { path: 'none' }),
        await disk.flip(random, { key: utf8('index/') }),
      ];
      disk.cut();
      const value = await disk
        .store(new Program(new Scheduler(nodeGround().turn), { name: 'reader' }))
        .get(key);
      return { places, value };
    });
    expect(seen.places.slice(0, 2)).toEqual(['votes', 'votes']);
    expect(seen.places[2]).toMatch(/^key /);
    expect(seen.places.slice(3)).toEqual([undefined, undefined]);
    const plain = utf8('a value');
    const turned = [...(seen.value ?? [])].reduce(
      (bits, byte, at) => bits + (byte ^ (plain[at] as number)).toString(2).replaceAll('0', '').length,
      0,
    );
    expect(turned).toBe(1);
  });
});
