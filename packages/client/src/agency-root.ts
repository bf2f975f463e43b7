// An agency's new root key: made here and kept beside the old one until the charter names it; then this machine goes on
// as a new device under it, and every device that the old one let in is revoked. Whoever has a copy of the directory as
// it was has neither the new root key nor any key that still counts: keeping a key of before would break that.

import { type Charter, equalBytes, Fault, isFault } from '@vauban/core';
import { CharterChain, originOf, type SignedCharter } from '@vauban/ledger';
import {
  AGENCY_SECRET_BYTES,
  type AgencyKeys,
  type RecoveryLanguage,
  replacedRootKeys,
  wordsOf,
} from '@vauban/seal';
import type { ClientPorts } from './ports.ts';
import { agencyLine, rootKeysOf, sealVaultKeys, type VaultConfig, type VaultKeys } from './vault-config.ts';
import { renewalDone } from './vault-device.ts';
import { readConfig, readKeys, writeConfig, writeKeys } from './vault-files.ts';
import {
  acknowledge,
  activateVault,
  delegate,
  longerChain,
  rootSecretOf,
  wordsOther,
} from './vault-setup.ts';
import { VaultStateDoor } from './vault-state.ts';
import type { Vault, VerbOptions } from './vault.ts';

type Agency = Charter['agencies'][number];

export interface NewRootKey {
  /** What the officers put in force. */
  readonly publicLine: string;
  /** Undefined when the key was made before: its words were shown then. */
  readonly words: readonly string[] | undefined;
}

/**
 * Makes a new root key and keeps its secret in the key file; nothing goes over the network, and nothing changes before
 * the charter names it. Again, it gives the same line, unless `anew`. Faults: AGENCY_UNKNOWN (not in force yet),
 * ROOT_NAMED (the charter names the pending one), WRONG_PASSPHRASE.
 */
export async function newRootKey(
  ports: ClientPorts,
  options: {
    readonly passphrase: string;
    readonly language?: RecoveryLanguage;
    /** In place of one that is pending. */
    readonly anew?: boolean;
    /** Called with the words before the key is kept: what nobody could note must not wait for the charter. */
    readonly handOver?: (words: readonly string[]) => Promise<void>;
  },
): Promise<NewRootKey> {
  const { crypto, random, kdf } = ports;
  const { passphrase } = options;
  // One command at a time changes the keys.
  return new VaultStateDoor(ports.openState, ports).within(async () => {
    const config = await readConfig(ports);
    const known = agencyIn(CharterChain.from(crypto, config.charter).current, config);
    if (config.note === null || known === undefined) throw notInForce(config);
    const keys = await readKeys(ports, passphrase);
    const pending = keys.nextRootSecret;
    if (pending !== null && isRootOf(known, replacedRootKeys(crypto, pending))) throw alreadyNamed(config);
    const kept = options.anew === true ? null : pending;
    const secret = kept ?? random.bytes(AGENCY_SECRET_BYTES);
    const words = kept === null ? wordsOf(secret, options.language) : undefined;
    if (words !== undefined) {
      await options.handOver?.(words);
      const next = { ...keys, nextRootSecret: secret };
      await writeKeys(ports, sealVaultKeys(next, { passphrase, random, kdf }));
    }
    return { publicLine: lineOf(ports, { ...known, secret }), words };
  });
}

/** The line of the root key that waits for the charter; undefined when none does. Faults: WRONG_PASSPHRASE. */
export async function pendingRootLine(ports: ClientPorts, passphrase: string): Promise<string | undefined> {
  const config = await readConfig(ports);
  const { nextRootSecret } = await readKeys(ports, passphrase);
  const known = agencyIn(CharterChain.from(ports.crypto, config.charter).current, config);
  return nextRootSecret === null || known === undefined
    ? undefined
    : lineOf(ports, { ...known, secret: nextRootSecret });
}

/** The name is the charter's: putting a key in force changes nothing else. */
function lineOf(
  { crypto }: ClientPorts,
  { id, name, secret }: { readonly id: string; readonly name: string; readonly secret: Uint8Array },
): string {
  const { rootPublic, rootSeed } = replacedRootKeys(crypto, secret);
  return agencyLine(crypto, { id, name, rootKey: rootPublic }, rootSeed);
}

export interface ActivateOptions {
  readonly passphrase: string;
  readonly charter?: readonly SignedCharter[];
  /** Of the agency's root key, where another machine made it. */
  readonly rootWords?: string;
}

/**
 * Brings this machine's device in force: for the first time, or under the agency's new root key, as a new device with a new
 * log. Interrupted, it can be done again. Faults: those of activateVault; ROOT_PENDING (the charter does not name the
 * new root key yet), ROOT_OTHER (nor the one of these words), WORDS_OTHER, CHARTER_MISSING.
 */
