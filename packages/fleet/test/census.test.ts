// The line that matters, computed from logs: what counts as lost, what as unreadable, and what as margin.

import {
  type Charter,
  daemonIdBytes,
  type DaemonId,
  daemonIdOf,
  memoryStore,
  CompactRange,
  utf8,
} from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import {
  type Append,
  LogStore,
  makeEntry,
  NO_PREVIOUS,
  originOf,
  type Payload,
  type Payloads,
  signCheckpoint,
  type Writer,
} from '@vauban/ledger';
import { describe, expect, it } from 'vitest';
import { censusInWords } from '../src/census-text.ts';
import { type Census, takeCensus } from '../src/census.ts';

const crypto = nodeCrypto;
const hash = (name: string) => crypto.sha256(utf8(name));
const sites = ['strasbourg', 'metz', 'nancy', 'reims'];
const idOf = (site: string): DaemonId => daemonIdOf(crypto, hash(`receipt ${site}`));

/** Four sites of four hosters: all that the margin looks at. */
const charter = {
  name: 'test',
  f: 1,
  hosters: sites.map((id) => ({ id: `h-${id}` })),
  sites: sites.map((id) => ({ id, hoster: `h-${id}`, building: id })),
  daemons: sites.map((site) => ({ id: idOf(site), site })),
} as unknown as Charter;

/** A 2 + 1 place on the given sites, by index; null where nothing was stored. */
function place(name: string, on: readonly (string | null)[]): Payload {
  return {
    kind: 'place',
    segment: hash(name),
    charter: 1,
    vault: hash('vault'),
    code: 'rs',
    k: 2,
    m: 1,
    cellBytes: 147_456,
    stripes: 1,
    lastCellBytes: 16,
    retainUntil: 0,
    fragments: on.map((site, index) =>
      site === null
        ? [hash(`${name} ${index}`)]
        : [hash(`${name} ${index}`), daemonIdBytes(idOf(site)), 0, new Uint8Array(64)],
    ),
  };
}

const custody = (name: string, index: number): Payload => ({
  kind: 'custody',
  segment: hash(name),
  index,
  root: hash(`${name} ${index}`),
  bytes: 16,
  generation: 0,
  receipt: new Uint8Array(64),
  place: { origin: 'test/x', index: 1 },
  size: 2,
});
const lost = (name: string, index: number): Payload => ({ kind: 'lost', fragments: [[hash(name), index]] });

/** Adds a log of one site's daemon (the census does not care who wrote a place), certified up to `certified`. */
async function addLog(
  logs: LogStore,
  site: string,
  payloads: readonly Payload[],
  certified = payloads.length + 1,
) {
  const seed = hash(`log ${site}`);
  const publicKey = crypto.ed25519Public(seed);
  const origin = originOf(crypto, 'test', publicKey);
  const writer: Writer = { kind: 'daemon', key: publicKey, daemon: idOf(site) };
  const range = new CompactRange(crypto);
  let previous = NO_PREVIOUS;
  const genesis: Payload = { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(idOf(site)) };
  const records = [genesis, ...payloads].map((payload, index) => {
    const made = makeEntry(crypto, { previous, time: 1, payload, salt: hash(`salt ${site} ${index}`) });
    previous = made.leafHash;
    range.append(made.leafHash);
    return { entry: made.entry, ...made.salted };
  });
  const head = { origin, size: records.length, root: range.root() };
  const checkpoint = signCheckpoint(crypto, head, { seed, publicKey });
  const append: Append = { origin, oldSize: 0, checkpoint, records };
  const checked = await logs.check(append, charter, () => writer);
  const { operations, after } = logs.rows(checked, { now: 1, admittedSize: 0, votedSeconds: null });
  await logs.commit(after, operations);
  await logs.certify(origin, { size: certified, certificate: 'checked elsewhere' });
}

async function census(
  fill: (logs: LogStore) => Promise<void>,
  of: { readonly silent?: readonly string[]; readonly burnt?: readonly string[] } = {},
) {
  const logs = await LogStore.open(memoryStore(), crypto);
  await fill(logs);
  const { silent = [], burnt = [] } = of;
  const answers = sites.filter((site) => !silent.includes(site) && !burnt.includes(site));
  return takeCensus({
    logs,
    charter,
    answers: new Set(answers.map(idOf)),
    burnt: new Set(burnt.map(idOf)),
  });
}

