// Segments under a policy of clay: coded by length, read in place from whoever holds the bytes, decoded by whole cells when
// somebody is missing.

import { CELL_BYTES as RS_CELL_BYTES, LEAF_BYTES } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  expectAnyRange,
  expectReleased,
  expectSame,
  expectStored,
  placeOf,
  policyOf,
  randomBytes,
  TestNetwork,
} from './segment-setup.ts';

const CELL_BYTES = 27 * LEAF_BYTES;
const STRIPE_BYTES = 6 * CELL_BYTES;
const policy = policyOf({ code: 'clay', cellBytes: CELL_BYTES });

describe('a segment under a policy of clay', () => {
  it.each([
    [1, 'rs', 16],
    [RS_CELL_BYTES, 'rs', 24_576],
    [STRIPE_BYTES - 1, 'rs', CELL_BYTES],
    [STRIPE_BYTES, 'clay', CELL_BYTES],
    [STRIPE_BYTES + 1, 'clay', CELL_BYTES + 432],
    [2 * STRIPE_BYTES + 70_001, 'clay', 2 * CELL_BYTES + 12_096],
  ])('of %i bytes is coded with %s, in fragments of %i', async (size, code, fragmentBytes) => {
    const network = new TestNetwork({ policy });
    const sealed = randomBytes(size);
    const stored = await network.store(sealed);
    expect(stored.descriptor.code).toBe(code);
    expect(stored.descriptor.cellBytes).toBe(code === 'rs' ? RS_CELL_BYTES : CELL_BYTES);
    expect(network.daemons.map((one) => one.receivedBytes)).toEqual(Array(9).fill(fragmentBytes));
    expectStored(network, stored);
    expectSame(await network.read(stored, { offset: 0, length: size }), sealed);
    await expectReleased(network);
  });

  it.each([
    [8, 5],
    [7, 4],
    [6, 3],
  ])('with %i sites left is coded %i + 3, and any three of them may go', async (sites, k) => {
    const network = new TestNetwork({ policy, sites });
    const sealed = randomBytes(STRIPE_BYTES + 5);
    const stored = await network.store(sealed);
    expect(stored.descriptor).toMatchObject({ code: 'clay', k, m: 3 });
    network.kill(...network.daemons.slice(1, 4));
    expectSame(await network.read(stored, { offset: 0, length: sealed.length }), sealed);
  });

  it('gives any range, with up to three sites dead', async () => {
    const network = new TestNetwork({ policy });
    const size = 2 * STRIPE_BYTES + 500_000;
    const sealed = randomBytes(size);
    const stored = await network.store(sealed);
    await expectAnyRange(network, stored, {
      sealed,
      lengths: fc.oneof(fc.nat(60_000), fc.nat(size)),
      numRuns: 25,
    });
    await expectReleased(network);
  });

  it('reads a small range from its holder alone, and whole cells when that one stops', async () => {
    const network = new TestNetwork({ policy });
    const sealed = randomBytes(STRIPE_BYTES);
    const stored = await network.store(sealed);
    const client = network.client();
    const place = placeOf(stored);
    const offset = CELL_BYTES + 50_000;
    const read = async () => {
      const into = new Uint8Array(1_000);
      const account = await network.clock.run(client.reader.read({ place, offset, length: 1_000, into }));
      expectSame(into, sealed.slice(offset, offset + 1_000));
      return account;
    };
    expect(await read()).toEqual({ readBytes: LEAF_BYTES, decoded: false });
    network.stop(network.holder(stored, 1));
    const account = await read();
    expect(account.decoded).toBe(true);
    expect(account.readBytes).toBeGreaterThanOrEqual(6 * CELL_BYTES);
    const next = await read();
    expect(next).toEqual({ readBytes: 6 * CELL_BYTES, decoded: true });
    network.reviveAll();
    await expectReleased(network);
  });
});
