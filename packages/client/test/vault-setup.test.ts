// How a vault comes to be on a machine, over a network in memory whose hosters keep devices' notes.

import { memoryFiles, toHex } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import { readDelegation, type SignedCharter } from '@vauban/ledger';
import { agencyKeys, secretOfWords } from '@vauban/seal';
import { beforeEach, describe, expect, it } from 'vitest';
import { Membership } from '../src/membership.ts';
import { openAgencyLine } from '../src/vault-config.ts';
import { readConfig, readKeys, writeConfig } from '../src/vault-files.ts';
import { activateVault, createVault, publicLineOf, recoverVault } from '../src/vault-setup.ts';
import { advanced, chainOf, charterOf, HOSTERS } from './consortium.ts';
import { passphrase, Region } from './region.ts';

let region: Region;
beforeEach(() => {
  region = new Region();
});

const created = async (machine = region.machine(), agencyName = 'Ville de Metz') => ({
  machine,
  made: await createVault(machine, { charter: region.charter, passphrase, agencyName }),
});

describe('creating a vault', () => {
  it('makes keys that the words give back, and tells the officers what they need', async () => {
    const { machine, made } = await created();
    const config = await readConfig(machine);
    expect(config).toMatchObject({
      agency: 'ville-de-metz',
      agencyName: 'Ville de Metz',
      policy: null,
      note: null,
      adopts: null,
      renewal: null,
    });
    expect(toHex(config.vault)).toBe(made.vault);
    expect(config.device).toBe(made.device);
    const keys = await readKeys(machine, passphrase);
    expect(secretOfWords(made.words.join(' '))).toEqual(keys.agencySecret);
    const { rootPublic } = agencyKeys(crypto, keys.agencySecret);
    expect(openAgencyLine(crypto, made.publicLine)).toEqual({
      id: 'ville-de-metz',
      name: 'Ville de Metz',
      rootKey: rootPublic,
    });
    expect(await publicLineOf(machine, passphrase)).toBe(made.publicLine);
    await expect(readKeys(machine, 'another')).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE' });
  });

  it('survives a power cut as soon as it has answered', async () => {
    const files = memoryFiles();
    const { made } = await created({ ...region.machine(), files });
    const machine = { ...region.machine(), files: files.crash() };
    expect((await readConfig(machine)).device).toBe(made.device);
    expect(secretOfWords(made.words.join(' '))).toEqual((await readKeys(machine, passphrase)).agencySecret);
  });

  it('refuses a directory that has one, a name that is taken, and an empty passphrase, and leaves nothing behind', async () => {
    const { machine, made } = await created();
    await expect(created(machine)).rejects.toMatchObject({ code: 'VAULT_EXISTS' });
    region.admit(made.publicLine);
    const other = region.machine();
    await expect(created(other)).rejects.toMatchObject({ code: 'AGENCY_TAKEN' });
    await expect(
      createVault(other, { charter: region.charter, passphrase: '', agencyName: 'Epinal' }),
    ).rejects.toMatchObject({ code: 'EMPTY_PASSPHRASE' });
    await expect(readConfig(other)).rejects.toMatchObject({ code: 'VAULT_MISSING' });
    expect(await other.files.list('')).toEqual([]);
  });

  it('refuses names that could not be read back', async () => {
    for (const agencyName of ['!!!', 'x'.repeat(81), '\ufeffMetz', 'Metz\ud800']) {
      const machine = region.machine();
      await expect(created(machine, agencyName)).rejects.toMatchObject({
        kind: 'usage',
        code: 'AGENCY_NAME',
      });
      expect(await machine.files.list('')).toEqual([]);
    }
    const machine = region.machine();
    await expect(
      createVault(machine, {
        charter: region.charter,
        passphrase,
        agencyName: 'Metz',
        label: 'x'.repeat(201),
      }),
    ).rejects.toMatchObject({ kind: 'usage', code: 'VAULT_LABEL' });
    expect((await created(region.machine(), `Syndicat ${'x'.repeat(71)}`)).made.vault).toMatch(
      /^[0-9a-f]{64}$/,
    );
  });
});

