// A client's memory: no more segments at once than allowed, whoever gives up, and nobody waits for ever.

import { setImmediate as quiet } from 'node:timers/promises';
import type { Place } from '@vauban/ledger';
import { sealedBytes, sealFrames, segmentKey } from '@vauban/seal';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import { describe, expect, it } from 'vitest';
import type { CatalogVersion } from '../src/catalog.ts';
import { type GetOptions, readObject } from '../src/get.ts';
import type { SegmentSource } from '../src/segment-source.ts';
import { type Turn, Turns } from '../src/turns.ts';

const never = new AbortController().signal;

describe('turns', () => {
  it('take a buffer filled elsewhere for their own, and lend it to the next one', async () => {
    const turns = new Turns({ max: 1, bytesEach: 8 });
    const filled = new Uint8Array(turns.bytesEach).fill(7);
    const turn = await turns.take(never);
    const own = turn.exchange(filled);
    expect(own).toBe(turn.bytes);
    expect(() => turn.exchange(new Uint8Array(7))).toThrow(/a buffer for a buffer/);
    turn.giveBack();
    expect((await turns.take(never)).bytes).toBe(filled);
  });

  it('are never more than allowed, and come in the order they were asked for', async () => {
    const turns = new Turns({ max: 2, bytesEach: 8 });
    let inside = 0;
    let most = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, nth) => {
        const turn = await turns.take(never);
        order.push(nth);
        inside += 1;
        most = Math.max(most, inside);
        for (let i = 0; i < nth % 3; i++) await quiet();
        inside -= 1;
        turn.giveBack();
      }),
    );
    expect(most).toBe(2);
    expect(order).toEqual(Array.from({ length: 20 }, (_, nth) => nth));
  });

  it('use their buffers again, and never one for two', async () => {
    const turns = new Turns({ max: 2, bytesEach: 8 });
    const [a, b] = [await turns.take(never), await turns.take(never)];
    expect(a.bytes).toHaveLength(8);
    expect(a.bytes.buffer).not.toBe(b.bytes.buffer);
    a.giveBack();
    const c = await turns.take(never);
    expect(c.bytes).toBe(a.bytes);
  });

  it('given back twice count once', async () => {
    const turns = new Turns({ max: 1, bytesEach: 8 });
    const first = await turns.take(never);
    first.giveBack();
    first.giveBack();
    const second = await turns.take(never);
    first.giveBack();
    let third: Turn | undefined;
    void turns.take(never).then((turn) => {
      third = turn;
    });
    await quiet();
    expect(third).toBeUndefined();
    second.giveBack();
    await quiet();
    expect(third?.bytes).toBe(second.bytes);
  });

  it('are refused to whoever is stopped, and pass over whoever gave up waiting', async () => {
    const turns = new Turns({ max: 1, bytesEach: 8 });
    const first = await turns.take(never);
    const stop = new AbortController();
    const gaveUp = turns.take(stop.signal);
    const patient = turns.take(never);
    stop.abort(new Error('no longer'));
    await expect(gaveUp).rejects.toThrow('no longer');
    await expect(turns.take(stop.signal)).rejects.toThrow('no longer');
    first.giveBack();
    const turn = await patient;
    turn.giveBack();
    expect((await turns.take(never)).bytes).toBe(first.bytes);
  });

  it('are not taken by somebody who comes while one is handed over', async () => {
    const turns = new Turns({ max: 1, bytesEach: 8 });
    const first = await turns.take(never);
    const stop = new AbortController();
    const waiting = turns.take(stop.signal);
    first.giveBack();
    const late = turns.take(never);
    // Woken already: the turn is there, and must not be lost with the signal.
    stop.abort(new Error('too late'));
    (await waiting).giveBack();
    (await late).giveBack();
    expect((await turns.take(never)).bytes).toBe(first.bytes);
  });

  it('give a buffer of their own for what is larger', async () => {
    const turns = new Turns({ max: 1, bytesEach: 8 });
    const turn = await turns.take(never);
    expect(turn.room(5).buffer).toBe(turn.bytes.buffer);
    expect(turn.room(5)).toHaveLength(5);
    expect(turn.room(9)).toHaveLength(9);
  });

  it('let two readers finish, however late the place of the first segment is known', async () => {
    const content = { content: random.bytes(16), key: random.bytes(32) };
    const plain = Array.from({ length: 6 }, () => random.bytes(100));
    const sealed = plain.map((bytes, segment) => {
      const into = new Uint8Array(sealedBytes(bytes.length));
      sealFrames(crypto, segmentKey(content.key, { content: content.content, segment }), bytes, into);
      return into;
    });
    const id = (nth: number) => new Uint8Array(32).fill(nth);
    const source = {
      segment: async (place: { nth: number }, { into }: { into: Uint8Array }) => {
        into.set(sealed[place.nth] as Uint8Array);
      },
    } as unknown as SegmentSource;
    const options: GetOptions = {
      crypto,
      source,
      find: async ([nth = 0]) => {
        for (let i = nth; i < 6; i++) await quiet();
        return { nth } as unknown as Place;
      },
      turns: new Turns({ max: 3, bytesEach: 10 }),
      progress: () => undefined,
      signal: never,
    };
    const segments = plain.map((bytes, nth) => ({ id: id(nth), bytes: bytes.length }));
    const version = {
      write: { path: 'a', size: 600, content: { ...content, in: { segments } } },
    } as unknown as CatalogVersion;
    await Promise.all(
      [1, 2].map(async () => {
        const got: Uint8Array[] = [];
        await readObject(
          options,
          { version, wholePack: false },
          async (bytes) => void got.push(bytes.slice()),
        );
        expect(got).toEqual(plain);
      }),
    );
  });
});
