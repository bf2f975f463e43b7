// A datacenter burns: its processes die at once, its disks are gone, keys included. There is no way back but repair.

import { rm, stat } from 'node:fs/promises';
import { Fault } from '@vauban/core';
import { openFiles } from '@vauban/core/node';
import { checkMarker } from '@vauban/daemon';
import type { BurnResult } from '../stage.ts';
import { fragmentFiles } from './fragment-walk.ts';
import { daemonPlaces } from './layout.ts';
import { killDaemon } from './stop-network.ts';

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
  await Promise.all(there.map(killDaemon));
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

async function countFragments(data: string): Promise<{ readonly fragments: number; readonly bytes: number }> {
  const files = await fragmentFiles(data);
  let bytes = 0;
  for (const { path } of files) bytes += (await stat(path)).size;
  return { fragments: files.length, bytes };
}
