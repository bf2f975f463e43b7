// What several daemons know, put together: whose word is taken, and what each adds to it.

import { expect, test } from 'vitest';
import { viewOf } from '../../daemon/test/network-setup.ts';
import { overviewOf } from '../src/network-overview.ts';

type Of = Parameters<typeof viewOf>;
const from = (site: string, changed: Of[0] = {}, sites: Of[1] = {}) =>
  viewOf({ ...changed, seenBy: { site, ...changed.seenBy } }, sites);
const cutOff = { hosters: { heard: 1, quorum: false } };

test('one that hears a quorum is believed rather than one that is cut off, whichever comes first', () => {
  const alone = from('reims', cutOff);
  const well = from('metz');
  for (const views of [
    [alone, well],
    [well, alone],
  ] as const) {
    const { seenBy, risk, answers } = overviewOf(views, []);
    expect([seenBy.site, risk.level, answers]).toEqual(['metz', 'none', 2]);
  }
  expect(overviewOf([alone], []).risk.level).toBe('unknown');
});

test('of those, one whose ledger is in order, then one that has counted', () => {
  const behind = from('reims', { seenBy: { behind: 'it is damaged' } });
  const counting = from('nancy', { margin: { countedAt: null } });
  expect(overviewOf([behind, counting], []).seenBy.site).toBe('nancy');
  expect(overviewOf([behind, counting, from('metz')], []).seenBy.site).toBe('metz');
});

test('what each rebuilds is added up; the time is that of the slowest', () => {
  const repair = { segments: 9, bytes: 20, doneSegments: 1, doneBytes: 2, homeless: 2 };
  const views = [
    from('metz', { repair: { ...repair, etaSeconds: 30, rateByLink: { nancy: 5, reims: 1 } } }),
    from('nancy', { repair: { ...repair, etaSeconds: 90, rateByLink: { reims: 2 } } }),
    from('reims', { repair: { ...repair, etaSeconds: null } }),
    from('troyes', { repair: { rateByLink: { metz: 7 } } }),
  ] as const;
  expect(overviewOf(views, []).repair).toEqual({
    paused: false,
    segments: 27,
    bytes: 60,
    etaSeconds: 90,
    doneSegments: 3,
    doneBytes: 6,
    rateByLink: { nancy: 5, reims: 3 },
    homeless: 2,
  });
  expect(overviewOf([from('metz')], []).repair.etaSeconds).toBe(0);
});

test('repair is paused when it is everywhere, and said to be where it is', () => {
  const paused = from('metz', { repair: { paused: true } });
  expect(overviewOf([paused], []).repair.paused).toBe(true);
  expect(overviewOf([paused, from('nancy')], []).repair.paused).toBe(false);
});

test('a daemon speaks for itself, unless its site was declared lost', () => {
  const unheard = { strasbourg: { state: 'suspect', silentMs: 40_000, answering: 0 } } as const;
  const others = from('metz', {}, unheard);
  const own = from('strasbourg', cutOff, { strasbourg: { state: 'read-only', freeBytes: 7 } });
  const stateOf = (view: ReturnType<typeof overviewOf>) => view.sites.find(({ id }) => id === 'strasbourg');
  expect(stateOf(overviewOf([others, own], []))).toMatchObject({
    state: 'read-only',
    freeBytes: 7,
    answering: 1,
  });
  const declared = from('metz', {}, { strasbourg: { state: 'lost', declaredLost: true } });
  expect(stateOf(overviewOf([declared, own], []))).toMatchObject({ state: 'lost' });
});

test('one that does not answer here is not shown as well', () => {
  const { sites, risk } = overviewOf([from('metz')], ['troyes']);
  expect(sites.filter(({ state }) => state !== 'well').map(({ id, state }) => [id, state])).toEqual([
    ['troyes', 'suspect'],
  ]);
  expect(risk.doing.en).toMatch(/^Troyes has not answered/);
});

test('what daemons want says where', () => {
  const want = { code: 'ROT_FOUND', message: 'rot', facts: { fragments: 3 } };
  expect(overviewOf([from('metz'), from('nancy', { wants: [want] })], []).wants).toEqual([
    { ...want, facts: { fragments: 3, site: 'nancy' } },
  ]);
});
