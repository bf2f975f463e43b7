import { type Random, type Store, utf8 } from '@vauban/core';
import { describe, expect, it } from 'vitest';
import { CrashStore } from '../src/crash-store.ts';
import { nodeGround } from '../src/index.ts';
import { Program } from '../src/program.ts';
import { Scheduler } from '../src/scheduler.ts';

const scheduler = new Scheduler(nodeGround().turn);
const newProgram = () => new Program(scheduler, { name: 'one' });
const timing = {
  sync: async () => undefined,
  synced: () => undefined,
  fails: () => undefined,
  honest: true,
};
/** Draws as many as may be drawn, or none. */
const draws = (byte: number): Random => ({ bytes: (length) => new Uint8Array(length).fill(byte) });

async function keys(store: Store): Promise<string[]> {
  const found: string[] = [];
  for await (const [key] of store.range({})) found.push(new TextDecoder().decode(key));
  return found;
}

const put = (key: string) => [{ put: utf8(key), value: utf8(`value of ${key}`) }];

describe('a store on a disk that loses power', () => {
  it('keeps what was synced, and what was written before it', async () => {
    const disk = new CrashStore();
    const program = newProgram();
    const store = disk.open(program, timing);
    await store.batch(put('b'), { sync: false });
    await store.batch(put('a'), { sync: true });
    await store.batch(put('c'), { sync: false });
    program.end();
    disk.cut(draws(0));
    expect(await keys(disk.open(newProgram(), timing))).toEqual(['a', 'b']);
  });

  it('may keep a beginning of what was not synced', async () => {
    const disk = new CrashStore();
    const program = newProgram();
    const store = disk.open(program, timing);
    for (const key of ['x', 'y', 'z']) await store.batch(put(key), { sync: false });
    program.end();
    // 48 bits of ones, modulo 4.
    disk.cut(draws(255));
    expect(await keys(disk.open(newProgram(), timing))).toEqual(['x', 'y', 'z']);
  });

  it('keeps everything when only the program was killed, a batch under way included', async () => {
    const disk = new CrashStore();
    const program = newProgram();
    const store = disk.open(program, { ...timing, sync: () => new Promise(() => undefined) });
    void store.batch(put('a'), { sync: true });
    await Promise.resolve();
    expect(await keys(store)).toEqual([]);
    program.end();
    expect(await keys(disk.open(newProgram(), timing))).toEqual(['a']);
  });

  it('forgets all of it on a disk that lies', async () => {
    const disk = new CrashStore();
    const program = newProgram();
    await disk.open(program, { ...timing, honest: false }).batch(put('a'), { sync: true });
    program.end();
    disk.cut(draws(0));
    expect(await keys(disk.open(newProgram(), timing))).toEqual([]);
  });

  it('is open in one program at a time', async () => {
    const disk = new CrashStore();
    const store = disk.open(newProgram(), timing);
    expect(() => disk.open(newProgram(), timing)).toThrow(/open in/);
    await store.close();
    expect(() => disk.open(newProgram(), timing)).not.toThrow();
  });

  it('gives ranges in order, and as they were when asked for', async () => {
    const store = new CrashStore().open(newProgram(), timing);
    for (const key of ['d', 'b', 'a', 'c']) await store.batch(put(key), { sync: true });
    const ranged = async (range: Parameters<Store['range']>[0]) => {
      const found: string[] = [];
      for await (const [key] of store.range(range)) {
        found.push(new TextDecoder().decode(key));
        await store.batch([{ del: utf8('c') }], { sync: true });
      }
      return found;
    };
    expect(await ranged({ gte: utf8('b'), lt: utf8('d') })).toEqual(['b', 'c']);
    expect(await ranged({ gt: utf8('a'), reverse: true, limit: 1 })).toEqual(['d']);
    expect(await store.get(utf8('c'))).toBeUndefined();
  });
});
