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
  signCheckpoint,
  type Writer,
} from '@vauban/ledger';
import { describe, expect, it } from 'vitest';
import { takeCensus } from '../src/census.ts';

const crypto = nodeCrypto;
const hash = (name: string) => crypto.sha256(utf8(name));
const sites = ['strasbourg', 'metz', 'nancy', 'reims'];
const idOf = (site: string): DaemonId => daemonIdOf(crypto, hash(`receipt ${site}`));

/** Four sites of four hosters: all that the margin looks at. */
const charter = {
  name: 'test',
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
    crypto,
    answers: new Set(answers.map(idOf)),
    burnt: new Set(burnt.map(idOf)),
  });
}

const one = (logs: LogStore) => addLog(logs, 'reims', [place('a', ['strasbourg', 'metz', 'nancy'])]);

describe('a census', () => {
  it('knows no margin of nothing', async () => {
    expect(await census(async () => undefined)).toEqual({
      segments: 0,
      worstMargin: null,
      unreadable: 0,
      lost: 0,
    });
  });

  it('counts the sites that may be lost', async () => {
    expect(await census(one)).toEqual({ segments: 1, worstMargin: 1, unreadable: 0, lost: 0 });
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
    expect(await census(fill)).toEqual({ segments: 3, worstMargin: 0, unreadable: 0, lost: 0 });
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
    expect(await census(fill)).toEqual({ segments: 1, worstMargin: 1, unreadable: 0, lost: 0 });
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
});
