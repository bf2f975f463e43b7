// Once all is well again every live segment is whole: as many distinct fragments as it has shards lie on disks that are left,
// spread so that as many sites may go as could with any spreading over those sites. Reads the disks; counts by trying.

import { equalBytes, type Files, toHex } from '@vauban/core';
import type { Checker, End } from '../checker.ts';
import { field, listOf } from './cbor.ts';
import { type CertifiedLog, certifiedLogs } from './certified-entries.ts';
import { liveSegments } from './claims.ts';
import type { Evidence } from './evidence.ts';
import { Harmed } from './harmed.ts';
import { custodyOf, letGo } from './held-fragments.ts';
import { type JudgedPlace, judgedPlace } from './places.ts';
import { fragmentRoot } from './tree.ts';

interface Shards extends JudgedPlace {
  /** By index. */
  readonly roots: readonly Uint8Array[];
}

export function margins(evidence: Evidence): Checker {
  const harmed = new Harmed();
  return {
    name: 'margins',
    told: (event) => harmed.told(event),
    async judge(end) {
      const logs = certifiedLogs(evidence, end);
      const siteOf = (daemon: string) => end.charter.daemons.find(({ id }) => id === daemon)?.site ?? '';
      const machines = end.hosters.filter(({ state }) => state !== 'burnt');
      const sound = machines.filter((one) => one.honest && one.state === 'voting' && !harmed.has(one.name));
      const doubtful = machines.filter(
        (one) => !sound.includes(one) && one.state !== 'down' && one.state !== 'failed',
      );
      const doubted = new Set(doubtful.map(({ name }) => name));
      const said = holdersSaid(end, logs);
      const names = new Set(end.hosters.map(({ name }) => name));
      for (const [segment, shards] of placesOf(logs)) {
        // Daemons that nobody runs were given it by whoever invented them.
        if (shards.held.some(({ daemon }) => !names.has(siteOf(daemon)))) continue;
        const n = shards.k + shards.m;
        const bySite = new Map<string, Set<number>>();
        const add = (site: string, index: number) =>
          bySite.set(site, (bySite.get(site) ?? new Set()).add(index));
        for (const { name, files } of [...sound, ...doubtful])
          for (const index of await indicesOn(end, files, shards)) add(name, index);
        // What a harmed one lacks by now, others may not know yet; nor what a liar has not got.
        for (const { daemon, index } of said.get(segment) ?? [])
          if (doubted.has(siteOf(daemon))) add(siteOf(daemon), index);
        const lists = [...bySite.values()];
        const all = union(lists).size;
        if (all < n)
          throw new Error(
            `segment ${segment} has ${all} of its ${n} fragments left, and ${sound.length} sites stand`,
          );
        const [margin, best] = [survives(lists, shards.k), survives(spread(n, sound.length), shards.k)];
        if (margin < best) {
          const loads = [...bySite].map(([site, indices]) => `${site} ${[...indices].join('+')}`);
          throw new Error(
            `segment ${segment} bears the loss of ${margin} sites, and could bear ${best}: ${loads.join(', ')}`,
          );
        }
      }
    },
  };
}

/** Of what is claimed, with the roots of all shards. */
function placesOf(logs: readonly CertifiedLog[]): Map<string, Shards> {
  const live = liveSegments(logs);
  const found = new Map<string, Shards>();
  for (const { entries } of logs) {
    for (const { kind, voided, payload } of entries) {
      if (kind !== 'place' || voided || payload === undefined) continue;
      const place = judgedPlace(payload);
      if (place === undefined || !live.has(toHex(place.segment))) continue;
      const roots = listOf(field(payload, 'fragments')).flatMap((one) => {
        const [root] = listOf(one);
        return root instanceof Uint8Array ? [root] : [];
      });
      found.set(toHex(place.segment), { ...place, roots });
    }
  }
  return found;
}

function holdersSaid(
  end: End,
  logs: readonly CertifiedLog[],
): Map<string, { readonly daemon: string; readonly index: number }[]> {
  const gone = letGo(end, logs);
  const placed = logs.flatMap(({ entries }) =>
    entries.flatMap(({ kind, voided, payload }) => {
      const place = kind === 'place' && !voided && payload !== undefined ? judgedPlace(payload) : undefined;
      return (place?.held ?? []).map((one) => ({ ...one, segment: place?.segment as Uint8Array }));
    }),
  );
  const said = new Map<string, { readonly daemon: string; readonly index: number }[]>();
  for (const { segment, index, daemon } of [...placed, ...custodyOf(end, logs)]) {
    const name = toHex(segment);
    if (gone.has(`${daemon} ${name} ${index}`)) continue;
    said.set(name, [...(said.get(name) ?? []), { daemon, index }]);
  }
  return said;
}

async function indicesOn({ crypto }: End, files: Files, shards: Shards): Promise<number[]> {
  const name = toHex(shards.segment);
  const found: number[] = [];
  for (const [index, root] of shards.roots.entries()) {
    try {
      const bytes = await files.read(`fragments/${name.slice(0, 2)}/${name}-${index}`, 0, shards.bytes);
      if (equalBytes(fragmentRoot(crypto, bytes), root)) found.push(index);
    } catch {
      // It is not there.
    }
  }
  return found;
}

/** As even as it gets. */
function spread(n: number, sites: number): Set<number>[] {
  const lists = Array.from({ length: sites }, () => new Set<number>());
  if (sites > 0) for (let index = 0; index < n; index++) lists[index % sites]?.add(index);
  return lists;
}

/** How many of these sites may go, whichever they are, so that k distinct fragments are left. */
function survives(lists: readonly ReadonlySet<number>[], k: number): number {
  for (let lost = 0; ; lost++) {
    if (lost >= lists.length || !everyChoice(lists, lost, k)) return lost - 1;
  }
}

function everyChoice(lists: readonly ReadonlySet<number>[], lost: number, k: number): boolean {
  if (lost === 0) return union(lists).size >= k;
  return lists.every((_, at) => {
    const rest = lists.filter((__, other) => other !== at);
    return everyChoice(rest, lost - 1, k);
  });
}

function union(lists: readonly ReadonlySet<number>[]): Set<number> {
  return new Set(lists.flatMap((one) => [...one]));
}
