// Commits that hosters refuse for a receipt that its daemon gave before it last erased.

import { Fault, toHex } from '@vauban/core';
import type { Place } from '@vauban/ledger';
import { describe, expect, it } from 'vitest';
import type { Batch, Committer } from '../src/committer.ts';
import { batch, change, gate, place, setup, until } from './committer-setup.ts';

describe('receipts from before their daemon erased', () => {
  const A = '00'.repeat(16);
  const B = 'bb'.repeat(16);
  const old = (daemon: string) =>
    new Fault('refused', 'GENERATION_OLD', 'a receipt was given before the daemon erased', {
      daemon,
      class: 'policy',
    });
  const heldByBoth = () => {
    const claim = place() as Place;
    const [root] = claim.fragments[0] as [Uint8Array];
    const ofB: (typeof claim.fragments)[number] = [root, Buffer.from(B, 'hex'), 0, new Uint8Array(64)];
    return { ...claim, fragments: [...claim.fragments.slice(1), ofB] };
  };
  const renewed = (claims: Batch['places'], daemon: string): Batch['places'] =>
    claims.map((claim) => {
      if (claim.kind === 'keep') return claim;
      const fragments = claim.fragments.map((one): (typeof claim.fragments)[number] => {
        if (one.length === 1 || toHex(one[1]) !== daemon) return one;
        return [one[0], one[1], one[2] + 1, one[3]];
      });
      return { ...claim, fragments };
    });
  const commit = (committer: Committer) =>
    committer.commit({ places: [heldByBoth()], changes: [change('a')], index: null });

  it('are asked anew, daemon by daemon, and what is certified names them', async () => {
    const asked: string[] = [];
    const { log, committer } = setup({
      freshReceipts: async (claims, daemon) => {
        asked.push(daemon);
        return renewed(claims, daemon);
      },
    });
    const left = [A, B];
    log.refuse = (payloads) =>
      payloads.some(({ kind }) => kind === 'place') && left.length > 0
        ? old(left.shift() as string)
        : undefined;
    await commit(committer);
    expect(asked).toEqual([A, B]);
    expect(log.told).toEqual(['place', 'a']);
    const told = log.entries.flatMap(({ payload }) => (payload.kind === 'place' ? payload.fragments : []));
    expect(told.map(([, , generation]) => generation)).toEqual(Array(9).fill(1));
  });

  it.each([
    { how: 'stay as they are', freshReceipts: async (claims: Batch['places']) => claims },
    {
      how: 'are never new enough',
      freshReceipts: async (...of: Parameters<typeof renewed>) => renewed(...of),
    },
  ])('that $how say that their holder failed', async ({ freshReceipts }) => {
    const { log, committer } = setup({ freshReceipts });
    log.refuse = () => old(B);
    await expect(commit(committer)).rejects.toMatchObject({
      code: 'HOLDER_FAILED',
      facts: { daemon: B, because: 'GENERATION_OLD' },
    });
    expect(log.appends.length).toBeLessThan(10);
  });

  it('of a daemon that gave none end as the refusal', async () => {
    const { log, committer } = setup();
    log.refuse = () => old('cc'.repeat(16));
    await expect(commit(committer)).rejects.toMatchObject({ code: 'GENERATION_OLD' });
  });

  it('are not asked anew while waiting may still have the append certified: it would be written twice', async () => {
    const asked: string[] = [];
    const { log, committer } = setup({
      freshReceipts: async (claims, daemon) => {
        asked.push(daemon);
        return claims;
      },
    });
    const open = gate(log);
    const { code, message, facts } = old(B);
    log.refuse = (payloads) =>
      payloads.some(({ kind }) => kind === 'place')
        ? new Fault('refused', code, message, { ...facts, class: 'later' })
        : undefined;
    const first = committer.commit(batch('first'));
    await until(() => log.appends.length === 1);
    const both = Promise.allSettled([commit(committer), committer.commit(batch('b', [place()]))]);
    open();
    await first;
    const refused = { status: 'rejected', reason: { code: 'GENERATION_OLD', facts: { class: 'later' } } };
    expect(await both).toMatchObject([refused, refused]);
    expect(asked).toEqual([]);
    expect(log.appends).toHaveLength(2);
  });

  it('that are no good hold up nobody who waits for the same append', async () => {
    const { log, committer } = setup();
    log.refuse = (payloads) =>
      payloads.some((one) => one.kind === 'place' && one.fragments.some(([, by]) => by && toHex(by) === B))
        ? old(B)
        : undefined;
    const open = gate(log);
    const first = committer.commit(batch('first'));
    await until(() => log.appends.length === 1);
    const others = Promise.allSettled([commit(committer), committer.commit(batch('b', [place()]))]);
    open();
    await first;
    expect((await others).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(log.told).toEqual(['first', 'place', 'b']);
  });
});
