// Trees as agencies' disks really hold them: names of every kind, things that are no files, files that move under the
// reader, and restoring next to what is there already.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inWords } from '../support/command.ts';
import { bytesOf, type TestVault, TestNetwork, until } from '../support/network.ts';

let network: TestNetwork;
let vault: TestVault;
beforeAll(async () => {
  network = await TestNetwork.up({ sites: 3, k: 2, m: 1 });
  vault = await network.vault();
});
afterAll(() => network.close());

const at = (...parts: string[]) => join(network.scratch, ...parts);

/** Everything below a directory, in raw bytes of the names: kind, content or target, mode and time. */
async function pictureOf(root: string): Promise<Map<string, string>> {
  const picture = new Map<string, string>();
  const look = async (raw: Buffer, shown: string) => {
    for (const name of await readdir(raw, { encoding: 'buffer' })) {
      const full = Buffer.concat([raw, Buffer.from('/'), name]);
      const key = `${shown}/${name.toString('latin1')}`;
      const found = await lstat(full);
      const when = Math.trunc(found.mtimeMs);
      const mode = (found.mode & 0o777).toString(8);
      if (found.isSymbolicLink()) picture.set(key, `link ${await readlink(full)} ${when}`);
      else if (found.isDirectory()) {
        if ((await readdir(full)).length === 0) picture.set(key, `empty directory ${mode} ${when}`);
        await look(full, key);
      } else picture.set(key, `${mode} ${when} ${(await readFile(full)).toString('base64')}`);
    }
  };
  await look(Buffer.from(root), '');
  return picture;
}

/** 254 bytes in 127 characters. */
const LONG = '\u00e9'.repeat(127);
const NAMES = [
  // Two names on Linux, one on other systems: composed and decomposed.
  'caf\u00e9',
  'cafe\u0301',
  'two\nlines',
  '\u001b[2Jscreen',
  'tab\tand bell\u0007',
  '..hidden..',
  ' leading and trailing ',
  '-rf',
  'back\\slash:colon*?"<>|',
  '\u202eright to left',
  '\u6587\u66f8\u{1f3db}',
  '\ufeffmark',
  LONG,
  'n'.repeat(255),
  '.vauban-partial',
];

describe('a tree of odd names', () => {
  it('comes back to the byte: names, contents, links, empty things, modes and times', async () => {
    const source = at('odd');
    await mkdir(source);
    for (const [nth, name] of NAMES.entries()) await writeFile(join(source, name), `content ${nth}`);
    await writeFile(join(source, 'empty'), '');
    await mkdir(join(source, 'empty directory'), { mode: 0o750 });
    await writeFile(join(source, 'private'), 'mine', { mode: 0o400 });
    await writeFile(join(source, 'program'), '#!/bin/sh\n', { mode: 0o755 });
    await symlink('/etc/passwd', join(source, 'to somewhere absolute'));
    await symlink('../../..', join(source, 'to a directory'));
    await symlink('nowhere at all', join(source, 'dangling'));
    await writeFile(join(source, 'linked once'), 'twice');
    await link(join(source, 'linked once'), join(source, 'linked twice'));
    // A path of nearly all that a system call takes, in names of 200 bytes, and one of 400 short ones.
    let deep = join(source, 'deep');
    while (Buffer.byteLength(deep) + 201 < 3_700) deep = join(deep, 'd'.repeat(200));
    let many = join(source, 'many');
    for (let nth = 0; nth < 400; nth++) many = join(many, 'e');
    for (const [nth, directory] of [deep, many].entries()) {
      await mkdir(directory, { recursive: true });
      await writeFile(join(directory, 'bottom'), `${nth}`);
    }
    await utimes(join(source, 'program'), -86_400.25, -86_400.25);
    await utimes(join(source, 'private'), 4_102_444_800.123, 4_102_444_800.123);
    await utimes(join(source, 'empty directory'), 1_600_000_000.999, 1_600_000_000.999);

    const stored = await vault.run('put', source, '--json');
    expect(stored.code, inWords(stored)).toBe(0);
    const before = await pictureOf(source);
    expect(stored.json.objects).toHaveLength(before.size);
    const restored = await vault.run('get', 'odd', 'odd-back', '--json');
    expect(restored.code, inWords(restored)).toBe(0);
    expect(await pictureOf(at('odd-back'))).toEqual(before);

    // The listing obeys none of them.
    const listed = await vault.run('ls', 'odd/');
    expect(listed.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
    expect(listed.stdout).toContain('two\\u{a}lines');
  });

  it('is not sent again when nothing changed, and changed parts become new versions', async () => {
    const again = await vault.ask('put', at('odd'));
    expect(again.storedBytes).toBeLessThan(10_000);
    expect(new Set(again.objects.map((one: { unchanged: boolean }) => one.unchanged))).toEqual(
      new Set([true]),
    );
  });
});