describe('activating a vault', () => {
  it('waits for the officers, then delegates the device with a quorum, once', async () => {
    const { machine, made } = await created();
    await expect(region.run(activateVault(machine, { passphrase }))).rejects.toMatchObject({
      code: 'AGENCY_UNKNOWN',
    });
    expect((await readConfig(machine)).note).toBeNull();
    region.admit(made.publicLine);
    const config = await region.run(activateVault(machine, { passphrase, charter: region.charter }));
    expect(config).toMatchObject({ policy: 'standard' });
    expect(await readConfig(machine)).toEqual(config);
    expect(region.notes.size).toBe(4);
    const delegation = readDelegation(config.note as Uint8Array);
    expect(delegation).toMatchObject({
      agency: 'ville-de-metz',
      policy: 'standard',
      rights: ['write', 'delete'],
    });
    expect(toHex(delegation.vault)).toBe(made.vault);
    region.notes.clear();
    expect(await region.run(activateVault(machine, { passphrase: 'not even asked for' }))).toEqual(config);
    expect(region.notes.size).toBe(0);
  });

  it('learns the newer charter from the hosters themselves', async () => {
    const { machine, made } = await created();
    region.admit(made.publicLine);
    const config = await region.run(activateVault(machine, { passphrase }));
    expect(config.charter).toHaveLength(2);
    expect((await readConfig(machine)).charter).toHaveLength(2);
  });

  it('is not done without a quorum', async () => {
    const { machine, made } = await created();
    region.admit(made.publicLine);
    region.hub.kill('peer-h1');
    region.hub.stop('peer-h2');
    const options = { passphrase, charter: region.charter };
    await expect(region.run(activateVault(machine, options))).rejects.toMatchObject({
      kind: 'unreachable',
      code: 'QUORUM_UNREACHABLE',
    });
    expect((await readConfig(machine)).note).toBeNull();
    region.hub.revive('peer-h2');
    expect((await region.run(activateVault(machine, options))).note).not.toBeNull();
  });

  it('goes on with the others when one hoster’s answer cannot be read', async () => {
    const { machine, made } = await created();
    region.liar = 'h1';
    await expect(region.run(activateVault(machine, { passphrase }))).rejects.toMatchObject({
      code: 'AGENCY_UNKNOWN',
    });
    region.admit(made.publicLine);
    const options = { passphrase, charter: region.charter };
    region.hub.kill('peer-h3');
    await expect(region.run(activateVault(machine, options))).rejects.toMatchObject({
      kind: 'unreachable',
      code: 'QUORUM_UNREACHABLE',
      facts: {
        needed: 3,
        stored: 2,
        said: expect.arrayContaining([
          expect.objectContaining({ hoster: 'h1', code: 'MALFORMED' }),
          expect.objectContaining({ hoster: 'h3', code: 'PEER_UNREACHABLE' }),
        ]),
      },
    });
    region.hub.revive('peer-h3');
    expect((await region.run(activateVault(machine, options))).note).not.toBeNull();
    expect([...region.notes.keys()].sort()).toEqual(['h2', 'h3', 'h4']);
  });

  it('refuses a charter that names the agency with another key, or is of another consortium', async () => {
    const { machine } = await created();
    const { made: other } = await created();
    region.admit(other.publicLine);
    await expect(
      region.run(activateVault(machine, { passphrase, charter: region.charter })),
    ).rejects.toMatchObject({ code: 'AGENCY_TAKEN' });
    for (const first of [charterOf([], 'elsewhere'), { ...charterOf(), expires: charterOf().expires + 1 }]) {
      const foreign = chainOf(first);
      foreign.extend(advanced(foreign, {}));
      foreign.extend(advanced(foreign, {}));
      await expect(
        region.run(activateVault(machine, { passphrase, charter: foreign.signedFrom(1) })),
      ).rejects.toMatchObject({ kind: 'refused', code: 'CHARTER_OTHER' });
      expect(region.notes.size).toBe(0);
    }
  });

  it('needs the passphrase', async () => {
    const { machine } = await created();
    await expect(activateVault(machine, { passphrase: 'another' })).rejects.toMatchObject({
      code: 'WRONG_PASSPHRASE',
    });
  });
});

