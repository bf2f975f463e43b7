// A daemon's directory on a real machine: setting it up, and reading its configuration, keys and charter back with the
// checks an engineer is glad of (file modes, keys that fit the charter). Reads only what the configuration names.

import { lstat, mkdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  asFault,
  type DaemonId,
  daemonIdOf,
  equalBytes,
  Fault,
  findDaemon,
  homeOf,
  votingKey,
} from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom, openFiles } from '@vauban/core/node';
import type { CharterChain } from '@vauban/ledger';
import { peerIdOfSeed } from '@vauban/wire/libp2p';
import { CHARTER_FILE_BYTES_MAX, decodeCharterFile } from '../charter-file.ts';
import { CONFIG_BYTES_MAX, type DaemonConfig, parseConfig } from '../config.ts';
import { type InitOptions, initDaemon, type NewDaemon } from '../init.ts';
import { type DaemonKeySet, decodeKeyFile, KEY_FILE_BYTES_MAX, type KeyRole, type RoleKey } from '../keys.ts';
import { checkMarker } from '../marker.ts';
import { type VotingKeys, votingKeyFiles } from '../voting-keys.ts';

/** What a configuration file leads to; every path absolute. */
export interface DaemonHome {
  readonly configPath: string;
  readonly config: DaemonConfig;
  readonly daemon: DaemonId;
  readonly keys: DaemonKeySet;
  readonly votingKeys: VotingKeys;
}

/** Sets a daemon up in `directory`, created with its parents when missing. Faults: those of initDaemon. */
export async function createDaemon(directory: string, options: InitOptions): Promise<NewDaemon> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return initDaemon(options, {
    home: openFiles(directory),
    data: openFiles(join(directory, 'data')),
    crypto: nodeCrypto,
    random: nodeRandom,
    clock: nodeClock,
    peerIdOfSeed,
  });
}

/** Faults: FILE_MISSING, TOO_LARGE, and those of parseConfig. Paths in the answer are absolute. */
export async function readConfig(path: string): Promise<DaemonConfig> {
  const bytes = await readSmall(path, CONFIG_BYTES_MAX, 'configuration');
  const config = parseConfig(bytes.toString('utf8'), basename(path));
  const home = dirname(resolve(path));
  const at = (written: string) => resolve(home, written);
  const { charter, keys, data, pid, adminSocket } = config;
  return {
    ...config,
    charter: at(charter),
    keys: at(keys),
    data: at(data),
    pid: at(pid),
    adminSocket: at(adminSocket),
  };
}

/** A key file that nobody but its owner can read. Faults: FILE_MISSING, KEY_EXPOSED (refused), those of decodeKeyFile. */
export async function readKey(path: string, role: KeyRole): Promise<RoleKey> {
  const bytes = await readSmall(path, KEY_FILE_BYTES_MAX, 'key');
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new Fault(
      'refused',
      'KEY_EXPOSED',
      `the key file ${path} can be read by other accounts (mode ${(mode & 0o777).toString(8)}): chmod 600 it, and consider the key known to them`,
      { path, mode: (mode & 0o777).toString(8) },
    );
  }
  return decodeKeyFile(nodeCrypto, bytes.toString('utf8'), { role, path });
}

/** The checked chain of a charter file. Faults: FILE_MISSING, those of decodeCharterFile. */
export async function readCharter(path: string): Promise<CharterChain> {
  const bytes = await readSmall(path, CHARTER_FILE_BYTES_MAX, 'charter');
  return decodeCharterFile(nodeCrypto, new Uint8Array(bytes), path);
}

/** Configuration and keys. */
export async function openHome(configPath: string): Promise<DaemonHome> {
  const config = await readConfig(configPath);
  const key = (role: KeyRole) => readKey(join(config.keys, `${role}.key`), role);
  const [transport, receipt, log] = await Promise.all([key('transport'), key('receipt'), key('log')]);
  const votingKeys = votingKeyFiles({
    files: openFiles(config.keys),
    directory: '',
    data: openFiles(config.data),
    crypto: nodeCrypto,
    random: nodeRandom,
  });
  for (const epoch of await votingKeys.epochs()) await key(`voting-${epoch}`);
  return {
    configPath: resolve(configPath),
    config,
    daemon: daemonIdOf(nodeCrypto, receipt.publicKey),
    keys: { transport, receipt, log },
    votingKeys,
  };
}

