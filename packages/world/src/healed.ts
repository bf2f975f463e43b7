// Until everything has healed that can: every honest daemon that is there says that nothing is left for it to repair, and
// waits for nobody to sign what it says itself.

import { healingOf } from './operator-desk.ts';
import type { World } from './world.ts';

/** The look at what changed, the next in line, and what was put off once. */
const HEALED_MS_MAX = 240_000;
/** Said twice, so long apart: what is done may show what else is to do. */
const POLL_MS = 4_000;
const CALM_POLLS = 2;

/** Throws when repair does not come to an end. `harmed`: of whom nothing is expected. */
export async function healed(world: World, harmed: ReadonlySet<string>): Promise<void> {
  const names = world.hosters
    .filter(({ name, honest, state }) => honest && state === 'voting' && !harmed.has(name))
    .map(({ name }) => name);
  let calm = 0;
  let last = '';
  for (const end = world.nowMs + HEALED_MS_MAX; calm < CALM_POLLS; await world.sleep(POLL_MS)) {
    const answers = await healingOf(world, names);
    const left = names.flatMap((name) => {
      const answer = answers.get(name);
      if (answer === undefined) return [`${name} does not say`];
      if (answer.paused) return [`${name} pauses`];
      if (answer.segmentsToRepair > 0) return [`${name} has ${answer.segmentsToRepair} to repair`];
      const care = world.hosters.find((one) => one.name === name)?.care;
      if (care?.ownLog.busy === true) return [`${name} waits for signatures`];
      return (care?.repair.inLine ?? 0) > 0 ? [`${name} is in line for ${care?.repair.inLine}`] : [];
    });
    calm = left.length === 0 ? calm + 1 : 0;
    last = left.join(', ');
    if (calm === 0 && world.nowMs > end) throw new Error(`repair does not come to an end: ${last}`);
  }
  world.trace.note('world', 'has healed');
  world.tell({ of: 'well' });
}
