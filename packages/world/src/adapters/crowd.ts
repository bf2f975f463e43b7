// Many histories at once: seeds handed out to processes, one history after the other in each. What a history comes to does
// not depend on which process runs it, nor on what ran there before. Threads of one process would cost a quarter more.

import { type ChildProcess, fork } from 'node:child_process';
import { Counters } from '../counters.ts';
import type { HistoryReport } from '../history.ts';

/** One seed's outcome, as it travels between processes. */
export type Outcome =
  | { readonly seed: number; readonly report: HistoryReport; readonly cpuMs: number }
  | { readonly seed: number; readonly why: string; readonly tail: readonly string[]; readonly cpuMs: number };

export interface CrowdReport {
  readonly outcomes: readonly Outcome[];
  readonly failures: readonly (Outcome & { readonly why: string })[];
  readonly counters: Readonly<Record<string, number>>;
  readonly cpuMs: number;
}

const WORKER = new URL('./crowd-worker.ts', import.meta.url);

export async function runCrowd(of: {
  readonly from: number;
  readonly count: number;
  readonly processes?: number;
  readonly onOutcome?: (outcome: Outcome) => void;
  /** After the first failure no further history is begun. */
  readonly first?: boolean;
  /** Ends all that is under way; rejects with its reason. */
  readonly signal?: AbortSignal;
}): Promise<CrowdReport> {
  const { from, count, processes = 2, onOutcome, first = false, signal } = of;
  const outcomes: Outcome[] = [];
  const workers: ChildProcess[] = [];
  let next = from;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      const worker = fork(WORKER, { execArgv: [], serialization: 'advanced' });
      workers.push(worker);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      const give = () => {
        if (next >= from + count) {
          resolve();
          return;
        }
        worker.send(next);
        next += 1;
      };
      worker.on('message', (outcome: Outcome) => {
        outcomes.push(outcome);
        if (first && 'why' in outcome) next = from + count;
        onOutcome?.(outcome);
        give();
      });
      worker.on('error', reject);
      worker.on('exit', (code, by) =>
        reject(new Error(`a process with histories ended with ${code ?? by} in the midst of them`)),
      );
      give();
    });
  try {
    await Promise.all(Array.from({ length: Math.min(processes, count) }, work));
  } finally {
    for (const worker of workers) worker.kill('SIGKILL');
  }
  outcomes.sort((a, b) => a.seed - b.seed);
  const counters = new Counters();
  for (const one of outcomes) if ('report' in one) counters.merge(one.report.counters);
  return {
    outcomes,
    failures: outcomes.filter((one): one is Outcome & { readonly why: string } => 'why' in one),
    counters: counters.all,
    cpuMs: outcomes.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  };
}
