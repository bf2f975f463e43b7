// A datacenter burns in a network of containers, and what becomes of it: stored, burnt, healed, read back. Every figure is
// taken from the disks or from the agency's own bytes; no daemon's word is believed.

import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BurnResult } from '@vauban/fleet';
import { mustEnd } from './docker-command.ts';
import type { Rehearsal } from './docker-rehearsal.ts';

export interface Fire {
  readonly site: string;
  readonly files: number;
  readonly userBytes: number;
  readonly segments: number;
  /** Whole fragments of every segment on all disks, by the site. */
  readonly before: Spread;
  readonly burnt: BurnResult;
  readonly afterwards: Spread;
  readonly healed: Spread;
  /** From the fire to the last fragment on its new disk. */
  readonly healedMs: number;
  /** Files that came back with the bytes they had. */
  readonly same: number;
}

export interface Spread {
  /** Different fragments of a segment, where there are fewest. */
  readonly fewest: number;
  readonly bySite: { readonly [site: string]: number };
}

interface PlacedSegment {
  /** Hex. */
  readonly id: string;
  readonly fragments: readonly { readonly index: number; readonly root: string }[];
}

/** What the agency stores: a file of several segments, and a folder of small ones. */
const LONG_BYTES = 24_000_000;
const SMALL_FILES = 40;
const SMALL_BYTES_MAX = 60_000;
const LOOK_EVERY_MS = 2_000;
const HEALED_WITHIN_MS = 300_000;

export async function burnAndHeal(
  rehearsal: Rehearsal,
  { site, tell }: { readonly site: string; readonly tell: (line: string) => void },
): Promise<Fire> {
  const files = await store(rehearsal);
  const userBytes = [...files.values()].reduce((sum, one) => sum + one.length, 0);
  tell(`the agency has stored ${files.size} files, ${megabytes(userBytes)}, through its container`);
  const placed = await placedSegments(rehearsal, [...files.keys()]);
  const before = await spread(rehearsal, placed);
  const start = performance.now();
  const burnt = await rehearsal.stage.burn(site);
  tell(`${site} burns: container killed, volume removed, ${burnt.fragmentsLost} fragments lost`);
  const afterwards = await spread(rehearsal, placed);
  tell(`the worst segment has ${afterwards.fewest} fragments left; nobody is asked to do anything`);
  const healed = await waitHealed(rehearsal, placed, before.fewest);
  const healedMs = performance.now() - start;
  tell(`${healed.fewest} fragments of every segment again after ${Math.round(healedMs / 1000)} s`);
  const same = await readBack(rehearsal, files);
  tell(`${same} of ${files.size} files read back byte for byte`);
  const sum = { site, files: files.size, userBytes, segments: placed.length };
  return { ...sum, before, burnt, afterwards, healed, healedMs, same };
}

/** By their paths in the vault. */
async function store(rehearsal: Rehearsal): Promise<Map<string, Buffer>> {
  const files = new Map([['files/long', randomBytes(LONG_BYTES)]]);
  for (let nth = 0; nth < SMALL_FILES; nth++) {
    const bytes = Math.round((SMALL_BYTES_MAX * (nth + 1)) / SMALL_FILES);
    files.set(`files/small/${nth}`, randomBytes(bytes));
  }
  let folder = '';
  for (const [path, content] of files) {
    folder = (await rehearsal.giveAgency(path, content)).slice(0, -path.length);
  }
  await mustEnd(rehearsal.agency('put', `${folder}files`, 'files'));
  return files;
}

async function placedSegments(rehearsal: Rehearsal, paths: readonly string[]): Promise<PlacedSegment[]> {
  const placed = new Map<string, PlacedSegment>();
  // Small files share segments: one of them stands for all.
  for (const path of paths.filter((one) => !/small\/[1-9]/.test(one))) {
    const { stdout } = await mustEnd(rehearsal.agency('where', path, '--json'));
    const { segments } = JSON.parse(stdout) as { readonly segments: readonly PlacedSegment[] };
    for (const segment of segments) placed.set(segment.id, segment);
  }
  return [...placed.values()];
}

/** Of every site's disk, read and hashed: a fragment whose bytes do not make the root that the ledger has is none. */
async function spread(rehearsal: Rehearsal, placed: readonly PlacedSegment[]): Promise<Spread> {
  const roots = new Map(
    placed.flatMap(({ id, fragments }) => fragments.map(({ index, root }) => [`${id}-${index}`, root])),
  );
  const held = new Map<string, Set<number>>(placed.map(({ id }) => [id, new Set()]));
  const walks = rehearsal.sites.map(async (site): Promise<[string, number]> => {
    let whole = 0;
    for await (const { segment, index, root } of rehearsal.stage.walk(site)) {
      if (root === null || roots.get(`${segment}-${index}`) !== root) continue;
      held.get(segment)?.add(index);
      whole += 1;
    }
    return [site, whole];
  });
  const bySite = Object.fromEntries(await Promise.all(walks));
  return { fewest: Math.min(...[...held.values()].map((indices) => indices.size)), bySite };
}

async function waitHealed(
  rehearsal: Rehearsal,
  placed: readonly PlacedSegment[],
  wanted: number,
): Promise<Spread> {
  const until = performance.now() + HEALED_WITHIN_MS;
  for (;;) {
    const now = await spread(rehearsal, placed);
    if (now.fewest >= wanted) return now;
    if (performance.now() > until) {
      const status = await rehearsal.operator('repair', 'status', '--network', '/srv/vauban');
      throw new Error(
        `${now.fewest} of ${wanted} fragments after ${HEALED_WITHIN_MS / 1000} s: ${status.stdout}`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function readBack(rehearsal: Rehearsal, files: ReadonlyMap<string, Buffer>): Promise<number> {
  await mustEnd(rehearsal.agency('get', 'files', '/srv/vauban/back'));
  let same = 0;
  for (const [path, content] of files) {
    const back = await readFile(rehearsal.agencyFile(path.replace(/^files/, 'back'))).catch(() => undefined);
    if (back !== undefined && sha256(back) === sha256(content)) same += 1;
  }
  return same;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