export async function activate(ports: ClientPorts, options: ActivateOptions): Promise<VaultConfig> {
  const { crypto } = ports;
  const { passphrase, rootWords } = options;
  const keys = await readKeys(ports, passphrase);
  const config = await settled(ports, keys);
  const given = rootWords === undefined ? null : rootSecretOf(keys.agencySecret, rootWords);
  const rootSecret = given ?? keys.nextRootSecret;
  if (rootSecret === null || same(rootSecret, keys.rootSecret)) {
    return config.note === null ? activateVault(ports, options) : config;
  }
  const chain = longerChain(ports, config.charter, options.charter ?? []);
  const next = { agencySecret: keys.agencySecret, rootSecret, nextRootSecret: null, ...newDevice(ports) };
  const network = ports.network(next.transportSeed);
  const { note, policy } = delegate(ports, { chain, config, keys: next, peer: network.self });
  const charter = await acknowledge(ports, { network, note, charter: chain.signedFrom(1) }).catch(
    (error: unknown) => {
      if (!isFault(error, 'DELEGATION_FORGED')) throw error;
      throw given === null ? notNamed(config, error) : wordsOther(config.agency, error);
    },
  );
  const { current } = CharterChain.from(crypto, charter);
  // The old key is given up only for one that this machine has seen in the charter itself.
  if (!isRootOf(agencyIn(current, config), rootKeysOf(crypto, next))) throw charterMissing(config);
  const device = originOf(crypto, current.name, crypto.ed25519Public(next.deviceSeed));
  await settle(ports, { ...config, charter, policy }, { passphrase, keys, next, device, note });
  return readConfig(ports);
}

/** The directory knows of the new device before and after its keys change: a crash leaves the old one or the new one. */
function settle(
  ports: ClientPorts,
  config: VaultConfig,
  of: {
    readonly passphrase: string;
    readonly keys: VaultKeys;
    readonly next: VaultKeys;
    readonly device: string;
    readonly note: Uint8Array;
  },
): Promise<void> {
  const { random, kdf } = ports;
  const { passphrase, keys, next, device, note } = of;
  const renewal = { device, note, adopts: null };
  return new VaultStateDoor(ports.openState, ports).within(async () => {
    const now = await readKeys(ports, passphrase);
    if (!same(now.deviceSeed, keys.deviceSeed) || !same(now.nextRootSecret, keys.nextRootSecret)) {
      const message = "another command changed the vault's keys meanwhile: run this one again";
      throw new Fault('failure', 'VAULT_KEYS_CHANGED', message, {});
    }
    await writeConfig(ports, { ...config, renewal });
    await writeKeys(ports, sealVaultKeys(next, { passphrase, random, kdf }));
    await writeConfig(ports, { ...config, ...renewal, renewal: null });
  });
}

/** What an interrupted change left is ended first: the keys say which device it is. */
async function settled(ports: ClientPorts, keys: VaultKeys): Promise<VaultConfig> {
  const { crypto } = ports;
  const config = await readConfig(ports);
  const { name } = CharterChain.from(crypto, config.charter).current;
  const done = renewalDone(config, originOf(crypto, name, crypto.ed25519Public(keys.deviceSeed)));
  if (done !== config) await writeConfig(ports, done);
  return done;
}

/**
 * Revokes every device that a former root key let in, in this vault. No session is opened to them any more, but their logs
 * end only with this. Interrupted, it can be done again. Faults: those of `Vault.revokeDevice`.
 */
export async function retireDevices(vault: Vault, options: VerbOptions = {}): Promise<readonly string[]> {
  const left = (await vault.devices(options)).filter(
    ({ formerRoot, revoked, sealed, own }) => formerRoot && !own && !(revoked && sealed),
  );
  for (const { origin } of left) await vault.revokeDevice(origin, options);
  return left.map(({ origin }) => origin);
}

function newDevice({ random }: ClientPorts) {
  return { deviceSeed: random.bytes(32), transportSeed: random.bytes(32) };
}

function agencyIn({ agencies }: Charter, { agency }: VaultConfig): Agency | undefined {
  return agencies.find((one) => one.id === agency);
}

function isRootOf(agency: Agency | undefined, { rootPublic }: AgencyKeys): boolean {
  return agency !== undefined && equalBytes(agency.rootKey, rootPublic);
}

function same(one: Uint8Array | null, other: Uint8Array | null): boolean {
  return one === null || other === null ? one === other : equalBytes(one, other);
}

function notInForce({ agency }: VaultConfig): Fault {
  const message = `the agency ${agency} is not in force yet: it has no root key to replace; run vauban vault create again once it is`;
  return new Fault('refused', 'AGENCY_UNKNOWN', message, { agency });
}

function alreadyNamed({ agency }: VaultConfig): Fault {
  const message = `the charter names the new root key of ${agency}: run vauban vault activate here before making another`;
  return new Fault('refused', 'ROOT_NAMED', message, { agency });
}

function notNamed({ agency }: VaultConfig, cause: unknown): Fault {
  const message = `the charter does not name the new root key of ${agency} yet: send its public line to the officers, and run this again once it is in force`;
  return new Fault('refused', 'ROOT_PENDING', message, { agency }, cause);
}

function charterMissing({ agency }: VaultConfig): Fault {
  const message = `the hosters take the new root key of ${agency}, but the charter that names it could not be fetched: run this again`;
  return new Fault('unreachable', 'CHARTER_MISSING', message, { agency });
}
