// Worker threads that check entries and signatures, one for each processor. They start with the first work that is worth
// it, and get plain bytes: many small arrays are packed into one, because each costs more to send than its bytes.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Fault, type FaultKind, type Fact } from '@vauban/core';
import type { Append, HeldRecord, LogState, TakenAppends, TakingGround } from '@vauban/ledger';
import type { LedgerProcessors } from '../ledger-processors.ts';
import { type Packed, packed, unpacked } from './packed-bytes.ts';

/** Less than that is done sooner than it is sent. */
const ENTRIES_MIN = 16;
const CHECKS_MIN = 8;
/** Signatures in one task: what a processor does in ten milliseconds. */
const CHECKS_PER_TASK = 96;

/** Room for what lives for one task only: with less, a sixth of the time goes into clearing it. */
const YOUNG_MB = 96;

export type Task =
  | {
      readonly task: 'take';
      readonly ground: TakingGround;
      readonly appends: readonly (Omit<Append, 'records'> & { readonly records: number })[];
      /** Entry, salt and payload of each record. */
      readonly bytes: Packed;
    }
  | { readonly task: 'verify'; readonly bytes: Packed };

export type Outcome =
  | {
      readonly done: 'take';
      /** Key and value of each row. */
      readonly rows: Packed;
      readonly after: LogState;
      readonly kinds: TakenAppends['kinds'];
      readonly times: TakenAppends['times'];
    }
  | { readonly done: 'verify'; readonly holds: readonly boolean[] }
  | {
      readonly done: 'fault';
      readonly kind: FaultKind;
      readonly code: string;
      readonly message: string;
      readonly facts: { readonly [name: string]: Fact };
    };

interface Waiting {
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

interface Crew {
  readonly worker: Worker;
  /** Answers come in the order of the tasks. */
  readonly waiting: Waiting[];
}

export function ledgerWorkers(workers: number = availableParallelism()): LedgerProcessors {
  let crews: Crew[] | undefined;
  const run = (task: Task): Promise<Outcome> => {
    crews ??= Array.from({ length: workers }, hire);
    const idlest = crews.reduce((a, b) => (b.waiting.length < a.waiting.length ? b : a));
    return new Promise((resolve, reject) => {
      idlest.waiting.push({ resolve, reject });
      idlest.worker.postMessage(task, [task.bytes.bytes.buffer, task.bytes.ends.buffer]);
    });
  };
  return {
    takeAppends(ground, appends) {
      const records = appends.flatMap((append) => append.records as readonly HeldRecord[]);
      if (records.length < ENTRIES_MIN) return undefined;
      const task: Task = {
        task: 'take',
        ground,
        appends: appends.map((append) => ({ ...append, records: append.records.length })),
        bytes: packed(records.flatMap(({ entry, salt, payload }) => [entry, salt, payload])),
      };
      return run(task).then(taken);
    },
    async verify(checks) {
      if (checks.length < CHECKS_MIN) return (await outcomeOf(run(verifying(checks)))).holds;
      const tasks: Promise<{ readonly holds: readonly boolean[] }>[] = [];
      for (let at = 0; at < checks.length; at += CHECKS_PER_TASK)
        tasks.push(outcomeOf(run(verifying(checks.slice(at, at + CHECKS_PER_TASK)))));
      return (await Promise.all(tasks)).flatMap(({ holds }) => holds);
    },
    async close() {
      const ended = crews ?? [];
      crews = [];
      await Promise.all(ended.map(({ worker }) => worker.terminate()));
    },
  };
}

function verifying(checks: Parameters<LedgerProcessors['verify']>[0]): Task {
  const parts = checks.flatMap(({ signature, message, publicKey }) => [signature, message, publicKey]);
  return { task: 'verify', bytes: packed(parts) };
}

async function outcomeOf(outcome: Promise<Outcome>): Promise<{ readonly holds: readonly boolean[] }> {
  const made = await outcome;
  if (made.done === 'verify') return made;
  throw faultOf(made);
}

function taken(outcome: Outcome): TakenAppends {
  if (outcome.done !== 'take') throw faultOf(outcome);
  const parts = unpacked(outcome.rows);
  const operations = Array.from({ length: parts.length / 2 }, (_, row) => ({
    put: parts[2 * row] as Uint8Array,
    value: parts[2 * row + 1] as Uint8Array,
  }));
  const { after, kinds, times } = outcome;
  return { operations, after, kinds, times };
}

function faultOf(outcome: Outcome): Fault {
  if (outcome.done !== 'fault')
    return new Fault('failure', 'WORKER_FAILED', 'a worker answered something else');
  return new Fault(outcome.kind, outcome.code, outcome.message, outcome.facts);
}

function hire(): Crew {
  const worker = new Worker(new URL('./ledger-worker.ts', import.meta.url), {
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  // Nobody waits for a process because its workers have nothing to do.
  worker.unref();
  const waiting: Waiting[] = [];
  worker.on('message', (outcome: Outcome) => {
    waiting.shift()?.resolve(outcome);
    if (waiting.length === 0) worker.unref();
  });
  const failed = (error: unknown) => {
    for (const one of waiting.splice(0)) one.reject(error);
  };
  worker.on('error', (error) =>
    failed(new Fault('failure', 'WORKER_FAILED', 'a worker that checks the ledger failed', {}, error)),
  );
  worker.on('exit', () =>
    failed(new Fault('interrupted', 'WORKER_ENDED', 'a worker that checks the ledger was ended')),
  );
  const push = waiting.push.bind(waiting);
  waiting.push = (...more) => {
    worker.ref();
    return push(...more);
  };
  return { worker, waiting };
}
