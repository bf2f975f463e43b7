// A daemon that keeps 99 of 100 leaves and says nothing is found within one audit period.

import { toHex } from '@vauban/core';
import { expect, test } from 'vitest';
import { seededRandom } from './fragment-setup.ts';
import { AuditWorld, heldFragment } from './watch-setup.ts';

const SEEDS = 100;
const PERIOD_MS = 8_000;
const FRAGMENTS = 25;
const LEAVES = 40;
const DROPPED = (FRAGMENTS * LEAVES) / 100;

const holder = new AuditWorld({ hosters: 4 }).ids[0] as string;
const fragments = Array.from({ length: FRAGMENTS }, (_, nth) =>
  heldFragment(`dropped ${nth}`, { holder, leaves: LEAVES }),
);

/** Whether any auditor has anything against it after a period. Half the seeds drop leaves of one fragment only. */
async function isFound(seed: number, dropped = DROPPED): Promise<boolean> {
  const world = new AuditWorld({ hosters: 4, seed, durations: { auditPeriodMs: PERIOD_MS, recheckMs: 200 } });
  for (const fragment of fragments) world.place(fragment);
  const random = seededRandom(seed + 1_000);
  const gone = new Set<string>();
  while (gone.size < dropped) {
    const [a = 0, b = 0] = random.bytes(2);
    const { segment } = fragments[
      seed % 2 === 0 ? seed % FRAGMENTS : a % FRAGMENTS
    ] as (typeof fragments)[number];
    gone.add(`${toHex(segment)} ${b % LEAVES}`);
  }
  // It has kept the hashes, which are small, and makes the bytes up.
  world.behaviour.set(holder, ({ segment, leaf }, honest) => {
    const answer = honest();
    return gone.has(`${toHex(segment)} ${leaf}`)
      ? { ...answer, bytes: new Uint8Array(answer.bytes.length) }
      : answer;
  });
  const auditors = world.ids.slice(1).map((id) => world.auditor(id));
  for (const one of auditors) await one.start();
  const found = () => world.entries.some(({ entry }) => entry.degraded.length > 0);
  for (let passedMs = 0; passedMs < PERIOD_MS && !found(); passedMs += PERIOD_MS / 8)
    await world.clock.pass(PERIOD_MS / 8);
  await Promise.all(auditors.map((one) => one.stop()));
  return found();
}

test('whoever silently drops 1 % of its leaves is found within the period, in at least 95 of 100 seeds', async () => {
  let found = 0;
  for (let seed = 0; seed < SEEDS; seed++) if (await isFound(seed)) found++;
  expect(found).toBeGreaterThanOrEqual(95);
});

test('whoever drops nothing is not', async () => {
  expect(await isFound(1, 0)).toBe(false);
});
