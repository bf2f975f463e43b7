// What must hold before an operator's word about a site is signed.

import { isFault } from '@vauban/core';
import type { ConsortiumFacts } from '@vauban/ledger';
import { describe, expect, it, test } from 'vitest';
import { checkAhead, checkNotLost, checkSite } from '../src/adapters/site-words.ts';
import { NOW, sampleCharter } from './sample-charter.ts';

const charter = sampleCharter();
const metz = charter.daemons.find((one) => one.site === 'metz')?.id as string;

function faultOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
  return undefined;
}

describe('a site', () => {
  it('of the charter is known, with its hoster', () => {
    expect(checkSite(charter, 'metz')).toMatchObject({ id: 'metz', hoster: 'hebergeur-mirabelle' });
  });

  it('that is none is told with the one that was meant, or with all there are', () => {
    expect(faultOf(() => checkSite(charter, 'mets'))).toMatchObject({
      kind: 'usage',
      code: 'SITE_UNKNOWN',
      facts: { site: 'mets', nearest: 'metz' },
    });
    const fault = faultOf(() => checkSite(charter, 'paris'));
    expect(fault?.facts).toMatchObject({ nearest: null, known: ['strasbourg', 'metz', 'nancy', 'reims'] });
    expect(fault?.message).toContain('strasbourg, metz, nancy, reims');
  });
});

describe('a loss', () => {
  const by = (index: number) => ({ origin: 'test/operator', index });
  const facts = (said: Partial<ConsortiumFacts>): ConsortiumFacts => ({
    losses: [{ by: by(1), time: NOW, site: 'metz', certified: true }],
    maintenance: [],
    readmits: [],
    ...said,
  });
  const readmit = { by: { origin: 'test/daemon', index: 4 }, time: NOW, daemon: metz, certified: true };

  it('that stands is not said again', () => {
    expect(faultOf(() => checkNotLost(charter, facts({}), 'metz'))).toMatchObject({
      kind: 'refused',
      code: 'SITE_LOST_ALREADY',
      facts: { site: 'metz', origin: 'test/operator', index: 1, time: NOW },
    });
  });

  it.each([
    ['of another site', facts({}), 'nancy'],
    [
      'that no quorum certified',
      facts({ losses: [{ by: by(1), time: NOW, site: 'metz', certified: false }] }),
      'metz',
    ],
    ['that a daemon came back from', facts({ readmits: [{ ...readmit, losses: [by(1)] }] }), 'metz'],
  ])('%s is no reason to be silent', (_, known, site) => {
    expect(faultOf(() => checkNotLost(charter, known, site))).toBeUndefined();
  });

  it('after a return that answered only an earlier one stands', () => {
    const twice = facts({
      losses: [1, 2].map((index) => ({ by: by(index), time: NOW, site: 'metz', certified: true })),
      readmits: [{ ...readmit, losses: [by(1)] }],
    });
    expect(faultOf(() => checkNotLost(charter, twice, 'metz'))).toMatchObject({ facts: { index: 2 } });
  });
});

test('a maintenance ends later than now, or is over', () => {
  expect(faultOf(() => checkAhead(NOW + 1, NOW))).toBeUndefined();
  expect(faultOf(() => checkAhead(0, NOW))).toBeUndefined();
  expect(faultOf(() => checkAhead(NOW, NOW))).toMatchObject({
    kind: 'usage',
    code: 'MAINTENANCE_PAST',
    facts: { until: NOW, now: NOW },
  });
});

test('a maintenance lasts a week at most: a longer one is announced anew in time', () => {
  const latest = NOW + 7 * 86_400_000;
  expect(faultOf(() => checkAhead(latest, NOW))).toBeUndefined();
  const fault = faultOf(() => checkAhead(latest + 1, NOW));
  expect(fault).toMatchObject({
    kind: 'usage',
    code: 'MAINTENANCE_LONG',
    facts: { until: latest + 1, latest },
  });
  expect(fault?.message).toContain('announced again');
});
