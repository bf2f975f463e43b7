import { describe, expect, it } from 'vitest';
import { SlabPool } from '../src/slab-pool.ts';

const MIB = 1_048_576;

describe('the slab pool', () => {
  it('lends the same memory again, to requests it fits', () => {
    const slabs = new SlabPool();
    const first = slabs.acquire(4 * MIB);
    first.release();
    const again = slabs.acquire(3 * MIB);
    expect(again.bytes.buffer).toBe(first.bytes.buffer);
    expect(again.bytes.length).toBe(3 * MIB);
    const other = slabs.acquire(3 * MIB);
    expect(other.bytes.buffer).not.toBe(first.bytes.buffer);
  });

  it('never ties up a large slab for a small request', () => {
    const slabs = new SlabPool();
    slabs.acquire(4 * MIB).release();
    expect(slabs.acquire(MIB).bytes.buffer.byteLength).toBe(MIB);
    expect(slabs.account).toEqual({ lentBytes: MIB, idleBytes: 4 * MIB, peakBytes: 4 * MIB });
  });

  it('takes a slab back once, however often it is released', () => {
    const slabs = new SlabPool();
    const slab = slabs.acquire(MIB);
    slab.release();
    slab.release();
    const [one, two] = [slabs.acquire(MIB), slabs.acquire(MIB)];
    expect(one.bytes.buffer).not.toBe(two.bytes.buffer);
    expect(slabs.account).toEqual({ lentBytes: 2 * MIB, idleBytes: 0, peakBytes: 2 * MIB });
  });

  it('keeps a bounded amount, the latest first', () => {
    const slabs = new SlabPool();
    const lent = Array.from({ length: 10 }, () => slabs.acquire(24 * MIB));
    for (const slab of lent) slab.release();
    expect(slabs.account).toEqual({ lentBytes: 0, idleBytes: 72 * MIB, peakBytes: 240 * MIB });
    const more = slabs.acquire(90 * MIB);
    expect(slabs.account).toMatchObject({ lentBytes: 90 * MIB, idleBytes: 0 });
    more.release();
    for (const slab of Array.from({ length: 3 }, () => slabs.acquire(24 * MIB))) slab.release();
    expect(slabs.account).toMatchObject({ lentBytes: 0, idleBytes: 72 * MIB });
  });

  it('lends what was used last', () => {
    const slabs = new SlabPool();
    const lent = Array.from({ length: 4 }, () => slabs.acquire(24 * MIB));
    for (const slab of lent) slab.release();
    const kept = lent.slice(-3).map((one) => one.bytes.buffer);
    for (let i = 0; i < 3; i++) expect(kept).toContain(slabs.acquire(24 * MIB).bytes.buffer);
  });

  it('does not keep small ones', () => {
    const slabs = new SlabPool();
    slabs.acquire(1_000).release();
    expect(slabs.account.idleBytes).toBe(0);
  });
});
