// Two voters replaced one after the other, one liar, a writer with two histories, versions and messages in any order: what
// is certified is one history. The same schedules break every rule of an epoch that a hoster leaves out.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SignedCharter } from '../src/index.ts';
import { type Careless, EpochHoster, history, VoteCount, without } from './epoch-bench.ts';
import { sampleCharter } from './sample-charter.ts';
import { deviceGenesis, objects, Pen } from './samples.ts';

const LIAR = 'h1';
const RUNS = 100;
const ids = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
const first = without(without(sampleCharter(6, { f: 1 }), 'h6'), 'h5');
const versions = history(first, [
  { enter: 'h5', leave: 'h4' },
  { enter: 'h6', leave: 'h3' },
]);

const pens = ['A', 'B'].map((branch) => {
  const pen = new Pen('device laptop');
  pen.write([deviceGenesis('laptop')]);
  pen.write([objects(branch)]);
  const short = pen.appendFrom(0);
  pen.write([objects(`${branch} more`)]);
  return { branch, short, long: pen.appendFrom(0), rest: pen.appendFrom(2) };
});

type Step =
  | { readonly do: 'send'; readonly at: number; readonly branch: number; readonly long: boolean }
  | { readonly do: 'adopt'; readonly at: number }
  | { readonly do: 'ready'; readonly at: number }
  | { readonly do: 'lie'; readonly shows: boolean };

/** Everything that can happen, for a schedule to order and to leave out. */
const everything: Step[] = ids.flatMap((_, at): Step[] => [
  { do: 'adopt', at },
  { do: 'adopt', at },
  { do: 'send', at, branch: 0, long: false },
  { do: 'send', at, branch: 0, long: true },
  { do: 'send', at, branch: 1, long: false },
  { do: 'ready', at: 4 },
  { do: 'ready', at: 5 },
]);
everything.push({ do: 'lie', shows: false }, { do: 'lie', shows: true });

interface Mutant extends Careless {
  /** Signs with the key of the epoch before too. */
  readonly unfenced?: boolean;
}

/** Branches that anyone could certify, once all that was sent was answered. */
async function play(steps: readonly Step[], mutant: Mutant = {}) {
  const hosters: EpochHoster[] = [];
  for (const id of ids)
    hosters.push(await EpochHoster.of(id, versions[0] as SignedCharter, { careless: mutant }));
  const count = new VoteCount(versions, [LIAR]);
  let newVotes = 0;
  for (const one of steps) {
    if (one.do === 'lie') {
      const [liar] = hosters;
      if (liar !== undefined) liar.lie = one.shows ? undefined : () => ({ heads: [] });
      continue;
    }
    const hoster = hosters[one.at] as EpochHoster;
    if (one.do === 'ready') await hoster.becomeReady(hosters);
    else if (one.do === 'adopt') {
      const next = versions[hoster.charters.current.version];
      // The second change lists a key that the first newcomer gives only once it is ready.
      const known = hoster.epoch === 0 || hosters[4]?.mirror.silent === null || hosters[4]?.epoch === 2;
      if (next !== undefined && known) await hoster.adopt(next);
    } else {
      const pen = pens[one.branch] as (typeof pens)[number];
      const whole = one.long ? pen.long : pen.short;
      const what = `${pen.branch} ${one.long ? 3 : 2}`;
      try {
        let reply = await hoster.append(whole, null);
        if (reply.result === 'conflict' && reply.size === 2 && one.long)
          reply = await hoster.append(pen.rest, null);
        count.take(what, reply);
        if (reply.result === 'cosigned' && (hoster.hoster === 'h5' || hoster.hoster === 'h6')) newVotes += 1;
        if (reply.result === 'cosigned' && mutant.unfenced && hoster.epoch > 0)
          count.add(what, hoster.hoster, hoster.epoch - 1);
      } catch {
        // It does not vote, or does not answer.
      }
    }
  }
  const certified = pens.filter(({ branch }) =>
    [2, 3].some((size) => count.isCertified(`${branch} ${size}`)),
  );
  return { branches: certified.map(({ branch }) => branch), newVotes };
}

const schedules = fc.shuffledSubarray(everything, { minLength: 25 });

test('one history, whoever hears of the epochs when', async () => {
  let certified = 0;
  let newVotes = 0;
  await fc.assert(
    fc.asyncProperty(schedules, async (steps) => {
      const played = await play(steps);
      expect(played.branches.length).toBeLessThanOrEqual(1);
      certified += played.branches.length;
      newVotes += played.newVotes;
    }),
    { numRuns: RUNS },
  );
  // It is no safety of the dead.
  expect(certified).toBeGreaterThan(RUNS / 10);
  expect(newVotes).toBeGreaterThan(0);
});

test('the same schedules find two, where a hoster votes at once when it enters', async () => {
  const found = await fc.check(
    fc.asyncProperty(schedules, async (steps) => (await play(steps, { unread: true })).branches.length < 2),
    { numRuns: 2_000, seed: 5, endOnFailure: true },
  );
  expect(found.failed).toBe(true);
});

test('and this one does, where a hoster keeps its old key in use', async () => {
  const send = (at: number, branch: number): Step => ({ do: 'send', at, branch, long: false });
  const story: Step[] = [
    ...[0, 1, 2, 4].map((at): Step => ({ do: 'adopt', at })),
    { do: 'ready', at: 4 },
    // A by the liar, h3 and h5 with keys of the new epoch; B by the liar, h4 and h2 with keys of the old one.
    send(2, 0),
    send(4, 0),
    send(3, 1),
    send(1, 1),
  ];
  expect((await play(story, { unfenced: true })).branches).toEqual(['A', 'B']);
  expect((await play(story)).branches).toEqual(['A']);
});
