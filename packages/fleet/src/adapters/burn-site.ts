// A datacenter burns: its processes die at once, its disks are gone, keys included. There is no way back but repair.

import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DaemonId, Fault } from '@vauban/core';
import { openFiles } from '@vauban/core/node';
import { checkMarker } from '@vauban/daemon';
import { type DaemonPlace, daemonPlaces } from './layout.ts';
import { forgetPid, runningPid, signalDaemon, waitGone } from './processes.ts';

const DEAD_MS = 5_000;

export interface BurnResult {
  readonly site: string;
  readonly daemons: readonly { readonly id: DaemonId; readonly hoster: string; readonly site: string }[];
  readonly fragmentsLost: number;
  /** Bytes of fragment files. */
  readonly bytesLost: number;
}

/** Faults: SITE_UNKNOWN (usage), STILL_RUNNING, MARKER_OTHER. A site that has burnt already loses nothing more. */
export async function burnSite(directory: string, site: string): Promise<BurnResult> {
  const places = await daemonPlaces(directory);
  const there = places.filter((place) => place.facts.site.id === site);
  if (there.length === 0) {
    const known = places.map((place) => place.facts.site.id);
    throw new Fault('usage', 'SITE_UNKNOWN', `there is no site ${site}; the sites are ${known.join(', ')}`, {
      site,
      known,
    });
  }
  await Promise.all(there.map(kill));
  let fragmentsLost = 0;
  let bytesLost = 0;
  for (const place of there) {
    if (place.burnt) continue;
    // The directory that is erased is this daemon's disk, and nothing else.
    await checkMarker(openFiles(place.data), place.id);
    const held = await countFragments(place.data);
    fragmentsLost += held.fragments;
    bytesLost += held.bytes;
    await rm(place.keys, { recursive: true, force: true });
    await rm(place.data, { recursive: true, force: true });
  }
  const daemons = there.map(({ id, facts }) => ({ id, hoster: facts.hoster.id, site: facts.site.id }));
  return { site, daemons, fragmentsLost, bytesLost };
}

async function kill(place: DaemonPlace): Promise<void> {
  const pid = await runningPid(place);
  if (pid === undefined) return;
  const process = { pid, config: place.config };
  await signalDaemon(process, 'SIGKILL');
  if (!(await waitGone(process, DEAD_MS))) {
    throw new Fault(
      'failure',
      'STILL_RUNNING',
      `process ${pid} of ${place.facts.site.id} did not end; nothing was erased`,
      {
        pid,
        site: place.facts.site.id,
      },
    );
  }
  await forgetPid(place);
}

async function countFragments(data: string): Promise<{ readonly fragments: number; readonly bytes: number }> {
  let fragments = 0;
  let bytes = 0;
  const folder = join(data, 'fragments');
  for (const digits of await readdir(folder).catch(() => [])) {
    for (const name of await readdir(join(folder, digits)).catch(() => [])) {
      if (!/^[0-9a-f]{64}-[0-9]+$/.test(name)) continue;
      fragments += 1;
      bytes += (await stat(join(folder, digits, name))).size;
    }
  }
  return { fragments, bytes };
}
