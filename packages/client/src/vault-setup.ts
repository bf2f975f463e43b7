// How a vault comes to be on a machine: made anew, activated once the agency is in force, or recovered from the words.

import { Fault, isFault, isSlug, slugOf, toHex, type Network } from '@vauban/core';
import { CharterChain, originOf, signDelegation, type SignedCharter } from '@vauban/ledger';
import {
  agencyKeys,
  newAgencySecret,
  replacedRootKeys,
  secretOfWords,
  vaultIdOf,
  wordsOf,
  type RecoveryLanguage,
} from '@vauban/seal';
import { acknowledged } from './acknowledgement.ts';
import { Membership } from './membership.ts';
import type { ClientPorts } from './ports.ts';
import {
  agencyLine,
  CONFIG_PATH,
  LABEL_LENGTH_MAX,
  NAME_LENGTH_MAX,
  rootKeysOf,
  sealVaultKeys,
  type VaultConfig,
  type VaultKeys,
} from './vault-config.ts';
import { readConfig, readKeys, writeConfig, writeKeys } from './vault-files.ts';

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
  const made = await write(ports, { ...options, secret, rootSecret: null, agency, agencyName: name });
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
 * already is. Faults: AGENCY_UNKNOWN (not in force yet), AGENCY_TAKEN, ROOT_REPLACED, ROOT_OTHER, CHARTER_OTHER,
 * QUORUM_UNREACHABLE, WRONG_PASSPHRASE.
 */
export async function activateVault(
  ports: ClientPorts,
  options: { readonly passphrase: string; readonly charter?: readonly SignedCharter[] },
): Promise<VaultConfig> {
  const config = await readConfig(ports);
  if (config.note !== null) return config;
  const keys = await readKeys(ports, options.passphrase);
  const chain = longerChain(ports, config.charter, options.charter ?? []);
  const { rootPublic } = rootKeysOf(ports.crypto, keys);
  const known = chain.current.agencies.find((one) => one.id === config.agency);
  const named = known === undefined || toHex(known.rootKey) === toHex(rootPublic);
  // The words of a root key may be newer than the charter file that came with them.
  if (!named && keys.rootSecret === null) throw rootOther(ports, { chain, config, keys });
  const network = ports.network(keys.transportSeed);
  const { note, policy } = delegate(ports, { chain, config, keys, peer: network.self });
  const charter = await acknowledge(ports, { network, note, charter: chain.signedFrom(1) }).catch(
    (error: unknown) => {
      throw isFault(error, 'DELEGATION_FORGED') ? rootOther(ports, { chain, config, keys }, error) : error;
    },
  );
  const active = { ...config, policy, note, charter };
  await writeConfig(ports, active);
  return active;
}

interface DeviceToBe {
  readonly chain: CharterChain;
  readonly config: VaultConfig;
  readonly keys: VaultKeys;
}

/** This device's delegation by the agency's root key, and the policy it is to write under. */
export function delegate(
  { crypto, clock }: ClientPorts,
  { chain, config, keys, peer }: DeviceToBe & { readonly peer: string },
): { readonly note: Uint8Array; readonly policy: string } {
  const { current } = chain;
  const known = current.agencies.find((one) => one.id === config.agency);
  const policy = known?.policies[0] ?? current.policies[0]?.name ?? '';
  const now = clock.now();
  const note = signDelegation(
    crypto,
    {
      format: 'vauban/delegate/0',
      charter: current.name,
      agency: config.agency,
      deviceKey: crypto.ed25519Public(keys.deviceSeed),
      peer,
      vault: config.vault,
      policy,
      rights: ['write', 'delete'],
      issued: now,
      until: now + DELEGATION_MS,
    },
    rootKeysOf(crypto, keys).rootSeed,
  );
  return { note, policy };
}

/** Why the agency's root key is another than these keys make. */
function rootOther({ crypto }: ClientPorts, { chain, config, keys }: DeviceToBe, cause?: unknown): Fault {
  const { agency } = config;
  if (keys.rootSecret !== null) return wordsOther(agency, cause);
  const { rootPublic } = agencyKeys(crypto, keys.agencySecret);
  if (agencyOf(chain, rootPublic) === agency) return rootReplaced(agency, cause);
  const message = `the agency ${agency} in the charter has another key`;
  return new Fault('refused', 'AGENCY_TAKEN', message, { agency }, cause);
}

/** The words of a root key that the charter does not name. */
export function wordsOther(agency: string, cause?: unknown): Fault {
  const message = `these are not the words of the root key that the charter names for ${agency}: give those that vault new-root showed last`;
  return new Fault('refused', 'ROOT_OTHER', message, { agency }, cause);
}

