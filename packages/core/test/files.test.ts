// Both file ports keep the contract; the one on disk also keeps its modes.

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFiles } from '../node/index.ts';
import { memoryFiles } from '../src/index.ts';
import { filesContract } from './files-contract.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vauban-files-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

filesContract('memory', async () => memoryFiles());
filesContract('node', async () => openFiles(await mkdtemp(join(directory, 'root-'))));

test('files and directories are their owner’s alone', async () => {
  const root = await mkdtemp(join(directory, 'root-'));
  const files = openFiles(root);
  await files.makeDirectory('d');
  await (await files.create('d/a')).close();
  await (await files.append('d/b')).close();
  expect((await stat(join(root, 'd'))).mode & 0o777).toBe(0o700);
  expect((await stat(join(root, 'd/a'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(root, 'd/b'))).mode & 0o777).toBe(0o600);
});
