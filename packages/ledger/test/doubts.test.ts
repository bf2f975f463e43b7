// One auditor proves nothing: a holder is doubted when so many hosters say the same that one of them is honest.

import { describe, expect, test } from 'vitest';
import { doubted, type Payloads, segmentFacts } from '../src/index.ts';
import { ErasingBench } from './erasing-bench.ts';
import { daemonOf, NOW, sampleCharter } from './sample-charter.ts';
import { auditOf, purgeOf, voidOf } from './samples.ts';
import { headOf } from './standing-rows.ts';

/** f = 2: three hosters have to agree. */
async function opened() {
  const it = await ErasingBench.open();
  const facts = () => segmentFacts(it.bench.hoster.mirror.logs, it.segment);
  const says = async (
    name: string,
    what: 'degraded' | 'restored',
    of: { index?: number; holder?: string; time?: number } = {},
  ) => {
    const { index = 1, holder = 'h2', time = NOW } = of;
    const change: Partial<Payloads['audit']> =
      what === 'degraded'
        ? { degraded: [[it.segment, index, 0, 'LEAF_WRONG']] }
        : { restored: [[it.segment, index]] };
    await it.bench.mustWrite(await it.pen(name), [auditOf(holder, headOf(it), change)], time);
  };
  const doubtedNow = async (charter = it.bench.charter) => doubted(await facts(), charter);
  return { it, facts, says, doubtedNow };
}

const h2 = { index: 1, daemon: daemonOf('h2') };

describe('a holder is doubted', () => {
  test('when f + 1 hosters say so, and not one earlier', async () => {
    const { says, doubtedNow, facts } = await opened();
    await says('h1', 'degraded');
    await says('h3', 'degraded');
    // The same hoster twice is one.
    await says('h3', 'degraded');
    expect(await doubtedNow()).toEqual([]);
    await says('h4', 'degraded');
    expect(await doubtedNow()).toEqual([h2]);
    expect(doubted(await facts(), sampleCharter(9), 3)).toEqual([]);
    expect((await facts()).doubts).toHaveLength(4);
  });

  test('of that fragment only', async () => {
    const { says, doubtedNow } = await opened();
    await says('h1', 'degraded', { index: 1, holder: 'h2' });
    await says('h3', 'degraded', { index: 3, holder: 'h4' });
    await says('h4', 'degraded', { index: 2, holder: 'h3' });
    expect(await doubtedNow()).toEqual([]);
  });

  test('until one of them says that it is restored, in the order of that auditor’s log', async () => {
    const { says, doubtedNow } = await opened();
    for (const name of ['h1', 'h3', 'h4']) await says(name, 'degraded', { time: NOW + 5 });
    // Its clock went back: in one log the order counts.
    await says('h4', 'restored', { time: NOW + 1 });
    expect(await doubtedNow()).toEqual([]);
    await says('h4', 'degraded', { time: NOW + 2 });
    expect(await doubtedNow()).toEqual([h2]);
    // The word of somebody else lifts nothing.
    await says('h5', 'restored', { time: NOW + 9 });
    expect(await doubtedNow()).toEqual([h2]);
  });

  test('whatever it says itself: only who doubts takes it back', async () => {
    const { it, says, doubtedNow } = await opened();
    for (const name of ['h1', 'h3', 'h4']) await says(name, 'degraded', { time: NOW + 5 });
    await it.bench.mustWrite(await it.pen('h2'), [it.custody('h2', 1)], NOW + 6);
    expect(await doubtedNow()).toEqual([h2]);
    await says('h3', 'restored', { time: NOW + 7 });
    expect(await doubtedNow()).toEqual([]);
  });

  test('not by what was voided', async () => {
    const { it, says, doubtedNow } = await opened();
    for (const name of ['h1', 'h3', 'h4']) await says(name, 'degraded');
    await it.bench.mustWrite(await it.pen('h4'), [voidOf(1)]);
    expect(await doubtedNow()).toEqual([]);
  });

  test('not by its own hoster, nor by who left the charter', async () => {
    const { it, says, doubtedNow } = await opened();
    for (const name of ['h1', 'h3', 'h4']) await says(name, 'degraded');
    const { charter } = it.bench;
    const moved = charter.sites.map((one) => (one.id === 'h4' ? { ...one, hoster: 'h2' } : one));
    expect(await doubtedNow({ ...charter, sites: moved })).toEqual([]);
    const sameHoster = charter.sites.map((one) => (one.id === 'h4' ? { ...one, hoster: 'h3' } : one));
    expect(await doubtedNow({ ...charter, sites: sameHoster })).toEqual([]);
    const left = charter.daemons.filter(({ site }) => site !== 'h3');
    expect(await doubtedNow({ ...charter, daemons: left })).toEqual([]);
  });

  test('only while it holds the fragment', async () => {
    const { it, says, doubtedNow } = await opened();
    for (const name of ['h1', 'h3', 'h4']) await says(name, 'degraded');
    await it.bench.mustWrite(await it.pen('h2'), [{ kind: 'lost', fragments: [[it.segment, 1]] }]);
    expect(await doubtedNow()).toEqual([]);
  });
});

test('what auditors say stands in the way of no purge', async () => {
  const it = await ErasingBench.released();
  const audit = auditOf('h2', headOf(it), { degraded: [[it.segment, 1, 0, 'LEAF_WRONG']] });
  await it.bench.mustWrite(await it.pen('h3'), [audit]);
  expect(await it.bench.write(it.bench.daemon, [purgeOf(1, [it.segment])])).toMatchObject({
    result: 'cosigned',
  });
});
