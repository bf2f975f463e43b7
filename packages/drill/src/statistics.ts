// Figures of the workload: per phase and operation, and second by second. Of operations that went well, how long they took;
// failed ones are counted, and have no latency that would say anything.

import type { Deal, DrillResult, Operation, PhaseName } from './result.ts';
import { operations } from './result.ts';

export interface OperationFigures {
  readonly operation: Operation;
  /** That ended, well or not. */
  readonly count: number;
  readonly errors: number;
  readonly wrongBytes: number;
  readonly perSecond: number;
  /** Null without a single one that went well. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Until the first bytes, half of them; null for what has none. */
  readonly firstByteP50Ms: number | null;
  readonly firstByteP99Ms: number | null;
}

export interface PhaseFigures {
  readonly phase: PhaseName;
  readonly lastsMs: number;
  readonly operations: readonly OperationFigures[];
}

/** A deal belongs to the phase in which it ended; phases that took no time have no figures per second (0). */
export function phaseFigures({
  phases,
  deals,
}: Pick<DrillResult, 'phases' | 'deals'>): readonly PhaseFigures[] {
  return phases.map(({ name, fromMs, toMs }, at) => {
    const isLast = at === phases.length - 1;
    const within = deals.filter(({ atMs }) => atMs >= fromMs && (atMs < toMs || isLast));
    const lastsMs = Math.max(0, toMs - fromMs);
    return { phase: name, lastsMs, operations: operations.map((one) => figuresOf(one, within, lastsMs)) };
  });
}

export function figuresOf(operation: Operation, all: readonly Deal[], lastsMs: number): OperationFigures {
  const mine = all.filter((one) => one.operation === operation);
  const well = mine.filter(({ error, wrongBytes }) => error === undefined && wrongBytes === undefined);
  const took = well.map(({ tookMs }) => tookMs);
  const first = well.flatMap(({ firstByteMs }) => (firstByteMs === undefined ? [] : [firstByteMs]));
  return {
    operation,
    count: mine.length,
    errors: mine.filter(({ error }) => error !== undefined).length,
    wrongBytes: mine.filter(({ wrongBytes }) => wrongBytes === true).length,
    perSecond: lastsMs === 0 ? 0 : (mine.length * 1_000) / lastsMs,
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    firstByteP50Ms: quantile(first, 0.5),
    firstByteP99Ms: quantile(first, 0.99),
  };
}

/** The smallest value that at least `share` of all do not exceed (nearest rank); null of none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** What ended in one stretch of the drill. */
export interface Stretch {
  readonly fromMs: number;
  readonly lastsMs: number;
  readonly deals: readonly Deal[];
}

/**
 * The whole drill in equal stretches of whole seconds, no more of them than `countMax`: of a long drill each is longer, so
 * that a timeline stays legible.
 */
export function stretches(
  { deals, endMs }: { readonly deals: readonly Deal[]; readonly endMs: number },
  countMax: number,
): readonly Stretch[] {
  const lastsMs = Math.max(1, Math.ceil(endMs / 1_000 / countMax)) * 1_000;
  const made: Deal[][] = Array.from({ length: Math.max(1, Math.ceil(endMs / lastsMs)) }, () => []);
  for (const one of deals) made[Math.min(made.length - 1, Math.floor(one.atMs / lastsMs))]?.push(one);
  return made.map((all, nth) => ({ fromMs: nth * lastsMs, lastsMs, deals: all }));
}
