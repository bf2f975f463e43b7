// Sites that burn, are given up, come back and leave: what is stored is whole again each time, and nothing that stands elsewhere
// is undone by who returns.

import { healed } from '../healed.ts';
import type { HosterMachine } from '../hoster-machine.ts';
import { repairMisled } from '../liars/repair-misled.ts';
import { LEAP_MS } from '../membership.ts';
import { operatorSays } from '../operator-desk.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Silence makes lost, everybody looks at what that means. */
const NOTICE_MS = 45_000;
/** A walk through all that is held, and what follows from it. */
const WALK_MS = 60_000;
const WORD_MS_MAX = 60_000;

async function somethingStored(stage: Stage): Promise<void> {
  const [town, harbour] = [stage.person('town-1'), stage.person('harbour-1')];
  for (const nth of [1, 2, 3, 4]) await stage.put(town, `tiny-${nth}`);
  await stage.put(town, 'large', 90_000);
  await stage.put(harbour, 'other');
}

function burn(stage: Stage, name: string): void {
  stage.away.add(name);
  stage.hoster(name).burn();
}

async function declareLost(stage: Stage, site: string): Promise<void> {
  const said = await operatorSays(stage.world, { kind: 'site-lost', site }, WORD_MS_MAX);
  stage.is(`the operator gave ${site} up`, said);
}

async function fragmentsOn({ files }: HosterMachine): Promise<number> {
  let count = 0;
  for (const directory of await files.list('fragments'))
    count += (await files.list(`fragments/${directory}`)).length;
  return count;
}

async function readAll(stage: Stage, name: string): Promise<void> {
  const reader = stage.newPerson(name, 'town-1');
  await reader.recover();
  await reader.getAll();
  await reader.close();
}

export const threeFires: Scenario = {
  name: 'three-fires',
  says: 'Three sites burn, each after everything has healed: each time the best margin comes back that the sites left allow, and everything is read from six.',
  async play(stage) {
    await somethingStored(stage);
    for (const [nth, name] of stage.some(3).entries()) {
      burn(stage, name);
      if (nth === 1) await declareLost(stage, name);
      await stage.world.sleep(NOTICE_MS);
      await healed(stage.world, stage.away);
      await readAll(stage, `reader-${nth}`);
    }
  },
};

export const fireDuringRepair: Scenario = {
  name: 'fire-during-repair',
  says: 'A second site burns while what the first one held is being rebuilt: what was begun is planned anew, and nothing is lost.',
  async play(stage) {
    await somethingStored(stage);
    const [first, second] = stage.some(2) as [string, string];
    burn(stage, first);
    const began = () => stage.lines.some((line) => line.includes('says info repaired'));
    await stage.must('repair begins', began, 90_000);
    burn(stage, second);
    await declareLost(stage, second);
    await stage.world.sleep(NOTICE_MS);
    await healed(stage.world, stage.away);
  },
};

export const oldDiskReturns: Scenario = {
  name: 'old-disk-returns',
  says: 'A site was given up, its fragments were rebuilt elsewhere, and one of its files was deleted and erased by all others when its old disk comes back: it erases nothing, takes nothing and serves, until its engineer has looked.',
  async play(stage) {
    const { world } = stage;
    const person = stage.person('town-1');
    await somethingStored(stage);
    const [name] = stage.some(1) as [string];
    const hoster = stage.hoster(name);
    const held = await fragmentsOn(hoster);
    stage.is('it holds fragments', held > 0);
    hoster.cutPower();
    await declareLost(stage, name);
    await world.sleep(NOTICE_MS);
    await healed(world, new Set([name]));
    // Nothing is given up while a policy keeps it.
    await world.leap(LEAP_MS, 0);
    await person.does({ do: 'remove', by: 'town-1', at: 0, path: 'tiny-1' }, 900);
    await world.leap(LEAP_MS, WALK_MS);
    const purged = () => stage.lines.filter((line) => line.includes('says info purged')).length;
    stage.is('the others have erased', purged() === stage.hosters.length - 1);
    hoster.start();
    await stage.must('it says that it changes nothing', () => stage.said(name, 'warn read-only'));
    await world.leap(LEAP_MS, WALK_MS);
    stage.is('it has all it had', (await fragmentsOn(hoster)) === held);
    stage.is('nor says that it erased', !stage.said(name, 'says info purged'));
    await readAll(stage, 'reader-1');
    await hoster.care?.readmit();
    stage.is('it was readmitted', stage.said(name, 'info readmitted'));
    await world.leap(LEAP_MS, WALK_MS);
    stage.is('then it erases as the others did', (await fragmentsOn(hoster)) < held);
    await healed(world, stage.away);
  },
};

export const siteLostAndBack: Scenario = {
  name: 'site-lost-and-back',
  says: 'A site is given up that was only out of reach: what it holds is rebuilt elsewhere; it comes back read-only, is readmitted, and what stands twice goes where it helps most.',
  async play(stage) {
    const { world } = stage;
    await somethingStored(stage);
    const [name] = stage.some(1) as [string];
    const back = world.weather.isolate(name);
    await declareLost(stage, name);
    await world.sleep(NOTICE_MS);
    await healed(world, new Set([name]));
    stage.is(
      'others have rebuilt',
      stage.lines.some((line) => line.includes('says info repaired')),
    );
    back();
    const hoster = stage.hoster(name);
    await stage.must('it says that it changes nothing', () => stage.said(name, 'warn read-only'), 180_000);
    await hoster.care?.readmit();
    await world.sleep(NOTICE_MS);
    await healed(world, stage.away);
    const trimmed = () => stage.lines.some((line) => line.includes('says info trimmed'));
    await world.leap(LEAP_MS, WALK_MS);
    await world.leap(LEAP_MS, WALK_MS);
    stage.is('copies that nobody needs are gone', trimmed());
  },
};

export const drained: Scenario = {
  name: 'drained',
  says: 'A hoster hands over everything and goes when its daemon says that nothing is lost then: no margin has fallen, at no time.',
  async play(stage) {
    const { world } = stage;
    await somethingStored(stage);
    const [name] = stage.some(1) as [string];
    const { care } = stage.hoster(name);
    await care?.standing.setDraining(true);
    await world.leap(LEAP_MS, 0);
    const progress = () => care?.erase.drain.progress();
    await stage.must('it is safe to stop', () => progress()?.safeToStop === true, 300_000);
    burn(stage, name);
    await world.sleep(NOTICE_MS);
    await healed(world, stage.away);
  },
};

export const lyingHelpers: Scenario = {
  name: 'lying-helpers',
  says: 'Two hosters ship other bytes to whoever rebuilds while a third has burnt: they are found out, and what is rebuilt is right.',
  async play(stage) {
    const { world } = stage;
    await somethingStored(stage);
    const [gone, ...liars] = stage.some(3) as [string, string, string];
    for (const name of liars) {
      const hoster = stage.hoster(name);
      hoster.kill();
      hoster.corrupt(repairMisled);
      hoster.start();
    }
    await stage.allVote();
    burn(stage, gone);
    await world.sleep(NOTICE_MS);
    await healed(world, new Set([gone, ...liars]));
    stage.is('somebody was lied to', world.counters.get('lie repair-misled ships other bytes') > 0);
    stage.is(
      'and said so',
      stage.lines.some((line) => line.includes('says warn helper-lied')),
    );
  },
};
