// Many histories at once: seeds handed out to worker threads, one history after the other in each. What a history comes to
// does not depend on which thread runs it, nor on what ran there before.

import { Worker } from 'node:worker_threads';
import { Counters } from '../counters.ts';
import type { HistoryReport } from '../history.ts';

/** One seed's outcome, as it travels between threads. */
export type Outcome =
  | { readonly seed: number; readonly report: HistoryReport; readonly cpuMs: number }
  | { readonly seed: number; readonly why: string; readonly tail: readonly string[]; readonly cpuMs: number };

export interface CrowdReport {
  readonly outcomes: readonly Outcome[];
  readonly failures: readonly (Outcome & { readonly why: string })[];
  readonly counters: Readonly<Record<string, number>>;
  readonly cpuMs: number;
}

export async function runCrowd(of: {
  readonly from: number;
  readonly count: number;
  readonly threads?: number;
  readonly onOutcome?: (outcome: Outcome) => void;
  /** After the first failure no further history is begun. */
  readonly first?: boolean;
  /** Ends all that is under way; rejects with its reason. */
  readonly signal?: AbortSignal;
}): Promise<CrowdReport> {
  const { from, count, threads = 2, onOutcome, first = false, signal } = of;
  const outcomes: Outcome[] = [];
  let next = from;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      signal?.throwIfAborted();
      const worker = new Worker(new URL('./crowd-worker.ts', import.meta.url));
      signal?.addEventListener('abort', () => void worker.terminate().then(() => reject(signal.reason)), {
        once: true,
      });
      const give = () => {
        if (next >= from + count) {
          void worker.terminate().then(() => resolve());
          return;
        }
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin.
        worker.postMessage(next);
        next += 1;
      };
      worker.on('message', (outcome: Outcome) => {
        outcomes.push(outcome);
        if (first && 'why' in outcome) next = from + count;
        onOutcome?.(outcome);
        give();
      });
      worker.on('error', reject);
      give();
    });
  await Promise.all(Array.from({ length: Math.min(threads, count) }, work));
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
