// Row 1: a writer that crashes between making an append durable and its certificate, when fewer than a quorum have it.

import type { Scenario } from './scenario.ts';
import { same, type Stage } from './stage.ts';

async function interrupted(stage: Stage) {
  const person = stage.person('town-1');
  await stage.put(person, 'before');
  const reached = stage.some(1 + (stage.world.seed % (stage.quorum - 1)));
  const putting = stage.put(person, 'during');
  const head = await stage.cutShort(person, reached);
  const sent = stage.appendsOf('town-1').findLast((one) => same(one.head, head))?.bytes ?? '';
  if (stage.world.seed % 2 === 0) person.machine.kill();
  else person.machine.cutPower();
  return { person, putting, head, sent, reached };
}

function onceOnly(stage: Stage, head: { readonly origin: string; readonly size: number }): void {
  stage.is('the same file put again added nothing', stage.certified(head.origin) === head.size);
}

export const interruptedWriter: Scenario = {
  name: 'interrupted-writer',
  says: 'A writer loses power after fewer than a quorum stored its append: it resends the identical bytes, and nothing is there twice.',
  async play(stage) {
    const { person, putting, head, sent, reached } = await interrupted(stage);
    const crashedAtMs = stage.world.nowMs;
    // Where the others are enough without them, nobody but the writer itself can know of it.
    const hidden = reached.length <= stage.hosters.length - stage.quorum;
    const back = hidden ? reached.map((name) => stage.world.weather.isolate(name)) : [];
    await putting;
    for (const undo of back) undo();
    stage.is('its key goes on', (await stage.origin(person)) === head.origin);
    const again = stage.appendsOf('town-1', crashedAtMs);
    const resent = again.filter((one) => same(one.head, head));
    stage.is('it resent what it had signed', resent.length > 0);
    stage.is(
      'byte for byte',
      resent.every(({ bytes }) => bytes === sent),
    );
    stage.is(
      'and nothing else of that size',
      again.every((one) => one.head.size !== head.size || same(one.head, head)),
    );
    stage.is('it is certified', stage.certified(head.origin) >= head.size);
    onceOnly(stage, head);
  },
};

export const vanishedWriter: Scenario = {
  name: 'vanished-writer',
  says: 'A writer crashes in the middle of an append and stays away: hosters finish what they hold, and another device reads it.',
  async play(stage) {
    const { putting, head } = await interrupted(stage);
    const back = stage.world.weather.isolate('town-1');
    const goneAtMs = stage.world.nowMs;
    await stage.must('hosters finish it', () => stage.certified(head.origin) >= head.size, 60_000);
    stage.is('without its writer', stage.appendsOf('town-1', goneAtMs).length === 0);
    await stage.person('town-2').list();
    await stage.person('town-2').getAll();
    back();
    await putting;
    onceOnly(stage, head);
  },
};
