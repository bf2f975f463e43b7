// What every implementation of the file port does, whatever lies below it. Call it from a test file with a way to
// open a fresh, empty root.

import { describe, expect, test } from 'vitest';
import { type Files, fromUtf8, replaceFile, utf8 } from '../src/index.ts';

export function filesContract(name: string, openEmpty: () => Promise<Files>): void {
  const put = async (files: Files, path: string, text: string) => {
    const file = await files.create(path);
    await file.write(utf8(text));
    await file.sync();
    await file.close();
  };

  describe(`files: ${name}`, () => {
    test('a created file reads back, whole and in parts', async () => {
      const files = await openEmpty();
      const file = await files.create('a');
      await file.write(utf8('one, '));
      await file.write(new Uint8Array(0));
      await file.write(utf8('two'));
      await file.close();
      expect(await files.readAll('a', 8)).toEqual(utf8('one, two'));
      expect(await files.read('a', 5, 3)).toEqual(utf8('two'));
      expect(await files.read('a', 8, 0)).toEqual(utf8(''));
      expect(await files.stat('a')).toMatchObject({ bytes: 8 });
    });

    test('what was written may be changed afterwards, and so may what was read', async () => {
      const files = await openEmpty();
      const bytes = utf8('abc');
      const file = await files.create('a');
      await file.write(bytes);
      bytes.fill(0);
      (await files.read('a', 0, 3)).fill(0);
      expect(await files.readAll('a', 3)).toEqual(utf8('abc'));
      await file.close();
    });

    test('creating what exists is refused and leaves it alone', async () => {
      const files = await openEmpty();
      await put(files, 'a', 'first');
      await expect(files.create('a')).rejects.toMatchObject({ code: 'EEXIST' });
      expect(await files.readAll('a', 99)).toEqual(utf8('first'));
    });

    test('creating in a directory that is missing is refused', async () => {
      const files = await openEmpty();
      await expect(files.create('nowhere/a')).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test.each([undefined, 'synced'] as const)(
      'appending creates, then goes on at the end (%s)',
      async (how) => {
        const files = await openEmpty();
        for (const text of ['one', 'two']) {
          const file = await files.append('log', how);
          await file.write(utf8(text));
          await file.sync();
          await file.close();
        }
        expect(await files.readAll('log', 99)).toEqual(utf8('onetwo'));
      },
    );

    test('a rename takes the place of what was there', async () => {
      const files = await openEmpty();
      await files.makeDirectory('d');
      await put(files, 'd/a.tmp', 'new');
      await put(files, 'd/a', 'old');
      await files.rename('d/a.tmp', 'd/a');
      await files.syncDirectory('d');
      expect(await files.list('d')).toEqual(['a']);
      expect(await files.readAll('d/a', 99)).toEqual(utf8('new'));
    });

    test('a rename moves between directories, and refuses what is missing', async () => {
      const files = await openEmpty();
      await files.makeDirectory('d');
      await put(files, 'a', 'x');
      await files.rename('a', 'd/b');
      expect(await files.list('')).toEqual(['d']);
      expect(await files.list('d')).toEqual(['b']);
      await expect(files.rename('a', 'd/c')).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test('directories are made with their parents, twice without complaint', async () => {
      const files = await openEmpty();
      await files.makeDirectory('x/y/z');
      await put(files, 'x/y/z/a', 'kept');
      await files.makeDirectory('x/y/z');
      expect(await files.list('x')).toEqual(['y']);
      expect(await files.readAll('x/y/z/a', 9)).toEqual(utf8('kept'));
    });

    test('any directory can be synced, the root by its empty name; a missing one cannot', async () => {
      const files = await openEmpty();
      await files.makeDirectory('d');
      await files.syncDirectory('d');
      await files.syncDirectory('');
      await expect(files.syncDirectory('e')).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test('a removed file is gone, and removing it again is no error', async () => {
      const files = await openEmpty();
      await put(files, 'a', 'x');
      await files.remove('a');
      await files.remove('a');
      expect(await files.stat('a')).toBeUndefined();
      expect(await files.list('')).toEqual([]);
    });

    test('names are listed sorted; a missing directory has none', async () => {
      const files = await openEmpty();
      for (const path of ['b', 'B', 'a-1', 'a', 'c']) await put(files, path, '');
      expect(await files.list('')).toEqual(['B', 'a', 'a-1', 'b', 'c']);
      expect(await files.list('missing')).toEqual([]);
    });

    test('what is missing reads as nothing, or as a fault where bytes were asked for', async () => {
      const files = await openEmpty();
      expect(await files.readAll('a', 9)).toBeUndefined();
      expect(await files.stat('a')).toBeUndefined();
      await expect(files.read('a', 0, 1)).rejects.toMatchObject({ code: 'FILE_MISSING' });
    });

    test('a read past the end is a fault, never fewer bytes', async () => {
      const files = await openEmpty();
      await put(files, 'a', 'abc');
      await expect(files.read('a', 1, 3)).rejects.toMatchObject({ code: 'FILE_SHORT' });
      await expect(files.read('a', 9, 1)).rejects.toMatchObject({ code: 'FILE_SHORT' });
    });

    test('a file larger than expected is not read at all', async () => {
      const files = await openEmpty();
      await put(files, 'a', 'abcd');
      await expect(files.readAll('a', 3)).rejects.toMatchObject({ code: 'TOO_LARGE' });
    });

    test.each(['../a', '/a', 'd/../../a'])(
      'the path %s leads out of the root and is refused',
      async (path) => {
        const files = await openEmpty();
        await expect((async () => files.create(path))()).rejects.toThrow('assertion failed');
        await expect((async () => files.remove(path))()).rejects.toThrow('assertion failed');
      },
    );

    test('a file that is replaced while it is read is the one or the other, whole', async () => {
      const files = await openEmpty();
      const texts = ['short', 'x'.repeat(5_000)];
      await replaceFile(files, 'a', utf8('short'));
      const seen = new Set<string>();
      let replaced = 0;
      const isDone = () => replaced >= 300;
      const readOn = async () => {
        do seen.add(fromUtf8((await files.readAll('a', 9_999)) as Uint8Array));
        while (!isDone());
      };
      const replaceOn = async () => {
        for (; replaced < 300; replaced++) await replaceFile(files, 'a', utf8(texts[replaced % 2] as string));
      };
      await Promise.all([replaceOn(), readOn(), readOn()]);
      expect([...seen].filter((text) => !texts.includes(text))).toEqual([]);
      expect(seen.size).toBe(2);
    });

    test('an open file stays itself under another name, and without one', async () => {
      const files = await openEmpty();
      const file = await files.create('a');
      await files.rename('a', 'b');
      await file.write(utf8('x'));
      expect(await files.readAll('b', 9)).toEqual(utf8('x'));
      await files.remove('b');
      await file.write(utf8('y'));
      await file.sync();
      await file.close();
      expect(await files.list('')).toEqual([]);
    });

    test('space is what is free of what there is', async () => {
      const { freeBytes, totalBytes } = await (await openEmpty()).space();
      expect(freeBytes).toBeGreaterThan(0);
      expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
    });
  });
}
