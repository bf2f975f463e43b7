// A thread of the crowd: runs the history of each seed it is given, and says what it came to.

import { parentPort } from 'node:worker_threads';
import { drawPlan } from '../draw-plan.ts';
import { runHistory, WorldFailure } from '../history.ts';
import type { Outcome } from './crowd.ts';
import { nodeGround } from './node-ground.ts';

/** Nobody looks at stacks here, and every fault would carry one. Who replays a seed sees them. */
Error.stackTraceLimit = 0;
const ground = nodeGround();

async function outcomeOf(seed: number): Promise<Outcome> {
  const before = process.threadCpuUsage();
  const cpuMs = () => {
    const { user, system } = process.threadCpuUsage(before);
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

parentPort?.on('message', (seed: number) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin.
  void outcomeOf(seed).then((outcome) => parentPort?.postMessage(outcome));
});
