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
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inWords, run } from '../support/command.ts';
import { type TestVault, TestNetwork, until } from '../support/network.ts';

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
      const when = Math.floor(found.mtimeMs);
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
    // As text: Node takes a negative number for now.
    await utimes(join(source, 'program'), '-86400.25', '-86400.25');
    await utimes(join(source, 'private'), 4_102_444_800.123, 4_102_444_800.123);
    await utimes(join(source, 'empty directory'), 1_600_000_000.999, 1_600_000_000.999);

    const stored = await vault.run('put', source, '--json');
    expect(stored.code, inWords(stored)).toBe(0);
    const before = await pictureOf(source);
    expect(stored.json.objects).toHaveLength(before.size);
    const restored = await vault.here('get', 'odd', at('odd-back'), '--json');
    expect(restored.code, inWords(restored)).toBe(0);
    expect(await pictureOf(at('odd-back'))).toEqual(before);

    // The listing obeys none of them.
    const listed = await vault.here('ls', 'odd/');
    expect(listed.stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
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

describe('a tree that cannot be stored whole', () => {
  it('is stored but for what cannot be, and each of those is told by name', async () => {
    const source = await network.tree('mixed', { 'a fine': 'fine', 'locked/in': 'in', 'z/last': 'last' });
    await writeFile(join(source, 'secret'), 'unreadable', { mode: 0 });
    await writeFile(join(source, 'void'), '', { mode: 0 });
    await chmod(join(source, 'locked'), 0);
    await once(spawn('mkfifo', [join(source, 'pipe')]), 'exit');
    await writeFile(Buffer.concat([Buffer.from(`${source}/latin-`), Buffer.from([0xe9])]), 'text');
    await symlink(Buffer.from([0xff, 0x2f]), join(source, 'link to latin'));
    // Names that a tool reaches step by step, but no system call from the root.
    const steps =
      'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do mkdir "$0"; cd -P "$0"; done; : > x';
    await once(spawn('sh', ['-c', steps, 'l'.repeat(250)], { cwd: join(source, 'z') }), 'exit');
    const socket = createServer().listen(join(source, 's'));
    await once(socket, 'listening');
    try {
      const stored = await run(['put', source, '--json'], { ...vault.options, through: lesserRights() });
      expect(stored.code, inWords(stored)).toBe(1);
      const paths = stored.json.objects.map((one: { path: string }) => one.path);
      expect(paths).toEqual(['mixed/a fine', 'mixed/z/last']);
      const problems = stored.json.problems.map((one: { path: string; code: string }) => [
        one.code,
        one.path.slice('mixed/'.length).slice(0, 20),
      ]);
      expect(problems).toEqual([
        ['SOURCE_NAME', 'latin-\ufffd'],
        ['SOURCE_NAME', 'link to latin'],
        ['SOURCE_UNREADABLE', 'locked'],
        ['SOURCE_SPECIAL', 'pipe'],
        ['SOURCE_SPECIAL', 's'],
        ['SOURCE_UNREADABLE', 'secret'],
        ['SOURCE_UNREADABLE', 'void'],
        [expect.stringMatching(/SOURCE_UNREADABLE|VAULT_PATH/), `z/${'l'.repeat(18)}`],
      ]);
      expect(stored.stderr).toMatch(/latin-\\xe9 has a name that is not UTF-8/);
      expect(stored.stderr).toMatch(/secret cannot be read: permission denied/);
      expect(stored.stderr).toMatch(/pipe is a named pipe/);
    } finally {
      socket.close();
    }
    expect(await vault.paths('mixed/')).toEqual(['mixed/a fine', 'mixed/z/last']);
    await once(spawn('rm', ['-r', join(source, 'z')]), 'exit');
  });

  it('is told so as well when it is one thing alone', async () => {
    await mkdir(at('bare'));
    const [pipe, nothing, bare] = await Promise.all([
      vault.here('put', at('mixed/pipe'), 'pipe', '--json'),
      vault.here('put', at('is not there'), '--json'),
      vault.here('put', at('bare'), '--json'),
    ]);
    expect([pipe.code, pipe.json.objects, pipe.json.problems[0].code]).toEqual([1, [], 'SOURCE_SPECIAL']);
    expect([nothing.code, nothing.json.error.code]).toEqual([2, 'SOURCE_MISSING']);
    expect([bare.code, bare.json.objects.length]).toEqual([0, 1]);
    const back = await vault.here('get', 'bare', at('bare-back'));
    expect(back.code, inWords(back)).toBe(0);
    expect((await stat(at('bare-back'))).isDirectory()).toBe(true);
  });

  it('may move under the reader: what shrank, grew or vanished is told, the rest is stored', async () => {
    const source = await network.tree('moving', { 'b vanishes': 'b', 'c stays': 'c', 'd grows': 'four' });
    await writeFile(join(source, 'a shrinks'), '');
    await truncate(join(source, 'a shrinks'), 128 << 20);
    const put = vault.begin('put', source, '--json');
    // A daemon that takes nothing keeps the reader in the middle of the large file.
    await until(begun);
    await network.pause('metz');
    await truncate(join(source, 'a shrinks'), 1 << 20);
    await rm(join(source, 'b vanishes'));
    await writeFile(join(source, 'd grows'), 'longer than before');
    await network.wake('metz');
    const stored = await put.outcome;
    expect(stored.code, inWords(stored)).toBe(1);
    expect(stored.json.problems).toMatchObject([
      { path: 'moving/a shrinks', code: 'SOURCE_CHANGED' },
      { path: 'moving/b vanishes', code: 'SOURCE_UNREADABLE' },
    ]);
    expect(await vault.paths('moving/')).toEqual(['moving/c stays', 'moving/d grows']);
  });
});

/** Whether a large upload has been noted in the vault's own directory. */
async function begun(): Promise<boolean> {
  const names = await readdir(vault.directory, { recursive: true });
  return names.some((name) => /uploads\/./.test(name));
}

/** Root reads everything; without these two capabilities it is like anybody else. */
function lesserRights(): string[] {
  if (process.getuid?.() !== 0) return [];
  return ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--'];
}

describe('restoring', () => {
  it('overwrites nothing, goes through no link, and leaves nothing half-written', async () => {
    const source = await network.tree('plain', { 'a/one': '1', 'b/two': '2', three: '3' });
    await vault.ask('put', source);
    const out = await network.tree('taken', { three: 'mine', 'elsewhere/x': 'x' });
    await symlink('elsewhere', join(out, 'a'));
    await writeFile(join(out, 'b'), 'a file where a directory would be');
    const before = await pictureOf(out);
    const restored = await vault.here('get', 'plain', out, '--json');
    expect(restored.code, inWords(restored)).toBe(6);
    expect(restored.json.objects).toEqual([]);
    expect(restored.json.problems).toMatchObject([
      { path: 'plain/a/one', code: 'PATH_ESCAPES' },
      { path: 'plain/b/two', code: 'TARGET_EXISTS' },
      { path: 'plain/three', code: 'TARGET_EXISTS' },
    ]);
    expect(await pictureOf(out)).toEqual(before);
    const one = await vault.here('get', 'plain/three', join(out, 'three'), '--json');
    expect([one.code, one.json.error.code]).toEqual([6, 'TARGET_EXISTS']);
    expect(one.stderr.match(/exists already/g)).toHaveLength(1);
  });

  it('does not follow a link that the vault itself holds', async () => {
    await mkdir(at('outside'));
    const source = await network.tree('turned', { 'inner/file': 'once a directory' });
    await vault.ask('put', source);
    await rm(join(source, 'inner'), { recursive: true });
    await symlink(at('outside'), join(source, 'inner'));
    await vault.ask('put', source);
    const restored = await vault.here('get', 'turned', at('turned-back'), '--json');
    expect(restored.code, inWords(restored)).toBe(6);
    expect(restored.json.problems).toMatchObject([{ path: 'turned/inner/file', code: 'PATH_ESCAPES' }]);
    expect(await readlink(at('turned-back/inner'))).toBe(at('outside'));
    expect(await readdir(at('outside'))).toEqual([]);
    // Each of the two alone.
    const [file, tree] = await Promise.all([
      vault.here('get', 'turned/inner', at('inner-link')),
      vault.here('get', 'turned/inner/', at('inner-tree')),
    ]);
    expect([file.code, tree.code]).toEqual([0, 0]);
    expect(file.stderr).toContain('is also a directory');
    expect(await readlink(at('inner-link'))).toBe(at('outside'));
    expect(await readFile(at('inner-tree/file'), 'utf8')).toBe('once a directory');
  });
});
