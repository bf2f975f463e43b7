// Row 5: a charter version drops a daemon's log key, in the middle of an append of it: that version is the log's seal.

import { originOf } from '@vauban/ledger';
import type { HosterMachine } from '../hoster-machine.ts';
import { enactCharter } from '../officers-desk.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const ENACT_MS_MAX = 20_000;

/** A fragment file is gone when its daemon starts: the daemon writes so into its own log. */
async function loses({ files }: HosterMachine): Promise<void> {
  for (const shelf of await files.list('fragments')) {
    const [fragment] = await files.list(`fragments/${shelf}`);
    if (fragment !== undefined) return files.remove(`fragments/${shelf}/${fragment}`);
  }
  throw new Error('it holds no fragment');
}

async function startAgain(stage: Stage, hoster: HosterMachine, logSeed: Uint8Array): Promise<void> {
  hoster.kill();
  await loses(hoster);
  hoster.identity = { ...hoster.identity, logSeed };
  hoster.start();
}

export const droppedKey: Scenario = {
  name: 'dropped-key',
  says: 'A charter version drops a daemon’s log key in the middle of an append: nothing more of that log is signed, readers need not wait for its end, and a new key opens a new log.',
  async play(stage) {
    const { world } = stage;
    const { crypto } = world;
    const person = stage.person('town-1');
    for (const path of ['one', 'two', 'three', 'four']) await stage.put(person, path);
    const [name] = stage.some(1) as [string];
    const hoster = stage.hoster(name);
    const [oldSeed, newSeed] = [hoster.identity.logSeed, world.key(`${name}/log/2`)];
    const originUnder = (seed: Uint8Array) =>
      originOf(crypto, world.charters.current.name, crypto.ed25519Public(seed));
    const [ended, next] = [originUnder(oldSeed), originUnder(newSeed)];
    world.tell({ of: 'damaged', machine: name });
    await startAgain(stage, hoster, oldSeed);
    await stage.must('its loss is certified', () => stage.said(name, 'loss-certified'));
    await stage.must('in its log', () => stage.certified(ended) > 0);
    const certified = stage.certified(ended);

    const others = stage.some(stage.hosters.length).filter((one) => one !== name);
    // With its own vote fewer than a quorum.
    const reached = others.slice(0, 1 + (world.seed % (stage.quorum - 2)));
    const through = stage.onlyTo(name, reached);
    const before = stage.lines.length;
    await startAgain(stage, hoster, oldSeed);
    const began = () =>
      stage.appendsOf(name).find(({ head }) => head.origin === ended && head.size > certified);
    await stage.must('it appends again', () => began() !== undefined);
    const head = began()?.head;
    await stage.must('some sign', () => head !== undefined && stage.votersOf(head).length === reached.length);
    const { daemon } = hoster.identity;
    const enacted = await enactCharter(
      world,
      (charter) => ({
        ...charter,
        daemons: charter.daemons.map((one) =>
          one.id === daemon ? { ...one, logKey: crypto.ed25519Public(newSeed) } : one,
        ),
      }),
      ENACT_MS_MAX,
    );
    stage.is('the charter drops the key', enacted);
    through();
    await world.sleep(30_000);
    stage.is('nobody certifies the rest of its log', stage.certified(ended) === certified);
    stage.is('it is refused as a stranger’s', stage.heard('answer append', 'WRITER_UNKNOWN'));
    stage.is('its daemon is told', said(stage, before, name, 'loss-not-certified', 'WRITER_UNKNOWN'));
    await person.does({ do: 'where', by: 'town-1', at: 0, path: 'one' }, 0);
    await person.does({ do: 'verify', by: 'town-1', at: 0 }, 0);

    const since = stage.lines.length;
    await startAgain(stage, hoster, newSeed);
    await stage.must('under the new key losses are certified', () =>
      said(stage, since, name, 'loss-certified'),
    );
    await stage.must('in a new log', () => stage.certified(next) > 0);
    await person.does({ do: 'verify', by: 'town-1', at: 0 }, 0);
    stage.is('and still not in the old', stage.certified(ended) === certified);
  },
};

function said(stage: Stage, since: number, name: string, ...words: readonly string[]): boolean {
  return stage.lines
    .slice(since)
    .some(
      (line) => line.includes(`  ${name.padEnd(24)}  says`) && words.every((word) => line.includes(word)),
    );
}
