// Disks that lie, lose or are tampered with, at one hoster of five: found, named, of no consequence to the others, and
// made good without a person where the others hold the same.

import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkedStore, fromHex, prefixedStore, type Store, type StoreOperation, utf8 } from '@vauban/core';
import { nodeClock, nodeCrypto, nodeRandom, openLevelStore } from '@vauban/core/node';
import { libp2pNetwork } from '@vauban/wire/libp2p';
import { PeerClient } from '@vauban/wire';
import { readNetworkCharter } from '@vauban/fleet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgencyVault, expectEnd, joinNetwork } from '../promises/agency.ts';
import { fragmentFiles } from '../promises/fragment-files.ts';
import { bytesOf, TestNetwork, until } from '../support/network.ts';

let network: TestNetwork;
let vault: AgencyVault;
const content = bytesOf(6_000_000, 3);
/** Whose ledger is written into. */
const VICTIM = 'metz';

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 5, k: 3, m: 2 });
  vault = await joinNetwork(network);
  const tree = await network.tree('in', { large: content });
  await vault.ask('put', join(tree, 'large'), 'large');
});
afterAll(() => network?.close());

interface Fragment {
  readonly index: number;
  readonly site: string;
  readonly hoster: string;
  readonly daemon: string;
  readonly live: boolean;
}
async function fragmentsOf(path: string): Promise<readonly Fragment[]> {
  const { segments } = await vault.ask('where', path);
  return segments.flatMap((one: { fragments: Fragment[] }) => one.fragments);
}

/** Who holds a data fragment, which a healthy read asks for. */
async function dataHolder(): Promise<Fragment> {
  const [first] = (await fragmentsOf('large')).filter(({ index }) => index === 0);
  return first as Fragment;
}

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at);
  } finally {
    await file.close();
  }
}

describe('a disk that flips a bit of a fragment', () => {
  it('is found by the leaf, read around, and named', async () => {
    const { site, daemon, hoster, index } = await dataHolder();
    const files = (await fragmentFiles(network)).filter((one) => one.site === site && one.index === index);
    expect(files).toHaveLength(1);
    await flip(files[0]?.path ?? '', 500_000);

    const out = join(network.scratch, 'flipped');
    const got = await vault.run('get', 'large', out);
    expectEnd(got, 0);
    expect(content.equals(await readFile(out))).toBe(true);
    expect(got.stderr).toContain(`daemon ${daemon}`);
    expect(got.stderr).toContain(hoster);
    expect(got.stderr).toContain(site);
    expect(got.stderr).toContain(`leaf ${Math.floor(500_000 / 16_384)} of fragment ${index}`);

    const deep = await vault.run('verify', '--deep', '--json');
    expectEnd(deep, 3);
    expect(JSON.stringify(deep.json.problems)).toContain(daemon);
    await flip(files[0]?.path ?? '', 500_000);
    expect(await vault.ask('verify', '--deep')).toMatchObject({ ok: true, problems: [] });
  });
});

describe('a stranger', () => {
  it('is refused before anything it says is read', async () => {
    const charter = (await readNetworkCharter(network.directory)).current;
    const { peer, addresses } = charter.daemons[0] ?? { peer: '', addresses: [] };
    const stranger = libp2pNetwork({
      transportSeed: nodeRandom.bytes(32),
      listen: [],
      clock: nodeClock,
    });
    await stranger.start();
    try {
      const client = new PeerClient(
        { peer, addresses },
        {
          network: stranger,
          crypto: nodeCrypto,
          // What every member would say; only its key is nobody's.
          identity: { role: 'daemon' },
          charterName: charter.name,
          charterVersion: () => charter.version,
        },
      );
      await expect(client.ask('status', {})).rejects.toMatchObject({ kind: 'refused' });
      const { segments } = await vault.ask('where', 'large');
      const segment = fromHex(segments[0].id) as Uint8Array;
      const runs: [number, number][] = [[0, 16_384]];
      const read = { bulk: 'get', segment, index: 0, runs } as const;
      await expect(client.bulk(read)).rejects.toMatchObject({ kind: 'refused' });
    } finally {
      await stranger.stop();
    }
  });
});

