// The stories whose proofs of deletion are the fixtures in vectors/deletion-*.

import { readFileSync } from 'node:fs';
import {
  type CharterChain,
  type ClaimName,
  type DeletionStatement,
  gatherEvidence,
  makeDeletion,
  type Place,
  type ProofEvidence,
} from '../src/index.ts';
import type { Story } from './proof-stories.ts';
import { LAPTOP, ProofWorld } from './proof-world.ts';
import { chainOf, crypto, DAY_MS, NOW, sampleCharter } from './sample-charter.ts';
import { daemonGenesis, deviceGenesis, keepOf, objects, placeOf, purgeOf, releaseOf } from './samples.ts';

export interface DeletionWorld {
  readonly world: ProofWorld;
  readonly place: Place;
  /** The place, and a keep of it. */
  readonly claims: readonly [ClaimName, ClaimName];
}

/** A segment on h1, h2 and h3, placed by a laptop and kept by it again; nothing given up. */
export async function keptWorld(charters: CharterChain = chainOf(sampleCharter(4))): Promise<DeletionWorld> {
  const world = await ProofWorld.of(charters);
  const place = placeOf(charters.current);
  const genesis = deviceGenesis('laptop', { rights: ['write', 'delete'] });
  const { origin } = await world.write(LAPTOP, [genesis, place, objects('sealed')]);
  await world.certify(LAPTOP);
  await world.write(LAPTOP, [keepOf(place.segment)], NOW + DAY_MS);
  await world.certify(LAPTOP, { time: NOW + DAY_MS });
  for (const name of ['h1', 'h2', 'h3']) await world.write(`log ${name}`, [daemonGenesis(name)], NOW + 1_000);
  const named = (index: number) => ({ origin, index });
  return { world, place, claims: [named(1), named(3)] };
}

export async function giveUp({ world }: DeletionWorld, ...claims: readonly ClaimName[]): Promise<ClaimName> {
  const time = NOW + 10 * DAY_MS;
  const by = await world.write(LAPTOP, [objects('deleted'), releaseOf(claims)], time);
  await world.certify(LAPTOP, { time });
  return { ...by, index: by.index + 1 };
}

export async function erase({ world, place }: DeletionWorld, ...names: readonly string[]): Promise<void> {
  const time = NOW + 25 * DAY_MS;
  for (const name of names) {
    await world.write(`log ${name}`, [purgeOf(1, [place.segment])], time);
    await world.certify(`log ${name}`, { time });
  }
}

export function deletionEvidence({ world, place }: DeletionWorld): Promise<ProofEvidence> {
  return gatherEvidence({
    crypto,
    logs: world.logs,
    charters: world.charters,
    segments: [place.segment],
    at: NOW + 30 * DAY_MS,
    about: 'deletion',
    covering: world.covering,
  });
}

/** Given up, and erased by the two that still had it; the third had lost it before. */
async function finished(): Promise<Story> {
  const of = await keptWorld();
  const { world, place, claims } = of;
  await world.write('log h3', [{ kind: 'lost', fragments: [[place.segment, 2]] }], NOW + 2 * DAY_MS);
  await world.certify('log h3', { time: NOW + 2 * DAY_MS });
  await giveUp(of, ...claims);
  await erase(of, 'h1', 'h2');
  return storyOf(of);
}

/** One claim is left, and two holders. */
async function unfinished(): Promise<Story> {
  const of = await keptWorld();
  await giveUp(of, of.claims[0]);
  await erase(of, 'h2');
  return storyOf(of);
}

export async function storyOf(of: DeletionWorld): Promise<Story> {
  const { text } = await makeDeletion(crypto, await deletionEvidence(of));
  return { proof: text, root: of.world.charters.root };
}

export const storedDeletions: readonly { readonly name: string; readonly story: () => Promise<Story> }[] = [
  { name: 'deletion-finished', story: finished },
  { name: 'deletion-unfinished', story: unfinished },
];

export function storedDeletion(name: string): {
  readonly file: Uint8Array;
  readonly root: string;
  readonly statement: DeletionStatement;
} {
  const at = (ending: string) => new URL(`../vectors/${name}.${ending}`, import.meta.url);
  return {
    file: new Uint8Array(readFileSync(at('txt'))),
    ...(JSON.parse(readFileSync(at('json'), 'utf8')) as { root: string; statement: DeletionStatement }),
  };
}
