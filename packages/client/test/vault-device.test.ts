// A renewal that a crash cut short: the keys say whether the new device has arrived.

import { expect, it } from 'vitest';
import type { VaultConfig } from '../src/vault-config.ts';
import { renewalDone } from '../src/vault-device.ts';

const adopts = { origin: 'grand-est/old', size: 3, root: new Uint8Array(32), certificate: 'c' };
const renewal = { device: 'grand-est/new', note: Uint8Array.of(2), adopts };
const config: VaultConfig = {
  agency: 'metz',
  agencyName: 'Metz',
  label: 'main',
  device: 'grand-est/old',
  vault: new Uint8Array(32),
  policy: 'standard',
  note: Uint8Array.of(1),
  adopts: null,
  renewal,
  charter: [],
};

it('before its keys were written, the old device stays, and finds out again', () => {
  expect(renewalDone(config, 'grand-est/old')).toEqual({ ...config, renewal: null });
});

it('after its keys were written, the new device is the one', () => {
  expect(renewalDone(config, 'grand-est/new')).toEqual({ ...config, ...renewal, renewal: null });
});

it('without one, nothing changes, so that another vault’s keys are still found out', () => {
  const calm = { ...config, renewal: null };
  expect(renewalDone(calm, 'grand-est/other')).toBe(calm);
  expect(renewalDone(config, 'grand-est/other').device).toBe('grand-est/old');
});
