// Certified entries judged again years later, as of their time: an honest history has no fault, and what no honest hoster
// can have cosigned has one.

import { CompactRange, concat, daemonIdBytes, daemonIdOf, memoryStore, u32be, utf8 } from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import {
  admit,
  fragmentBytesOf,
  LogStore,
  makeEntry,
  NO_PREVIOUS,
  originOf,
  type Payload,
  type Place,
  resolveWriter,
  segmentIdOf,
  signCheckpoint,
  signDelegation,
  signReceipt,
} from '@vauban/ledger';
import { expect, test } from 'vitest';
import { seenPart, viewAt } from '../src/view-at.ts';
import { agencyOf, chainOf, charterOf, publicOf, seedOf } from './consortium.ts';
import { VirtualClock } from './virtual-clock.ts';

const DAY_MS = 86_400_000;
const NOW = new VirtualClock().now();
const VAULT = new Uint8Array(32).fill(9);
const charters = chainOf(charterOf([agencyOf('metz', publicOf('root metz'))]));
const policy = charters.current.policies[0];
if (policy === undefined) throw new Error('a policy');
const KEPT_MS = policy.retentionMs + DAY_MS;
const daemonOf = (name: string) => daemonIdOf(crypto, publicOf(`receipt ${name}`));

/** Dated payloads of one log; `key` signs it. */
interface Written {
  readonly key: string;
  readonly entries: readonly { readonly at: number; readonly payload: Payload }[];
}

const device = (...entries: Written['entries']): Written => ({
  key: 'device laptop',
  entries: [{ at: 0, payload: genesis('laptop') }, ...entries],
});
const daemon = (name: string, ...entries: Written['entries']): Written => ({
  key: `log ${name}`,
  entries: [
    { at: 0, payload: { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(daemonOf(name)) } },
    ...entries,
  ],
});
const origin = (key: string) => originOf(crypto, charters.current.name, publicOf(key));
const laptop = origin('device laptop');

function genesis(name: string): Payload {
  const note = signDelegation(
    crypto,
    {
      format: 'vauban/delegate/0',
      charter: charters.current.name,
      agency: 'metz',
      deviceKey: publicOf(`device ${name}`),
      peer: `peer-${name}`,
      vault: VAULT,
      policy: 'standard',
      rights: ['write', 'delete'],
      issued: NOW,
      until: NOW + 900 * DAY_MS,
    },
    seedOf('root metz'),
  );
  return { kind: 'genesis', writer: 'device', note, adopts: null };
}

const shape = { vault: VAULT, code: 'rs' as const, k: 2, m: 1, stripes: 1, lastCellBytes: 1_024 };
const cell = { ...shape, cellBytes: policy.cellBytes };
const roots = ['h1', 'h2', 'h3'].map((name) => crypto.sha256(utf8(name)));
const segment = segmentIdOf(crypto, { ...cell, roots });

function receiptOf(holder: string, index: number, generation = 0): Uint8Array {
  const claim = {
    segment,
    index,
    root: roots[index] as Uint8Array,
    bytes: fragmentBytesOf(cell),
    generation,
  };
  const named = { ...claim, charterName: charters.current.name, daemon: daemonOf(holder) };
  return signReceipt(crypto, named, seedOf(`receipt ${holder}`));
}

function place(retainUntil: number): Place {
  const fragments = ['h1', 'h2', 'h3'].map((holder, index): Place['fragments'][number] => [
    roots[index] as Uint8Array,
    daemonIdBytes(daemonOf(holder)),
    0,
    receiptOf(holder, index),
  ]);
  return { kind: 'place', segment, charter: 1, retainUntil: NOW + retainUntil, fragments, ...cell };
}

const custody = (generation = 0): Payload => ({
  kind: 'custody',
  segment,
  index: 0,
  root: roots[0] as Uint8Array,
  bytes: fragmentBytesOf(cell),
  generation,
  receipt: receiptOf('h4', 0, generation),
  place: { origin: laptop, index: 1 },
  size: 2,
});
const release = (...claims: number[]): Payload => ({
  kind: 'release',
  claims: claims.map((index) => [laptop, index]),
  objects: [],
});
const purge = (generation = 1): Payload => ({ kind: 'purge', segments: [segment], payloads: [], generation });
const trim = (generation = 1): Payload => ({
  kind: 'trim',
  segment,
  index: 0,
  keeper: daemonIdBytes(daemonOf('h4')),
  generation,
});

