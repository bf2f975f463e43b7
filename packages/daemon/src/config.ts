// A daemon's configuration file: what it may say, how it is written with its comments, and how mistakes are told to the
// engineer who made them, with line and path. Unknown keys are errors, so that a misspelt setting never goes unnoticed.

import { Fault, isSlug, nearestName } from '@vauban/core';
import { parse, TomlError } from 'smol-toml';
import { type LogLevel, logLevels } from './log.ts';
import { standardRepairLimits } from './repair/pace.ts';
import { bytesInWords, parseBytes } from './sizes.ts';

/** Paths are as written: relative ones start from the directory of the file. */
export interface DaemonConfig {
  /** Slugs of the charter. */
  readonly hoster: string;
  readonly site: string;
  readonly capacityBytes: number;
  readonly charter: string;
  readonly keys: string;
  readonly data: string;
  readonly pid: string;
  /** Multiaddrs. */
  readonly listen: readonly string[];
  readonly announce: readonly string[];
  readonly logLevel: LogLevel;
  /** Path of the admin plane's Unix socket. */
  readonly adminSocket: string;
  /** A port of the loopback address for it, such as 127.0.0.1:9464; null for none. */
  readonly adminListen: string | null;
  /** In a container: its engine publishes that port on the machine, and passes on here what comes to it. */
  readonly adminPublished: boolean;
  /** Bytes a second that repair may read from one other site, and write here. */
  readonly repairLinkBytes: number;
  readonly repairDiskBytes: number;
}

export const CONFIG_BYTES_MAX = 65_536;
const ADDRESSES_MAX = 8;

/** One setting: how its TOML value becomes ours, or what is wrong with it; `else` is its value when left out. */
interface Setting {
  readonly read: (value: unknown) => unknown;
  readonly otherwise?: unknown;
  /** Its name among all settings, when its own is not enough. */
  readonly as?: keyof DaemonConfig;
}

class Wrong extends Error {}

const text = (value: unknown): string => {
  if (typeof value !== 'string' || value === '') throw new Wrong('should be a text in quotes');
  return value;
};
const slug = (value: unknown): string => {
  if (!isSlug(text(value))) throw new Wrong('should be a name of lower-case letters, digits and hyphens');
  return value as string;
};
const bytes = (value: unknown): number => {
  const count = typeof value === 'number' || typeof value === 'string' ? parseBytes(value) : undefined;
  if (count === undefined || count < 1)
    throw new Wrong('should be a size such as "100GB", "2TB" or "512GiB"');
  return count;
};
const addresses = (value: unknown): readonly string[] => {
  if (!Array.isArray(value) || value.length > ADDRESSES_MAX || !value.every(isAddress)) {
    throw new Wrong(
      `should be a list of at most ${ADDRESSES_MAX} addresses such as ["/ip4/192.0.2.7/tcp/4001"] or ["/dns4/s1.example.net/tcp/4001"]`,
    );
  }
  return value;
};
const level = (value: unknown): LogLevel => {
  const found = logLevels.find((one) => one === value);
  if (found === undefined)
    throw new Wrong(`should be one of ${logLevels.map((one) => `"${one}"`).join(', ')}`);
  return found;
};
/** Whoever is not on this machine has no business here; a reverse proxy with its own accounts is the hoster's choice. */
const loopback = (value: unknown): string => {
  const port = /^(?:127\.0\.0\.1|\[::1\]):([1-9][0-9]{0,4})$/.exec(text(value))?.[1];
  if (port === undefined || Number(port) > 65_535)
    throw new Wrong('should be a port of this machine alone, such as "127.0.0.1:9464"');
  return value as string;
};

const yesOrNo = (value: unknown): boolean => {
  if (typeof value !== 'boolean') throw new Wrong('should be true or false');
  return value;
};

