// A voting key from its making to its end: what the disk has to show at each step, and what a start makes of what it finds.

import {
  type Charter,
  memoryFiles,
  memoryStore,
  type MemoryFiles,
  quorumOf,
  votingHosters,
} from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom } from '@vauban/core/node';
import {
  CharterChain,
  cosign,
  cosignerName,
  formatHead,
  formatNote,
  LogStore,
  Mirror,
  openNextKey,
  type SignedCharter,
  signCharter,
} from '@vauban/ledger';
import { describe, expect, test } from 'vitest';
import type { RoleKey } from '../src/keys.ts';
import { STOPPED_PATH } from '../src/voting.ts';
import { VoterLife } from '../src/voter-life.ts';
import { votesPath, votingKeyFiles } from '../src/voting-keys.ts';
import { sampleCharter, sampleKey, sampleSeed } from '../../core/test/sample-charter.ts';

const first = sampleCharter({ crypto, hosters: 4 });
const self = votingHosters(first)[0] as (typeof first.hosters)[number];
const role = (number: number, epoch: number) => `voting-${number}-${epoch}`;

function signed(charter: Charter): SignedCharter {
  const officers = ['officer-1', 'officer-2', 'officer-3'];
  return signCharter(
    crypto,
    charter,
    officers.map((id) => ({ id, seed: sampleSeed(crypto, id) })),
  );
}

/** The next epoch, with this key for the first hoster, and `votingSince` changed when it enters anew. */
function opening(chain: CharterChain, key: Uint8Array, anew = false): SignedCharter {
  const { current } = chain;
  const epoch = current.epoch + 1;
  const hosters = current.hosters.map((one, at) => ({
    ...one,
    votingKeys: [{ epoch, key: at === 0 ? key : sampleKey(crypto, role(at + 1, epoch)) }],
    votingSince: at === 0 && anew ? epoch : one.votingSince,
  }));
  const next = { ...current, version: current.version + 1, previous: chain.currentHash, epoch, hosters };
  const draft = signed(next);
  const { head } = chain.checkDraft(draft);
  const signatures = [2, 3, 4].slice(0, quorumOf(current)).map((number) => {
    const name = cosignerName(current.name, `hoster-${number}`, current.epoch);
    const seed = sampleSeed(crypto, role(number, current.epoch));
    return cosign(crypto, head, { name, seed, publicKey: crypto.ed25519Public(seed) }, 1_790_000_000);
  });
  return { ...draft, certificate: formatNote({ text: formatHead(head), signatures }) };
}

class Voter {
  files: MemoryFiles;
  readonly chain = new CharterChain(crypto, signed(first));
  readonly store = memoryStore();
  readonly calls: string[] = [];
  readonly said: string[] = [];
  life!: VoterLife;
  mirror!: Mirror;

  constructor() {
    this.files = memoryFiles({ record: ({ call, path }) => this.calls.push(`${call} ${path}`) });
  }

  get keys() {
    return votingKeyFiles({
      files: this.files,
      directory: 'keys',
      data: this.files,
      crypto,
      random: nodeRandom,
    });
  }

  async setUp(): Promise<this> {
    await this.files.makeDirectory('keys');
    await this.files.syncDirectory('');
    const seed = sampleSeed(crypto, role(1, 0));
    await this.keys.create(0, { role: 'voting-0', seed, publicKey: crypto.ed25519Public(seed) });
    return this.start();
  }

  async start(): Promise<this> {
    this.life = new VoterLife({
      id: self.voter ?? '',
      charters: this.chain,
      crypto,
      files: this.files,
      keys: this.keys,
      store: this.store,
      log: (_, event) => this.said.push(event),
    });
    const found = await this.life.open();
    const clock = {
      now: () => 0,
      monotonic: () => 0,
      sleep: async () => undefined,
      after: () => () => undefined,
    };
    const logs = await LogStore.open(memoryStore(), crypto);
    this.mirror = new Mirror({ logs, crypto, clock, charters: this.chain, voting: found.right });
    await this.life.attach(this.mirror, found, () => this.said.push('wake'));
    return this;
  }

  /** Power failure, then a start. */
  async crash(): Promise<this> {
    this.files = this.files.crash();
    return this.start();
  }

  async enter(version: SignedCharter): Promise<void> {
    this.chain.extend(version);
    this.life.fence();
    await this.life.enter();
  }

  async next(): Promise<Uint8Array> {
    const key = await this.keys.of(this.chain.current.epoch + 1);
    return (key as RoleKey).publicKey;
  }

  get silent(): string | undefined {
    return this.mirror.silent?.code;
  }
}

const voting = async () => {
  const one = await new Voter().setUp();
  one.mirror.startVoting();
  return one;
};

