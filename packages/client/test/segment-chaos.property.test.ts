import { Fault } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FakeDaemon } from './fake-daemon.ts';
import {
  expectReleased,
  expectSame,
  expectStored,
  randomBytes,
  STRIPE_BYTES,
  TestNetwork,
} from './segment-setup.ts';

const SIZE = 2 * STRIPE_BYTES + 40_000;

type Trouble = (network: TestNetwork, daemon: FakeDaemon, bytes: number) => void;

const readTroubles: readonly Trouble[] = [
  (network, daemon) => network.kill(daemon),
  (network, daemon) => network.stop(daemon),
  (_, daemon) => daemon.fragments.clear(),
  (_, { misdeeds }, bytes) => {
    misdeeds.flipLeaf = bytes % 6;
  },
  (_, { misdeeds }) => {
    misdeeds.wrongLeafList = true;
  },
  (network, daemon, bytes) => {
    daemon.misdeeds.atSentBytes = { bytes, act: () => network.kill(daemon) };
  },
  (network, daemon, bytes) => {
    daemon.misdeeds.atSentBytes = { bytes, act: () => network.stop(daemon) };
  },
  (network, { facts }) => {
    network.hub.condition(facts.peer).bytesPerMs = 50;
  },
];

const writeTroubles: readonly Trouble[] = [
  (network, daemon) => network.kill(daemon),
  (network, daemon) => network.stop(daemon),
  (network, daemon, bytes) => {
    daemon.misdeeds.atBytes = { bytes, act: () => network.kill(daemon) };
  },
  (network, daemon, bytes) => {
    daemon.misdeeds.atBytes = { bytes, act: () => network.stop(daemon) };
  },
  (network, daemon, bytes) => {
    daemon.misdeeds.atBytes = { bytes, act: () => network.hub.cut(daemon.facts.peer) };
  },
  (_, { misdeeds }) => {
    misdeeds.forgeReceipt = true;
  },
  (_, { misdeeds }) => {
    misdeeds.refusePut = new Fault('refused', 'DISK_FULL', 'no room');
  },
  (_, { misdeeds }) => {
    misdeeds.failUpload = new Fault('failure', 'DISK_FAILED', 'it broke');
  },
];

/** Up to three daemons of nine, each with a trouble. */
const troubles = (of: readonly Trouble[]) =>
  fc.uniqueArray(
    fc.record({
      at: fc.nat(8),
      trouble: fc.nat(of.length - 1),
      bytes: fc.nat(90_000),
    }),
    { maxLength: 3, selector: (one) => one.at },
  );

describe('whatever any three daemons do', () => {
  it('every range is read, and right', async () => {
    const range = fc.tuple(fc.nat(SIZE - 1), fc.nat(SIZE));
    await fc.assert(
      fc.asyncProperty(
        troubles(readTroubles),
        fc.array(range, { minLength: 1, maxLength: 3 }),
        async (bad, ranges) => {
          const network = new TestNetwork();
          const sealed = randomBytes(SIZE);
          const stored = await network.store(sealed);
          for (const { at, trouble, bytes } of bad) {
            readTroubles[trouble]?.(network, network.daemons[at] as FakeDaemon, bytes);
          }
          const client = network.client();
          for (const [offset, length] of [[0, SIZE] as const, ...ranges]) {
            const wanted = { offset, length: Math.min(length, SIZE - offset) };
            const bytes = await network.read(stored, wanted, client);
            expectSame(bytes, sealed.slice(offset, offset + wanted.length));
          }
          network.reviveAll();
          await expectReleased(network);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('a segment is stored on others, and read without them', async () => {
    await fc.assert(
      fc.asyncProperty(troubles(writeTroubles), async (bad) => {
        const network = new TestNetwork();
        for (const { at, trouble, bytes } of bad) {
          writeTroubles[trouble]?.(network, network.daemons[at] as FakeDaemon, bytes);
        }
        const sealed = randomBytes(SIZE);
        const stored = await network.store(sealed);
        expectStored(network, stored);
        expect(stored.k).toBeGreaterThanOrEqual(6 - bad.length);
        expect(stored.fragments.every((one) => one.length === 4)).toBe(true);
        expectSame(await network.read(stored, { offset: 0, length: SIZE }), sealed);
        network.reviveAll();
        await expectReleased(network);
      }),
      { numRuns: 40 },
    );
  });
});