const settings: { readonly [section: string]: { readonly [name: string]: Setting } } = {
  daemon: {
    hoster: { read: slug },
    site: { read: slug },
    capacity: { read: bytes, as: 'capacityBytes' },
    charter: { read: text, otherwise: 'charter.cbor' },
    keys: { read: text, otherwise: 'keys' },
    data: { read: text, otherwise: 'data' },
    pid: { read: text, otherwise: 'daemon.pid' },
  },
  network: {
    listen: { read: addresses },
    announce: { read: addresses, otherwise: [] },
  },
  log: { level: { read: level, otherwise: 'info', as: 'logLevel' } },
  admin: {
    socket: { read: text, otherwise: 'admin.sock', as: 'adminSocket' },
    listen: { read: loopback, otherwise: null, as: 'adminListen' },
    published: { read: yesOrNo, otherwise: false, as: 'adminPublished' },
  },
  repair: {
    link: {
      read: bytes,
      otherwise: standardRepairLimits.linkBytesPerSecond,
      as: 'repairLinkBytes',
    },
    disk: {
      read: bytes,
      otherwise: standardRepairLimits.diskBytesPerSecond,
      as: 'repairDiskBytes',
    },
  },
};

/** The addresses a daemon can listen on: IP or DNS name, then a TCP port. */
export function isAddress(value: unknown): value is string {
  const match =
    typeof value === 'string'
      ? /^\/(?:ip4\/[0-9.]+|ip6\/[0-9a-fA-F:.]+|dns[46]?\/[A-Za-z0-9.-]+)\/tcp\/([0-9]{1,5})$/.exec(value)
      : null;
  return match !== null && (value as string).length <= 200 && Number(match[1]) <= 65_535;
}

/**
 * Reads the text of a configuration file; `path` only names it in messages.
 * Faults (usage): CONFIG_SYNTAX {line, column}, CONFIG_UNKNOWN_KEY {line, key, nearest}, CONFIG_MISSING_KEY {key},
 * CONFIG_VALUE {line, key}.
 */
export function parseConfig(source: string, path: string): DaemonConfig {
  const document = readToml(source, path);
  const found: Record<string, unknown> = {};
  for (const [section, table] of Object.entries(document)) {
    if (!Object.hasOwn(settings, section)) throw unknownKey(source, path, [section], Object.keys(settings));
    if (typeof table !== 'object' || table === null || Array.isArray(table)) {
      throw wrongValue(source, path, [section], `should be a section: [${section}] on a line of its own`);
    }
    for (const name of Object.keys(table)) {
      if (!Object.hasOwn(settings[section] as object, name)) {
        throw unknownKey(source, path, [section, name], Object.keys(settings[section] as object));
      }
    }
  }
  for (const [section, names] of Object.entries(settings)) {
    const table = (document[section] ?? {}) as Record<string, unknown>;
    for (const [name, setting] of Object.entries(names)) {
      found[setting.as ?? name] = readSetting(setting, table[name], { source, path, key: [section, name] });
    }
  }
  const config = found as unknown as DaemonConfig;
  if (config.listen.length === 0) {
    throw wrongValue(source, path, ['network', 'listen'], 'should name at least one address');
  }
  if (config.adminPublished && config.adminListen === null) {
    throw wrongValue(
      source,
      path,
      ['admin', 'published'],
      'should come with listen, the port that is published',
    );
  }
  return config;
}

function readSetting(
  setting: Setting,
  value: unknown,
  at: { readonly source: string; readonly path: string; readonly key: readonly string[] },
): unknown {
  const [section, name] = at.key as [string, string];
  if (value === undefined) {
    if ('otherwise' in setting) return setting.otherwise;
    throw new Fault('usage', 'CONFIG_MISSING_KEY', `${at.path}: ${name} is missing in section [${section}]`, {
      path: at.path,
      key: at.key.join('.'),
    });
  }
  try {
    return setting.read(value);
  } catch (error) {
    if (error instanceof Wrong) throw wrongValue(at.source, at.path, at.key, error.message);
    throw error;
  }
}

function readToml(source: string, path: string): Record<string, unknown> {
  try {
    return parse(source, { maxDepth: 10 });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const detail = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
    throw new Fault(
      'usage',
      'CONFIG_SYNTAX',
      `${path}, line ${error.line}, column ${error.column}: this is not TOML: ${detail}`,
      { path, line: error.line, column: error.column },
    );
  }
}