describe('a voting key', () => {
  test('of the next epoch is made ahead, on the disk with its history, and vouched for', async () => {
    const one = await voting();
    const next = await one.life.nextKey();
    expect(openNextKey(crypto, one.chain.current, self.id, next)).toEqual(await one.next());
    await one.crash();
    expect(await one.keys.epochs()).toEqual([0, 1]);
    expect(await one.next()).toEqual(next.key);
    expect(await one.files.stat(votesPath(1))).toBeDefined();
  });

  test('is nobody’s to list while its voter is silent', async () => {
    const one = await new Voter().setUp();
    await expect(one.life.nextKey()).rejects.toMatchObject({ code: 'VOTER_STARTING' });
  });

  test('is gone from the disk before the next one votes', async () => {
    const one = await voting();
    const version = opening(one.chain, await one.next());
    one.chain.extend(version);
    one.life.fence();
    expect(one.silent).toBe('EPOCH_OPENING');
    one.calls.length = 0;
    const entering = one.life.enter();
    const removed = () => one.calls.indexOf('remove keys/voting-0.key');
    const synced = () => one.calls.indexOf('syncDirectory keys', removed());
    while (one.mirror.voting === null) await new Promise((resolve) => setImmediate(resolve));
    expect(removed()).toBeGreaterThanOrEqual(0);
    expect(synced()).toBeGreaterThan(removed());
    await entering;
    expect([one.silent, one.mirror.voting?.epoch]).toEqual([undefined, 1]);
    expect(await one.keys.epochs()).toEqual([1, 2]);
    expect(await one.files.stat(votesPath(0))).toBeUndefined();
  });

  test('that a crash spared is destroyed at the next start, before anything is signed', async () => {
    const one = await voting();
    one.chain.extend(opening(one.chain, await one.next()));
    await one.crash();
    expect(await one.keys.epochs()).toEqual([1, 2]);
    expect([one.silent, one.mirror.voting?.epoch]).toEqual(['VOTER_STARTING', 1]);
  });

  test('of a voter that was still starting lets it go on starting', async () => {
    const one = await new Voter().setUp();
    await one.enter(opening(one.chain, await one.next()));
    expect(one.silent).toBe('VOTER_STARTING');
    expect(one.said).toContain('wake');
  });

  test('that is not the listed one ends, and every key made ahead with it', async () => {
    const one = await voting();
    await one.enter(opening(one.chain, sampleKey(crypto, 'somebody else')));
    expect(one.silent).toBe('VOTE_KEY_OTHER');
    expect(one.mirror.silent?.message).toMatch(/vauban daemon voting-key --epoch 2/);
    expect(await one.keys.epochs()).toEqual([]);
    await expect(one.life.nextKey()).rejects.toMatchObject({ code: 'VOTE_KEY_OTHER' });
    // A key made since stays, whatever starts come before its epoch; with it the voter enters anew.
    const { publicKey } = await one.keys.create(2);
    await one.crash();
    expect([one.silent, await one.keys.epochs()]).toEqual(['VOTE_KEY_OTHER', [2]]);
    await one.enter(opening(one.chain, publicKey, true));
    expect(one.silent).toBe('VOTER_UNREADY');
    await one.life.makeReady(one.mirror.voting as NonNullable<typeof one.mirror.voting>, ['a/b']);
    expect(one.silent).toBeUndefined();
    await one.crash();
    expect([one.silent, [...one.mirror.seat.unready]]).toEqual(['VOTER_STARTING', ['a/b']]);
  });

  test('whose history is gone is destroyed, and stays silent when both come back', async () => {
    const one = await voting();
    const key = (await one.keys.of(0)) as RoleKey;
    await one.files.remove(votesPath(0));
    await one.files.syncDirectory('');
    await one.crash();
    expect([one.silent, await one.keys.epochs()]).toEqual(['VOTE_HISTORY_MISSING', []]);
    await one.keys.create(0, key);
    await one.crash();
    expect([one.silent, await one.keys.epochs()]).toEqual(['VOTE_HISTORY_MISSING', []]);
    expect(await one.files.stat(STOPPED_PATH)).toBeDefined();
  });

  test('of a later epoch than the charter known here waits for that charter', async () => {
    const one = await voting();
    const behind = await new Voter().setUp();
    const next = await one.next();
    const version = opening(one.chain, next);
    await one.enter(version);
    behind.files = one.files;
    await behind.start();
    expect(behind.silent).toBe('VOTER_BEHIND');
    expect(await behind.keys.epochs()).toEqual([1, 2]);
    await behind.enter(version);
    expect([behind.silent, behind.mirror.voting?.epoch]).toEqual(['VOTER_STARTING', 1]);
  });

  test('cannot be made where one of its epoch has voted', async () => {
    const one = await voting();
    await one.mirror.voting?.journal.cast({ epoch: 0, origin: 'a/b', size: 1, root: new Uint8Array(32) });
    await one.keys.destroy(0);
    await expect(one.keys.create(0)).rejects.toMatchObject({ code: 'VOTE_HISTORY_LEFT' });
    await expect(one.keys.create(1)).rejects.toMatchObject({ code: 'VOTING_KEY_EXISTS' });
  });

  test('remembers what others have voted, over a restart of everyone', async () => {
    const one = await voting();
    one.mirror.seat.remember({ hoster: 'hoster-2', epoch: 0, counter: 7, signature: new Uint8Array(64) });
    await one.life.keepCounters();
    await one.crash();
    expect(one.mirror.seat.remembered('hoster-2')).toEqual({ counter: 7, signature: new Uint8Array(64) });
    one.mirror.startVoting();
    await one.enter(opening(one.chain, await one.next()));
    expect(one.mirror.seat.remembered('hoster-2')).toBeNull();
  });
});
