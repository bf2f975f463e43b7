// Two machines of one agency; one is lost. The other takes its rights away: what it stored stays, what it signs counts
// no more, and nobody is told less than before.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inWords, type Json, run } from '../support/command.ts';
import { TestNetwork, type TestVault } from '../support/network.ts';

let network: TestNetwork;
let lost: TestVault;
let kept: TestVault;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 3, k: 2, m: 1 });
  lost = await network.vault('lost');
  kept = lost.at(at('kept'));
  const words = join(network.scratch, 'words');
  await writeFile(words, `${lost.created.json.words}\n`);
  const from = ['--words-file', words, '--network', network.directory];
  const where = ['--vault', kept.directory, '--passphrase-file', kept.passphraseFile];
  const recovered = await run(['vault', 'recover', ...from, ...where, '--json']);
  if (recovered.code !== 0) throw new Error(inWords(recovered));
});
afterAll(() => network?.close());

const at = (...parts: string[]) => join(network.scratch, ...parts);

async function put(vault: TestVault, name: string) {
  await writeFile(at(name), `content of ${name} `.repeat(400));
  return vault.here('put', at(name), '--json');
}

it('a revoked device is refused, and everything it stored stays', async () => {
  for (const [vault, name] of [
    [lost, 'from the lost one'],
    [kept, 'from the kept one'],
  ] as const) {
    const stored = await put(vault, name);
    expect(stored.code, inWords(stored)).toBe(0);
  }
  const before = await kept.here('vault', 'devices', '--json');
  const devices: Json[] = before.json.devices;
  expect(devices.map(({ own, revoked, entries }) => [own, revoked, entries > 1])).toEqual([
    [false, false, true],
    [true, false, true],
  ]);
  const number = (one: Json) => one.device.split('/')[1].slice(0, 8);

  const own = await kept.here('vault', 'revoke', number(devices[1]), '--json');
  expect([own.code, own.json.error.code], inWords(own)).toEqual([2, 'DEVICE_OWN']);
  const unknown = await kept.here('vault', 'revoke', 'zz', '--json');
  expect([unknown.code, unknown.json.error.code], inWords(unknown)).toEqual([2, 'DEVICE_UNKNOWN']);

  const revoked = await kept.here('vault', 'revoke', number(devices[0]), '--json');
  expect(revoked.code, inWords(revoked)).toBe(0);
  expect(revoked.json).toMatchObject({ device: devices[0].device, adopted: 0, skipped: [] });

  const refused = await put(lost, 'too late');
  expect([refused.code, refused.json.error.code], inWords(refused)).toEqual([6, 'DEVICE_REVOKED']);
  expect(refused.stderr).toContain('took this device’s rights away');
  // A thief reads nothing more either, but what the directory holds already.
  const read = await lost.here('get', 'from the kept one', at('stolen'), '--json');
  expect([read.code, read.json.error.code], inWords(read)).toEqual([6, 'DEVICE_REVOKED']);
  expect(await kept.paths()).toEqual(['from the kept one', 'from the lost one']);
  const after = await kept.here('vault', 'devices');
  expect(after.stdout).toMatch(/revoked/);
  // Done twice, it changes nothing.
  const again = await kept.here('vault', 'revoke', number(devices[0]), '--json');
  expect([again.code, again.json.adopted], inWords(again)).toEqual([0, 0]);
  const verified = await kept.here('ledger', 'verify', '--json');
  expect([verified.code, verified.json.problems], inWords(verified)).toEqual([0, []]);
});
