import { expect, it } from 'vitest';
import { nodeGround } from '../src/index.ts';
import { type HosterMachine } from '../src/hoster-machine.ts';
import { World } from '../src/world.ts';

const LIMITS = { timeMsMax: 600_000, eventsMax: 200_000 };

it('a voter that restarts while two sites are dark votes again within two seconds', async () => {
  const world = new World({
    seed: 1,
    ground: nodeGround(),
    print: undefined,
    tap: () => undefined,
    disksLie: false,
  });
  const voting = (hosters: readonly HosterMachine[]) => () =>
    hosters.every(({ state }) => state === 'voting');
  const waitedMs = await world.scheduler.run(async () => {
    for (const hoster of world.hosters) await hoster.setUp();
    for (const hoster of world.hosters) hoster.start();
    await world.until('all vote', voting(world.hosters));
    const [first, second, third] = world.hosters as [HosterMachine, HosterMachine, HosterMachine];
    first.burn();
    second.cutPower();
    third.kill();
    await world.sleep(5_000);
    const startedAt = world.nowMs;
    third.start();
    await world.until('the third votes', voting([third]));
    return world.nowMs - startedAt;
  }, LIMITS);
  expect(waitedMs).toBeLessThan(2_000);
});
