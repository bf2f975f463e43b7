// A mirror as a daemon holds it, made without its voters: rows of logs of sealed objects, each in batches that its
// writer signed, under a certificate.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkedStore,
  CompactRange,
  prefixedStore,
  type Store,
  type StoreOperation,
  utf8,
} from '@vauban/core';
import { nodeClock, nodeCrypto as crypto, nodeRandom, openLevelStore } from '@vauban/core/node';
import { LogStore, makeEntry, NO_PREVIOUS, originOf, type Payload, signCheckpoint } from '../src/index.ts';
import { boundaryKey, emptyLog, recordRow, stateRow } from '../src/log-rows.ts';

/** Entries in one append of a busy writer. */
const BATCH = 50;
/** A sealed record of a few objects. */
const PAYLOAD_BYTES = 400;

export interface Opened {
  readonly ms: number;
  /** Resident memory of the process. */
  readonly bytes: number;
}

/** As a daemon lays it out in its index. */
export const ledgerOf = (level: Store) => prefixedStore(checkedStore(level, crypto), utf8('ledger/'));

export async function fillMirror(directory: string, of: { logs: number; entries: number }): Promise<void> {
  const level = await openLevelStore(directory, { writeBufferBytes: 64 << 20 });
  const store = ledgerOf(level);
  const sealed = nodeRandom.bytes(PAYLOAD_BYTES);
  const payload: Payload = { kind: 'objects', sealed };
  for (let log = 0; log < of.logs; log++) {
    const seed = nodeRandom.bytes(32);
    const key = { seed, publicKey: crypto.ed25519Public(seed) };
    const origin = originOf(crypto, 'grand-est', key.publicKey);
    const range = new CompactRange(crypto);
    let previous = NO_PREVIOUS;
    let rows: StoreOperation[] = [];
    let checkpoint = '';
    for (let index = 0; index < of.entries; index++) {
      const made = makeEntry(crypto, {
        previous,
        time: 1_790_000_000_000,
        payload,
        salt: nodeRandom.bytes(32),
      });
      previous = made.leafHash;
      range.append(made.leafHash);
      rows.push(recordRow(origin, index, { entry: made.entry, ...made.salted }));
      if (range.size % BATCH !== 0 && range.size < of.entries) continue;
      checkpoint = signCheckpoint(crypto, { origin, size: range.size, root: range.root() }, key);
      rows.push({ put: boundaryKey(origin, range.size), value: utf8(checkpoint) });
      await store.batch(rows, { sync: false });
      rows = [];
    }
    const certificate = `${checkpoint}${'c'.repeat(6 * 180)}`;
    const certified = { admittedSize: range.size, certifiedSize: range.size, certificate };
    const size = { size: range.size, frontier: range.snapshot(), lastLeaf: previous, checkpoint };
    await store.batch([stateRow({ ...emptyLog(origin), ...size, ...certified, storedAt: 1 })], {
      sync: true,
    });
  }
  await level.close();
}

export async function openMirror(directory: string): Promise<Opened> {
  const from = nodeClock.monotonic();
  const level = await openLevelStore(directory);
  const logs = await LogStore.open(ledgerOf(level), crypto, 'quarantine');
  const ms = nodeClock.monotonic() - from;

  let heads = 0;
  for (const origin of logs.origins()) heads += logs.state(origin).size;
  if (heads === 0) throw new Error('an empty mirror');
  const bytes = process.memoryUsage().rss;
  await level.close();
  return { ms, bytes };
}

export async function allocatedBytes(directory: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directory)) bytes += 512 * (await stat(join(directory, name))).blocks;
  return bytes;
}
