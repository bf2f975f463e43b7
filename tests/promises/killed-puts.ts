// Puts killed at seeded moments, one after the other on one vault, and what must hold after each and after all.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { bytesOf, type TestNetwork } from '../support/network.ts';
import { type AgencyVault, expectEnd } from './agency.ts';
import { treeOf } from './tree.ts';

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

/** Kills that many puts, each followed by another try or a look at what is there; then looks at everything. */
export async function expectToSurviveKills(
  network: TestNetwork,
  vault: AgencyVault,
  of: { readonly kills: number; readonly seed: number },
): Promise<void> {
  const draw = fractions(of.seed);
  const begin = (round: number, tree: string) => {
    const begun = performance.now();
    const putting = vault.begin('put', tree, `round-${round}`, '--json');
    const ended = putting.outcome.then((outcome) => ({ outcome, tookMs: performance.now() - begun }));
    return { child: putting.child, ended };
  };
  const first = await begin(0, await network.tree('round-0', filesOf(0))).ended;
  expectEnd(first.outcome, 0);
  // How long a put takes here and now, so that the kills fall all over it.
  let usualMs = first.tookMs;
  const acknowledged = new Set([0]);
  let killed = 0;

  for (let round = 1; round <= of.kills; round++) {
    const tree = await network.tree(`round-${round}`, filesOf(round));
    const { child, ended } = begin(round, tree);
    // The first quarter is Node's own start.
    await sleep(usualMs * (0.25 + 0.8 * (draw.next().value ?? 0)));
    child.kill('SIGKILL');
    const { outcome, tookMs } = await ended;
    if (outcome.code === null) killed += 1;
    else {
      expectEnd(outcome, 0);
      usualMs = Math.min(usualMs, tookMs);
    }
    if (outcome.json !== undefined) acknowledged.add(round);

    if (round % 2 === 0) {
      expectEnd(await vault.run('put', tree, `round-${round}`, '--json'), 0);
      acknowledged.add(round);
    } else {
      await expectNothingLostOrHalf(network, vault, { rounds: [round], acknowledged });
    }
  }
  // Otherwise nothing was tried here.
  expect(killed).toBeGreaterThanOrEqual(of.kills / 4);

  const rounds = Array.from({ length: of.kills + 1 }, (_, round) => round);
  await expectNothingLostOrHalf(network, vault, { rounds, acknowledged });
  expectEnd(await vault.run('ledger', 'verify', '--json'), 0);
  expect(await vault.ask('verify')).toMatchObject({ ok: true, problems: [] });
}

/** Every acknowledged path is listed, and every listed one reads back as it was written, as the only version. */
async function expectNothingLostOrHalf(
  network: TestNetwork,
  vault: AgencyVault,
  of: { readonly rounds: readonly number[]; readonly acknowledged: ReadonlySet<number> },
): Promise<void> {
  const only = of.rounds.length === 1 ? `round-${of.rounds[0]}` : '';
  const listed = await vault.paths(only === '' ? '' : `${only}/`);
  for (const round of of.rounds) {
    const below = `round-${round}/`;
    const written = Object.keys(filesOf(round)).map((path) => below + path);
    const there = listed.filter((path) => path.startsWith(below));
    if (of.acknowledged.has(round)) expect(there.sort()).toEqual(written.sort());
    else expect(written).toEqual(expect.arrayContaining(there));
  }
  if (listed.length === 0) return;
  const out = join(network.scratch, 'out');
  const got = await vault.run('get', only === '' ? '/' : only, join(out, only));
  expectEnd(got, 0);
  // No second versions, no damage.
  expect(got.stderr).toBe('');
  const sources = await Promise.all(
    of.rounds.map(async (round) => {
      const tree = await treeOf(join(network.scratch, `round-${round}`));
      return Object.entries(tree).map(([path, what]) => [`round-${round}/${path}`, what] as const);
    }),
  );
  const source = Object.fromEntries(sources.flat());
  expect(await treeOf(out)).toEqual(Object.fromEntries(listed.map((path) => [path, source[path]])));
  await rm(out, { recursive: true });
}
