import { expect, it } from 'vitest';
import { founding } from '../src/founding.ts';
import { nodeGround } from '../src/index.ts';
import { type HosterMachine } from '../src/hoster-machine.ts';
import { World } from '../src/world.ts';

const LIMITS = { timeMsMax: 600_000, eventsMax: 200_000 };

it('a voter that restarts while two sites are dark votes again within two seconds', async () => {
  const ground = nodeGround();
  const world = new World({ seed: 1, ground, founding: await founding(ground) });
  const voting = (hosters: readonly HosterMachine[]) => () =>
    hosters.every(({ state }) => state === 'voting');
  const waitedMs = await world.scheduler.run(async () => {
    for (const hoster of world.hosters) hoster.start();
    expect(await world.until(voting(world.hosters))).toBe(true);
    const [first, second, third] = world.hosters as [HosterMachine, HosterMachine, HosterMachine];
    first.burn();
    second.cutPower();
    third.kill();
    await world.sleep(5_000);
    const startedAt = world.nowMs;
    third.start();
    expect(await world.until(voting([third]))).toBe(true);
    return world.nowMs - startedAt;
  }, LIMITS);
  expect(waitedMs).toBeLessThan(2_000);
});
