// How a future begins: whole, or as the network stands now, with daemons that are lost or silent, fragments that nobody has, and
// several fragments of a segment on one daemon.

import { kill, type Run, silence, startRepair, startSpreading } from './events.ts';
import { LOST, SILENT } from './ground.ts';
import { lose, recount } from './losses.ts';

/**
 * Makes a future at time 0 begin. Disks that are lost are replaced as those of a destroyed site; who is silent returns as after
 * an outage that has just begun; both are drawn by the run's dice. Its level is the same for all dice.
 */
export function setOut(run: Run): void {
  const { future: f, dice, tally } = run;
  const { model, placements } = f;
  const { standing } = model.ground;
  for (const [at, is] of standing.entries()) {
    if (is === LOST) kill(run, at, { replacedMean: model.siteRebuilt, noticedAfter: 0 });
    else if (is === SILENT) silence(run, at, dice.exponential(model.outage));
  }
  const waiting = new Set<number>();
  for (const [nth, { gone }] of placements.entries()) {
    for (const [index, is] of gone?.entries() ?? []) {
      if (is === 0) continue;
      const at = nth * model.n + index;
      waiting.add(f.holders[at] as number);
      lose(f, at, tally);
    }
  }
  for (const daemon of waiting) {
    f.wiped[daemon] = 1;
    startRepair(run, daemon);
  }
  if (recount(f)) startSpreading(f);
}
