// What all verbs of a vault share: their options, opening and closing it, and telling a person what should be known.

import { readFile, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asFault, Fault } from '@vauban/core';
import type { ClientPorts, Vault } from '@vauban/client';
import type { SignedCharter } from '@vauban/ledger';
import type { Command } from 'commander';
import type { Context } from './context.ts';
import { type PassphraseOptions, passphraseFrom } from './passphrase.ts';

export interface VaultOptions extends PassphraseOptions {
  readonly vault?: string;
}

/** Remembers which local network a vault belongs to, for accounts of allocated disk space. */
const NETWORK_FILE = 'network-directory';

export function vaultOptions(command: Command): Command {
  return command
    .option('--vault <dir>', 'the vault’s directory (or VAUBAN_VAULT)')
    .option('--passphrase-file <file>', 'file with the passphrase (or VAUBAN_PASSPHRASE_FILE)');
}

/** Faults: VAULT_UNNAMED. */
export function vaultDirectory(context: Context, options: VaultOptions): string {
  const directory = options.vault ?? context.io.env['VAUBAN_VAULT'];
  if (directory === undefined || directory === '') {
    throw new Fault('usage', 'VAULT_UNNAMED', 'which vault? Give --vault <dir> or set VAUBAN_VAULT', {});
  }
  return resolve(directory);
}

/** The ports of a vault that is there: asked before anyone types a passphrase. Faults: VAULT_UNNAMED, VAULT_MISSING, VAULT_DAMAGED. */
export async function vaultPorts(
  context: Context,
  options: VaultOptions,
): Promise<{ readonly directory: string; readonly ports: ClientPorts }> {
  const directory = vaultDirectory(context, options);
  const { nodeClient, readConfig } = await import('@vauban/client');
  const ports = await nodeClient(directory);
  await readConfig(ports).catch((error: unknown) => {
    throw inDirectory(directory, asFault(error));
  });
  return { directory, ports };
}

/** Opens the vault, works, closes it, whatever happens. */
export async function withVault<Result>(
  context: Context,
  options: VaultOptions,
  work: (vault: Vault, directory: string) => Promise<Result>,
): Promise<Result> {
  const { directory, ports } = await vaultPorts(context, options);
  const passphrase = await passphraseFrom(context, options);
  return withOpened(context, { ports, passphrase }, (vault) => work(vault, directory));
}

export async function withOpened<Result>(
  context: Context,
  { ports, passphrase }: { readonly ports: ClientPorts; readonly passphrase: string },
  work: (vault: Vault) => Promise<Result>,
): Promise<Result> {
  const { Vault } = await import('@vauban/client');
  const told = new Set<string>();
  const sayOnce = (about: string, line: string) => {
    if (!told.has(about)) context.say(line);
    told.add(about);
  };
  const vault = await Vault.open(ports, passphrase, {
    onNotice: ({ message }) => sayOnce(message, `note: ${message}`),
    onLiar: ({ daemon, hoster, site, index, leaf }) => {
      const what = leaf === undefined ? `fragment ${index}` : `leaf ${leaf} of fragment ${index}`;
      const line = `warning: daemon ${daemon} (${hoster ?? 'unknown'}, ${site ?? 'unknown'}) sent wrong bytes for ${what}; it is avoided`;
      sayOnce(daemon, line);
    },
  });
  try {
    return await work(vault);
  } finally {
    await vault.close();
  }
}

/** The same fault, saying which directory is meant. */
function inDirectory(directory: string, fault: Fault): Fault {
  const facts = { ...fault.facts, directory };
  if (fault.code === 'VAULT_MISSING' || ['ENOTDIR', 'ENOENT'].includes(fault.code)) {
    const message = `there is no vault in ${directory}: make one with vauban vault create, or name another with --vault or VAUBAN_VAULT`;
    return new Fault('usage', 'VAULT_MISSING', message, facts, fault);
  }
  if (fault.code === 'MALFORMED' || fault.code === 'TOO_LARGE') {
    const message = `the file vault in ${directory} is damaged: put a good copy of it back, or recover with the 24 words into another directory`;
    return new Fault('failure', 'VAULT_DAMAGED', message, facts, fault);
  }
  const message = `the vault in ${directory} cannot be opened: ${fault.message}`;
  return new Fault(fault.kind, fault.code, message, facts, fault);
}

/** A charter file, or the directory of a local network with its officers' keys. */
export interface CharterSource {
  readonly versions: readonly SignedCharter[];
  /** Set when the officers' keys are on this machine. */
  readonly networkDirectory: string | undefined;
}

/** Faults: NETWORK_MISSING, CHARTER_FILE_MALFORMED. */
export async function charterSource(path: string): Promise<CharterSource> {
  const { readCharter } = await import('@vauban/daemon');
  const { readNetworkCharter } = await import('@vauban/fleet');
  const isDirectory = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) return { versions: (await readCharter(path)).signedFrom(1), networkDirectory: undefined };
  return { versions: (await readNetworkCharter(path)).signedFrom(1), networkDirectory: resolve(path) };
}

export async function rememberNetwork(vault: string, network: string): Promise<void> {
  await writeFile(join(vault, NETWORK_FILE), `${network}\n`, { mode: 0o600 });
}

/**
 * Bytes the disks of the vault's network gave to daemons, when that network is on this machine; undefined otherwise.
 */
export async function allocatedNow(vault: string): Promise<number | undefined> {
  const network = await readFile(join(vault, NETWORK_FILE), 'utf8').catch(() => undefined);
  if (network === undefined) return undefined;
  const { allocatedBytes } = await import('@vauban/fleet');
  return allocatedBytes(network.trim()).catch(() => undefined);
}

/** What several failed parts mean for the command's exit status: the gravest counts. */
export function gravest(faults: readonly unknown[]): Fault | undefined {
  const order = ['integrity', 'missing-fragments', 'unreachable', 'refused', 'failure'];
  return faults
    .map(asFault)
    .toSorted((a, b) => rank(order, a.kind) - rank(order, b.kind))
    .at(0);
}

function rank(order: readonly string[], kind: string): number {
  const at = order.indexOf(kind);
  return at < 0 ? order.length : at;
}
