// What hosters' engineers do about daemons that run: they lift read-only once they have looked, and take a daemon out of service
// when it says that nothing is lost then; and how the operator's second word reaches everybody.

import type { HosterMachine } from './hoster-machine.ts';
import { pauseRepair } from './operator-desk.ts';
import type { World } from './world.ts';

/** Tried for so long to have a word certified, or heard. */
export const WORD_MS_MAX = 120_000;
/** A daemon that leaves hands over what it holds within so long. */
export const LEAVE_MS_MAX = 600_000;
const AGAIN_MS = 2_000;

/** Of all that are read-only. Throws when one stays so whom nothing excuses. */
export async function readmitAll(world: World, harmed: ReadonlySet<string>): Promise<void> {
  const { trace, counters, hosters } = world;
  await Promise.all(
    hosters.map(async ({ name, care }) => {
      if (care === undefined || care.standing.readOnly === null) return;
      const { reason } = care.standing.readOnly;
      const readmitted = care.readmit().then(
        () => true,
        () => false,
      );
      // Whoever has lost its log never says anything again.
      const done = await Promise.race([readmitted, world.sleep(WORD_MS_MAX).then(() => false)]);
      trace.note(name, done ? `its engineer lifts read-only: ${reason}` : 'stays read-only');
      if (done) counters.add(`state readmitted ${reason}`);
      else if (!harmed.has(name)) throw new Error(`${name} cannot be readmitted`);
    }),
  );
}

/** Whoever is there hears it; whoever is off is told when it is back. */
export async function resumeRepair(world: World, harmed: ReadonlySet<string>): Promise<void> {
  for (const end = world.nowMs + WORD_MS_MAX; world.nowMs < end; await world.sleep(AGAIN_MS)) {
    const names = world.hosters.filter(({ state }) => state !== 'burnt').map(({ name }) => name);
    const heard = await pauseRepair(world, names, false);
    if (names.every((name) => heard.includes(name) || harmed.has(name))) return;
  }
}

/** Hands over everything, then goes for good. Throws when it cannot. */
export async function leave(world: World, hoster: HosterMachine): Promise<void> {
  await hoster.care?.standing.setDraining(true);
  const progress = () => hoster.care?.erase.drain.progress();
  const left = await world.until(() => progress()?.safeToStop === true, LEAVE_MS_MAX);
  const { waitsFor = null, fragmentsLeft = 0 } = progress() ?? {};
  if (!left)
    throw new Error(`${hoster.name} cannot leave: ${fragmentsLeft} fragments left, ${waitsFor ?? ''}`);
  world.counters.add('state drained');
  hoster.burn();
}
