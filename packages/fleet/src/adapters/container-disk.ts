// What is done to a daemon's disk where it lies in a volume, from a container of its own: made ready, counted, walked,
// harmed. The daemon is not asked. One JSON document a line, for container-stage.ts.

import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asFault, Fault, replaceFile } from '@vauban/core';
import { openFiles } from '@vauban/core/node';
import type { DiskDeed } from '../stage.ts';
import { harmFragments, walkFragments, type WalkMemory } from './fragment-walk.ts';

/** Where the image has a daemon's directory, and a disk that is not its own yet. */
const HOME = '/srv/vauban';
const NEW_DISK = '/srv/disk';
/** In memory, and the container's own. */
const WALKED = '/tmp/walked.json';

export interface Streams {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

/** `new`, `count`, `walk`, `walk changed`, `harm <deed> <share> <seed>`; resolves with the exit status. */
export async function workOnDisk(args: readonly string[], { out, err }: Streams): Promise<number> {
  const [work, ...rest] = args;
  const data = join(HOME, 'data');
  try {
    if (work === 'new') await moveOnto({ config: join(HOME, 'daemon.toml'), disk: NEW_DISK });
    else if (work === 'count') out(JSON.stringify(await countFragments(data)));
    else if (work === 'harm') out(JSON.stringify({ files: await harmFragments(data, deedOf(rest)) }));
    else if (work === 'walk' && rest[0] === 'changed') await walkWhatChanged(data, out);
    else if (work === 'walk') for await (const one of walkFragments(data)) out(JSON.stringify(one));
    else
      throw new Fault(
        'usage',
        'WORK_UNKNOWN',
        `there is no work ${work ?? ''}: new, count, walk or harm`,
        {},
      );
    return 0;
  } catch (error) {
    err(asFault(error).message);
    return 1;
  }
}

/**
 * Moves what `daemon init` left in the data directory (marker, vote history) onto an empty disk. Nothing is left to move a
 * second time: no burnt or unmounted disk is ever taken for a new one. Faults: DISK_USED, those of checkMarker.
 */
async function moveOnto({ config, disk }: { readonly config: string; readonly disk: string }): Promise<void> {
  // Only here: the daemon's code takes longer to load than a look at a disk takes.
  const { checkMarker, openHome } = await import('@vauban/daemon');
  const home = await openHome(config);
  const { data } = home.config;
  await checkMarker(openFiles(data), home.daemon);
  const there = await readdir(disk);
  if (there.length > 0) {
    const message = `${disk} is not empty: it is no new disk`;
    throw new Fault('refused', 'DISK_USED', message, { disk, entries: there.length });
  }
  const names = await readdir(data);
  for (const name of names) await replaceFile(openFiles(disk), name, await readFile(join(data, name)));
  for (const name of names) await rm(join(data, name));
}

/** Remembers, for as long as the container runs, what it read of files that have not changed since. */
async function walkWhatChanged(data: string, out: Streams['out']): Promise<void> {
  const rows = await readFile(WALKED, 'utf8').catch(() => '[]');
  const memory: WalkMemory = new Map(JSON.parse(rows) as [string, { stamp: string; content: never }][]);
  for await (const one of walkFragments(data, memory)) out(JSON.stringify(one));
  // Replaced whole: two walks at once leave what one of them knew. Where nothing can be kept, all is read again.
  const temporary = `${WALKED}.${randomUUID()}`;
  await writeFile(temporary, JSON.stringify([...memory])).then(
    () => rename(temporary, WALKED),
    () => undefined,
  );
}

/** Whole files by their names and sizes, nothing read. */
async function countFragments(data: string): Promise<{ readonly fragments: number; readonly bytes: number }> {
  let fragments = 0;
  let bytes = 0;
  const folder = join(data, 'fragments');
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    if (!/^[0-9a-f]{2}\/[0-9a-f]{64}-[0-9]+$/.test(name)) continue;
    fragments += 1;
    bytes += (await stat(join(folder, name))).size;
  }
  return { fragments, bytes };
}

/** Faults: DEED_MALFORMED (usage). */
function deedOf([deed = '', share = '', seed = '']: readonly string[]): DiskDeed {
  const read = { share: Number(share), seed: Number(seed) };
  if (
    (deed !== 'rot' && deed !== 'erase') ||
    !(read.share > 0 && read.share <= 1) ||
    !Number.isSafeInteger(read.seed)
  ) {
    throw new Fault('usage', 'DEED_MALFORMED', 'say harm rot|erase <share> <seed>', { deed, share, seed });
  }
  return { deed, ...read };
}
