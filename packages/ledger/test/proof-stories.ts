// The stories whose proofs are the fixtures in vectors/: small enough to read, and between them every kind of entry.

import { utf8 } from '@vauban/core';
import type { CharterChain } from '../src/index.ts';
import { ProofWorld } from './proof-world.ts';
import {
  advance,
  chainOf,
  crypto,
  DAY_MS,
  NOW,
  openEpoch,
  policyOf,
  sampleCharter,
} from './sample-charter.ts';
import {
  adoptOf,
  custodyOf,
  daemonGenesis,
  deviceGenesis,
  objects,
  Pen,
  placeOf,
  voidOf,
} from './samples.ts';

const LAPTOP = 'device laptop';

export interface Story {
  readonly proof: string;
  readonly root: string;
}

/** One segment of 2 + 1 fragments, just put. */
export async function justPut(charters: CharterChain = chainOf(sampleCharter(4))): Promise<Story> {
  const world = await ProofWorld.of(charters);
  const place = placeOf(charters.current);
  await world.write(LAPTOP, [deviceGenesis('laptop'), place, objects('sealed')]);
  await world.certify(LAPTOP);
  return { proof: await world.proof([place.segment]), root: charters.root };
}

/**
 * Two segments; h2 loses its fragment, h4 takes it over, h1 moves to another town by the charter, h0 leaves it. A refused
 * place of a third segment was cancelled in between. Asked for with a label, a month later.
 */
export async function yearOfChanges(): Promise<Story> {
  const loose = { k: 2, m: 1, sitesLost: 1, minSurvives: 0 };
  const policies = ['standard', 'other'].map((name) => policyOf(name, loose));
  const charters = chainOf(sampleCharter(4, { policies }));
  const world = await ProofWorld.of(charters);
  const first = placeOf(charters.current, { name: 'first' });
  const second = placeOf(charters.current, { name: 'second', holders: ['h0', undefined, 'h4'] });
  await world.write(LAPTOP, [deviceGenesis('laptop'), first, objects('one')]);
  const claim = { origin: world.pen(LAPTOP).origin, index: 1 };
  await world.certify(LAPTOP);
  await world.write('log h2', [daemonGenesis('h2')], NOW + 1_000);
  const elsewhere = crypto.sha256(utf8('another segment'));
  const fragments: [Uint8Array, number][] = [
    [elsewhere, 7],
    [first.segment, 1],
  ];
  await world.write('log h2', [{ kind: 'lost', fragments }], NOW + 3_600_000);
  await world.certify('log h2', { time: NOW + 3_601_000 });
  await world.write('log h4', [daemonGenesis('h4')], NOW + 1_000);
  await world.write(
    'log h4',
    [custodyOf(first, { holder: 'h4', index: 1, claim, size: 3 })],
    NOW + 7_200_000,
  );
  await world.certify('log h4', { time: NOW + 7_201_000 });
  const refused = placeOf(charters.current, { name: 'refused' });
  await world.write(LAPTOP, [second, refused], NOW + 8_000_000);
  await world.write(LAPTOP, [voidOf(4)], NOW + 8_001_000);
  await world.certify(LAPTOP, { time: NOW + 8_002_000, names: ['h1', 'h3', 'h4'] });
  advance(charters, {
    issued: NOW + 10 * DAY_MS,
    sites: charters.current.sites.map((site) =>
      site.id === 'h1' ? { ...site, city: 'Épinal', address: '1 rue de\nla Gare \u202e\\' } : site,
    ),
  });
  advance(charters, {
    issued: NOW + 20 * DAY_MS,
    daemons: charters.current.daemons.filter(({ site }) => site !== 'h0'),
  });
  const label = 'council/minutes of « mars ».pdf \u200b';
  const proof = await world.proof([first.segment, second.segment], { at: NOW + 30 * DAY_MS, label });
  return { proof, root: charters.root };
}

/**
 * The laptop was lost before its last place was certified; the phone, its successor, took that place over. In between the
 * voters got new keys: the tablet's place is certified by the old ones, the phone's log by the new ones.
 */
export async function takenOver(): Promise<Story> {
  const charters = chainOf(sampleCharter(4));
  const world = await ProofWorld.of(charters);
  const place = placeOf(charters.current);
  const other = placeOf(charters.current, { name: 'other' });
  const lost = new Pen(LAPTOP);
  lost.write([deviceGenesis('laptop'), objects('sealed'), place]);
  await world.write('device tablet', [deviceGenesis('tablet'), other]);
  await world.certify('device tablet');
  openEpoch(charters, 1, (charter) => ({ ...charter, issued: NOW + 3_600_000 }));
  await world.write('device phone', [deviceGenesis('phone'), adoptOf(lost, 2)], NOW + DAY_MS);
  await world.certify('device phone', { time: NOW + DAY_MS });
  return {
    proof: await world.proof([place.segment, other.segment], { at: NOW + DAY_MS }),
    root: charters.root,
  };
}
