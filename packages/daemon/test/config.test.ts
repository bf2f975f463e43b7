// The configuration file: every mistake is named with its place, and what is written is read back the same.

import { isFault } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type DaemonConfig, formatConfig, isAddress, parseConfig } from '../src/config.ts';
import { bytesInWords, parseBytes } from '../src/sizes.ts';

const sound = `[daemon]
hoster = "cigogne"
site = "strasbourg"
capacity = "100GB"

[network]
listen = ["/ip4/127.0.0.1/tcp/4001"]
`;

function faultOf(source: string) {
  try {
    parseConfig(source, 'daemon.toml');
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('a configuration', () => {
  it('needs only who, where, how much and an address', () => {
    expect(parseConfig(sound, 'daemon.toml')).toEqual({
      hoster: 'cigogne',
      site: 'strasbourg',
      capacityBytes: 100_000_000_000,
      charter: 'charter.cbor',
      keys: 'keys',
      data: 'data',
      pid: 'daemon.pid',
      listen: ['/ip4/127.0.0.1/tcp/4001'],
      announce: [],
      logLevel: 'info',
      adminSocket: 'admin.sock',
      adminListen: null,
      adminPublished: false,
      repairLinkBytes: 50_000_000,
      repairDiskBytes: 80_000_000,
    });
  });

  test.each([
    [
      'a misspelt setting',
      sound.replace('capacity', 'capcity'),
      'CONFIG_UNKNOWN_KEY',
      4,
      /did you mean capacity\?/,
    ],
    [
      'an unheard-of setting',
      `${sound}colour = "red"\n`,
      'CONFIG_UNKNOWN_KEY',
      8,
      /known are listen, announce/,
    ],
    [
      'a misspelt section',
      sound.replace('[network]', '[netwrok]'),
      'CONFIG_UNKNOWN_KEY',
      6,
      /did you mean network\?/,
    ],
    ['a setting outside sections', `verbose = true\n${sound}`, 'CONFIG_UNKNOWN_KEY', 1, /verbose/],
    ['a prototype name', `${sound}constructor = 1\n`, 'CONFIG_UNKNOWN_KEY', 8, /constructor/],
    ['a prototype section', `${sound}[constructor]\nname = 1\n`, 'CONFIG_UNKNOWN_KEY', 8, /constructor/],
    ['a section that is a value', 'daemon = 1\n', 'CONFIG_VALUE', 1, /should be a section/],
    [
      'text where a list belongs',
      sound.replace('["/ip4/127.0.0.1/tcp/4001"]', '"/ip4/127.0.0.1/tcp/4001"'),
      'CONFIG_VALUE',
      7,
      /network\.listen should be a list/,
    ],
    ['no address', sound.replace('"/ip4/127.0.0.1/tcp/4001"', ''), 'CONFIG_VALUE', 7, /at least one address/],
    ['an address without port', sound.replace('/tcp/4001', ''), 'CONFIG_VALUE', 7, /should be a list/],
    [
      'a size that is none',
      sound.replace('100GB', 'plenty'),
      'CONFIG_VALUE',
      4,
      /daemon\.capacity should be a size/,
    ],
    ['no room at all', sound.replace('"100GB"', '0'), 'CONFIG_VALUE', 4, /size/],
    ['a true size', sound.replace('"100GB"', 'true'), 'CONFIG_VALUE', 4, /size/],
    ['a name that is no slug', sound.replace('cigogne', 'La Cigogne'), 'CONFIG_VALUE', 2, /lower-case/],
    [
      'an empty path',
      sound.replace('capacity = "100GB"', 'capacity = "100GB"\nkeys = ""'),
      'CONFIG_VALUE',
      5,
      /text in quotes/,
    ],
    [
      'an admin port that others reach',
      `${sound}[admin]\nlisten = "0.0.0.0:9464"\n`,
      'CONFIG_VALUE',
      9,
      /this machine alone/,
    ],
    [
      'a published port that is none',
      `${sound}[admin]\npublished = true\n`,
      'CONFIG_VALUE',
      9,
      /should come with listen/,
    ],
    [
      'half a yes',
      `${sound}[admin]\nlisten = "127.0.0.1:9464"\npublished = "yes"\n`,
      'CONFIG_VALUE',
      10,
      /true or false/,
    ],
    ['an unknown level', `${sound}[log]\nlevel = "loud"\n`, 'CONFIG_VALUE', 9, /"debug", "info"/],
    ['a broken line', sound.replace('"cigogne"', '"cigogne'), 'CONFIG_SYNTAX', 2, /not TOML/],
    [
      'the same setting twice',
      sound.replace('[network]', 'hoster = "b"\n[network]'),
      'CONFIG_SYNTAX',
      6,
      /not TOML/,
    ],
  ] as const)('refuses %s and says where', (_, source, code, line, words) => {
    const fault = faultOf(source);
    expect([fault.kind, fault.code, fault.facts['line']]).toEqual(['usage', code, line]);
    expect(fault.message).toMatch(words);
    expect(fault.message).toContain(`daemon.toml, line ${line}`);
  });

  test.each(['hoster', 'site', 'capacity', 'listen'])('refuses to go without %s', (name) => {
    const fault = faultOf(sound.replace(new RegExp(`^${name} = .*\n`, 'm'), ''));
    expect(fault.code).toBe('CONFIG_MISSING_KEY');
    expect(fault.message).toContain(name);
  });

  it('comes back the same after it was written with its comments', () => {
    const config: DaemonConfig = {
      hoster: 'cigogne',
      site: 'strasbourg',
      capacityBytes: 1_234_567,
      charter: '/etc/a "quoted" name/é.cbor',
      keys: 'keys',
      data: '/srv/data\\with\ttab',
      pid: '/run/vauban.pid',
      listen: ['/ip4/0.0.0.0/tcp/4001', '/ip6/::1/tcp/4002'],
      announce: ['/dns4/s1.example.net/tcp/443'],
      logLevel: 'debug',
      adminSocket: '/run/vauban/admin.sock',
      adminListen: '127.0.0.1:9464',
      adminPublished: true,
      repairLinkBytes: 20_000_000,
      repairDiskBytes: 40_000_000,
    };
    expect(parseConfig(formatConfig(config), 'x')).toEqual(config);
  });
});

describe('sizes', () => {
  test.each([
    ['100GB', 100e9],
    ['1.5 TB', 1.5e12],
    ['512GiB', 549_755_813_888],
    ['7', 7],
    ['12 b', 12],
    [4096, 4096],
    ['', undefined],
    ['GB', undefined],
    ['-1GB', undefined],
    ['1e3', undefined],
    ['1 light-year', undefined],
    ['99999PB', undefined],
    [1.5, undefined],
    ['1constructor', undefined],
  ] as const)('reads %j as %j', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it('writes what it reads back', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        expect(parseBytes(bytesInWords(bytes))).toBe(bytes);
      }),
    );
    expect(bytesInWords(100e9)).toBe('100GB');
  });
});

test.each([
  ['/ip4/127.0.0.1/tcp/4001', true],
  ['/ip6/::/tcp/0', true],
  ['/dns/example.net/tcp/65535', true],
  ['/dns4/example.net/tcp/65536', false],
  ['/ip4/127.0.0.1/udp/4001', false],
  ['127.0.0.1:4001', false],
  ['/ip4/127.0.0.1/tcp/4001/p2p/12D3', false],
  [`/dns/${'a'.repeat(250)}/tcp/1`, false],
])('%s is an address: %s', (text, expected) => {
  expect(isAddress(text)).toBe(expected);
});
