// One device key in two programs, which sign two histories at once and show each to half of the hosters: readers are told
// and read both, another device revokes it and takes both branches over, and neither program signs any more.

import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgencyVault, joinNetwork } from '../promises/agency.ts';
import { inWords, type Json } from '../support/command.ts';
import { TestNetwork } from '../support/network.ts';
import { broughtAgain, expectWhole, fileFor, HeldBackPut, recovered } from './machines.ts';

let network: TestNetwork;
let kept: AgencyVault;
let sites: string[];

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 4, k: 2, m: 2 });
  kept = await joinNetwork(network);
  sites = (await network.daemons()).map(({ site }) => site);
});
afterAll(() => network?.close());

/** What the hosters alert to, all together. */
async function alerts(): Promise<string[]> {
  const { daemons } = await kept.ask('network', 'status', network.directory);
  return daemons.flatMap((one: Json) => one.alerts.map(({ code }: Json) => code));
}

it('a device that signs two histories is found out, and what both say is kept', async () => {
  const one = await recovered(network, kept, 'one');
  await one.ask('put', await fileFor(network, 'before'), 'before');
  const two = one.at(join(network.scratch, 'two'));
  await cp(one.directory, two.directory, { recursive: true });
  // Both have read the heads of their log, and signed, before any hoster hears of either.
  const puts = [new HeldBackPut(network, one, 'of one'), new HeldBackPut(network, two, 'of two')] as const;
  await Promise.all(puts.map(({ signed }) => signed));
  const halves = [sites.slice(0, 2), sites.slice(2)] as const;
  const ends = await Promise.all([puts[0].reach(halves[0]), puts[1].reach(halves[1])]);
  expect(ends).toEqual(['QUORUM_UNREACHABLE', 'QUORUM_UNREACHABLE']);

  const all = ['before', 'of one', 'of two'];
  const listed = await kept.here('ls', '--json');
  expect(listed.code, inWords(listed)).toBe(0);
  expect(listed.json.objects.map(({ path }: Json) => path)).toEqual(all);
  expect(listed.stderr).toContain(`the writer of ${one.device} signed two histories`);
  for (const how of [['--all-copies'], [], ['--network', network.directory]]) {
    const verified = await kept.here('ledger', 'verify', ...how, '--json');
    const problems = verified.json.problems.map(({ origin, code }: Json) => [origin, code]);
    const forked = [one.device, 'FORKED'];
    expect([verified.code, problems], inWords(verified)).toEqual([3, [forked, forked]]);
  }

  const number = one.device.slice(one.device.indexOf('/') + 1);
  const revoked = await kept.here('vault', 'revoke', number, '--json');
  expect(revoked.code, inWords(revoked)).toBe(0);
  // A place and its record of either branch.
  expect(revoked.json).toEqual({ device: one.device, branches: 2, adopted: 4, skipped: [] });

  await expectWhole(network, kept, all);
  const again = await kept.here('ls', '--json');
  expect(again.stderr).not.toContain('two histories');
  expect(await alerts()).toEqual([]);
  for (const vault of [one, two]) {
    const late = await vault.here('put', await fileFor(network, 'late'), '--json');
    expect([late.code, late.json.error.code], inWords(late)).toEqual([6, 'DEVICE_REVOKED']);
  }
  // Of either branch, to hosters that hold it and to those that hold the other.
  const told = await broughtAgain(network, sites, { origin: one.device, from: 3 });
  expect(told).toEqual(new Set(['LOG_SEALED', 'FORKED']));
});
