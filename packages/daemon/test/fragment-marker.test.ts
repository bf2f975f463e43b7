// No marker, no start; another's marker, no start.

import { memoryFiles, utf8 } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import { checkMarker, createMarker } from '../src/marker.ts';
import { daemon, Machine, newMachine, put, sample } from './fragment-setup.ts';

const other = 'ffffffffffffffffffffffffffffffff';

test('a disk without a marker is not opened, and nothing on it is touched', async () => {
  const machine = new Machine();
  await expect(machine.open()).rejects.toMatchObject({
    kind: 'refused',
    code: 'MARKER_MISSING',
    facts: { daemon },
  });
  expect(await machine.files.list('')).toEqual([]);
});

test('an unmounted disk is no lost disk: the index keeps its rows', async () => {
  const machine = await newMachine();
  await put(await machine.open(), sample(1_000));
  const mounted = machine.files;
  machine.files = memoryFiles();
  await expect(machine.open()).rejects.toMatchObject({ code: 'MARKER_MISSING' });
  machine.files = mounted;
  const store = await machine.open();
  expect(store.missing).toEqual([]);
  expect(store.totals().fragments).toBe(1);
});

test('another daemon’s disk is not opened', async () => {
  const machine = new Machine();
  await createMarker(machine.files, other);
  await expect(machine.open()).rejects.toMatchObject({
    code: 'MARKER_OTHER',
    facts: { daemon, found: other },
  });
  await expect(createMarker(machine.files, daemon)).rejects.toMatchObject({ code: 'MARKER_OTHER' });
});

test('making the marker twice is no harm', async () => {
  const files = memoryFiles();
  await createMarker(files, daemon);
  await createMarker(files, daemon);
  await expect(checkMarker(files, daemon)).resolves.toBeUndefined();
});

test('the marker is durable once made', async () => {
  const files = memoryFiles();
  await createMarker(files, daemon);
  await expect(checkMarker(files.crash(), daemon)).resolves.toBeUndefined();
});

test('a crash at any call while it is made leaves none or a whole one', async () => {
  const outcomes: string[] = [];
  for (let last = 0; last <= 8; last++) {
    let left = last;
    let powered = true;
    const files = memoryFiles({
      fail: () => {
        powered &&= left-- > 0;
        return powered ? undefined : new Error('power cut');
      },
    });
    await createMarker(files, daemon).catch(() => undefined);
    left = Number.POSITIVE_INFINITY;
    powered = true;
    const restarted = files.crash();
    outcomes.push(
      await checkMarker(restarted, daemon).then(
        () => 'made',
        (fault) => fault.code,
      ),
    );
    await createMarker(restarted, daemon);
    await checkMarker(restarted.crash(), daemon);
  }
  expect(outcomes).toEqual([...new Array(8).fill('MARKER_MISSING'), 'made']);
});

describe('a file that is no marker', () => {
  test.each([
    ['empty', utf8('')],
    ['without its last line', utf8('vauban/daemon-marker/0\n')],
    ['of another version', utf8(`vauban/daemon-marker/1\n${daemon}\n`)],
    ['with more after it', utf8(`vauban/daemon-marker/0\n${daemon}\nmore`)],
    ['in capitals', utf8(`vauban/daemon-marker/0\n${daemon.toUpperCase()}\n`)],
    ['not text', Uint8Array.of(0xff, 0xfe)],
  ])('%s, is said to be malformed', async (_, bytes) => {
    const files = memoryFiles();
    const file = await files.create('vauban-daemon');
    await file.write(bytes);
    await file.close();
    await expect(checkMarker(files, daemon)).rejects.toMatchObject({
      kind: 'integrity',
      code: 'MARKER_MALFORMED',
    });
    await expect(createMarker(files, daemon)).rejects.toMatchObject({ code: 'MARKER_MALFORMED' });
  });
});
