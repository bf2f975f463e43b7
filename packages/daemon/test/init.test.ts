// Setting a daemon up: what lies where afterwards, what leaves, and that nothing is ever written over.

import { daemonIdOf, isFault } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { VoteJournal } from '@vauban/ledger';
import { describe, expect, it, test } from 'vitest';
import { parseConfig } from '../src/config.ts';
import { initDaemon, type InitOptions } from '../src/init.ts';
import { decodeKeyFile, encodeKeyFile, type KeyRole, makeKey } from '../src/keys.ts';
import { checkMarker } from '../src/marker.ts';
import { openPublicLine } from '../src/public-line.ts';
import { cigogne, memoryHome, NOW, textOf } from './init-setup.ts';

const roles: readonly KeyRole[] = ['identity', 'transport', 'receipt', 'log', 'voting-1'];

describe('a new daemon', () => {
  it('has one key per role, a marked data directory, a vote history and a sound configuration', async () => {
    const ports = memoryHome();
    const { daemon } = await initDaemon(cigogne, ports);
    const seeds = new Set<string>();
    for (const role of roles) {
      const path = `keys/${role}.key`;
      const key = decodeKeyFile(nodeCrypto, await textOf(ports.home, path), { role, path });
      seeds.add(key.seed.join());
      if (role === 'receipt') expect(daemonIdOf(nodeCrypto, key.publicKey)).toBe(daemon);
    }
    expect(seeds.size).toBe(roles.length);
    await checkMarker(ports.data, daemon);
    const journal = await VoteJournal.open(ports.data, 'votes-1', nodeCrypto);
    expect(journal.counter).toBe(0);
    await journal.close();
    const config = parseConfig(await textOf(ports.home, 'daemon.toml'), 'daemon.toml');
    expect(config).toMatchObject({
      hoster: 'hebergeur-cigogne',
      site: 'strasbourg',
      capacityBytes: 100e9,
      listen: ['/ip4/127.0.0.1/tcp/4001'],
    });
  });

  it('tells the officers everything public, and nothing secret', async () => {
    const ports = memoryHome();
    const { daemon, publicLine } = await initDaemon(
      { ...cigogne, announce: ['/dns4/s1.example.net/tcp/4001'], capacityBytes: 5_000 },
      ports,
    );
    expect(publicLine).toMatch(/^vauban-daemon0:[A-Za-z0-9_-]+$/);
    const facts = openPublicLine(nodeCrypto, publicLine);
    expect(facts).toMatchObject({
      hoster: { id: 'hebergeur-cigogne', name: 'Hébergeur Cigogne' },
      site: {
        id: 'strasbourg',
        city: 'Strasbourg',
        country: 'FR',
        building: 'strasbourg',
        latitude: 48_573_400,
        longitude: 7_752_100,
      },
      daemon: { id: daemon, addresses: ['/dns4/s1.example.net/tcp/4001'], capacityBytes: 5_000 },
      voting: { epoch: 1 },
      declaration: { seat: 'FR', law: 'FR', data: 'FR', validFrom: NOW, signedBy: 'Hébergeur Cigogne' },
    });
    for (const role of roles) {
      const path = `keys/${role}.key`;
      const { seed } = decodeKeyFile(nodeCrypto, await textOf(ports.home, path), { role, path });
      expect(Buffer.from(publicLine.slice(15), 'base64url').includes(Buffer.from(seed))).toBe(false);
    }
    expect(await textOf(ports.home, 'public-line.txt')).toBe(`${publicLine}\n`);
  });

  it('is never written over', async () => {
    const ports = memoryHome();
    await initDaemon(cigogne, ports);
    const before = await textOf(ports.home, 'keys/receipt.key');
    await expect(initDaemon(cigogne, ports)).rejects.toMatchObject({
      kind: 'refused',
      code: 'DAEMON_EXISTS',
    });
    expect(await textOf(ports.home, 'keys/receipt.key')).toBe(before);
  });

  it('is not taken up where a setup was interrupted after its first key', async () => {
    const ports = memoryHome();
    await initDaemon(cigogne, ports);
    await ports.home.remove('daemon.toml');
    await expect(initDaemon(cigogne, ports)).rejects.toMatchObject({ code: 'DAEMON_EXISTS' });
  });

  it('gets no vote and no second identity when its hoster has a key already', async () => {
    const identity = makeKey('identity', memoryHome('another machine'));
    const ports = memoryHome();
    const { publicLine } = await initDaemon({ ...cigogne, identity }, ports);
    const facts = openPublicLine(nodeCrypto, publicLine);
    expect(facts.voting).toBeNull();
    expect(facts.hoster.identityKey).toEqual(identity.publicKey);
    expect(await ports.home.list('keys')).toEqual(['log.key', 'receipt.key', 'transport.key']);
    expect(await ports.data.stat('votes-1')).toBeUndefined();
  });

  const odd: readonly (readonly [string, Partial<InitOptions>, RegExp])[] = [
    ['a hoster without a letter', { hoster: '***' }, /hoster/],
    ['two lines as a site', { site: 'a\nb' }, /one line/],
    ['a long city', { city: 'x'.repeat(81) }, /city/],
    ['a country in words', { country: 'France' }, /FR/],
    ['a place off the map', { latitude: 91 }, /latitude/],
    ['no number as longitude', { longitude: Number.NaN }, /longitude/],
    ['an address that is none', { listen: ['localhost:4001'] }, /listen/],
    ['no address', { listen: [] }, /listen/],
    ['every interface without a name', { listen: ['/ip4/0.0.0.0/tcp/4001'] }, /--announce/],
    ['a negative size', { capacityBytes: -1 }, /capacity/],
  ];
  test.each(odd)('is not set up with %s, and nothing is left behind', async (_, options, words) => {
    const ports = memoryHome();
    const fault = await initDaemon({ ...cigogne, ...options }, ports).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(isFault(fault, 'INIT_VALUE') && fault.kind).toBe('usage');
    expect((fault as Error).message).toMatch(words);
    expect(await ports.home.list('')).toEqual([]);
  });
});

describe('a key file', () => {
  const key = makeKey('receipt', memoryHome());
  const text = encodeKeyFile(key);
  const read = (source: string, role: KeyRole = 'receipt') =>
    decodeKeyFile(nodeCrypto, source, { role, path: 'receipt.key' });

  it('comes back the same', () => {
    expect(read(text)).toEqual(key);
  });

  test.each([
    ['another role', text, 'log', 'KEY_ROLE'],
    [
      'a changed secret',
      text.replace(/secret ./, (at) => at.slice(0, -1) + (at.endsWith('0') ? '1' : '0')),
      'receipt',
      'KEY_MALFORMED',
    ],
    ['a changed role', text.replace('role receipt', 'role log'), 'receipt', 'KEY_ROLE'],
    ['a lost line break', text.trimEnd(), 'receipt', 'KEY_MALFORMED'],
    ['capitals', text.toUpperCase(), 'receipt', 'KEY_MALFORMED'],
    ['a newer form', text.replace('key/0', 'key/1'), 'receipt', 'KEY_MALFORMED'],
    ['nothing', '', 'receipt', 'KEY_MALFORMED'],
  ] as const)('is refused with %s', (_, source, role, code) => {
    expect(() => read(source, role)).toThrow(expect.objectContaining({ code }));
  });
});