/** All these logs, every entry certified. */
async function ledger(written: readonly Written[]): Promise<LogStore> {
  const logs = await LogStore.open(memoryStore(), crypto);
  for (const { key, entries } of written) {
    let previous = NO_PREVIOUS;
    const range = new CompactRange(crypto);
    const records = entries.map(({ at, payload }, nth) => {
      const salt = crypto.sha256(utf8(key), concat(u32be(nth)));
      const made = makeEntry(crypto, { previous, time: NOW + at, payload, salt });
      previous = made.leafHash;
      range.append(made.leafHash);
      return { entry: made.entry, ...made.salted };
    });
    const head = { origin: origin(key), size: range.size, root: range.root() };
    const checkpoint = signCheckpoint(crypto, head, { seed: seedOf(key), publicKey: publicOf(key) });
    const checked = await logs.check(
      { origin: head.origin, oldSize: 0, checkpoint, records },
      charters.current,
      (record, of) => resolveWriter({ crypto, charters }, record, of),
    );
    // Years after it all happened: when a checker stores it says nothing.
    const at = { now: NOW + 800 * DAY_MS, admittedSize: 0, votedSeconds: null };
    const { operations, after } = logs.rows(checked, at);
    await logs.commit(after, operations);
    await logs.certify(head.origin, { size: head.size, certificate: 'certified' });
  }
  return logs;
}

/** `<key> <index>: <code>` of each entry that could not have been admitted. */
async function faultsOf(...written: Written[]): Promise<string[]> {
  const logs = await ledger(written);
  const faults: string[] = [];
  for (const { key } of written) {
    let generation = 0;
    const of = origin(key);
    const writer = await logs.writer(of, (record) => resolveWriter({ crypto, charters }, record, of));
    if (writer === undefined) throw new Error('a writer');
    for (let index = 0; index < logs.state(of).size; index++) {
      const open = await logs.entry(of, index);
      const { kind, time } = open.entry;
      const name = { origin: of, index };
      const view = viewAt({ crypto, charters, logs }, { name, kind, time, generation });
      await admit(view, { ...name, writer }, open).catch((fault: { code: string }) =>
        faults.push(`${key} ${index}: ${fault.code}`),
      );
      if ('generation' in open.payload && open.payload.kind !== 'custody')
        generation = open.payload.generation;
    }
  }
  return faults;
}

const placed = { at: 0, payload: place(KEPT_MS) };
const released = { at: KEPT_MS, payload: release(1) };
const purged = { at: KEPT_MS + 14 * DAY_MS, payload: purge() };

test('placed, released, purged by all who held it: no fault, in whatever order the logs are read', async () => {
  const logs = [device(placed, released), daemon('h1', purged), daemon('h2', purged)];
  expect(await faultsOf(...logs)).toEqual([]);
  expect(await faultsOf(...logs.toReversed())).toEqual([]);
});

test('a purge of what was never released, or released later than the grace allows', async () => {
  expect(await faultsOf(device(placed), daemon('h1', purged))).toEqual(['log h1 1: CLAIM_HELD']);
  const late = { at: KEPT_MS + 13 * DAY_MS, payload: release(1) };
  expect(await faultsOf(device(placed, late), daemon('h1', purged))).toEqual(['log h1 1: GRACE_RUNNING']);
});

test('a purge that a certified keep forbids, whenever it was written', async () => {
  const keep = { at: KEPT_MS + 20 * DAY_MS, payload: { kind: 'keep' as const, segments: [segment] } };
  expect(await faultsOf(device(placed, released, keep), daemon('h1', purged))).toEqual([
    'log h1 1: CLAIM_HELD',
  ]);
});

test('a release before its time; a longer retention later says nothing of an earlier place or release', async () => {
  const early = { at: KEPT_MS - DAY_MS, payload: release(1) };
  expect(await faultsOf(device(placed, early))).toEqual(['device laptop 2: RETENTION_RUNNING']);
  const longer = { at: KEPT_MS + DAY_MS, payload: place(2 * KEPT_MS + DAY_MS) };
  expect(await faultsOf(device(placed, released, longer))).toEqual([]);
  const shorter = { at: DAY_MS / 2, payload: place(KEPT_MS - 1) };
  expect(await faultsOf(device(placed, shorter))).toEqual(['device laptop 2: RETENTION_SHORTENED']);
});

