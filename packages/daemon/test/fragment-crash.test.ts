// Power fails at every single step of a put, a replacement and an erasure, with the disk keeping as little or as much
// as it may. Afterwards the fragment is whole, or not there; what was committed is there; nothing else is left.

import { describe, expect, test } from 'vitest';
import type { FragmentStore } from '../src/fragment-store.ts';
import {
  diskFailure,
  fragmentFiles,
  holds,
  type Machine,
  newMachine,
  put,
  sample,
  seededRandom,
  type Step,
} from './fragment-setup.ts';

const bystander = sample(20_000, 1);
// In the same directory: a sync for one is a sync for both.
const one = sample(40_000, 257);

type Work = (store: FragmentStore) => Promise<void>;

interface Case {
  readonly name: string;
  readonly before: Work;
  readonly work: Work;
  /** Whether the fragment must be there after a crash, by whether the work had ended. */
  readonly mustHold: (done: boolean) => boolean | undefined;
}

const nothing: Work = async () => undefined;
const cases: readonly Case[] = [
  {
    name: 'a put',
    before: nothing,
    work: (store) => put(store, one, 15_000),
    mustHold: (done) => (done ? true : undefined),
  },
  {
    name: 'a replacement',
    before: (store) => put(store, one),
    work: (store) => put(store, { ...one, replace: true }, 15_000),
    mustHold: () => true,
  },
  {
    name: 'an erasure',
    before: (store) => put(store, one),
    work: async (store) => void (await store.remove(one)),
    mustHold: (done) => (done ? false : undefined),
  },
  {
    name: 'two puts at once',
    before: nothing,
    work: async (store) => {
      await Promise.all([put(store, one, 15_000), put(store, one)]);
    },
    mustHold: (done) => (done ? true : undefined),
  },
];

async function prepared(before: Work): Promise<{ machine: Machine; store: FragmentStore }> {
  const machine = await newMachine();
  const store = await machine.open();
  await put(store, bystander);
  await before(store);
  machine.steps.splice(0);
  return { machine, store };
}

/** Lets `steps` steps happen and none after. */
function cutAfter(machine: Machine, steps: number): void {
  let left = steps;
  machine.fail = () => (left-- > 0 ? undefined : diskFailure('EIO'));
}

async function agrees(machine: Machine): Promise<boolean> {
  const store = await machine.open();
  expect(await holds(store, bystander)).toBe(true);
  const held = await holds(store, one);
  expect(store.missing).toEqual([]);
  expect(store.strays).toEqual([]);
  expect(store.totals().fragments).toBe(held ? 2 : 1);
  expect((await fragmentFiles(machine)).length).toBe(held ? 2 : 1);
  return held;
}

describe.each(cases)('$name', ({ before, work, mustHold }) => {
  test('cut off at any step', async () => {
    const whole = await prepared(before);
    await work(whole.store);
    const steps = whole.machine.steps.length;
    expect(steps).toBeGreaterThanOrEqual(3);
    const outcomes = new Set<boolean>();
    for (let last = 0; last <= steps; last++) {
      for (let seed = 0; seed < 4; seed++) {
        const { machine, store } = await prepared(before);
        cutAfter(machine, last);
        const done = await work(store).then(
          () => true,
          () => false,
        );
        expect(done).toBe(last === steps);
        await machine.crash(seed === 0 ? undefined : seededRandom(100 * seed + last));
        const held = await agrees(machine);
        const must = mustHold(done);
        if (must !== undefined) expect(held).toBe(must);
        outcomes.add(held);
      }
    }
    // The cuts reach both sides, where there are two.
    expect(outcomes.size).toBe(mustHold(false) === undefined ? 2 : 1);
  });
});

test('a second crash at any step of the recovery from the first', async () => {
  const begun = async () => {
    const { machine, store } = await prepared(nothing);
    // The file is there and its row is not.
    machine.fail = (step: Step) => (step.call === 'index' ? diskFailure('EIO') : undefined);
    await expect(put(store, one)).rejects.toMatchObject({ code: 'DISK_FAILED' });
    await machine.crash();
    return machine;
  };
  const whole = await begun();
  await whole.open();
  const directory = whole.steps.findIndex((step) => step.call === 'list' && step.path === 'fragments/01');
  const next = whole.steps.findIndex((step) => step.call === 'list' && step.path === 'fragments/02');
  // Listing, reading, fsync of file and directory, row: nothing of it may be left out of this test.
  expect(next - directory).toBeGreaterThan(6);
  for (let last = directory; last <= next; last++) {
    const machine = await begun();
    cutAfter(machine, last);
    await expect(machine.open()).rejects.toThrow('EIO');
    await machine.crash(seededRandom(last));
    expect(await agrees(machine)).toBe(true);
  }
});
