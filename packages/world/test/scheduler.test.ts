import { describe, expect, it } from 'vitest';
import { nodeGround } from '../src/index.ts';
import { Program } from '../src/program.ts';
import { Scheduler } from '../src/scheduler.ts';

const LIMITS = { timeMsMax: 60_000, eventsMax: 1_000 };
const newScheduler = () => new Scheduler(nodeGround().turn);

describe('virtual time', () => {
  it('runs events by time, then in the order they were asked for', async () => {
    const scheduler = newScheduler();
    const seen: string[] = [];
    await scheduler.run(async () => {
      for (const [name, ms] of Object.entries({ c: 3, a: 1, b: 2, a2: 1, b2: 2 })) {
        scheduler.after(ms, () => seen.push(`${name} ${scheduler.nowMs}`));
      }
      await scheduler.sleep(5);
    }, LIMITS);
    expect(seen).toEqual(['a 1', 'a2 1', 'b 2', 'b2 2', 'c 3']);
  });

  it('stands still until every promise that can settle has settled', async () => {
    const scheduler = newScheduler();
    const times: number[] = [];
    await scheduler.run(async () => {
      scheduler.after(1, () => times.push(scheduler.nowMs));
      for (let i = 0; i < 10_000; i++) await Promise.resolve();
      times.push(scheduler.nowMs);
      await scheduler.sleep(2);
    }, LIMITS);
    expect(times).toEqual([0, 1]);
  });

  it('says when nothing can happen any more, and when a history does not end', async () => {
    const forever = new Promise<void>(() => undefined);
    await expect(newScheduler().run(() => forever, LIMITS)).rejects.toThrow('stands still');
    const scheduler = newScheduler();
    const busy = async () => {
      for (;;) await scheduler.sleep(1);
    };
    await expect(scheduler.run(busy, LIMITS)).rejects.toThrow('does not end');
  });

  it('never runs a cancelled event', async () => {
    const scheduler = newScheduler();
    let ran = false;
    await scheduler.run(async () => {
      scheduler.after(1, () => {
        ran = true;
      })();
      await scheduler.sleep(2);
    }, LIMITS);
    expect(ran).toBe(false);
  });
});

describe('a program', () => {
  it('never wakes up after its end', async () => {
    const scheduler = newScheduler();
    const program = new Program(scheduler, { name: 'one' });
    let woke = false;
    await scheduler.run(async () => {
      void program.clock.sleep(5).then(() => {
        woke = true;
      });
      scheduler.after(3, () => program.end());
      await program.ended;
      await scheduler.sleep(10);
    }, LIMITS);
    expect(woke).toBe(false);
  });

  it('sleeps until its signal aborts', async () => {
    const scheduler = newScheduler();
    const { clock } = new Program(scheduler, { name: 'one' });
    const control = new AbortController();
    const late = scheduler.run(async () => {
      scheduler.after(3, () => control.abort(new Error('enough')));
      await clock.sleep(1_000, control.signal).catch((error: Error) => error.message);
      return scheduler.nowMs;
    }, LIMITS);
    expect(await late).toBe(3);
  });
});
