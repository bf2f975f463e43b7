// Whatever call fails and whatever a power failure then takes: the file is the old one or the new one, whole.

import { expect, test } from 'vitest';
import { diskError, fromUtf8, memoryFiles, replaceFile, utf8 } from '../src/index.ts';

const CALLS = ['remove', 'create', 'write', 'write', 'sync', 'close', 'rename', 'syncDirectory'];

async function replaced(callsMax: number) {
  const calls: string[] = [];
  let armed = false;
  const files = memoryFiles({
    record: ({ call }) => armed && calls.push(call),
    fail: () => (armed && calls.length > callsMax ? diskError('EIO') : undefined),
  });
  await files.makeDirectory('folder');
  await files.syncDirectory('');
  await replaceFile(files, 'folder/name', utf8('old'));
  armed = true;
  const done = await replaceFile(files, 'folder/name', utf8('new, '), utf8('longer')).then(
    () => true,
    () => false,
  );
  armed = false;
  const found = await files.crash().readAll('folder/name', 100);
  return { calls, done, text: found && fromUtf8(found) };
}

test('all calls, in their order', async () => {
  expect(await replaced(CALLS.length)).toEqual({ calls: CALLS, done: true, text: 'new, longer' });
});

test.each(CALLS.map((call, nth) => [nth, call] as const))('call %i, %s, fails', async (nth) => {
  const { done, text } = await replaced(nth);
  expect(done).toBe(false);
  expect(text).toBe('old');
});
