import { type Clock, Fault, type NetworkHandler } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { describe, expect, it } from 'vitest';
import { nodeGround } from '../src/index.ts';
import { Ether } from '../src/network/ether.ts';
import { Party } from '../src/network/party.ts';
import { Weather } from '../src/network/weather.ts';
import { Program } from '../src/program.ts';
import { Scheduler } from '../src/scheduler.ts';
import { seededRandom } from '../src/seeded-random.ts';
import { Trace } from '../src/trace.ts';

const LIMITS = { timeMsMax: 600_000, eventsMax: 100_000 };

function newWorld() {
  const { turn, checksum } = nodeGround();
  const crypto = nodeCrypto;
  const scheduler = new Scheduler(turn);
  const trace = new Trace({ crypto, nowMs: () => scheduler.nowMs, print: undefined });
  const weather = new Weather(seededRandom(crypto, 1, 'weather'));
  const ether = new Ether({ scheduler, weather, trace, checksum, tap: () => undefined });
  const party = (name: string, handler?: Partial<NetworkHandler>) => {
    const made = new Party({
      ether,
      program: new Program(scheduler, { name }),
      self: name,
      name,
      listens: true,
    });
    made.serve({
      request: async (_, body) => body,
      bulk: async () => undefined,
      closed: () => undefined,
      ...handler,
    });
    return made;
  };
  return {
    scheduler,
    weather,
    party,
    run: <Result>(work: () => Promise<Result>) => scheduler.run(work, LIMITS),
  };
}

const at = (peer: string) => ({ peer, addresses: [] });
const code = (error: unknown) => (error instanceof Fault ? error.code : String(error));

describe('requests', () => {
  it('are answered after a journey both ways', async () => {
    const { scheduler, party, run } = newWorld();
    const [a, b] = [party('a'), party('b')];
    const answer = await run(async () => {
      await Promise.all([a.start(), b.start()]);
      return a.request(at('b'), Uint8Array.of(1, 2), { deadlineMs: 1_000 });
    });
    expect(answer).toEqual(Uint8Array.of(1, 2));
    expect(scheduler.nowMs).toBeGreaterThan(4);
  });

  it('fail at once where nobody listens, and at the deadline where nobody is', async () => {
    const { scheduler, weather, party, run } = newWorld();
    const a = party('a');
    await run(async () => {
      await a.start();
      expect(await a.request(at('b'), new Uint8Array(1), { deadlineMs: 9_000 }).catch(code)).toBe(
        'PEER_UNREACHABLE',
      );
      expect(scheduler.nowMs).toBeLessThan(1_000);
      weather.isolate('b');
      const asked = scheduler.nowMs;
      expect(await a.request(at('b'), new Uint8Array(1), { deadlineMs: 2_000 }).catch(code)).toBe('DEADLINE');
      expect(scheduler.nowMs - asked).toBe(2_000);
    });
  });

  it('find a program that was started anew, once the old connection is known to be dead', async () => {
    const { party, run } = newWorld();
    const a = party('a');
    const old = party('b');
    await run(async () => {
      await Promise.all([a.start(), old.start()]);
      const ask = () =>
        a.request(at('b'), new Uint8Array(1), { deadlineMs: 2_000 }).then(() => 'answered', code);
      expect(await ask()).toBe('answered');
      old.program.end();
      old.vanish('powerless');
      expect(await ask()).toBe('DEADLINE');
      await party('b').start();
      expect(await ask()).toBe('answered');
    });
  });

  it('never settle for a program that was killed', async () => {
    const { scheduler, party, run } = newWorld();
    const [a, b] = [party('a'), party('b')];
    const settled: string[] = [];
    await run(async () => {
      await Promise.all([a.start(), b.start()]);
      const note = () => settled.push('settled');
      a.request(at('b'), new Uint8Array(1), { deadlineMs: 100 }).then(note, note);
      scheduler.after(3, () => {
        a.program.end();
        a.vanish('killed');
      });
      await scheduler.sleep(1_000);
    });
    expect(settled).toEqual([]);
  });
});

describe('bulk streams', () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);

  it('carry bytes in order, and make the writer wait for the reader', async () => {
    const { scheduler, party, run } = newWorld();
    const a = party('a');
    let read: Uint8Array | undefined;
    const b = party('b', {
      bulk: async (_, stream) => {
        await scheduler.sleep(5_000);
        read = await stream.read(bytes.length);
      },
    });
    const writtenAt = await run(async () => {
      await Promise.all([a.start(), b.start()]);
      const stream = await a.bulk(at('b'), { deadlineMs: 15_000 });
      await stream.write(bytes);
      const when = scheduler.nowMs;
      await stream.closeWrite();
      await scheduler.sleep(5_000);
      return when;
    });
    expect(writtenAt).toBeGreaterThan(5_000);
    expect(read).toEqual(bytes);
  });

  it('end for the reader when the writer ends, aborts or dies', async () => {
    for (const how of ['close', 'abort', 'die'] as const) {
      const { scheduler, party, run } = newWorld();
      const a = party('a');
      let end = '';
      const b = party('b', {
        bulk: (_, stream) =>
          stream.read(10).then(
            () => undefined,
            (error: unknown) => {
              end = code(error);
            },
          ),
      });
      await run(async () => {
        await Promise.all([a.start(), b.start()]);
        const stream = await a.bulk(at('b'), { deadlineMs: 15_000 });
        await stream.write(bytes.subarray(0, 5));
        await scheduler.sleep(100);
        if (how === 'close') await stream.closeWrite();
        if (how === 'abort') stream.abort();
        if (how === 'die') {
          a.program.end();
          a.vanish('powerless');
        }
        await scheduler.sleep(30_000);
      });
      expect([how, end]).toEqual([how, how === 'die' ? 'DEADLINE' : 'STREAM_ENDED']);
    }
  });
});

describe('clocks of the world', () => {
  it('count whole milliseconds, as real timers do', async () => {
    const { scheduler, run } = newWorld();
    const clock: Clock = new Program(scheduler, { name: 'one' }).clock;
    await run(() => clock.sleep(0.000_1));
    expect(scheduler.nowMs).toBe(1);
  });
});
