// Row 6: everything loses power at once, the writer too, in the middle of an append that fewer than a quorum have.

import { between } from '../world.ts';
import type { Scenario } from './scenario.ts';
import { same } from './stage.ts';

export const powerCut: Scenario = {
  name: 'power-cut',
  says: 'Everything loses power in the middle of an append: whoever starts hears q − 1 others, starting ones too, before it votes, and nothing that was signed is gone.',
  async play(stage) {
    const { world, hosters } = stage;
    const person = stage.person('town-1');
    await stage.put(person, 'before');
    const putting = stage.put(person, 'during');
    const head = await stage.cutShort(person, stage.some(1 + (world.seed % (stage.quorum - 1))));
    const signers = stage.votersOf(head);
    for (const hoster of hosters) hoster.cutPower();
    person.machine.cutPower();
    const back = world.weather.isolate('town-1');
    const dark = stage.lines.length;
    const random = stage.random('switched on');
    // The last one is waited for until the others have tried in vain: fewer than q are no network.
    const [first, ...others] = stage.some(hosters.length);
    for (const name of others.slice(0, stage.quorum - 2)) {
      world.scheduler.after(between(random, 0, 3_000), () => stage.hoster(name).start());
    }
    stage.hoster(first as string).start();
    await world.sleep(10_000);
    stage.is(
      'too few others: nobody votes',
      hosters.every(({ state }) => state !== 'voting'),
    );
    for (const hoster of hosters) hoster.start();
    await stage.allVote();
    const said = stage.lines.slice(dark);
    for (const { name } of hosters) {
      const line = said.find((one) => one.includes(`  ${name.padEnd(24)}  says info voting heard=`));
      const heard = Number(/heard=(\d+)/.exec(line ?? '')?.[1] ?? 0);
      stage.is(`${name} heard ${heard} others first`, heard >= stage.quorum - 1);
    }
    await stage.must('hosters finish it', () => stage.certified(head.origin) >= head.size, 60_000);
    stage.is(
      'it is what they had signed',
      stage.evidence.certified.some((one) => same(one, head)),
    );
    stage.is('and they did sign', signers.length > 0);
    await stage.person('town-2').getAll();
    back();
    await putting;
  },
};
