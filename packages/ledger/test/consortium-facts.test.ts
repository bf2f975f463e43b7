// Sites lost, away on purpose and back again: what follows from what the logs say.

import { describe, expect, test } from 'vitest';
import {
  type ConsortiumFacts,
  consortiumFacts,
  isLostDaemon,
  lostSites,
  maintenanceUntil,
} from '../src/index.ts';
import { Pen, daemonGenesis, maintenanceOf, readmitOf, siteLostOf, voidOf } from './samples.ts';
import { RuleBench } from './rule-bench.ts';
import { daemonOf, NOW, publicOf, sampleCharter } from './sample-charter.ts';
import { operatorPen } from './standing-rows.ts';

/** A second daemon on h1's site. */
function twoOnSite() {
  const { daemons } = sampleCharter(9);
  const first = daemons.find(({ site }) => site === 'h1') as (typeof daemons)[0];
  return {
    daemons: [
      ...daemons,
      {
        ...first,
        id: daemonOf('twin'),
        receiptKey: publicOf('receipt twin'),
        logKey: publicOf('log twin'),
        peer: 'peer-twin',
      },
    ],
  };
}

async function opened() {
  const bench = await RuleBench.open({ charter: twoOnSite() });
  const operator = await operatorPen(bench);
  const facts = () => consortiumFacts(bench.hoster.mirror.logs);
  const lost = async (...names: string[]) => {
    const now = await facts();
    return names.map((name) => isLostDaemon(now, bench.charter, daemonOf(name)));
  };
  return { bench, operator, facts, lost };
}

describe('a site declared lost', () => {
  test('takes all its daemons with it, and each comes back by its own word', async () => {
    const { bench, operator, facts, lost } = await opened();
    expect(await lost('h1', 'twin', 'h2')).toEqual([false, false, false]);
    await bench.mustWrite(operator, [siteLostOf('h1')]);
    expect([...lostSites(await facts())]).toEqual(['h1']);
    expect(await lost('h1', 'twin', 'h2')).toEqual([true, true, false]);
    await bench.mustWrite(bench.daemon, [readmitOf({ origin: operator.origin, index: 1 })]);
    expect(await lost('h1', 'twin', 'h2')).toEqual([false, true, false]);
    const twin = new Pen('log twin');
    await bench.mustWrite(twin, [daemonGenesis('twin'), readmitOf()]);
    // Merely back: that answers no loss.
    expect(await lost('twin')).toEqual([true]);
    await bench.mustWrite(twin, [readmitOf({ origin: operator.origin, index: 1 })]);
    expect(await lost('h1', 'twin')).toEqual([false, false]);
  });

  test('twice has to be answered twice; a voided word is none', async () => {
    const { bench, operator, facts, lost } = await opened();
    await bench.mustWrite(operator, [siteLostOf('h1')]);
    await bench.mustWrite(bench.daemon, [siteLostOf('h1')]);
    const own = { origin: bench.daemon.origin, index: 1 };
    await bench.mustWrite(bench.daemon, [readmitOf({ origin: operator.origin, index: 1 }, own)]);
    expect(await lost('h1')).toEqual([false]);
    await bench.mustWrite(operator, [siteLostOf('h1')]);
    expect(await lost('h1')).toEqual([true]);
    await bench.mustWrite(operator, [voidOf(2)]);
    expect(await lost('h1')).toEqual([false]);
    await bench.mustWrite(bench.daemon, [voidOf(2)]);
    expect(await lost('h1')).toEqual([true]);
    expect((await facts()).losses.map(({ by }) => by.index)).toEqual(expect.arrayContaining([1, 1]));
  });

  test('loss and answer in one append are judged together', async () => {
    const { bench, lost } = await opened();
    const own = { origin: bench.daemon.origin, index: 1 };
    await bench.mustWrite(bench.daemon, [siteLostOf('h1'), readmitOf(own)]);
    expect(await lost('h1', 'twin')).toEqual([false, true]);
  });

  test('a daemon that no charter lists is not counted on', async () => {
    const { lost } = await opened();
    expect(await lost('nobody')).toEqual([true]);
  });

  test('says whether it is certified here, by whom and when', async () => {
    const { bench, operator, facts } = await opened();
    await bench.mustWrite(operator, [siteLostOf('h1')]);
    await bench.certify(operator);
    await bench.mustWrite(operator, [siteLostOf('h2'), maintenanceOf('h3', NOW + 5)]);
    await bench.mustWrite(bench.daemon, [readmitOf({ origin: operator.origin, index: 1 })]);
    const by = (index: number) => ({ origin: operator.origin, index });
    expect(await facts()).toEqual({
      losses: [
        { by: by(1), time: NOW, certified: true, site: 'h1' },
        { by: by(2), time: NOW, certified: false, site: 'h2' },
      ],
      maintenance: [{ by: by(3), time: NOW, certified: false, site: 'h3', until: NOW + 5 }],
      readmits: [
        {
          by: { origin: bench.daemon.origin, index: 1 },
          time: NOW,
          certified: false,
          daemon: daemonOf('h1'),
          losses: [by(1)],
        },
      ],
    });
  });
});

describe('maintenance', () => {
  const said = (...all: [origin: string, index: number, time: number, until: number][]) => ({
    maintenance: all.map(([origin, index, time, until]) => ({
      by: { origin, index },
      time,
      certified: true,
      site: 'h1',
      until,
    })) satisfies ConsortiumFacts['maintenance'],
  });

  test('lasts until its end, which is not in it', () => {
    const facts = said(['a', 1, 10, 100]);
    expect(maintenanceUntil(facts, { site: 'h1', now: 99 })).toBe(100);
    expect(maintenanceUntil(facts, { site: 'h1', now: 100 })).toBe(0);
    expect(maintenanceUntil(facts, { site: 'h2', now: 50 })).toBe(0);
  });

  test('the last word counts: in one log by its order, whatever the clock said; across logs by date', () => {
    expect(maintenanceUntil(said(['a', 2, 5, 0], ['a', 1, 10, 100]), { site: 'h1', now: 50 })).toBe(0);
    expect(maintenanceUntil(said(['a', 1, 10, 100], ['a', 2, 5, 80]), { site: 'h1', now: 50 })).toBe(80);
    expect(maintenanceUntil(said(['a', 7, 10, 100], ['b', 1, 11, 0]), { site: 'h1', now: 50 })).toBe(0);
    expect(maintenanceUntil(said(['b', 1, 11, 0], ['a', 7, 12, 100]), { site: 'h1', now: 50 })).toBe(100);
  });

  test('as it is stored', async () => {
    const { bench, operator, facts } = await opened();
    await bench.mustWrite(operator, [maintenanceOf('h1', NOW + 1_000)]);
    expect(maintenanceUntil(await facts(), { site: 'h1', now: NOW })).toBe(NOW + 1_000);
    await bench.mustWrite(bench.daemon, [maintenanceOf('h1', 0)], NOW + 1);
    expect(maintenanceUntil(await facts(), { site: 'h1', now: NOW })).toBe(0);
  });
});
