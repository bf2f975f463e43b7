// One worker of `ledger-workers`: does what it is sent, one task after the other.

import { parentPort } from 'node:worker_threads';
import { asFault } from '@vauban/core';
import { nodeCrypto as crypto } from '@vauban/core/node';
import { takeAppends } from '@vauban/ledger';
import type { Outcome, Task } from './ledger-workers.ts';
import { packed, unpacked } from './packed-bytes.ts';

// Every entry is encoded three times to be checked and stored; each time takes a piece of the pool.
Buffer.poolSize = 1 << 20;

let last: Promise<void> = Promise.resolve();
parentPort?.on('message', (task: Task) => {
  last = last.then(async () => {
    const outcome = await outcomeOf(task).catch((error: unknown): Outcome => {
      const { kind, code, message, facts } = asFault(error);
      return { done: 'fault', kind, code, message, facts };
    });
    const transfer = outcome.done === 'take' ? [outcome.rows.bytes.buffer, outcome.rows.ends.buffer] : [];
    parentPort?.postMessage(outcome, transfer);
  });
});

async function outcomeOf(task: Task): Promise<Outcome> {
  const parts = unpacked(task.bytes);
  const part = (nth: number) => parts[nth] as Uint8Array;
  if (task.task === 'verify') {
    const holds = Array.from({ length: parts.length / 3 }, (_, nth) =>
      crypto.ed25519Verify(part(3 * nth), part(3 * nth + 1), part(3 * nth + 2)),
    );
    return { done: 'verify', holds };
  }
  let record = 0;
  const appends = task.appends.map((append) => {
    const records = Array.from({ length: append.records }, () => {
      const at = 3 * record++;
      return { entry: part(at), salt: part(at + 1), payload: part(at + 2) };
    });
    return { ...append, records };
  });
  const { operations, after, kinds, times } = await takeAppends(crypto, task.ground, appends);
  const rows = operations.flatMap((operation) => {
    if ('del' in operation) throw new Error('an append adds rows and removes none');
    return [operation.put, operation.value];
  });
  return { done: 'take', rows: packed(rows), after, kinds, times };
}
