import { Fault, type NetworkHandler } from '@vauban/core';
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
const { turn, checksum, crypto } = nodeGround();

/** Two parties; `b` answers with what it was asked, and remembers all of it. */
async function between<Result>(
  work: (of: {
    readonly scheduler: Scheduler;
    readonly weather: Weather;
    readonly a: Party;
    readonly b: Party;
    readonly asked: number[];
    readonly ask: (byte: number, deadlineMs?: number) => Promise<string>;
  }) => Promise<Result>,
  bulk: NetworkHandler['bulk'] = async () => undefined,
): Promise<Result> {
  const scheduler = new Scheduler(turn);
  const trace = new Trace({ crypto, nowMs: () => scheduler.nowMs, print: undefined });
  const weather = new Weather(seededRandom(crypto, 1, 'weather'));
  const ether = new Ether({ scheduler, weather, trace, checksum, tap: () => undefined });
  const asked: number[] = [];
  const party = (name: string) => {
    const made = new Party({
      ether,
      program: new Program(scheduler, { name }),
      self: `peer of ${name}`,
      name,
      listens: true,
    });
    made.serve({
      request: async (_, body) => {
        asked.push(body[0] as number);
        return body;
      },
      bulk,
      closed: () => undefined,
    });
    return made;
  };
  const [a, b] = [party('a'), party('b')];
  const ask = (byte: number, deadlineMs = 2_000) =>
    a.request({ peer: b.self, addresses: [] }, Uint8Array.of(byte), { deadlineMs }).then(
      () => 'answered',
      (error: unknown) => (error instanceof Fault ? error.code : String(error)),
    );
  return scheduler.run(async () => {
    await Promise.all([a.start(), b.start()]);
    return work({ scheduler, weather, a, b, asked, ask });
  }, LIMITS);
}

describe('what goes wrong on the wires', () => {
  it('one way only: what is asked arrives, the answer does not', async () => {
    const seen = await between(async ({ weather, asked, ask }) => {
      const answers = [await ask(1)];
      const over = weather.block('b', 'a');
      answers.push(await ask(2));
      over();
      answers.push(await ask(3));
      return { answers, asked };
    });
    expect(seen).toEqual({ answers: ['answered', 'DEADLINE', 'answered'], asked: [1, 2, 3] });
  });

  it('half open: who forgot a connection says nothing, and whoever still believes in it waits', async () => {
    const answers = await between(async ({ b, ask }) => {
      const first = await ask(1);
      expect(b.halfClose('a')).toBe(1);
      return [first, await ask(2), await ask(3)];
    });
    expect(answers).toEqual(['answered', 'DEADLINE', 'answered']);
  });

  it('twice: requests arrive again, and are answered once', async () => {
    const seen = await between(async ({ weather, scheduler, asked, ask }) => {
      const over = weather.roughen({ twiceOneIn: 1 });
      const answer = await ask(1);
      await scheduler.sleep(100);
      over();
      await ask(2);
      await scheduler.sleep(100);
      return { answer, asked };
    });
    expect(seen).toEqual({ answer: 'answered', asked: [1, 1, 2] });
  });

  it('overtaken: requests arrive in another order than they were sent in', async () => {
    const bytes = Array.from({ length: 20 }, (_, nth) => nth + 1);
    const calm = await between(async ({ asked, ask }) => {
      await ask(0);
      await Promise.all(bytes.map((byte) => ask(byte)));
      return asked.slice(1);
    });
    expect(calm).toEqual(bytes);
    const rough = await between(async ({ weather, asked, ask }) => {
      await ask(0);
      weather.roughen({ overtakenMs: 200 });
      await Promise.all(bytes.map((byte) => ask(byte)));
      return asked.slice(1);
    });
    expect(rough).not.toEqual(bytes);
    expect(rough.toSorted((one, other) => one - other)).toEqual(bytes);
  });

  it('lost: some messages are late, and now and then a connection dies of it', async () => {
    const outcomes = await between(async ({ weather, ask }) => {
      weather.roughen({ lossOneIn: 3 });
      const all: string[] = [];
      for (let nth = 0; nth < 60; nth++) all.push(await ask(nth));
      return new Set(all);
    });
    expect(outcomes).toEqual(new Set(['answered', 'DEADLINE']));
  });

  it('late: every message takes longer, none is lost', async () => {
    const tookMs = await between(async ({ weather, scheduler, ask }) => {
      weather.roughen({ delayMs: 1_000 });
      for (let nth = 0; nth < 20; nth++) expect(await ask(nth, 9_000)).toBe('answered');
      return scheduler.nowMs;
    });
    expect(tookMs).toBeGreaterThan(10_000);
  });

  it('a byte a second: nothing stops, and nothing gets done', async () => {
    let read = 0;
    const writtenMs = await between(
      async ({ weather, scheduler, a, b }) => {
        weather.slow('b', 0.001);
        const stream = await a.bulk({ peer: b.self, addresses: [] }, { deadlineMs: 15_000 });
        await stream.write(new Uint8Array(30));
        return scheduler.nowMs;
      },
      async (_, stream) => {
        for (; read < 30; read++) await stream.read(1);
      },
    );
    expect(writtenMs).toBeGreaterThan(30_000);
    expect(read).toBeGreaterThan(25);
  });

  it('a partition heals', async () => {
    const answers = await between(async ({ weather, ask }) => {
      const undo = [weather.block('a', 'b'), weather.block('b', 'a'), weather.block('a', 'b')];
      const during = await ask(1);
      undo[0]?.();
      undo[1]?.();
      const half = await ask(2);
      undo[2]?.();
      return [during, half, await ask(3)];
    });
    expect(answers).toEqual(['DEADLINE', 'DEADLINE', 'answered']);
  });
});
