// Whether a drill can be played to its end here, asked before anything is touched: who answers, and how safe the data is now.

import { type Charter, type DaemonId, Fault } from '@vauban/core';
import { hasOfficers, type HealingOverview, healingOf, type OperatorDesk, type Stage } from '@vauban/fleet';
import { type LedgerView, worstMargin } from './ledger-watch.ts';

const ANSWER_MS = 5_000;

/** Faults: NETWORK_SILENT (unreachable). */
export async function heardOf(desk: OperatorDesk): Promise<HealingOverview> {
  return healingOf(desk, ANSWER_MS).catch((cause: unknown) => {
    if (!(cause instanceof Fault) || cause.code !== 'NETWORK_SILENT') throw cause;
    const message = 'no hoster answers: start the network first';
    throw new Fault('unreachable', 'NETWORK_SILENT', message, cause.facts, cause);
  });
}

/**
 * Faults: OFFICERS_MISSING, MARGIN_LOW (refused); QUORUM_UNREACHABLE (unreachable); MARGIN_UNKNOWN (usage).
 */
export async function checkReady(
  {
    stage,
    desk,
    abortBelow,
  }: {
    readonly stage: Stage;
    readonly desk: OperatorDesk;
    readonly abortBelow: number | null;
  },
  { view, heard }: { readonly view: LedgerView; readonly heard: HealingOverview },
): Promise<void> {
  if (!(await hasOfficers(stage.directory))) {
    const message = `a drill stores files of an agency of its own, and may shorten waiting times: both are changes of the charter, and ${stage.directory} holds no officers' keys`;
    throw new Fault('refused', 'OFFICERS_MISSING', message, { directory: stage.directory });
  }
  const { answered, all, needed } = heard.hosters;
  if (answered < needed) {
    const message = `${needed} of ${all} hosters must sign that a drill begins, and ${answered} answer: start the others first`;
    throw new Fault('unreachable', 'QUORUM_UNREACHABLE', message, { answered, all, needed });
  }
  const answers = new Set(heard.daemons.map(({ id }) => id));
  checkFloor(
    abortBelow,
    desk.charter,
    worstMargin(view.segments, (id: DaemonId) => answers.has(id)),
  );
}

/** A drill that has to be broken off at once would burn a site for nothing. `margin`: of the worst segment now; null of none. */
export function checkFloor(
  floor: number | null,
  { policies }: Pick<Charter, 'policies'>,
  margin: number | null,
): void {
  if (floor === null) return;
  const most = Math.max(0, ...policies.map(({ m }) => m));
  if (floor > most) {
    const message = `no segment of this network has a margin above ${most}: a drill that breaks off below ${floor} would break off at once`;
    throw new Fault('usage', 'MARGIN_UNKNOWN', message, { floor, most });
  }
  if (margin !== null && margin < floor) {
    const message = `the worst segment has a margin of ${margin} now, below the floor of ${floor}: wait until repair is done (vauban repair status), or set a lower floor`;
    throw new Fault('refused', 'MARGIN_LOW', message, { floor, margin });
  }
}
