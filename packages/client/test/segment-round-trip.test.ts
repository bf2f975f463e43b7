import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CELL_BYTES,
  expectAnyRange,
  expectReleased,
  expectSame,
  expectStored,
  placeOf,
  policyOf,
  randomBytes,
  STRIPE_BYTES,
  TestNetwork,
} from './segment-setup.ts';

const sizes = [1, 16, 17, 16_384, 6 * 16_384 + 5, STRIPE_BYTES, STRIPE_BYTES + 1, 3 * STRIPE_BYTES + 70_001];

describe('a segment that was stored', () => {
  it.each(sizes)('of %i bytes comes back whole', async (size) => {
    const network = new TestNetwork();
    const sealed = randomBytes(size);
    const stored = await network.store(sealed);
    expect(stored).toMatchObject({ k: 6, m: 3, problems: [] });
    expect(stored.fragments.every((one) => one.length === 4)).toBe(true);
    expectStored(network, stored);
    expectSame(await network.read(stored, { offset: 0, length: size }), sealed);
    await expectReleased(network);
  });

  it('is sent once, and only the fragments', async () => {
    const network = new TestNetwork();
    const stored = await network.store(randomBytes(STRIPE_BYTES));
    expect(stored.sentBytes).toBe(9 * CELL_BYTES);
    expect(network.daemons.map((one) => one.receivedBytes)).toEqual(Array(9).fill(CELL_BYTES));
  });

  it('gives any range, with up to three sites dead', async () => {
    const network = new TestNetwork();
    const size = 3 * STRIPE_BYTES + 50_000;
    const sealed = randomBytes(size);
    const stored = await network.store(sealed);
    await expectAnyRange(network, stored, {
      sealed,
      lengths: fc.nat(size),
      numRuns: 60,
      // A helper that was not read to its end once overwrote the end of this range.
      examples: [[{ offset: 76_218, length: 415_303, dead: [5, 7] }]],
    });
    await expectReleased(network);
  });

  it('survives every loss of one, two or three sites of nine', async () => {
    const network = new TestNetwork();
    const sealed = randomBytes(STRIPE_BYTES + 33_333);
    const stored = await network.store(sealed);
    let losses = 0;
    for (let bits = 0; bits < 512; bits++) {
      const dead = network.daemons.filter((_, at) => (bits & (1 << at)) !== 0);
      if (dead.length < 1 || dead.length > 3) continue;
      network.reviveAll();
      network.kill(...dead);
      const bytes = await network.read(stored, { offset: 0, length: sealed.length });
      expectSame(bytes, sealed);
      losses += 1;
    }
    expect(losses).toBe(9 + 36 + 84);
  });

  it('reads a small range from one daemon alone', async () => {
    const network = new TestNetwork();
    const sealed = randomBytes(2 * STRIPE_BYTES);
    const stored = await network.store(sealed);
    network.hub.bulkOpened.clear();
    const { reader } = network.client();
    const into = new Uint8Array(4_096);
    const place = placeOf(stored);
    const read = reader.read({ place, offset: CELL_BYTES + 100, length: 4_096, into });
    expect(await network.clock.run(read)).toEqual({ readBytes: 16_384, decoded: false });
    expectSame(into, sealed.slice(CELL_BYTES + 100, CELL_BYTES + 4_196));
    expect([...network.hub.bulkOpened]).toEqual([[network.holder(stored, 1).facts.peer, 1]]);
  });

  it('keeps other codes too', async () => {
    const network = new TestNetwork({
      sites: 5,
      policy: policyOf({ k: 3, m: 2, sitesLost: 2, minSurvives: 2 }),
    });
    const sealed = randomBytes(200_000);
    const stored = await network.store(sealed);
    network.kill(network.holder(stored, 0), network.holder(stored, 2));
    expectSame(await network.read(stored, { offset: 0, length: sealed.length }), sealed);
  });
});
