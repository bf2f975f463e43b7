// Row 7: a hoster that is behind, or whose database rots: it gets everything back from the others without a person, votes
// again, and can be relied on alone for the quorum.

import { checkedStore, prefixedStore, type Random, readableRows, toHex, utf8 } from '@vauban/core';
import { CrashStore } from '../crash-store.ts';
import type { HosterMachine } from '../hoster-machine.ts';
import type { PulledLog } from '../checker.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

/** Everything is re-read at the start, and what is missing pulled. */
const HEALING_MS = 40_000;

const chosen = new WeakMap<Stage, string>();

/** With three others dark nobody can do without it: readers and writers need all six that are left. */
async function relyOn(stage: Stage, name: string): Promise<void> {
  const person = stage.person('town-1');
  const dark = stage.hosters.filter((one) => one.name !== name).slice(0, stage.hosters.length - stage.quorum);
  for (const hoster of dark) hoster.cutPower();
  const [origin, votes] = [await stage.origin(person), stage.votesBy(name)];
  const before = stage.certified(origin);
  await stage.put(person, 'with six');
  stage.is('it signed what needed it', stage.votesBy(name) > votes && stage.certified(origin) > before);
  const reader = stage.newPerson('early reader', 'town-1');
  await reader.recover();
  await reader.getAll();
  await reader.close();
  for (const hoster of dark) hoster.start();
}

/** It hands out, to the byte, what each of the others does. */
function sameAsOthers(stage: Stage, logs: readonly PulledLog[]): void {
  const name = chosen.get(stage);
  const copies = (daemon: string | undefined) =>
    logs
      .filter((one) => one.daemon === daemon)
      .map(({ origin, entries }) => `${origin} ${Buffer.concat(entries).toString('hex')}`)
      .sort();
  const own = copies(name);
  stage.is('it holds every log', own.length > 0);
  for (const other of stage.hosters) {
    const theirs = copies(other.name);
    stage.is(
      `as ${other.name} does`,
      theirs.length === own.length && theirs.every((one, nth) => one === own[nth]),
    );
  }
}

async function heals(
  stage: Stage,
  harm: (hoster: HosterMachine, random: Random) => Promise<boolean>,
): Promise<void> {
  const [person, second] = [stage.person('town-1'), stage.person('town-2')];
  const [name] = stage.some(1) as [string];
  const hoster = stage.hoster(name);
  chosen.set(stage, name);
  await stage.put(person, 'before');
  await stage.put(second, 'beside');
  await stage.put(stage.person('harbour-1'), 'elsewhere');
  // Half of the histories: what is gone is not the newest.
  if (stage.world.seed % 2 === 0) await stage.put(person, 'large', 30_000);
  hoster.kill();
  stage.is('its disk is not what it was', await harm(hoster, stage.random('harm')));
  const rows = await rowsOf(stage, hoster);
  stage.is(
    `${rows.unreadable} rows are rotten, ${rows.readable} are not`,
    rows.unreadable > 0 || rows.readable === 0,
  );
  await stage.put(second, 'meanwhile');
  hoster.start();
  await stage.must('it votes again', () => hoster.state === 'voting');
  await stage.world.sleep(HEALING_MS);
  await relyOn(stage, name);
  // One that was not dark: a device that has written nothing yet is known where it was brought alone.
  await stage.allVote();
  await stage.world.sleep(HEALING_MS);
  const other = stage.hosters.findLast((one) => one !== hoster) as HosterMachine;
  for (const one of [hoster, other]) one.kill();
  const [healed, whole] = [await rowsOf(stage, hoster), await rowsOf(stage, other)];
  stage.is('every row can be read', healed.unreadable === 0);
  stage.is('and there are those that others have', healed.keys.join() === whole.keys.join());
  for (const one of [hoster, other]) one.start();
}

/** Of the ledger on a disk that no program runs on. */
async function rowsOf(stage: Stage, hoster: HosterMachine) {
  const program = stage.world.program(`${hoster.name}/looked at`, stage.lines.length);
  const store = prefixedStore(checkedStore(hoster.disk.store(program), stage.world.crypto), utf8('ledger/'));
  const keys: string[] = [];
  let unreadable = 0;
  const corrupt = () => {
    unreadable += 1;
  };
  for await (const [key] of readableRows(store, {}, corrupt)) keys.push(toHex(key));
  program.end();
  return { keys, readable: keys.length, unreadable };
}

async function flipped(
  hoster: HosterMachine,
  random: Random,
  of: { readonly keys: string; readonly times: number },
) {
  let hit = 0;
  for (let nth = 0; nth < of.times; nth++) {
    if ((await hoster.disk.flip(random, { key: utf8(of.keys) })) !== undefined) hit += 1;
  }
  return hit === of.times;
}

function damaged(name: string, says: string, keys: string, times: number): Scenario {
  return {
    name,
    says: `${says} of a hoster’s ledger rot: it notices, gets them back from the others by itself, votes again, and is as good as any.`,
    play: (stage) => heals(stage, (hoster, random) => flipped(hoster, random, { keys, times })),
    judge: sameAsOthers,
  };
}

export const damagedEntries = damaged('damaged-entries', 'Entries', 'ledger/E/', 3);
export const damagedStates = damaged('damaged-states', 'The states of logs', 'ledger/L/', 2);
export const damagedIndex = damaged('damaged-index', 'Rows derived from entries', 'ledger/S/', 3);
export const damagedLedger = damaged('damaged-ledger', 'All kinds of rows, many at once,', 'ledger/', 40);

export const lostDatabase: Scenario = {
  name: 'lost-database',
  says: 'A hoster’s whole database is gone, its files are there: it gets the ledger back from the others by itself, votes again, and is as good as any.',
  play: (stage) =>
    heals(stage, async ({ disk }) => {
      disk.restore({ files: disk.image().files, store: new CrashStore() });
      return true;
    }),
  judge: sameAsOthers,
};

export const hosterBehind: Scenario = {
  name: 'hoster-behind',
  says: 'A hoster hears nothing for a while: it pulls what it lacks from the others without being started anew, and is as good as any.',
  async play(stage) {
    const person = stage.person('town-1');
    const [name] = stage.some(1) as [string];
    chosen.set(stage, name);
    await stage.put(person, 'before');
    const back = stage.world.weather.isolate(name);
    const votes = stage.votesBy(name);
    await stage.put(person, 'without it');
    await stage.put(stage.person('town-2'), 'without it too');
    stage.is('it has signed nothing of that', stage.votesBy(name) === votes);
    await stage.world.sleep(15_000);
    const backAtMs = stage.world.nowMs;
    back();
    await stage.world.sleep(90_000);
    stage.is('it was not started anew', stage.hoster(name).state === 'voting');
    stage.is('writers did not bring it', stage.appendsOf('town-1', backAtMs).length === 0);
    await relyOn(stage, name);
  },
  judge: sameAsOthers,
};
