// Asking every daemon how far its repairs are, and telling all of them to pause or to go on.

import { asFault, type DaemonId, Fault } from '@vauban/core';
import {
  addUpHealing,
  type DaemonHealing,
  heardHosters,
  type HealingOverview,
  type SilentDaemon,
} from '../healing-overview.ts';
import type { OperatorDesk } from './operator-desk.ts';

/** `deadlineMs`: the session's unless said. Faults: NETWORK_SILENT (unreachable) when no daemon answers. */
export async function healingOf(desk: OperatorDesk, deadlineMs?: number): Promise<HealingOverview> {
  const { answers, silent } = await askEach(desk, (id) => desk.session.ask(id, 'healing', {}, deadlineMs));
  const daemons = answers.map(({ answer, ...one }): DaemonHealing => ({ ...one, ...answer }));
  return addUpHealing(daemons, silent, heardHosters(desk.charter, new Set(daemons.map(({ id }) => id))));
}

export interface PausedRepair {
  readonly paused: boolean;
  readonly told: readonly { readonly id: DaemonId; readonly site: string }[];
  /** Daemons that did not hear it, and go on as before. */
  readonly silent: readonly SilentDaemon[];
}

/** Until told otherwise, also after a restart. Faults: NETWORK_SILENT, what all daemons refuse. */
export async function pauseRepair(desk: OperatorDesk, paused: boolean): Promise<PausedRepair> {
  const { answers, silent } = await askEach(desk, (id) => desk.session.ask(id, 'repair-pause', { paused }));
  return { paused, told: answers.map(({ id, site }) => ({ id, site })), silent };
}

async function askEach<Answer>(desk: OperatorDesk, ask: (id: DaemonId) => Promise<Answer>) {
  const { daemons } = desk.charter;
  const asked = await desk.askAll(ask);
  const answers: { readonly id: DaemonId; readonly site: string; readonly answer: Answer }[] = [];
  const silent: SilentDaemon[] = [];
  const faults: Fault[] = [];
  for (const [nth, result] of asked.entries()) {
    const { id = '', site = '' } = daemons[nth] ?? {};
    if (result.status === 'fulfilled') answers.push({ id, site, answer: result.value });
    else {
      const fault = asFault(result.reason);
      if (fault.kind === 'interrupted') throw fault;
      faults.push(fault);
      silent.push({ id, site, code: fault.code, message: fault.message });
    }
  }
  const [first] = faults;
  if (answers.length === 0 && first !== undefined) {
    if (faults.every(({ code }) => code === first.code && first.kind === 'refused')) throw first;
    const message = `none of the ${daemons.length} daemons answers: ${first.message}`;
    throw new Fault('unreachable', 'NETWORK_SILENT', message, { daemons: daemons.length });
  }
  return { answers, silent };
}