describe('a fragment file that is gone when its daemon starts', () => {
  it('becomes a certified loss, and `where` shows it', async () => {
    const { site, index } = await dataHolder();
    const files = (await fragmentFiles(network)).filter((one) => one.site === site && one.index === index);
    // It would be rebuilt before anyone has looked at what is gone.
    await vault.ask('repair', 'pause', '--network', network.directory);
    await network.kill(site);
    await rm(files[0]?.path ?? '');
    const before = await vault.ask('ledger', 'verify', '--network', network.directory);
    await network.start();
    await until(async () => (await network.logOf(site)).includes('"event":"loss-certified"'));

    const held = await fragmentsOf('large');
    expect(held.filter(({ live }) => !live).map((one) => [one.site, one.index])).toEqual([[site, index]]);
    const text = await vault.run('where', 'large');
    // Gone by the word of a quorum, or, while some of them have not heard it, merely not proven.
    expect(text.stdout).toMatch(new RegExp(` ${index}  ${site} .*(no, gone|NO)$`, 'm'));
    const after = await vault.ask('ledger', 'verify', '--network', network.directory);
    expect(after).toMatchObject({ ok: true, problems: [] });
    // The daemon's own log: its genesis and the loss.
    expect(after.certified).toBeGreaterThanOrEqual(before.certified + 2);
    const out = join(network.scratch, 'without-one');
    await vault.ask('get', 'large', out);
    expect(content.equals(await readFile(out))).toBe(true);
    await vault.ask('repair', 'resume', '--network', network.directory);
    await until(async () => (await fragmentsOf('large')).every(({ live }) => live));
  });
});

describe('a database that cannot be opened', () => {
  it('is moved aside, and its daemon comes back by itself with everything', async () => {
    const { data } = await network.daemon(VICTIM);
    const unreadable = (await fragmentsOf('large')).filter(({ live }) => !live);
    await network.kill(VICTIM);
    const store = join(data, 'store');
    const manifest = join(store, (await readFile(join(store, 'CURRENT'), 'utf8')).trim());
    const whole = await readFile(manifest);
    const broken = whole.map((byte) => byte ^ 0x55);
    await writeFile(manifest, broken);

    await network.start();
    await until(async () => (await network.logOf(VICTIM)).includes('"event":"ledger-healed"'));
    expect(await vault.ask('ledger', 'verify')).toMatchObject({ ok: true, problems: [], silent: [] });
    // What was lost before may have been rebuilt meanwhile; nothing else is missing.
    for (const one of (await fragmentsOf('large')).filter(({ live }) => !live))
      expect(unreadable).toContainEqual(one);
    // Nothing of it is deleted: it is evidence.
    const [aside] = (await readdir(data)).filter((name) => name.startsWith('store.damaged-'));
    expect(await readFile(join(data, aside ?? '', basename(manifest)))).toEqual(broken);
    expect(await network.logOf(VICTIM)).toContain('"event":"store-set-aside"');
  });
});

describe('a ledger database that somebody wrote into', () => {
  interface Tampering {
    /** First letters of the rows' keys; the last row is changed. */
    readonly table: string;
    /** The hash that a stored value carries is made to fit. */
    readonly checked: boolean;
    readonly change: (key: Uint8Array, value: Uint8Array) => StoreOperation;
  }
  const lastBitFlipped: Tampering['change'] = (key, value) => {
    const changed = value.slice();
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    return { put: key, value: changed };
  };
  const remove: Tampering['change'] = (key) => ({ del: key });

  /** Changes a stopped daemon's database. */
  async function tamper(directory: string, { table, checked, change }: Tampering): Promise<void> {
    const within = async (work: (raw: Store, asked: Store) => Promise<void>) => {
      const level = await openLevelStore(directory);
      const ledger = (store: Store) => prefixedStore(store, utf8('ledger/'));
      await work(ledger(level), ledger(checked ? checkedStore(level, nodeCrypto) : level)).finally(() =>
        level.close(),
      );
    };
    let changed = 0;
    await within(async (raw, asked) => {
      const end = utf8(`${table.slice(0, -1)}0`);
      for await (const [key] of raw.range({ gte: utf8(table), lt: end, reverse: true, limit: 1 })) {
        changed += 1;
        await asked.batch([change(key, (await asked.get(key)) as Uint8Array)], { sync: true });
      }
    });
    expect(changed).toBe(1);
  }

  it.each<Tampering & { readonly what: string }>([
    { what: 'a flipped bit in an entry', table: 'E/', checked: false, change: lastBitFlipped },
    { what: 'an entry rewritten, its hash too', table: 'E/', checked: true, change: lastBitFlipped },
    { what: 'a head taken out', table: 'L/', checked: true, change: remove },
  ])(
    'is found by its own hoster, which gets it back from the others and votes on: $what',
    async ({ what, ...how }) => {
      const { data } = await network.daemon(VICTIM);
      await network.kill(VICTIM);
      const before = (await network.logOf(VICTIM)).length;
      await tamper(join(data, 'store'), how);
      await network.start();
      const since = async () => (await network.logOf(VICTIM)).slice(before);
      await until(async () => (await since()).includes('"event":"ledger-healed"'));
      await until(async () => (await since()).includes('"event":"voting"'));
      const verified = await vault.ask('ledger', 'verify', '--network', network.directory);
      expect(verified).toMatchObject({ ok: true, problems: [], silent: [] });
      expect((await fragmentsOf('large')).filter(({ live }) => !live)).toEqual([]);
      await vault.ask('put', join(network.scratch, 'in/large'), `beside ${what}`);
    },
  );
});