describe('recovering a vault', () => {
  it('gives the same vault a new device, from the words alone', async () => {
    const { machine, made } = await created();
    region.admit(made.publicLine);
    await region.run(activateVault(machine, { passphrase }));
    const fresh = region.machine();
    const options = { words: made.words.join(' '), charter: region.charter, passphrase: 'another' };
    const back = await region.run(recoverVault(fresh, options));
    expect(back.vault).toBe(made.vault);
    expect(back.device).not.toBe(made.device);
    const config = await readConfig(fresh);
    expect(config).toMatchObject({ agency: 'ville-de-metz', policy: 'standard' });
    expect(config.note).not.toBeNull();
    expect((await readKeys(fresh, 'another')).agencySecret).toEqual(
      (await readKeys(machine, passphrase)).agencySecret,
    );
    await expect(region.run(recoverVault(fresh, options))).rejects.toMatchObject({ code: 'VAULT_EXISTS' });
  });

  it('refuses words that nobody of the charter has, and words that are none', async () => {
    const { made } = await created();
    const fresh = region.machine();
    const options = { charter: region.charter, passphrase };
    await expect(recoverVault(fresh, { ...options, words: made.words.join(' ') })).rejects.toMatchObject({
      code: 'AGENCY_UNKNOWN',
    });
    await expect(
      recoverVault(fresh, { ...options, words: [...made.words.slice(1), made.words[0]].join(' ') }),
    ).rejects.toMatchObject({ kind: expect.stringMatching(/usage|refused/) });
    expect(await fresh.files.list('')).toEqual([]);
  });
});

describe('a newer charter that an answer speaks of', () => {
  const member = (onCharter: (versions: readonly SignedCharter[]) => Promise<void>) =>
    new Membership({
      ports: { crypto, clock: region.clock, random },
      network: region.hub.join('member'),
      identity: { role: 'device', note: new Uint8Array(8) },
      charter: region.charter,
      onCharter,
    });

  const hear = (membership: Membership) =>
    membership.links.client(membership.charter.daemons[1]?.id ?? '').ask('charter', { from: 9 });

  it('is fetched once, checked, kept and used', async () => {
    const kept: number[] = [];
    const membership = member(async (versions) => void kept.push(versions.length));
    region.chain.extend(advanced(region.chain, {}));
    await region.run(hear(membership));
    await region.run(membership.settled());
    await region.run(hear(membership));
    await region.run(membership.settled());
    expect(kept).toEqual([2]);
    expect(membership.charter.version).toBe(2);
    expect(membership.voters().map(({ hoster }) => hoster)).toEqual([...HOSTERS]);
  });

  it('that cannot be kept is told to whoever waits for it, and to nobody else', async () => {
    const membership = member(() => Promise.reject(new Error('the disk is full')));
    region.chain.extend(advanced(region.chain, {}));
    await region.run(hear(membership));
    await region.clock.pass(1_000);
    await expect(membership.settled()).rejects.toThrow('the disk is full');
  });
});

describe('the configuration on the disk', () => {
  it('is the old one or the new one after a power cut at any moment', async () => {
    const { machine } = await created();
    const config = await readConfig(machine);
    const changed = { ...config, policy: 'standard' };
    for (let at = 0; at < 14; at++) {
      let left = Number.POSITIVE_INFINITY;
      const files = memoryFiles({
        fail: () => {
          left -= 1;
          return left === 0 ? new Error('power') : undefined;
        },
      });
      await writeConfig({ files }, config);
      left = at;
      const written = await writeConfig({ files }, changed).then(
        () => true,
        () => false,
      );
      left = Number.POSITIVE_INFINITY;
      const after = await readConfig({ files: files.crash(random) });
      expect(written ? [changed] : [config, changed]).toContainEqual(after);
    }
  });
});
