// What a vault directory and an agency say of themselves: read back exactly, refused when anything is changed.

import { decodeCbor, encodeCbor, fromBase64Url, toBase64Url } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import { signCharter } from '@vauban/ledger';
import { type PassphraseKdf, scryptKdf } from '@vauban/seal';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  agencyLine,
  decodeVaultConfig,
  encodeVaultConfig,
  openAgencyLine,
  openVaultKeys,
  sealVaultKeys,
  type VaultConfig,
} from '../src/vault-config.ts';
import { charterOf, publicOf, seedOf } from './consortium.ts';

const kdf: PassphraseKdf = { ...scryptKdf, defaults: { memoryKiB: 16, passes: 1, lanes: 1 } };
const config: VaultConfig = {
  agency: 'ville-de-metz',
  agencyName: 'Ville de Metz',
  label: 'main',
  device: 'grand-est/device/0123',
  vault: new Uint8Array(32).fill(1),
  policy: null,
  note: null,
  adopts: null,
  renewal: null,
  charter: [signCharter(crypto, charterOf(), [{ id: 'ana', seed: seedOf('officer ana grand-est') }])],
};

describe('a vault configuration', () => {
  it('reads back as it was written, before and after the agency is in force', () => {
    for (const one of [config, { ...config, policy: 'standard', note: new Uint8Array(300) }]) {
      expect(decodeVaultConfig(encodeVaultConfig(one))).toEqual(one);
    }
  });

  it('is refused with anything missing, added, cut off or of another format', () => {
    const bytes = encodeVaultConfig(config);
    const plain = { format: 'vauban/vault/0', ...config };
    const { policy: _, ...missing } = plain;
    for (const bad of [
      bytes.subarray(0, -1),
      new Uint8Array([...bytes, 0]),
      new Uint8Array(0),
      ...[
        missing,
        { ...plain, more: 1 },
        { ...plain, format: 'vauban/vault/1' },
        { ...plain, vault: new Uint8Array(31) },
        { ...plain, agency: 'Ville de Metz' },
        { ...plain, agencyName: 'x'.repeat(81) },
        { ...plain, charter: [] },
      ].map((one) => encodeCbor(one)),
    ]) {
      expect(() => decodeVaultConfig(bad)).toThrowError(expect.objectContaining({ code: 'MALFORMED' }));
    }
  });
});

describe("a vault's keys", () => {
  const keys = {
    agencySecret: random.bytes(32),
    rootSecret: random.bytes(32),
    nextRootSecret: random.bytes(32),
    deviceSeed: random.bytes(32),
    transportSeed: random.bytes(32),
  };
  const sealed = sealVaultKeys(keys, { passphrase: 'correct horse', random, kdf });

  it('open with the passphrase, and only with it', () => {
    expect(openVaultKeys(sealed, { passphrase: 'correct horse', kdfs: [kdf] })).toEqual(keys);
    for (const passphrase of ['', 'correct horse ', 'Correct horse']) {
      expect(() => openVaultKeys(sealed, { passphrase, kdfs: [kdf] })).toThrowError(
        expect.objectContaining({ code: passphrase === '' ? 'EMPTY_PASSPHRASE' : 'WRONG_PASSPHRASE' }),
      );
    }
    for (const secret of Object.values(keys)) {
      expect(Buffer.from(sealed).includes(Buffer.from(secret))).toBe(false);
    }
  });

  it('do not open when any byte of the file was changed', () => {
    for (let at = 0; at < sealed.length; at++) {
      const bad = sealed.slice();
      bad[at] = (bad[at] as number) ^ 0x20;
      expect(() => openVaultKeys(bad, { passphrase: 'correct horse', kdfs: [kdf] })).toThrowError(
        expect.objectContaining({ name: 'Fault' }),
      );
    }
  });
});

describe("an agency's public line", () => {
  const facts = { id: 'ville-de-metz', name: 'Ville de Metz · élus', rootKey: publicOf('root metz') };
  const line = agencyLine(crypto, facts, seedOf('root metz'));
  const refused = expect.objectContaining({ kind: 'refused', code: 'AGENCY_LINE' });

  it('is one line of plain characters that gives the agency back', () => {
    expect(line).toMatch(/^vauban-agency0:[A-Za-z0-9_-]+$/);
    expect(openAgencyLine(crypto, line)).toEqual(facts);
  });

  it('is refused with any character changed, cut off or added', () => {
    for (let at = 0; at < line.length; at++) {
      const other = line[at] === 'A' ? 'B' : 'A';
      expect(() => openAgencyLine(crypto, line.slice(0, at) + other + line.slice(at + 1))).toThrowError(
        refused,
      );
      expect(() => openAgencyLine(crypto, line.slice(0, at))).toThrowError(refused);
    }
    for (const bad of ['', `${line}A`, `${line} `, line.toUpperCase(), 'vauban-agency0:']) {
      expect(() => openAgencyLine(crypto, bad)).toThrowError(refused);
    }
  });

  it('is refused when it claims a key that did not sign it, or says more than it should', () => {
    const forged = agencyLine(crypto, { ...facts, rootKey: publicOf('another root') }, seedOf('root metz'));
    expect(() => openAgencyLine(crypto, forged)).toThrowError(refused);
    const more = agencyLine(crypto, { ...facts, quota: 1 } as typeof facts, seedOf('root metz'));
    expect(() => openAgencyLine(crypto, more)).toThrowError(refused);
  });

  it('signed for something else is no line', () => {
    const bytes = fromBase64Url(line.slice('vauban-agency0:'.length)) as Uint8Array;
    const [body] = decodeCbor(
      v.tuple([v.instance(Uint8Array), v.instance(Uint8Array)]),
      bytes,
      'line',
      4_096,
    );
    const signature = crypto.ed25519Sign(seedOf('root metz'), body);
    const bare = `vauban-agency0:${toBase64Url(encodeCbor([body, signature]))}`;
    expect(() => openAgencyLine(crypto, bare)).toThrowError(refused);
  });
});