const trim = (name: string, index: number, keeper: string): Payload => ({
  kind: 'trim',
  segment: hash(name),
  index,
  keeper: daemonIdBytes(idOf(keeper)),
  generation: 1,
});
const purge = (name: string): Payload => ({
  kind: 'purge',
  segments: [hash(name)],
  payloads: [],
  generation: 1,
});
const audit = (site: string, said: Partial<Payloads['audit']>): Payload => ({
  kind: 'audit',
  daemon: daemonIdBytes(idOf(site)),
  head: { origin: 'test/x', size: 1, root: hash('root') },
  round: 1,
  challenged: 1,
  failed: [],
  degraded: [],
  restored: [],
  ...said,
});
const siteLost = (site: string): Payload => ({ kind: 'site-lost', site });
/** The name of the first entry that a site's log says. */
const firstOf = (site: string): [string, number] => [
  originOf(crypto, 'test', crypto.ed25519Public(hash(`log ${site}`))),
  1,
];

const one = (logs: LogStore) => addLog(logs, 'reims', [place('a', ['strasbourg', 'metz', 'nancy'])]);

const none = { unreadable: 0, givenUp: 0, lost: 0 };

describe('a census', () => {
  it('knows no margin of nothing', async () => {
    expect(await census(async () => undefined)).toEqual({ segments: 0, worstMargin: null, ...none });
  });

  it('counts the sites that may be lost', async () => {
    expect(await census(one)).toEqual({ segments: 1, worstMargin: 1, ...none });
    expect(await census(one, { burnt: ['metz'] })).toMatchObject({ worstMargin: 0, unreadable: 0, lost: 0 });
  });

  it('tells what waits for daemons from what is lost', async () => {
    expect(await census(one, { silent: ['metz', 'nancy'] })).toMatchObject({
      worstMargin: -1,
      unreadable: 1,
      lost: 0,
    });
    expect(await census(one, { burnt: ['metz', 'nancy'] })).toMatchObject({
      worstMargin: -1,
      unreadable: 1,
      lost: 1,
    });
    expect(await census(one, { burnt: ['metz'], silent: ['nancy'] })).toMatchObject({
      unreadable: 1,
      lost: 0,
    });
  });

  it('is as good as its worst segment', async () => {
    const fill = (logs: LogStore) =>
      addLog(logs, 'reims', [
        place('a', ['strasbourg', 'metz', 'nancy']),
        place('b', ['strasbourg', 'metz', null]),
        place('c', ['nancy', 'metz', 'reims']),
      ]);
    expect(await census(fill)).toEqual({ segments: 3, worstMargin: 0, ...none });
  });

  it('leaves out what is voided or not certified', async () => {
    const fill = (logs: LogStore) =>
      addLog(
        logs,
        'reims',
        [
          place('a', ['strasbourg', 'metz', null]),
          { kind: 'void', index: 1 },
          place('b', ['strasbourg', 'metz', 'nancy']),
          place('c', ['strasbourg', 'metz', null]),
        ],
        4,
      );
    expect(await census(fill)).toEqual({ segments: 1, worstMargin: 1, ...none });
  });

  it('believes the last thing a daemon said of a fragment', async () => {
    const after = (payloads: readonly Payload[]) => async (logs: LogStore) => {
      await addLog(logs, 'strasbourg', [place('a', ['strasbourg', 'metz', 'nancy'])]);
      await addLog(logs, 'nancy', payloads);
    };
    expect(await census(after([lost('a', 2)]))).toMatchObject({ worstMargin: 0 });
    expect(await census(after([lost('a', 2), custody('a', 2)]))).toMatchObject({ worstMargin: 1 });
    expect(await census(after([custody('a', 2), lost('a', 2)]))).toMatchObject({ worstMargin: 0 });
    // A second holder of index 1: Metz may burn with another site.
    expect(await census(after([custody('a', 1)]), { burnt: ['metz'] })).toMatchObject({ worstMargin: 0 });
  });

  it('no longer counts what was trimmed, and no segment that is being erased', async () => {
    const trimmed = async (logs: LogStore) => {
      await one(logs);
      await addLog(logs, 'nancy', [custody('a', 1)]);
      await addLog(logs, 'metz', [trim('a', 1, 'nancy')]);
    };
    // Nancy alone has two of three now.
    expect(await census(trimmed)).toMatchObject({ worstMargin: 0 });
    const erased = async (logs: LogStore) => {
      await addLog(logs, 'reims', [place('a', ['strasbourg', 'metz', 'nancy']), place('b', sites)]);
      for (const site of ['strasbourg', 'metz']) await addLog(logs, site, [purge('a')]);
    };
    expect(await census(erased, { burnt: ['nancy'] })).toMatchObject({ segments: 1, lost: 0 });
  });

  it('does not count on a site declared lost until it is readmitted, though it is read while it answers', async () => {
    const declared = (readmitted: boolean) => async (logs: LogStore) => {
      await one(logs);
      await addLog(logs, 'nancy', [siteLost('metz')]);
      if (readmitted) await addLog(logs, 'metz', [{ kind: 'readmit', losses: [firstOf('nancy')] }]);
    };
    expect(await census(declared(false))).toEqual({ segments: 1, worstMargin: 0, ...none });
    expect(await census(declared(true))).toMatchObject({ worstMargin: 1 });
    expect(await census(declared(false), { silent: ['nancy'] })).toEqual({
      segments: 1,
      worstMargin: -1,
      ...none,
    });
    expect(await census(declared(false), { silent: ['metz', 'nancy'] })).toMatchObject({
      unreadable: 1,
      givenUp: 0,
    });
    expect(await census(declared(false), { silent: ['metz'], burnt: ['nancy'] })).toEqual({
      segments: 1,
      worstMargin: -1,
      unreadable: 1,
      givenUp: 1,
      lost: 0,
    });
  });

  it('believes no word that is not certified', async () => {
    const words = async (logs: LogStore) => {
      await one(logs);
      await addLog(logs, 'nancy', [siteLost('metz'), lost('a', 2), purge('a')], 1);
    };
    expect(await census(words)).toEqual({ segments: 1, worstMargin: 1, ...none });
  });

  it('does not count on a fragment that more hosters than may lie found wanting', async () => {
    const degraded = audit('metz', { degraded: [[hash('a'), 1, 0, 'LEAF_WRONG']] });
    const doubts = (auditors: readonly string[]) => async (logs: LogStore) => {
      await one(logs);
      for (const site of auditors) await addLog(logs, site, [degraded]);
    };
    expect(await census(doubts(['nancy']))).toMatchObject({ worstMargin: 1 });
    expect(await census(doubts(['nancy', 'strasbourg']))).toEqual({ segments: 1, worstMargin: 0, ...none });
    expect(await census(doubts(['nancy', 'strasbourg']), { burnt: ['nancy'] })).toMatchObject({
      worstMargin: -1,
      unreadable: 1,
      lost: 0,
    });
  });
});

