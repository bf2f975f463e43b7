// The two files of a vault directory: what it says about itself, and its keys. Each is replaced as a whole, so that a
// power cut leaves the old one or the new one.

import { Fault, replaceFile } from '@vauban/core';
import type { ClientPorts } from './ports.ts';
import {
  CONFIG_BYTES_MAX,
  CONFIG_PATH,
  decodeVaultConfig,
  encodeVaultConfig,
  KEYS_PATH,
  openVaultKeys,
  type VaultConfig,
  type VaultKeys,
} from './vault-config.ts';

/** Faults: VAULT_MISSING, MALFORMED. */
export async function readConfig(ports: Pick<ClientPorts, 'files'>): Promise<VaultConfig> {
  const bytes = await ports.files.readAll(CONFIG_PATH, CONFIG_BYTES_MAX);
  if (bytes === undefined) {
    throw new Fault(
      'usage',
      'VAULT_MISSING',
      'there is no vault in this directory; make one with `vauban vault create`',
      {},
    );
  }
  return decodeVaultConfig(bytes);
}

/** Faults: VAULT_KEYS_MISSING, WRONG_PASSPHRASE. */
export async function readKeys(ports: ClientPorts, passphrase: string): Promise<VaultKeys> {
  const bytes = await ports.files.readAll(KEYS_PATH, 131_072);
  if (bytes === undefined) {
    const message = `the vault's key file is missing: put ${KEYS_PATH} back into its directory, or recover with the 24 words into another`;
    throw new Fault('usage', 'VAULT_KEYS_MISSING', message, {});
  }
  return openVaultKeys(bytes, { passphrase, kdfs: ports.kdfs });
}

export function writeConfig(ports: Pick<ClientPorts, 'files'>, config: VaultConfig): Promise<void> {
  return replaceFile(ports.files, CONFIG_PATH, encodeVaultConfig(config));
}

export function writeKeys(ports: Pick<ClientPorts, 'files'>, sealed: Uint8Array): Promise<void> {
  return replaceFile(ports.files, KEYS_PATH, sealed);
}
