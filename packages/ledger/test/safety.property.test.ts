// Four voters, one of them a liar, two machines with one writer's key, crashes and lost messages in any order: never two
// certificates of one size with different roots, and never a certified entry that an honest voter of it has lost.

import { type Random, randomBelow } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Append,
  type AppendReply,
  cosign,
  formatSignature,
  LogStore,
  openCertificate,
  readHead,
  refresh,
  votingSetOf,
} from '../src/index.ts';
import { countedRandom, crashStore, TestNetwork, testClock } from './memory-hosters.ts';
import { chainOf, cosignerOf, crypto, publicOf, sampleCharter } from './sample-charter.ts';
import { deviceGenesis, objects, Pen } from './samples.ts';

const charter = sampleCharter(4);
const charters = chainOf(charter);
const LIAR = 'h1';

/** Signs anything at all, holding it or not. */
function signsAnything(append: Append): AppendReply {
  const head = readHead(append.checkpoint);
  return {
    result: 'cosigned',
    cosignature: formatSignature(cosign(crypto, head, cosignerOf(LIAR), 1_790_000_000)).trimEnd(),
  };
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      machine: fc.nat(1),
      entries: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      machine: fc.nat(1),
      to: fc.integer({ min: 1, max: 3 }),
      from: fc.nat(6),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('crash' as const),
      at: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(1_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('copy' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('certify' as const),
      to: fc.integer({ min: 1, max: 3 }),
      nth: fc.nat(5),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('read' as const), down: fc.nat(4) }) },
);

test('no two certificates for one size, whatever a forking writer and a lying voter do', async () => {
  let certificates = 0;
  let forks = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 45 }), async (steps) => {
      const net = await TestNetwork.of(4, { charters, clock: testClock() });
      net.hoster(1).lie = { append: async (append) => signsAnything(append), certify: async () => undefined };
      const machines: [Pen, Pen] = [new Pen('device laptop'), new Pen('device laptop')];
      machines[0].write([deviceGenesis('laptop')]);
      machines[1] = machines[0].copy();
      const { origin } = machines[0];
      /** Votes seen, by size and root: who signed, liar always included. */
      const signers = new Map<string, Set<string>>();
      const roots = new Map<number, string>();
      const certified: { size: number; root: string; text: string }[] = [];
      const note = (checkpoint: string, hoster: string) => {
        const { size, root } = readHead(checkpoint);
        const key = `${size} ${Buffer.from(root).toString('hex')}`;
        const set = signers.get(key) ?? new Set([LIAR]);
        signers.set(key, set.add(hoster));
        if (set.size < 3) return;
        const [, hex = ''] = key.split(' ');
        expect(roots.get(size) ?? hex, `size ${size}`).toBe(hex);
        if (roots.get(size) === hex) return;
        roots.set(size, hex);
        certificates += 1;
        const lines = [...set].map((name) =>
          formatSignature(cosign(crypto, readHead(checkpoint), cosignerOf(name), 1)),
        );
        certified.push({ size, root: hex, text: `${checkpoint}${lines.join('')}` });
      };
      for (const one of steps) {
        const pen = machines[('machine' in one ? one.machine : 0) as 0 | 1];
        if (one.do === 'write') {
          pen.write(
            Array.from({ length: one.entries }, (_, at) => objects(`${one.machine} ${pen.size} ${at}`)),
          );
        } else if (one.do === 'send') {
          const reply = await net
            .hoster(one.to + 1)
            .append(pen.appendFrom(Math.min(one.from, pen.size - 1)), null);
          if (reply.result === 'conflict' && reply.size < pen.size) {
            const again = pen.appendFrom(reply.size);
            const second = await net.hoster(one.to + 1).append(again, null);
            if (second.result === 'cosigned') note(again.checkpoint, `h${one.to + 1}`);
            if (second.result === 'refused') forks += 1;
          }
          if (reply.result === 'cosigned') note(pen.checkpoint(), `h${one.to + 1}`);
          if (reply.result === 'refused') forks += 1;
        } else if (one.do === 'crash') {
          await net.hoster(one.at + 1).crash(countedRandom(`crash ${one.seed}`));
        } else if (one.do === 'copy') {
          machines[1] = machines[0].copy();
        } else if (one.do === 'certify') {
          const chosen = certified[one.nth % Math.max(1, certified.length)];
          if (chosen !== undefined)
            await net
              .hoster(one.to + 1)
              .certify(origin, chosen.text)
              .catch(() => undefined);
        } else {
          net.cut(one.down + 1);
          const reader = await net.reader();
          await refresh(reader, { of: 'origins', origins: [origin] }).catch(() => undefined);
          net.cut();
          const { certificate } = reader.logs.state(origin);
          if (certificate !== null) {
            const { head } = openCertificate(
              crypto,
              votingSetOf(charter),
              certificate,
              publicOf('device laptop'),
            );
            const hex = Buffer.from(head.root).toString('hex');
            expect(roots.get(head.size) ?? hex, `read at size ${head.size}`).toBe(hex);
            roots.set(head.size, hex);
          }
        }
      }
      // Each honest voter still holds what it signed, and all it holds is one chain.
      for (const hoster of net.hosters.slice(1)) {
        await hoster.mirror.checkHistory();
        const { size } = hoster.mirror.logs.state(origin);
        expect((await hoster.mirror.logs.records(origin, 0, size)).length).toBe(size);
      }
    }),
    { numRuns: 50 },
  );
  // It was worth something: certificates were made, and forks were met.
  expect(certificates).toBeGreaterThan(10);
  expect(forks).toBeGreaterThan(3);
});

test('an honest writer that crashes anywhere never forks, and what was acknowledged is read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(1_000_000), async (seed) => {
      const random: Random = countedRandom(`honest ${seed}`);
      const net = await TestNetwork.of(4, { charters, clock: testClock() });
      net.hoster(1).lie = {
        append: async (append) =>
          randomBelow(random, 2) === 0
            ? signsAnything(append)
            : { result: 'conflict', size: randomBelow(random, 12), checkpoint: null },
      };
      let disk = crashStore();
      const acknowledged: string[] = [];
      let writer = await net.startedWriter('laptop', { store: disk });
      for (let nth = 0; nth < 14; nth++) {
        const choice = randomBelow(random, 8);
        if (choice === 0) {
          disk = disk.crash();
          writer = await net.writer('laptop', { store: disk });
          net.cut();
          await writer.start();
        } else if (choice === 1) {
          await net.hoster(2 + randomBelow(random, 3)).crash(random);
        } else if (choice === 2) {
          net.cut(...[1, 2, 3, 4].filter(() => randomBelow(random, 2) === 0));
        } else {
          const name = `entry ${nth}`;
          await writer
            .append(() => [objects(name)])
            .then(
              () => acknowledged.push(name),
              () => undefined,
            );
        }
      }
      net.cut();
      net.hoster(1).lie = {};
      const reader = await net.reader({ voters: net.hosters.slice(1) });
      await refresh(reader, { of: 'all' });
      const { size, certifiedSize } = reader.logs.state(writer.origin);
      expect(certifiedSize).toBe(size);
      const read: string[] = [];
      for (let index = 0; index < size; index++) {
        const { payload } = await reader.logs.entry(writer.origin, index);
        if (payload.kind === 'objects') read.push(new TextDecoder().decode(payload.sealed));
      }
      expect(read.filter((one) => acknowledged.includes(one))).toEqual(acknowledged);
      // The writer may hold more: persisted, and never sent.
      expect((await LogStore.open(disk, crypto)).state(writer.origin).size).toBeGreaterThanOrEqual(size);
    }),
    { numRuns: 25 },
  );
});
