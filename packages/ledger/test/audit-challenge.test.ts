// Which leaves are asked for: told by the head, and by nothing that auditor or holder could choose.

import { createHash } from 'node:crypto';
import { utf8 } from '@vauban/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auditLeaves, type Challenge } from '../src/index.ts';
import { crypto, daemonOf } from './sample-charter.ts';
import { VAULT } from './samples.ts';

const challenge: Challenge = {
  crypto,
  head: { size: 5, root: crypto.sha256(utf8('root')) },
  auditor: daemonOf('h1'),
  holder: daemonOf('h2'),
  segment: VAULT,
  index: 3,
  leaves: 162,
  count: 4,
};

test('they are SHA-256 over what SPEC.md says, without this code', () => {
  const drawn: number[] = [];
  for (let nth = 0; drawn.length < challenge.count; nth++) {
    const tail = Buffer.alloc(5);
    tail.writeUInt8(3, 0);
    tail.writeUInt32BE(nth, 1);
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(5n);
    const digest = createHash('sha256')
      .update('vauban/audit/0\n')
      .update(challenge.head.root)
      .update(size)
      .update(Buffer.from(challenge.auditor + challenge.holder, 'hex'))
      .update(VAULT)
      .update(tail)
      .digest();
    const leaf = Number(digest.readBigUInt64BE(0) % 162n);
    if (!drawn.includes(leaf)) drawn.push(leaf);
  }
  expect(auditLeaves(challenge)).toEqual(drawn);
});

test('each thing named in it changes them', () => {
  const before = auditLeaves({ ...challenge, leaves: 1_000_000 });
  const { head } = challenge;
  const changes: Partial<Challenge>[] = [
    { head: { ...head, size: 6 } },
    { head: { ...head, root: VAULT } },
    { auditor: daemonOf('h3') },
    { holder: daemonOf('h3') },
    { segment: crypto.sha256(VAULT) },
    { index: 4 },
  ];
  for (const change of changes) {
    expect(auditLeaves({ ...challenge, leaves: 1_000_000, ...change })).not.toEqual(before);
  }
});

test('different leaves of the fragment, as many as asked for or all there are', () => {
  const of = fc.record({ leaves: fc.integer({ min: 1, max: 200 }), count: fc.integer({ min: 0, max: 40 }) });
  let short = 0;
  fc.assert(
    fc.property(of, fc.nat(1_000), ({ leaves, count }, size) => {
      const drawn = auditLeaves({ ...challenge, leaves, count, head: { ...challenge.head, size } });
      expect(new Set(drawn).size).toBe(drawn.length);
      for (const leaf of drawn) expect(leaf >= 0 && leaf < leaves).toBe(true);
      expect(drawn.length).toBeLessThanOrEqual(Math.min(count, leaves));
      if (drawn.length < Math.min(count, leaves)) short += 1;
    }),
    { numRuns: 200, seed: 20_261_122 },
  );
  expect(short).toBeLessThan(10);
});

test('every leaf is asked for sooner or later', () => {
  const seen = new Set<number>();
  for (let size = 1; size < 400; size++) {
    for (const leaf of auditLeaves({ ...challenge, head: { ...challenge.head, size } })) seen.add(leaf);
  }
  expect(seen.size).toBe(162);
});
