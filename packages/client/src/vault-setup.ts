// How a vault comes to be on a machine: made anew, activated once the agency is in force, or recovered from the words.

import {
  asFault,
  type Charter,
  Fault,
  isFault,
  isSlug,
  quorumOf,
  slugOf,
  toHex,
  type Network,
  votingHosters,
} from '@vauban/core';
import { CharterChain, originOf, signDelegation, type SignedCharter } from '@vauban/ledger';
import {
  agencyKeys,
  newAgencySecret,
  secretOfWords,
  vaultIdOf,
  wordsOf,
  type RecoveryLanguage,
} from '@vauban/seal';
import { Membership } from './membership.ts';
import type { ClientPorts } from './ports.ts';
import {
  agencyLine,
  CONFIG_BYTES_MAX,
  CONFIG_PATH,
  decodeVaultConfig,
  encodeVaultConfig,
  KEYS_PATH,
  LABEL_LENGTH_MAX,
  NAME_LENGTH_MAX,
  openVaultKeys,
  sealVaultKeys,
  type VaultConfig,
  type VaultKeys,
} from './vault-config.ts';

/** A device's delegation is renewed from the agency's words; two years outlive a machine's usual time in service. */
export const DELEGATION_MS = 2 * 365 * 86_400_000;
export const DEFAULT_LABEL = 'main';

export interface NewVault {
  readonly vault: string;
  /** Origin of this device's log. */
  readonly device: string;
  readonly words: readonly string[];
  /** What the officers need of this agency. */
  readonly publicLine: string;
}

export interface CreateVaultOptions {
  readonly charter: readonly SignedCharter[];
  readonly passphrase: string;
  /** What the agency calls itself; a name from its key when not given. */
  readonly agencyName?: string;
  readonly label?: string;
  readonly language?: RecoveryLanguage;
}

/** Makes keys and a vault directory; nothing goes over the network yet. Faults: VAULT_EXISTS, EMPTY_PASSPHRASE. */
export async function createVault(ports: ClientPorts, options: CreateVaultOptions): Promise<NewVault> {
  await refuseExisting(ports);
  const secret = newAgencySecret(ports.random);
  const chain = CharterChain.from(ports.crypto, options.charter);
  const { rootPublic } = agencyKeys(ports.crypto, secret);
  const name = options.agencyName ?? `Agence ${toHex(rootPublic).slice(0, 8)}`;
  const agency = slugOf(name);
  if (agency === '' || !isText(name, NAME_LENGTH_MAX)) {
    const message = `an agency's name has 1 to ${NAME_LENGTH_MAX} characters on one line, some of them letters or digits`;
    throw new Fault('usage', 'AGENCY_NAME', message, {});
  }
  const taken = chain.current.agencies.find((one) => one.id === agency);
  if (taken !== undefined) {
    throw new Fault(
      'refused',
      'AGENCY_TAKEN',
      `an agency called ${agency} is already in the charter; choose another name`,
      {
        agency,
      },
    );
  }
  const made = await write(ports, { ...options, secret, agency, agencyName: name });
  return {
    ...made,
    words: wordsOf(secret, options.language),
    publicLine: agencyLine(
      ports.crypto,
      { id: agency, name, rootKey: rootPublic },
      agencyKeys(ports.crypto, secret).rootSeed,
    ),
  };
}

/**
 * Delegates this device once the agency is in the charter, with q hosters' acknowledgement. Does nothing when it
 * already is. Faults: AGENCY_UNKNOWN (not in force yet), CHARTER_OTHER, QUORUM_UNREACHABLE, WRONG_PASSPHRASE.
 */