test('custody, then a trim that relies on it; custody again with the new generation', async () => {
  const held = { at: DAY_MS, payload: custody() };
  const trimmed = { at: 2 * DAY_MS, payload: trim() };
  expect(await faultsOf(device(placed), daemon('h4', held), daemon('h1', trimmed))).toEqual([]);
  expect(await faultsOf(device(placed), daemon('h1', trimmed))).toEqual(['log h1 1: HOLDER_GONE']);
  const lost = { at: 1.5 * DAY_MS, payload: { kind: 'lost' as const, fragments: [[segment, 0]] } as Payload };
  expect(await faultsOf(device(placed), daemon('h4', held, lost), daemon('h1', trimmed))).toEqual([
    'log h1 1: HOLDER_GONE',
  ]);
  const sweep = { at: 2 * DAY_MS, payload: { kind: 'sweep' as const, generation: 3 } };
  const stale = { at: 3 * DAY_MS, payload: custody(2) };
  expect(await faultsOf(device(placed), daemon('h4', sweep, stale))).toEqual(['log h4 2: GENERATION_OLD']);
  const again = { at: 3 * DAY_MS, payload: { kind: 'sweep' as const, generation: 3 } };
  expect(await faultsOf(device(placed), daemon('h4', sweep, again))).toEqual(['log h4 2: GENERATION_OLD']);
});

test('custody after a purge of its own, and none for the places before it', async () => {
  const after = { at: purged.at + DAY_MS, payload: custody(1) };
  expect(await faultsOf(device(placed, released), daemon('h4', purged, after))).toEqual([
    'log h4 2: SEGMENT_PURGED',
  ]);
});

test('whoever sees one vault only leaves out what daemons say of others', async () => {
  const logs = await ledger([device(placed)]);
  const foreign = new Uint8Array(32);
  expect(await seenPart({ ...(purge() as object), segments: [foreign, segment] } as Payload, logs)).toEqual(
    purge(),
  );
  expect(await seenPart({ ...(trim() as object), segment: foreign } as Payload, logs)).toBeNull();
  expect(await seenPart(custody(), logs)).toEqual(custody());
});

const audit = (change: Partial<Extract<Payload, { kind: 'audit' }>> = {}): Payload => ({
  kind: 'audit',
  daemon: daemonIdBytes(daemonOf('h4')),
  head: { origin: laptop, size: 1, root: VAULT },
  round: 1,
  challenged: 8,
  failed: [],
  degraded: [[segment, 0, 0, 'LEAF_WRONG']],
  restored: [],
  ...change,
});
const readmit = (...losses: [string, number][]): Payload => ({ kind: 'readmit', losses });

test('an audit of custody that came before it, and of none', async () => {
  const held = { at: DAY_MS, payload: custody() };
  const audited = { at: 2 * DAY_MS, payload: audit() };
  expect(await faultsOf(device(placed), daemon('h4', held), daemon('h1', audited))).toEqual([]);
  expect(await faultsOf(device(placed), daemon('h1', audited))).toEqual(['log h1 1: HOLDER_GONE']);
  const early = { at: DAY_MS / 2, payload: audit() };
  expect(await faultsOf(device(placed), daemon('h4', held), daemon('h1', early))).toEqual([
    'log h1 1: HOLDER_GONE',
  ]);
  const beyond = { at: 2 * DAY_MS, payload: audit({ head: { origin: laptop, size: 9, root: VAULT } }) };
  expect(await faultsOf(device(placed), daemon('h4', held), daemon('h1', beyond))).toEqual([
    'log h1 1: EVIDENCE_MISSING',
  ]);
});

test('a loss of its own site, and its answer; an answer to another site’s', async () => {
  const site = (name: string) => charters.current.daemons.find(({ id }) => id === daemonOf(name))?.site ?? '';
  const lost = { at: DAY_MS, payload: { kind: 'site-lost' as const, site: site('h1') } };
  const back = { at: 2 * DAY_MS, payload: readmit([origin('log h1'), 1]) };
  expect(await faultsOf(daemon('h1', lost, back))).toEqual([]);
  expect(await faultsOf(daemon('h1', lost), daemon('h2', back))).toEqual(['log h2 1: READMIT_OTHER']);
  const others = { at: DAY_MS, payload: { kind: 'site-lost' as const, site: site('h2') } };
  expect(await faultsOf(daemon('h1', others))).toEqual(['log h1 1: SITE_OTHER']);
});

test('whoever sees one vault only leaves out audits of others, and losses in logs it does not see', async () => {
  const logs = await ledger([device(placed)]);
  const foreign = new Uint8Array(32);
  const both = audit({
    failed: [[foreign, 0, 0, 'A']],
    degraded: [
      [segment, 0, 0, 'LEAF_WRONG'],
      [foreign, 0, 0, 'A'],
    ],
    restored: [[foreign, 0]],
  });
  expect(await seenPart(both, logs)).toEqual(audit());
  const unseen = { origin: origin('device phone'), size: 1, root: VAULT };
  expect(await seenPart(audit({ head: unseen }), logs)).toBeNull();
  expect(await seenPart(readmit([origin('operator crisis'), 1], [laptop, 0]), logs)).toEqual(
    readmit([laptop, 0]),
  );
});
