// Making `adopt` entries from a history at hand.

import { type Crypto, merkleProof } from '@vauban/core';
import type { Adopt } from './adoption.ts';
import { leavesOf } from './branches.ts';
import { bare } from './fork-proof.ts';
import { genesisOf } from './held-logs.ts';
import { isErased, type LogRecord } from './log-record.ts';
import type { LogStore } from './log-store.ts';

/** The `adopt` entry for one entry of a history at hand; undefined when its payload was erased or it is no such kind. */
export async function makeAdopt(
  crypto: Crypto,
  from: { readonly logs: LogStore; readonly origin: string; readonly index: number },
): Promise<Adopt | undefined> {
  const { logs, origin, index } = from;
  const { size, checkpoint } = logs.state(origin);
  const [genesis] = await logs.records(origin, 0, 1);
  const [record] = await logs.records(origin, index, index + 1);
  const writer = genesisOf(genesis as LogRecord);
  if (record === undefined || isErased(record) || writer.writer !== 'device') return undefined;
  const leaves = await leavesOf(logs, crypto, { origin, size });
  return {
    kind: 'adopt',
    origin,
    index,
    branch: leaves.slice(index * 32, (index + 1) * 32),
    checkpoint: bare(checkpoint),
    proof: merkleProof(crypto, leaves, index),
    note: writer.note,
    record: { entry: record.entry, salt: record.salt, payload: record.payload },
  };
}