export async function activateVault(
  ports: ClientPorts,
  options: { readonly passphrase: string; readonly charter?: readonly SignedCharter[] },
): Promise<VaultConfig> {
  const config = await readConfig(ports);
  if (config.note !== null) return config;
  const keys = await readKeys(ports, options.passphrase);
  const chain = longerChain(ports, config.charter, options.charter ?? []);
  const known = chain.current.agencies.find((one) => one.id === config.agency);
  const { rootSeed, rootPublic } = agencyKeys(ports.crypto, keys.agencySecret);
  if (known !== undefined && toHex(known.rootKey) !== toHex(rootPublic)) {
    throw new Fault('refused', 'AGENCY_TAKEN', `the agency ${config.agency} in the charter has another key`, {
      agency: config.agency,
    });
  }
  const policy = known?.policies[0] ?? chain.current.policies[0]?.name ?? '';
  const network = ports.network(keys.transportSeed);
  const now = ports.clock.now();
  const note = signDelegation(
    ports.crypto,
    {
      format: 'vauban/delegate/0',
      charter: chain.current.name,
      agency: config.agency,
      deviceKey: ports.crypto.ed25519Public(keys.deviceSeed),
      peer: network.self,
      vault: config.vault,
      policy,
      rights: ['write', 'delete'],
      issued: now,
      until: now + DELEGATION_MS,
    },
    rootSeed,
  );
  const charter = await acknowledge(ports, { network, note, charter: chain.signedFrom(1) });
  const active = { ...config, policy, note, charter };
  await writeConfig(ports, active);
  return active;
}

/** Faults: CHARTER_OTHER when what is given does not begin as what this vault was made under. */
function longerChain(
  { crypto }: ClientPorts,
  known: readonly SignedCharter[],
  given: readonly SignedCharter[],
): CharterChain {
  const chain = CharterChain.from(crypto, known);
  if (given.length <= known.length) return chain;
  const longer = CharterChain.from(crypto, given);
  if (longer.root === chain.root) return longer;
  const message = `the charter file is of ${longer.root}, this vault was made under ${chain.root}`;
  throw new Fault('refused', 'CHARTER_OTHER', message, { given: longer.root, known: chain.root });
}

/** The agency's vault on an empty machine: same secret, new device. Faults: those of activateVault, and of the words. */
export async function recoverVault(
  ports: ClientPorts,
  options: {
    readonly words: string;
    readonly charter: readonly SignedCharter[];
    readonly passphrase: string;
    readonly agency?: string;
    readonly label?: string;
  },
): Promise<{ readonly vault: string; readonly device: string }> {
  await refuseExisting(ports);
  const secret = secretOfWords(options.words);
  const { rootPublic } = agencyKeys(ports.crypto, secret);
  const charter = CharterChain.from(ports.crypto, options.charter).current;
  const agency = options.agency ?? agencyOf(charter, rootPublic);
  if (agency === undefined) {
    throw new Fault(
      'refused',
      'AGENCY_UNKNOWN',
      'no agency of this charter file has these words; get a newer charter file, or name the agency with --agency',
      { version: charter.version },
    );
  }
  const made = await write(ports, { ...options, secret, agency });
  await activateVault(ports, options);
  return made;
}

function agencyOf(charter: Charter, rootKey: Uint8Array): string | undefined {
  return charter.agencies.find((one) => toHex(one.rootKey) === toHex(rootKey))?.id;
}

async function write(
  ports: ClientPorts,
  of: {
    readonly secret: Uint8Array;
    readonly agency: string;
    readonly agencyName?: string;
    readonly label?: string;
    readonly charter: readonly SignedCharter[];
    readonly passphrase: string;
  },
): Promise<{ readonly vault: string; readonly device: string }> {
  const { crypto, random, kdf, files } = ports;
  const label = of.label ?? DEFAULT_LABEL;
  // What the configuration could not be read with must not get into it.
  if (!isText(label, LABEL_LENGTH_MAX)) {
    const message = `a vault's label has 1 to ${LABEL_LENGTH_MAX} characters on one line`;
    throw new Fault('usage', 'VAULT_LABEL', message, {});
  }
  if (!isSlug(of.agency)) {
    const message = 'the agency is named by its short name, as the charter has it';
    throw new Fault('usage', 'AGENCY_NAME', message, {});
  }
  const keys: VaultKeys = {
    agencySecret: of.secret,
    deviceSeed: random.bytes(32),
    transportSeed: random.bytes(32),
  };
  const vault = vaultIdOf(agencyKeys(crypto, of.secret).rootPublic, label);
  const { name } = CharterChain.from(crypto, of.charter).current;
  const device = originOf(crypto, name, crypto.ed25519Public(keys.deviceSeed));
  const sealed = sealVaultKeys(keys, { passphrase: of.passphrase, random, kdf });
  await files.makeDirectory('');
  await writeKeys(ports, sealed);
  await writeConfig(ports, {
    agency: of.agency,
    agencyName: of.agencyName ?? of.agency,
    label,
    device,
    vault,
    policy: null,
    note: null,
    adopts: null,
    renewal: null,
    charter: of.charter,
  });
  return { vault: toHex(vault), device };
}

