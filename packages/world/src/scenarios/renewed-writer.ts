// Rows 2 and 3: a writer whose write-ahead state is missing, or not the latest, or whose whole disk is an old one. Each
// time fewer than a quorum hold its newest append, which its own disk knows nothing of any more.

import { CrashStore } from '../crash-store.ts';
import type { PulledLog } from '../checker.ts';
import { field, numberOf, textOf } from '../checkers/cbor.ts';
import { leafOf } from '../checkers/tree.ts';
import type { DiskImage } from '../disk.ts';
import type { Person } from '../person.ts';
import type { Scenario } from './scenario.ts';
import { same, type Stage } from './stage.ts';

/** Origins of the log that ended, and of the one that goes on, by stage. */
const logsOf = new WeakMap<
  Stage,
  { readonly ended: string; readonly certified: number; readonly next: string }
>();

type Harm = (stage: Stage, person: Person, old: DiskImage) => DiskImage;

async function play(stage: Stage, harm: Harm): Promise<void> {
  const { world } = stage;
  const person = stage.person('town-1');
  await stage.put(person, 'before');
  const old = person.machine.disk.image();
  await stage.put(person, 'since');
  const ended = await stage.origin(person);
  const certified = stage.certified(ended);
  // Half of the histories have an append that a quorum of readers must come across, the others one that they may.
  const putting = stage.put(person, 'during');
  const head = await stage.cutShort(person, stage.some(1 + (world.seed % (stage.quorum - 1))));
  const signed = stage.appendsOf('town-1').map((one) => one.head);
  const harmedAtMs = world.nowMs;
  person.machine.restore(harm(stage, person, old));
  await putting;
  await stage.put(person, 'after');
  const next = await stage.origin(person);
  stage.is('it goes on under a new key', next !== ended && world.counters.get('notice DEVICE_RENEWED') === 1);
  const since = stage.appendsOf('town-1', harmedAtMs);
  const withOldKey = since.filter((one) => one.head.origin === ended);
  stage.is(
    'the old key signs nothing more',
    withOldKey.every((one) => signed.some((before) => same(before, one.head))),
  );
  stage.is(
    'the new one does',
    since.some((one) => one.head.origin === next),
  );
  await stage.must('what some held is finished', () => stage.certified(ended) === head.size, 60_000);
  stage.is('and nothing is beyond it', head.size > certified);
  logsOf.set(stage, { ended, certified, next });
}

/** The new log starts from the certified head of the old one. */
function judge(stage: Stage, logs: readonly PulledLog[]): void {
  const { ended, certified, next } = logsOf.get(stage) as { ended: string; certified: number; next: string };
  const entry = logs.find(({ origin }) => origin === next)?.entries[0] as Uint8Array;
  const adopts = field(stage.evidence.payload(leafOf(stage.world.crypto, entry)), 'adopts');
  stage.is('the new log adopts the old', textOf(field(adopts, 'origin')) === ended);
  stage.is('with all that was acknowledged', (numberOf(field(adopts, 'size')) ?? 0) >= certified);
}

export const lostWriteAhead: Scenario = {
  name: 'lost-write-ahead',
  says: 'A writer’s write-ahead state is gone: its key never signs again, its heads are finished, a new log goes on.',
  play: (stage) => play(stage, (_, person) => stage.withDatabase(person, new CrashStore())),
  judge,
};

export const oldWriteAhead: Scenario = {
  name: 'old-write-ahead',
  says: 'A writer’s write-ahead state is not the latest one: the same.',
  play: (stage) => play(stage, (_, person, old) => stage.withDatabase(person, old.store)),
  judge,
};

export const restoredDevice: Scenario = {
  name: 'restored-device',
  says: 'A device’s whole disk is put back from an older image: the same.',
  play: (stage) => play(stage, (_, __, old) => old),
  judge,
};
