// What daemons say of their repairs, added up.

import { expect, test } from 'vitest';
import {
  addUpHealing,
  type DaemonHealing,
  heardHosters,
  type SilentDaemon,
} from '../src/healing-overview.ts';
import { healingOfDaemon } from './healing-sample.ts';
import { sampleCharter } from './sample-charter.ts';

const hosters = { answered: 3, all: 4, needed: 3 };
const addUp = (daemons: readonly DaemonHealing[], silent: readonly SilentDaemon[]) =>
  addUpHealing(daemons, silent, hosters);

const metz = healingOfDaemon('metz', {
  segmentsToRepair: 3,
  byMargin: { '2': 2, '-1': 1 },
  bytesToGo: 1_000,
  rateByLink: { reims: 10, nancy: 5 },
  etaSeconds: 67,
  doneSegments: 1,
  doneBytes: 100,
});
const nancy = healingOfDaemon('nancy', {
  segmentsToRepair: 2,
  byMargin: { '2': 1, '10': 1 },
  bytesToGo: 500,
  rateByLink: { reims: 1 },
  etaSeconds: 500,
});

test('sums, and the longest wait', () => {
  const idle = healingOfDaemon('reims', { doneSegments: 4, doneBytes: 7 });
  const all = addUp([metz, nancy, idle], [{ id: 'x', site: 'colmar', code: 'DEADLINE', message: 'm' }]);
  expect(all).toMatchObject({
    paused: false,
    pausedSites: [],
    segmentsToRepair: 5,
    byMargin: { '-1': 1, '2': 3, '10': 1 },
    bytesToGo: 1_500,
    rateByLink: { reims: 11, nancy: 5 },
    // The idle one's null is no reason for not knowing.
    etaSeconds: 500,
    doneSegments: 5,
    doneBytes: 107,
    silent: [{ site: 'colmar' }],
  });
  expect(addUp([healingOfDaemon('metz')], [])).toMatchObject({ segmentsToRepair: 0, etaSeconds: 0 });
});

test('a busy daemon that knows nothing to go by is as fast as the others are on average', () => {
  const unknown = healingOfDaemon('reims', { segmentsToRepair: 1, bytesToGo: 9_000 });
  // 15 and 1 bytes a second: 8.
  const quick = { ...metz, bytesToGo: 1_005 };
  for (const order of [
    [quick, nancy, unknown],
    [unknown, nancy, quick],
  ]) {
    expect(addUp(order, []).etaSeconds).toBe(1_125);
  }
  expect(addUp([quick, nancy, { ...unknown, bytesToGo: 8 }], []).etaSeconds).toBe(500);
});

test('how long it takes is not known while nobody knows, or who has something to do is paused', () => {
  const unknown = { ...metz, etaSeconds: null };
  expect(addUp([unknown, { ...nancy, etaSeconds: null }], []).etaSeconds).toBeNull();
  expect(addUp([unknown, healingOfDaemon('reims', { etaSeconds: 0 })], []).etaSeconds).toBeNull();
  expect(addUp([{ ...unknown, paused: true }, nancy], []).etaSeconds).toBeNull();
  expect(addUp([healingOfDaemon('metz', { paused: true }), nancy], []).etaSeconds).toBe(500);
});

test('nothing comes from anywhere once nothing is to be repaired', () => {
  const done = healingOfDaemon('metz', { rateByLink: { reims: 10 } });
  expect(addUp([done], []).rateByLink).toEqual({});
  expect(addUp([done, nancy], []).rateByLink).toEqual({ reims: 11 });
});

test('paused is what all are; otherwise the sites are named, each once', () => {
  const still = { ...metz, paused: true };
  expect(addUp([still, { ...nancy, paused: true }], [])).toMatchObject({
    paused: true,
    pausedSites: [],
  });
  expect(addUp([still, { ...still, id: 'other' }, nancy], [])).toMatchObject({
    paused: false,
    pausedSites: ['metz'],
  });
  expect(addUp([], []).paused).toBe(false);
});

test('hosters are heard by their voting daemons', () => {
  const charter = sampleCharter();
  const voters = charter.hosters.flatMap(({ voter }) => voter ?? []);
  expect(voters).toHaveLength(4);
  expect(heardHosters(charter, new Set([...voters.slice(0, 2), 'no voter']))).toEqual({
    answered: 2,
    all: 4,
    needed: 3,
  });
  expect(addUp([metz], []).hosters).toBe(hosters);
});
