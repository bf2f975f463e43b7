// The order of steps before a receipt may be signed, and what each of them is there for: leave one out, lose power, and
// the fragment is gone.

import type { Files } from '@vauban/core';
import { expect, test } from 'vitest';
import { directoryOf, pathOf } from '../src/fragment-file.ts';
import { fragmentFiles, holds, type Machine, newMachine, put, type Step, sample } from './fragment-setup.ts';

const one = sample(40_000);
const path = pathOf(one);
const directory = directoryOf(one.segment);

function told(steps: readonly Step[]): string[] {
  return steps.map((step) => {
    const name = step.path.replace(/\.[0-9a-f]{16}\.tmp$/, '.tmp').replace(path, 'F');
    const to = 'to' in step && step.to !== undefined ? ` → ${step.to.replace(path, 'F')}` : '';
    return 'sync' in step ? `index ${step.sync ? 'synced' : 'unsynced'}` : `${step.call} ${name}${to}`;
  });
}

test('write, fsync, rename, fsync of the directory, index synced: then, and only then, commit resolves', async () => {
  const machine = await newMachine();
  const store = await machine.open();
  machine.steps.splice(0);
  const writer = await store.begin(one);
  if (writer.already) throw new Error('already');
  await writer.write(one.data.subarray(0, 20_000));
  await writer.write(one.data.subarray(20_000));
  const committed = writer.commit().then(() => machine.steps.length);
  expect(await committed).toBe(10);
  expect(told(machine.steps)).toEqual([
    'space ',
    'create F.tmp',
    'write F.tmp',
    'write F.tmp',
    'write F.tmp',
    'sync F.tmp',
    'close F.tmp',
    'rename F.tmp → F',
    `syncDirectory ${directory}`,
    'index synced',
  ]);
});

test('erasing: the row first, durably, then the file and its directory', async () => {
  const machine = await newMachine();
  const store = await machine.open();
  await put(store, one);
  machine.steps.splice(0);
  await store.remove(one);
  expect(told(machine.steps)).toEqual(['index synced', 'remove F', `syncDirectory ${directory}`]);
});

test('the first start makes the directories durable before anything is put in them', async () => {
  const machine = await newMachine();
  machine.steps.splice(0);
  await machine.open();
  const order = told(machine.steps).filter((step) => /^(makeDirectory|syncDirectory)/.test(step));
  expect(order.length).toBe(258);
  expect(order.slice(-3)).toEqual([
    'makeDirectory fragments/ff',
    'syncDirectory fragments',
    'syncDirectory ',
  ]);
});

/** The disk with some calls left out, though they say they were done. */
function lazy(files: Files, skipped: (call: string, path: string) => boolean): Files {
  return {
    ...files,
    async create(name) {
      const file = await files.create(name);
      return { ...file, sync: async () => (skipped('sync', name) ? undefined : file.sync()) };
    },
    rename: async (from, to) => (skipped('rename', from) ? undefined : files.rename(from, to)),
    syncDirectory: async (name) => (skipped('syncDirectory', name) ? undefined : files.syncDirectory(name)),
  };
}

async function survives(skipped: (call: string, path: string) => boolean): Promise<boolean> {
  const machine: Machine = await newMachine();
  const files = machine.files;
  Object.assign(files, lazy({ ...files }, skipped));
  await put(await machine.open(), one);
  await machine.crash();
  try {
    return await holds(await machine.open(), one);
  } catch {
    return false;
  }
}

test('with every step done the fragment survives', async () => {
  expect(await survives(() => false)).toBe(true);
});

test.each([
  ['fsync of the fragment', (call: string) => call === 'sync'],
  ['rename', (call: string, name: string) => call === 'rename' && name.startsWith(directory)],
  ['fsync of the directory', (call: string, name: string) => call === 'syncDirectory' && name === directory],
  ['fsync of fragments/', (call: string, name: string) => call === 'syncDirectory' && name === 'fragments'],
  ['fsync of the root', (call: string, name: string) => call === 'syncDirectory' && name === ''],
])('without the %s it is lost', async (_, skipped) => {
  expect(await survives(skipped)).toBe(false);
});

test('without the sync of the index only the row is lost: the file brings it back', async () => {
  const machine = await newMachine();
  const inner = machine.index;
  machine.index = { ...inner, batch: (operations) => inner.batch(operations, { sync: false }) };
  await put(await machine.open(), one);
  await machine.crash();
  const rows = [];
  for await (const row of machine.index.range({})) rows.push(row);
  expect(rows).toEqual([]);
  expect(await holds(await machine.open(), one)).toBe(true);
  expect(await fragmentFiles(machine)).toEqual([path.slice(directory.length + 1)]);
});