function rootReplaced(agency: string, cause?: unknown): Fault {
  const message = `the agency ${agency} has replaced its root key, which the vault's 24 words no longer make: give the 24 words of the new one too, with --root-words-file (to vault recover, or to vault activate where there is a vault already)`;
  return new Fault('refused', 'ROOT_REPLACED', message, { agency }, cause);
}

/** Faults: CHARTER_OTHER when what is given does not begin as what this vault was made under. */
export function longerChain(
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

/**
 * The agency's vault on an empty machine: same secret, new device. `rootWords`: of the root key, where the agency has
 * replaced the one that the vault's words make. Faults: those of activateVault, of the words, and WORDS_OTHER.
 */
export async function recoverVault(
  ports: ClientPorts,
  options: {
    readonly words: string;
    readonly rootWords?: string;
    readonly charter: readonly SignedCharter[];
    readonly passphrase: string;
    readonly agency?: string;
    readonly label?: string;
  },
): Promise<{ readonly vault: string; readonly device: string }> {
  await refuseExisting(ports);
  const { crypto } = ports;
  const chain = CharterChain.from(crypto, options.charter);
  const secret = secretOfWords(options.words);
  const rootSecret = options.rootWords === undefined ? null : rootSecretOf(secret, options.rootWords);
  const { rootPublic } = agencyKeys(crypto, secret);
  const agency = options.agency ?? agencyOf(chain, rootPublic);
  if (agency === undefined) {
    if (agencyOf(chain, replacedRootKeys(crypto, secret).rootPublic) !== undefined) {
      const message = `these are the words of the agency's root key, which open no vault: give the vault's own 24 words with --words-file, and these with --root-words-file`;
      throw new Fault('usage', 'WORDS_OTHER', message, {});
    }
    const message =
      'no agency of this charter file has these words; get a newer charter file, or name the agency with --agency';
    throw new Fault('refused', 'AGENCY_UNKNOWN', message, { version: chain.current.version });
  }
  // Said before anything is written, where the charter file is new enough to know.
  const known = chain.current.agencies.find((one) => one.id === agency);
  const replaced = known !== undefined && toHex(known.rootKey) !== toHex(rootPublic);
  if (replaced && rootSecret === null && agencyOf(chain, rootPublic) === agency) throw rootReplaced(agency);
  const made = await write(ports, { ...options, secret, rootSecret, agency });
  await activateVault(ports, options);
  return made;
}

/** What the words of a root key say. Faults: those of the words; WORDS_OTHER when they are the vault's. */
export function rootSecretOf(agencySecret: Uint8Array, words: string): Uint8Array {
  const rootSecret = secretOfWords(words);
  if (toHex(rootSecret) !== toHex(agencySecret)) return rootSecret;
  const message = `these are the vault's own 24 words: --root-words-file takes the 24 of the root key, which vault new-root showed`;
  throw new Fault('usage', 'WORDS_OTHER', message, {});
}

/** The agency that has this root key, or last had it. */
function agencyOf(chain: CharterChain, rootKey: Uint8Array): string | undefined {
  for (const { agencies } of chain.versions().toReversed()) {
    const found = agencies.find((one) => toHex(one.rootKey) === toHex(rootKey));
    if (found !== undefined) return found.id;
  }
  return undefined;
}

async function write(
  ports: ClientPorts,
  of: {
    readonly secret: Uint8Array;
    readonly rootSecret: Uint8Array | null;
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
    rootSecret: of.rootSecret,
    nextRootSecret: null,
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

/** Names a vault and this machine's device in it. */
export function describeVault(config: VaultConfig): { readonly vault: string; readonly device: string } {
  return { vault: toHex(config.vault), device: config.device };
}

/** As `acknowledged`, over a network of its own. Resolves with the charter as known afterwards. */
export async function acknowledge(
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
    await acknowledged({ voters: () => membership.voters(), charters: membership.chain }, note);
    await membership.settled();
    return membership.chain.signedFrom(1);
  } finally {
    await network.stop();
  }
}

/** The agency's public line again, for a vault that is not in force yet. Faults: VAULT_MISSING, WRONG_PASSPHRASE. */
export async function publicLineOf(ports: ClientPorts, passphrase: string): Promise<string> {
  const { agency, agencyName } = await readConfig(ports);
  const { rootPublic, rootSeed } = rootKeysOf(ports.crypto, await readKeys(ports, passphrase));
  return agencyLine(ports.crypto, { id: agency, name: agencyName, rootKey: rootPublic }, rootSeed);
}

/** Whether a fault means that the officers have not put the agency in force yet. */
export function isPending(error: unknown): boolean {
  return isFault(error, 'AGENCY_UNKNOWN');
}