function unknownKey(source: string, path: string, key: readonly string[], known: readonly string[]): Fault {
  const name = key.at(-1) as string;
  const line = lineOf(source, key);
  const nearest = nearestName(name, known) ?? null;
  const hint = nearest === null ? `known are ${known.join(', ')}` : `did you mean ${nearest}?`;
  const where = key.length === 1 ? 'there is no section or setting' : `section [${key[0]}] has no setting`;
  return new Fault('usage', 'CONFIG_UNKNOWN_KEY', `${path}${atLine(line)}: ${where} ${name}; ${hint}`, {
    path,
    line,
    key: key.join('.'),
    nearest,
  });
}

function wrongValue(source: string, path: string, key: readonly string[], what: string): Fault {
  const line = lineOf(source, key);
  return new Fault('usage', 'CONFIG_VALUE', `${path}${atLine(line)}: ${key.join('.')} ${what}`, {
    path,
    line,
    key: key.join('.'),
  });
}

function atLine(line: number | null): string {
  return line === null ? '' : `, line ${line}`;
}

/** Where a key is set, by looking for it in the text; null when it is written in a way this simple search misses. */
function lineOf(source: string, key: readonly string[]): number | null {
  const [section = '', name] = key;
  let current = '';
  for (const [at, line] of source.split('\n').entries()) {
    const header = /^\s*\[\s*([^\]\s]+)\s*\]/.exec(line)?.[1];
    if (header !== undefined) current = header;
    const set = /^\s*"?([^\s"=.[#]+)"?\s*=/.exec(line)?.[1];
    const hit =
      name === undefined
        ? header === section || (current === '' && set === section)
        : current === section && set === name;
    if (hit) return at + 1;
  }
  return null;
}

/** The file `daemon init` writes: every setting, with what it is for. */
export function formatConfig(config: DaemonConfig): string {
  const quoted = (value: string) => JSON.stringify(value);
  const list = (values: readonly string[]) => `[${values.map(quoted).join(', ')}]`;
  return `# Configuration of one Vauban daemon. Check it with: vauban daemon config check --config <this file>
# Relative paths start from the directory of this file. An unknown setting is an error.

[daemon]
# Who runs this daemon and where, as the consortium's charter names them.
hoster = ${quoted(config.hoster)}
site = ${quoted(config.site)}
# How many bytes of fragments it takes at most. 5 % of the disk stay free whatever this says.
capacity = ${quoted(bytesInWords(config.capacityBytes))}
# The charter, as the consortium's officers sent it. Newer versions arrive over the network.
charter = ${quoted(config.charter)}
# Secret keys, readable by this account alone. Copies belong in a safe; they never leave your company.
keys = ${quoted(config.keys)}
# Fragments and ledger. On a disk of its own, the mount point goes here.
data = ${quoted(config.data)}
# Where the running daemon writes its process id.
pid = ${quoted(config.pid)}

[network]
# Addresses to listen on.
listen = ${list(config.listen)}
# Addresses others reach it at, when they differ (a public name, a forwarded port). The charter lists these.
announce = ${list(config.announce)}

[log]
# debug, info, warn or error. The log goes to standard error, one JSON document per line.
level = ${quoted(config.logLevel)}

[admin]
# The socket that vauban daemon status and the like ask through. Only this account can open it.
socket = ${quoted(config.adminSocket)}
# A port of this machine for monitoring, such as "127.0.0.1:9464"; callers need a token (vauban daemon token).
${config.adminListen === null ? '# listen = "127.0.0.1:9464"' : `listen = ${quoted(config.adminListen)}`}
# In a container whose engine publishes that port on the machine's 127.0.0.1: what it passes on is answered.
${config.adminPublished ? '' : '# '}published = true

[repair]
# Bytes a second that repair may read from one other site, and write to this disk. While clients are served it takes
# a tenth of that.
link = ${quoted(bytesInWords(config.repairLinkBytes))}
disk = ${quoted(bytesInWords(config.repairDiskBytes))}
`;
}