describe('a census in words', () => {
  const all: Census = { segments: 5, worstMargin: 2, ...none };
  it.each<readonly [string, Partial<Census>, boolean]>([
    ['no data lost; worst margin 2 sites', {}, false],
    ['no data lost; worst margin 1 site', { worstMargin: 1 }, false],
    ['no data known to be lost; worst margin 2 sites', {}, true],
    ['no data lost; nothing stored yet', { segments: 0, worstMargin: null }, false],
    ['margin unknown', { segments: 0, worstMargin: null }, true],
    [
      'no data lost; what sites declared lost still serve is needed to read some of it',
      { worstMargin: -1 },
      false,
    ],
    [
      'no data lost; 3 of 5 segments cannot be read until fragments return',
      { worstMargin: -1, unreadable: 3 },
      false,
    ],
    [
      'DATA LOST unless sites declared lost come back: without them too little is left of 2 of 5 segments',
      { worstMargin: -1, unreadable: 3, givenUp: 2 },
      true,
    ],
    [
      'DATA LOST: too little is left of 1 of 5 segments',
      { worstMargin: -1, unreadable: 3, givenUp: 2, lost: 1 },
      false,
    ],
  ])('says %s', (words, found, gap) => {
    expect(censusInWords({ ...all, ...found }, gap)).toBe(words);
  });
});
