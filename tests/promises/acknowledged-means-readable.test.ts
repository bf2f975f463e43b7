// The promise: what a put acknowledged stays readable and listed, whenever the client is killed; what it did not
// acknowledge is there whole or not at all. Twenty kills at seeded moments.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf, TestNetwork } from '../support/network.ts';
import { type AgencyVault, expectEnd, joinNetwork } from './agency.ts';
import { treeOf } from './tree.ts';

const KILLS = 20;
const SEED = 20_260_301;

let network: TestNetwork;
let vault: AgencyVault;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 5, k: 3, m: 2 });
  vault = await joinNetwork(network);
});
afterAll(() => network?.close());

/** Small files that share packs, one in segments of its own, an empty one. */
function filesOf(round: number): Record<string, Buffer> {
  const small = Array.from(
    { length: 12 },
    (_, n) => [`small/${n}`, bytesOf(900 * n, round * 100 + n + 1)] as const,
  );
  return {
    ...Object.fromEntries(small),
    large: bytesOf(round % 4 === 0 ? 17_000_000 : 3_000_000, round * 100 + 99),
  };
}

/** Numbers in [0, 1), the same at every run. */
function* fractions(seed: number) {
  const drawn = new Uint32Array(bytesOf(4 * 4_096, seed).buffer.slice(0));
  for (const word of drawn) yield word / 2 ** 32;
}

it(`holds over ${KILLS} kills of the client at any moment of a put`, async () => {
  const draw = fractions(SEED);
  // How long a put takes here and now, so that the kills fall all over it.
  const started = performance.now();
  const first = await vault.begin('put', await network.tree('round-0', filesOf(0)), 'round-0').outcome;
  expectEnd(first, 0);
  const usualMs = performance.now() - started;
  const acknowledged = new Set([0]);
  let killed = 0;

  for (let round = 1; round <= KILLS; round++) {
    const tree = await network.tree(`round-${round}`, filesOf(round));
    const putting = vault.begin('put', tree, `round-${round}`, '--json');
    // The first quarter is Node's own start.
    await sleep(usualMs * (0.25 + 0.8 * (draw.next().value ?? 0)));
    putting.child.kill('SIGKILL');
    const outcome = await putting.outcome;
    if (outcome.code === null) killed += 1;
    else expectEnd(outcome, 0);
    if (outcome.json !== undefined) acknowledged.add(round);

    if (round % 2 === 0) {
      const again = await vault.run('put', tree, `round-${round}`, '--json');
      expectEnd(again, 0);
      acknowledged.add(round);
    } else {
      await nothingIsLostOrHalf([round], acknowledged);
    }
  }
  expect(killed).toBeGreaterThan(KILLS / 3);

  const rounds = Array.from({ length: KILLS + 1 }, (_, round) => round);
  await nothingIsLostOrHalf(rounds, acknowledged);
  const verified = await vault.run('ledger', 'verify', '--json');
  expectEnd(verified, 0);
  expect(await vault.ask('verify', '--deep')).toMatchObject({ ok: true, problems: [] });
});

/** Every acknowledged path is listed, and every listed one reads back as it was written, as the only version. */
async function nothingIsLostOrHalf(
  rounds: readonly number[],
  acknowledged: ReadonlySet<number>,
): Promise<void> {
  for (const round of rounds) {
    const prefix = `round-${round}`;
    const { objects } = await vault.ask('ls', `${prefix}/`);
    const listed = (objects as { path: string }[]).map(({ path }) => path.slice(prefix.length + 1)).sort();
    const written = Object.keys(filesOf(round)).sort();
    if (acknowledged.has(round)) expect(listed).toEqual(written);
    else expect(written).toEqual(expect.arrayContaining(listed));
    if (listed.length === 0) continue;
    const out = join(network.scratch, 'out');
    const got = await vault.run('get', prefix, out);
    expectEnd(got, 0);
    // No second versions, no damage.
    expect(got.stderr).toBe('');
    const source = await treeOf(join(network.scratch, prefix));
    const wanted = Object.fromEntries(listed.map((path) => [path, source[path]]));
    expect(await treeOf(out)).toEqual(wanted);
    await rm(out, { recursive: true });
  }
}
