// A forecast of a network that runs and stores something: it begins with what the ledger says, before and after two fires, and
// says so.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from './support/command.ts';
import { TestNetwork } from './support/network.ts';

let network: TestNetwork;
let assumptions: string;

/** Often enough for few futures, and rebuilt over months: what is missing at first counts. */
const slow = `
[disk]
failures-per-year = 0.3
[repair]
link-bytes-per-second = 1
disk-bytes-per-second = 2
`;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 6, k: 3, m: 2 });
  assumptions = join(network.scratch, 'slow.toml');
  await writeFile(assumptions, slow);
});
afterAll(() => network?.close());

const forecast = async (...argv: readonly string[]) => {
  const few = ['--effort', 'quick', '--years', '1', '--assumptions', assumptions];
  return run(['forecast', '--network', network.directory, ...few, ...argv]);
};

it('begins with what the network stores, before and after two of its six sites burn', async () => {
  const empty = await forecast('--policies', 'own', '--json');
  expect([empty.code, empty.json.stored, empty.json.anew]).toEqual([0, null, 'nothing-stored']);

  const vault = await network.vault();
  const source = join(network.scratch, 'plan');
  await writeFile(source, Buffer.alloc(3_000_000, 7));
  await vault.ask('put', source, 'plan');

  const before = (await forecast('--policies', 'own,4+2', '--json')).json;
  const [own, other] = before.policies;
  expect(before.stored).toMatchObject({ lost: 0, silent: 0, lostSegments: 0, gap: null });
  expect(before.stored.segments).toBeGreaterThan(0);
  expect(before.stored.usableBytes).toBeGreaterThan(3_000_000);
  expect(own.stock.margins).toEqual([{ margin: 2, segments: before.stored.segments }]);
  expect(other.stock).toBeNull();
  expect(before.assumptions.segments).toBe(before.stored.segments);

  await network.burn('metz');
  await network.burn('nancy');
  const after = (await forecast('--policies', 'own', '--json')).json;
  expect(after.stored).toMatchObject({ segments: before.stored.segments, lost: 2, silent: 0 });
  // Five of six sites hold each segment: at least one of them burnt.
  expect(after.policies[0].stock.margins[0].margin).toBeLessThan(2);
  expect(after.policies[0].lossPerYear.low).toBeGreaterThan(own.lossPerYear.high);

  const told = await forecast('--policies', 'own');
  expect(told.stdout).toContain('Read from the network’s ledger');
  expect(told.stdout.replaceAll('\n', ' ')).toContain('Daemons lost now: 2; silent: 0');
});
