// A process of the crowd: runs the history of each seed it is given, and says what it came to.

import process from 'node:process';
import { drawPlan } from '../draw-plan.ts';
import { runHistory, WorldFailure } from '../history.ts';
import type { Outcome } from './crowd.ts';
import { nodeGround } from './node-ground.ts';

/** Nobody looks at stacks here, and every fault would carry one. Who replays a seed sees them. */
Error.stackTraceLimit = 0;
const ground = nodeGround();

async function outcomeOf(seed: number): Promise<Outcome> {
  const before = process.cpuUsage();
  const cpuMs = () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  try {
    const report = await runHistory({ plan: drawPlan(ground.crypto, seed), ground });
    return { seed, report, cpuMs: cpuMs() };
  } catch (error) {
    if (!(error instanceof WorldFailure)) throw error;
    return { seed, why: error.why, tail: error.tail, cpuMs: cpuMs() };
  }
}

/** What is no history's failure ends the process: a rejection would only be taken for one that a history left unheard. */
function end(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

process.on('disconnect', () => process.exit());
process.on('message', (seed: number) => {
  outcomeOf(seed).then((outcome) => process.send?.(outcome), end);
});
