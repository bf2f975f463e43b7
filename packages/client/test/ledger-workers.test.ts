// Worker threads give the same verdicts as this thread does, rows and faults included.

import { CompactRange, concat, encodeCbor, memoryStore, utf8 } from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import {
  type Append,
  LogStore,
  makeEntry,
  NO_PREVIOUS,
  originOf,
  type Payload,
  signCheckpoint,
  signDelegation,
  type TakenAppends,
  takeAppends,
  type TakingGround,
  type Writer,
  readDelegation,
} from '@vauban/ledger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ledgerWorkers } from '../src/adapters/ledger-workers.ts';
import { packed, unpacked } from '../src/adapters/packed-bytes.ts';
import type { LedgerProcessors } from '../src/ledger-processors.ts';
import { publicOf, seedOf } from './consortium.ts';

const NOW = 1_790_000_000_000;
let workers: LedgerProcessors;
beforeAll(() => {
  workers = ledgerWorkers(2);
});
afterAll(() => workers.close());

const note = signDelegation(
  crypto,
  {
    format: 'vauban/delegate/0',
    charter: 'grand-est',
    agency: 'metz',
    deviceKey: publicOf('device'),
    peer: 'peer',
    vault: new Uint8Array(32).fill(9),
    policy: 'standard',
    rights: ['write'],
    issued: NOW,
    until: NOW + 1_000,
  },
  seedOf('root metz'),
);
const writer: Writer = { kind: 'device', key: publicOf('device'), delegation: readDelegation(note) };
const origin = originOf(crypto, 'grand-est', writer.key);

/** Appends of twenty entries each, from the beginning of a log. */
function appendsOf(count: number): Append[] {
  const range = new CompactRange(crypto);
  let previous = NO_PREVIOUS;
  return Array.from({ length: count }, (_, nth) => {
    const oldSize = range.size;
    const payloads: Payload[] = Array.from({ length: 20 }, (__, at) => ({
      kind: 'objects',
      sealed: utf8(`${nth} ${at}`),
    }));
    if (nth === 0) payloads[0] = { kind: 'genesis', writer: 'device', note, adopts: null };
    const records = payloads.map((payload, at) => {
      const salt = crypto.sha256(utf8(`${nth} ${at}`));
      const made = makeEntry(crypto, { previous, time: NOW + nth, payload, salt });
      previous = made.leafHash;
      range.append(made.leafHash);
      return { entry: made.entry, ...made.salted };
    });
    const head = { origin, size: range.size, root: range.root() };
    const key = { seed: seedOf('device'), publicKey: writer.key };
    return { origin, oldSize, checkpoint: signCheckpoint(crypto, head, key), records };
  });
}

async function ground(): Promise<TakingGround> {
  const logs = await LogStore.open(memoryStore(), crypto);
  return { charterName: 'grand-est', before: logs.state(origin), writer, now: NOW };
}

describe('entries', () => {
  test('become the same rows as here', async () => {
    const appends = appendsOf(3);
    const here = await takeAppends(crypto, await ground(), appends);
    const there = await workers.takeAppends(await ground(), appends);
    const plain = (taken: TakenAppends | undefined) => ({
      rows: taken?.operations.map((row) => ('put' in row ? `${row.put.join()}=${row.value.join()}` : row)),
      after: encodeCbor(taken?.after).join(),
      said: [taken?.kinds, taken?.times],
    });
    expect(plain(there)).toEqual(plain(here));
    expect(here.after.size).toBe(60);
    expect(here.kinds.slice(0, 2)).toEqual(['genesis', 'objects']);
  });

  test('that are wrong are refused with the same fault', async () => {
    const [first, second] = appendsOf(2) as [Append, Append];
    const [bent, ...rest] = second.records;
    if (bent === undefined || !('payload' in bent)) throw new Error('a payload');
    const payload = concat(bent.payload.subarray(0, -1), Uint8Array.of(0));
    const appends = [first, { ...second, records: [{ ...bent, payload }, ...rest] }];
    const codeOf = (taken: Promise<unknown> | undefined) =>
      taken?.then(
        () => 'none',
        ({ kind, code, facts }: { kind: string; code: string; facts: unknown }) => ({ kind, code, facts }),
      );
    const here = await codeOf(takeAppends(crypto, await ground(), appends));
    expect(here).toMatchObject({ kind: 'refused', code: 'COMMIT_MISMATCH' });
    expect(await codeOf(workers.takeAppends(await ground(), appends))).toEqual(here);
  });

  test('too few to be worth it are left to the asker', async () => {
    const [first] = appendsOf(1) as [Append];
    const few = { ...first, records: first.records.slice(0, 3) };
    expect(workers.takeAppends(await ground(), [few])).toBeUndefined();
  });
});

test('signatures are judged in the order asked, whichever of them is wrong', async () => {
  const checks = Array.from({ length: 300 }, (_, nth) => {
    const message = utf8(`message ${nth}`);
    const signature = crypto.ed25519Sign(seedOf('device'), message);
    return { signature, message: nth % 7 === 3 ? utf8('another') : message, publicKey: writer.key };
  });
  const holds = await workers.verify(checks);
  expect(holds).toEqual(checks.map((_, nth) => nth % 7 !== 3));
});

test('packed bytes come apart as they were put together', () => {
  const parts = [utf8('one'), new Uint8Array(0), utf8('three')];
  expect(unpacked(packed(parts)).map((part) => part.join())).toEqual(parts.map((part) => part.join()));
  expect(unpacked(packed([]))).toEqual([]);
});