/** One line that every decoder gives back as it is. */
function isText(text: string, lengthMax: number): boolean {
  const plain = text.isWellFormed() && !/\p{Cc}|^\ufeff/u.test(text);
  return plain && text.trim() !== '' && text.length <= lengthMax;
}

async function refuseExisting(ports: ClientPorts): Promise<void> {
  if ((await ports.files.stat(CONFIG_PATH)) !== undefined) {
    throw new Fault('refused', 'VAULT_EXISTS', 'there is a vault in this directory already', {});
  }
}

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
  return replace(ports, CONFIG_PATH, encodeVaultConfig(config));
}

export function writeKeys(ports: Pick<ClientPorts, 'files'>, sealed: Uint8Array): Promise<void> {
  return replace(ports, KEYS_PATH, sealed);
}

async function replace(ports: Pick<ClientPorts, 'files'>, path: string, bytes: Uint8Array): Promise<void> {
  const { files } = ports;
  await files.remove(`${path}.new`);
  const file = await files.create(`${path}.new`);
  await file.write(bytes);
  await file.sync();
  await file.close();
  await files.rename(`${path}.new`, path);
  await files.syncDirectory('');
}

/** Names a vault and this machine's device in it. */
export function describeVault(config: VaultConfig): { readonly vault: string; readonly device: string } {
  return { vault: toHex(config.vault), device: config.device };
}

/** Sends the note to every voting hoster; q must have stored it. Returns the charter as known afterwards. */
async function acknowledge(
  ports: ClientPorts,
  of: { readonly network: Network; readonly note: Uint8Array; readonly charter: readonly SignedCharter[] },
): Promise<readonly SignedCharter[]> {
  const { network, note } = of;
  const membership = new Membership({
    ports,
    network,
    identity: { role: 'device', note },
    charter: of.charter,
    onCharter: async () => {},
  });
  await network.start();
  try {
    const charter = membership.charter;
    const faults: Fault[] = [];
    let stored = 0;
    await Promise.all(
      votingHosters(charter).map(async ({ voter }) => {
        try {
          await membership.links.client(voter ?? '').ask('note', { note });
          stored += 1;
        } catch (error) {
          faults.push(asFault(error));
        }
      }),
    );
    await membership.settled();
    if (stored >= quorumOf(charter)) return membership.chain.signedFrom(1);
    const refusal = faults.find((fault) => fault.kind === 'refused');
    if (refusal !== undefined) throw refusal;
    throw new Fault(
      'unreachable',
      'QUORUM_UNREACHABLE',
      `${quorumOf(charter)} hosters must acknowledge this device, ${stored} did`,
      { stored, needed: quorumOf(charter) },
    );
  } finally {
    await network.stop();
  }
}

/** The agency's public line again, for a vault that is not in force yet. Faults: VAULT_MISSING, WRONG_PASSPHRASE. */
export async function publicLineOf(ports: ClientPorts, passphrase: string): Promise<string> {
  const { agency, agencyName } = await readConfig(ports);
  const { agencySecret } = await readKeys(ports, passphrase);
  const { rootPublic, rootSeed } = agencyKeys(ports.crypto, agencySecret);
  return agencyLine(ports.crypto, { id: agency, name: agencyName, rootKey: rootPublic }, rootSeed);
}

/** Whether a fault means that the officers have not put the agency in force yet. */
export function isPending(error: unknown): boolean {
  return isFault(error, 'AGENCY_UNKNOWN');
}