/** Everything that would keep this daemon from starting; empty when nothing would. */
export async function checkHome(configPath: string): Promise<Fault[]> {
  const problems: Fault[] = [];
  const attempt = async <Result>(work: () => Promise<Result>): Promise<Result | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(asFault(error));
      return undefined;
    }
  };
  const config = await attempt(() => readConfig(configPath));
  if (config === undefined) return problems;
  const home = await attempt(() => openHome(configPath));
  const chain = await attempt(() => readCharter(config.charter));
  if (home !== undefined) {
    await attempt(() => checkMarker(openFiles(config.data), home.daemon));
    if (chain !== undefined) {
      await attempt(async () => checkAgainstCharter(home, chain));
      await attempt(() => checkVotingKey(home, chain));
    }
  }
  return problems;
}

/**
 * What the charter says of this daemon is what its keys and configuration say. Faults (refused): DAEMON_UNKNOWN,
 * CHARTER_KEY_OTHER, CONFIG_OTHER.
 */
export function checkAgainstCharter(home: DaemonHome, chain: CharterChain): void {
  const charter = chain.current;
  const { keys, config } = home;
  const listed = findDaemon(charter, home.daemon);
  if (listed === undefined) {
    throw new Fault(
      'refused',
      'DAEMON_UNKNOWN',
      `charter ${charter.name}, version ${charter.version}, does not list daemon ${home.daemon}: send its public line (public-line.txt) to the consortium's officers, and put the charter file they send back at ${config.charter}`,
      { daemon: home.daemon, charter: charter.name, version: charter.version },
    );
  }
  const { site, hoster } = homeOf(charter, listed);
  const other = (what: string) =>
    new Fault(
      'refused',
      'CHARTER_KEY_OTHER',
      `the charter lists another ${what} for daemon ${home.daemon} than the one in ${config.keys}`,
      { daemon: home.daemon, key: what },
    );
  if (!equalBytes(listed.logKey, keys.log.publicKey)) throw other('log key');
  if (listed.peer !== peerIdOfSeed(keys.transport.seed)) throw other('transport key');
  if (site.id !== config.site || hoster.id !== config.hoster) {
    throw new Fault(
      'refused',
      'CONFIG_OTHER',
      `the configuration says hoster ${config.hoster}, site ${config.site}; the charter says ${hoster.id}, ${site.id}`,
      { hoster: config.hoster, site: config.site, charterHoster: hoster.id, charterSite: site.id },
    );
  }
}

/** A daemon without the key that the charter lists serves its fragments, but casts no vote. Faults: CHARTER_KEY_OTHER. */
async function checkVotingKey(
  { daemon, votingKeys, config }: DaemonHome,
  chain: CharterChain,
): Promise<void> {
  const { epoch, hosters } = chain.current;
  const hoster = hosters.find((one) => one.voter === daemon);
  const expected = hoster === undefined ? undefined : votingKey(hoster, epoch);
  const found = await votingKeys.of(epoch);
  // Whoever has a later one only has an older charter file: the daemon asks the others for what came after it.
  const later = (await votingKeys.epochs()).some((one) => one > epoch);
  if (expected === undefined || (found === undefined && later)) return;
  if (found !== undefined && equalBytes(found.publicKey, expected)) return;
  throw new Fault(
    'refused',
    'CHARTER_KEY_OTHER',
    `the voting key that the charter lists for daemon ${daemon} in epoch ${epoch} is not in ${config.keys}: the daemon will run without a vote; to vote again, run vauban daemon voting-key --epoch ${epoch + 1} and send the line it prints to the officers`,
    { daemon, key: 'voting key', epoch },
  );
}

/** A small text file. Faults: FILE_MISSING, FILE_UNREADABLE, TOO_LARGE. */
export async function readSmallText(path: string, bytesMax: number, what: string): Promise<string> {
  return (await readSmall(path, bytesMax, what)).toString('utf8');
}

async function readSmall(path: string, bytesMax: number, what: string): Promise<Buffer> {
  try {
    const found = await lstat(path);
    if (found.isDirectory()) throw Object.assign(new Error(`${path} is a directory`), { code: 'EISDIR' });
    if (found.size > bytesMax) {
      throw new Fault(
        'failure',
        'TOO_LARGE',
        `${path} has ${found.size} bytes, too many for a ${what} file`,
        {
          path,
          bytes: found.size,
          bytesMax,
        },
      );
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'UNEXPECTED';
    const why =
      code === 'ENOENT'
        ? 'is missing'
        : code === 'EACCES'
          ? 'may not be read by this account'
          : code === 'EISDIR'
            ? 'is a directory'
            : `cannot be read (${code})`;
    throw new Fault(
      'failure',
      code === 'ENOENT' ? 'FILE_MISSING' : 'FILE_UNREADABLE',
      `the ${what} file ${path} ${why}`,
      { path, what },
      error,
    );
  }
}
