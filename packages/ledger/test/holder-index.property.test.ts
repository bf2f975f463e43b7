// Whatever is written, judged or not, in whatever order: nobody holds a fragment now without being listed for it, and
// nobody is listed who was never named.

import { toHex } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { holdersNow, type Payload, type Place, segmentFacts, segmentsHeldBy } from '../src/index.ts';
import { claimsHolder } from '../src/segment-facts.ts';
import { RuleBench } from './rule-bench.ts';
import { daemonOf, hosterName, sampleCharter } from './sample-charter.ts';
import {
  adoptOf,
  custodyOf,
  daemonGenesis,
  deviceGenesis,
  Pen,
  placeOf,
  purgeOf,
  trimOf,
  voidOf,
} from './samples.ts';

const names = Array.from({ length: 10 }, (_, at) => hosterName(at));
const segments = ['one', 'two', 'three'];
const act = fc.record({
  do: fc.constantFrom('place', 'place', 'adopt', 'custody', 'custody', 'lost', 'trim', 'purge', 'void'),
  by: fc.nat(9),
  segment: fc.nat(2),
  index: fc.nat(8),
  holders: fc.array(fc.option(fc.nat(9), { nil: undefined }), { minLength: 9, maxLength: 9 }),
});

test('the index by holder says at least what the facts say', async () => {
  let held = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 25 }), async (acts) => {
      const bench = await RuleBench.open();
      const { mirror } = bench.hoster;
      const pens = new Map<string, Pen>([
        ['device laptop', bench.device],
        ['log h1', bench.daemon],
      ]);
      const penOf = async (key: string, genesis: () => Payload) => {
        const known = pens.get(key);
        if (known !== undefined) return known;
        const pen = new Pen(key);
        pens.set(key, pen);
        await mirror.adopt(pen.write([genesis()]));
        return pen;
      };
      const placed = new Map<number, Place>();
      const place = (at: number, holders: readonly (number | undefined)[]) => {
        const of = holders.map((one) => (one === undefined ? undefined : names[one]));
        const made = placeOf(sampleCharter(9), { name: segments[at] as string, holders: of });
        placed.set(at, made);
        return made;
      };
      for (const { do: what, by, segment: at, index, holders } of acts) {
        const name = names[by] as string;
        const daemon = await penOf(`log ${name}`, () => daemonGenesis(name));
        const known = placed.get(at);
        if (what === 'place') await mirror.adopt(bench.device.write([place(at, holders)]));
        else if (what === 'adopt') {
          const old = await penOf('device old', () => deviceGenesis('old'));
          await mirror.adopt(old.write([place(at, holders)]));
          await mirror.adopt(bench.device.write([adoptOf(old, old.size - 1)]));
        } else if (what === 'void') {
          const pen = by % 2 === 0 ? bench.device : daemon;
          if (pen.size > 1) await mirror.adopt(pen.write([voidOf(1 + (index % (pen.size - 1)))]));
        } else if (known !== undefined) {
          const { segment } = known;
          const claim = { origin: bench.device.origin, index: 1 };
          const keeper = names[(by + 1) % 10] as string;
          const payload: Payload =
            what === 'custody'
              ? custodyOf(known, { holder: name, index, claim, size: 2 })
              : what === 'lost'
                ? { kind: 'lost', fragments: [[segment, index]] }
                : what === 'trim'
                  ? trimOf({ segment, index, keeper }, 1)
                  : purgeOf(1, [segment]);
          await mirror.adopt(daemon.write([payload]));
        }
      }
      for (const { segment } of placed.values()) {
        const facts = await segmentFacts(mirror.logs, segment);
        const holding = new Set(holdersNow(facts).map(({ daemon }) => daemon));
        held += holding.size;
        for (const daemon of names.map((name) => daemonOf(name))) {
          const listed: string[] = [];
          for await (const one of segmentsHeldBy(mirror.logs.store, daemon)) listed.push(toHex(one));
          expect(listed).toEqual([...new Set(listed)].sort());
          const isListed = listed.includes(toHex(segment));
          if (holding.has(daemon)) expect(isListed).toBe(true);
          if (isListed) expect(claimsHolder(facts, { daemon })).toBe(true);
        }
      }
    }),
    { numRuns: 25, seed: 20_261_122 },
  );
  expect(held).toBeGreaterThan(100);
}, 60_000);
