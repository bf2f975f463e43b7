// The promise: whichever three of the nine sites are lost, everything stored reads back byte-identical.
// All 84 ways, each read by a fresh client from the files of the six daemons that are left.

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { nodeSource, type Vault } from '@vauban/client';
import { FRAME_BYTES, LEAF_BYTES, type Policy } from '@vauban/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, TestNetwork } from '../support/network.ts';
import { joinNetwork, openFresh } from './agency.ts';
import { sha256 } from './tree.ts';

let network: TestNetwork;
let peers: readonly { readonly site: string; readonly peer: string }[];

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 9, k: 6, m: 3 });
  peers = (await network.daemons()).map(({ site, facts }) => ({ site, peer: facts.daemon.peer }));
});
afterAll(() => network?.close());

/** Every set of three of nine. */
const losses = Array.from({ length: 9 }, (_, a) => a).flatMap((a) =>
  Array.from({ length: 9 }, (_, b) => b).flatMap((b) =>
    Array.from({ length: 9 }, (_, c) => [a, b, c] as const)
      .filter(() => a < b)
      .filter(([, , c]) => b < c),
  ),
);

/** A vault under this policy with these files in it, read by clients that know nothing but its keys. */
async function store(
  policy: Partial<Policy> & Pick<Policy, 'name'>,
  files: Readonly<Record<string, Buffer>>,
) {
  const { directory } = await joinNetwork(network, policy);
  const tree = await network.tree(`tree-${policy.name}`, files);
  const vault = await openFresh(directory);
  try {
    const { problems, objects } = await vault.put(nodeSource(tree), '');
    expect(problems).toEqual([]);
    expect(objects).toHaveLength(Object.keys(files).length);
  } finally {
    await vault.close();
  }
  return directory;
}

/** What a client that cannot reach these sites makes of the vault. More may be added while it works. */
async function withoutSites<Result>(
  of: { readonly directory: string; readonly lost: readonly number[] },
  work: (vault: Vault, lose: (nth: number) => void) => Promise<Result>,
): Promise<Result> {
  const lost = new Set<string>();
  const lose = (nth: number) => void lost.add(peers[nth]?.peer as string);
  of.lost.forEach(lose);
  const vault = await openFresh(of.directory, lost);
  try {
    return await work(vault, lose);
  } finally {
    await vault.close();
  }
}

async function digestOf(vault: Vault, path: string, range?: { offset: number; length: number }) {
  const hash = createHash('sha256');
  await vault.read(path, async (bytes) => void hash.update(bytes), {
    stale: true,
    ...(range === undefined ? {} : { range }),
  });
  return hash.digest('hex');
}

describe('everything stored, whichever three of nine sites are lost', () => {
  // Small segments and cells, so that little data has every shape: many segments, full and short stripes, cells that
  // end inside a frame.
  const policy = {
    name: 'small',
    code: 'rs' as const,
    cellBytes: 2 * LEAF_BYTES,
    segmentFrames: 8,
    packObjectBytes: 100_000,
  };
  const files = {
    empty: Buffer.alloc(0),
    'one-byte': bytesOf(1, 2),
    'packed/a': bytesOf(1_000, 3),
    'packed/b': bytesOf(99_999, 4),
    'packed/c': bytesOf(FRAME_BYTES, 5),
    'packed/fills-another': bytesOf(100_000, 6),
    'packed/and-another': bytesOf(100_000, 7),
    'large/one-segment': bytesOf(100_001, 8),
    'large/many-segments': bytesOf(1_000_000, 9),
  };
  const ranges = [
    { path: 'packed/b', offset: 49_000, length: 300 },
    { path: 'packed/c', offset: 0, length: 1 },
    { path: 'large/many-segments', offset: 390_000, length: 500_000 },
    { path: 'large/many-segments', offset: 999_999, length: 1 },
    { path: 'one-byte', offset: 1, length: 0 },
  ] as const;
  const expected = Object.entries(files).map(([path, bytes]) => [path, sha256(bytes)] as const);

  it('reads back from the other six: packs, large files, empty ones and ranges', async () => {
    expect(losses).toHaveLength(84);
    const directory = await store(policy, files);
    for (const lost of losses) {
      const why = `without ${lost.map((nth) => peers[nth]?.site).join(', ')}`;
      await withoutSites({ directory, lost }, async (vault) => {
        const listed = (await vault.list('')).map(({ write }) => write.path);
        expect([why, ...listed]).toEqual([why, ...expected.map(([path]) => path).toSorted()]);
        await Promise.all([
          ...expected.map(async ([path, digest]) => {
            expect([path, why, await digestOf(vault, path)]).toEqual([path, why, digest]);
          }),
          ...ranges.map(async ({ path, ...range }) => {
            const wanted = files[path].subarray(range.offset, range.offset + range.length);
            expect([path, range, why, await digestOf(vault, path, range)]).toEqual([
              path,
              range,
              why,
              sha256(wanted),
            ]);
          }),
        ]);
      });
    }
  });

  it('does not come back from five: what is read above really comes from the six', async () => {
    const directory = join(network.scratch, 'vault-small');
    await withoutSites({ directory, lost: [0, 1, 2] }, async (vault, lose) => {
      await vault.list('');
      lose(3);
      await expect(digestOf(vault, 'large/many-segments')).rejects.toMatchObject({
        kind: 'missing-fragments',
      });
    });
  });

  it('holds for the standard policy and a file of many megabytes', async () => {
    const big = bytesOf(40_000_000, 10);
    const directory = await store({ name: 'standard' }, { big, small: bytesOf(5_000, 11) });
    for (const lost of [
      [0, 1, 2],
      [6, 7, 8],
      [0, 4, 8],
      [1, 2, 5],
    ]) {
      const why = `without ${lost.map((nth) => peers[nth]?.site).join(', ')}`;
      await withoutSites({ directory, lost }, async (vault) => {
        expect(await vault.list('')).toHaveLength(2);
        expect([why, await digestOf(vault, 'big')]).toEqual([why, sha256(big)]);
        expect([why, await digestOf(vault, 'small')]).toEqual([why, sha256(bytesOf(5_000, 11))]);
        const range = { offset: 15_900_000, length: 100_000 };
        const wanted = big.subarray(range.offset, range.offset + range.length);
        expect([why, await digestOf(vault, 'big', range)]).toEqual([why, sha256(wanted)]);
      });
    }
  });
});
