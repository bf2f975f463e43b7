// What a hoster holds in thousands of logs does not fit a message: it is told in pages, each signed and complete for its
// range, and none can be left out.

import { CompactRange, decodeCbor, MESSAGE_BYTES_MAX, memoryStore, shape } from '@vauban/core';
import * as v from 'valibot';
import { beforeAll, expect, test } from 'vitest';
import { bindPages, LogStore, Mirror, openHeads, originOf, signCheckpoint } from '../src/index.ts';
import { emptyLog, stateRow } from '../src/log-rows.ts';
import { TestNetwork } from './memory-hosters.ts';
import { cosignerOf, crypto, NOW, publicOf, seedOf } from './sample-charter.ts';

const LOGS = 3_000;
let mirror: Mirror;
let net: TestNetwork;
let origins: string[];
const nonce = new Uint8Array(32).fill(7);
const scope = { of: 'all' } as const;

beforeAll(async () => {
  net = await TestNetwork.of(4);
  const store = memoryStore();
  const range = new CompactRange(crypto);
  range.append(new Uint8Array(32).fill(1));
  const key = { seed: seedOf('one key for all'), publicKey: publicOf('one key for all') };
  const rows = Array.from({ length: LOGS }, (_, nth) => {
    const origin = originOf(crypto, 'grand-est', crypto.sha256(Uint8Array.of(nth >> 8, nth & 255)));
    const checkpoint = signCheckpoint(crypto, { origin, size: 1, root: range.root() }, key);
    const certificate = `${checkpoint}${'x'.repeat(1_400)}`;
    return {
      ...emptyLog(origin),
      size: 1,
      frontier: range.snapshot(),
      checkpoint,
      certificate,
      storedAt: NOW,
    };
  });
  origins = rows.map(({ origin }) => origin).sort();
  await store.batch(rows.map(stateRow), { sync: true });
  const { charters, clock } = net;
  const voting = { hoster: 'h1', epoch: 0, cosigner: cosignerOf('h1'), journal: net.hoster(1).journal };
  mirror = new Mirror({ logs: await LogStore.open(store, crypto), crypto, clock, charters, voting });
});

async function pages(): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const asked: Parameters<Mirror['headsPage']>[1] = after === '' ? scope : { of: 'all', after };
    const { signed, next } = await mirror.headsPage(nonce, asked, null);
    found.push(signed);
    after = next;
  }
  return found;
}

const opened = (signed: Uint8Array) =>
  openHeads(crypto, net.charters.current, { hoster: 'h1', nonce, scope }, signed);

test('all heads come, in order, in as many pages as it takes, each fit for a message', async () => {
  const found = await pages();
  expect(found.length).toBeGreaterThan(2);
  for (const page of found) expect(page.length).toBeLessThan(MESSAGE_BYTES_MAX);
  const body = opened(await mirror.heads(nonce, scope, null));
  expect(body.heads.map(({ origin }) => origin)).toEqual(origins);
  expect(body.scope).toEqual(scope);
  expect(opened(bindPages(found)).heads).toHaveLength(LOGS);
});

test('a page left out, repeated, moved or asked for alone is no answer', async () => {
  const found = await pages();
  const [first, second, ...rest] = found as [Uint8Array, Uint8Array, ...Uint8Array[]];
  const other = { kind: 'integrity', code: 'HEADS_OTHER' };
  const wrong = [
    [first],
    [first, ...rest],
    found.slice(0, -1),
    [first, first, second, ...rest],
    [second, ...rest],
  ];
  for (const of of [...wrong, [second, first, ...rest]]) {
    let fault: unknown;
    try {
      opened(bindPages(of));
    } catch (error) {
      fault = error;
    }
    expect(fault).toMatchObject(other);
  }
});

test('a log nobody vouches for is named on the page it would stand on', async () => {
  const [, , third] = origins as [string, string, string];
  const last = origins.at(-1) ?? '';
  const { quarantine } = mirror.logs;
  for (const origin of [third, last]) quarantine.put(origin, new Error('damaged') as never);
  const found = await pages();
  const schema = v.strictTuple([shape.bytesUpTo(MESSAGE_BYTES_MAX), shape.bytes(64)]);
  const firstPage = decodeCbor(schema, found[0] as Uint8Array, 'page', MESSAGE_BYTES_MAX)[0];
  expect(Buffer.from(firstPage).includes(third)).toBe(true);
  expect(Buffer.from(firstPage).includes(last)).toBe(false);
  const body = opened(bindPages(found));
  expect(body.unready).toEqual([third, last]);
  expect(body.heads).toHaveLength(LOGS - 2);
  for (const origin of [third, last]) quarantine.lift(origin);
});
