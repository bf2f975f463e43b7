// An agency's new root key, from the day it is made until the machines of the agency go on under it.

import { memoryFiles, toHex } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import { openDelegation } from '@vauban/ledger';
import { replacedRootKeys, secretOfWords } from '@vauban/seal';
import { beforeEach, describe, expect, it } from 'vitest';
import { activate, newRootKey, pendingRootLine } from '../src/agency-root.ts';
import type { ClientPorts } from '../src/ports.ts';
import { openAgencyLine, rootKeysOf } from '../src/vault-config.ts';
import { renewalDone } from '../src/vault-device.ts';
import { readConfig, readKeys, writeConfig } from '../src/vault-files.ts';
import { activateVault, createVault, recoverVault } from '../src/vault-setup.ts';
import { passphrase, Region } from './region.ts';

let region: Region;
let machine: ClientPorts;
let words: string;

beforeEach(async () => {
  region = new Region();
  machine = region.machine();
  const made = await createVault(machine, {
    charter: region.charter,
    passphrase,
    agencyName: 'Ville de Metz',
  });
  words = made.words.join(' ');
  region.admit(made.publicLine);
  await region.run(activateVault(machine, { passphrase }));
});

const keysOf = (ports: ClientPorts) => readKeys(ports, passphrase);
const activated = (ports: ClientPorts, rootWords?: string) =>
  region.run(activate(ports, { passphrase, ...(rootWords === undefined ? {} : { rootWords }) }));

/** Made and in force. */
async function replaced(): Promise<string> {
  const { publicLine, words: shown } = await newRootKey(machine, { passphrase });
  region.replaceRoot(publicLine);
  return (shown as readonly string[]).join(' ');
}

describe('a new root key', () => {
  it('is kept beside the old one, and changes nothing yet', async () => {
    const [before, config] = [await keysOf(machine), await readConfig(machine)];
    const { publicLine, words: shown } = await newRootKey(machine, { passphrase, language: 'french' });
    const secret = secretOfWords((shown as readonly string[]).join(' '));
    expect(await keysOf(machine)).toEqual({ ...before, nextRootSecret: secret });
    expect(await readConfig(machine)).toEqual(config);
    expect(openAgencyLine(crypto, publicLine)).toEqual({
      id: 'ville-de-metz',
      // The charter's own: the key is all that its officers are asked to change.
      name: 'ville-de-metz',
      rootKey: replacedRootKeys(crypto, secret).rootPublic,
    });
  });

  it('is the same when asked for again, unless another is wanted', async () => {
    const made = await newRootKey(machine, { passphrase });
    expect(await newRootKey(machine, { passphrase })).toEqual({ ...made, words: undefined });
    expect(await pendingRootLine(machine, passphrase)).toBe(made.publicLine);
    const other = await newRootKey(machine, { passphrase, anew: true });
    expect(other.publicLine).not.toBe(made.publicLine);
    expect(await pendingRootLine(machine, passphrase)).toBe(other.publicLine);
  });

  it('whose words could not be noted is none', async () => {
    const handOver = () => Promise.reject(new Error('the disk is full'));
    await expect(newRootKey(machine, { passphrase, handOver })).rejects.toThrow('the disk is full');
    expect(await pendingRootLine(machine, passphrase)).toBeUndefined();
  });

  it('needs an agency in force, and the passphrase', async () => {
    const early = region.machine();
    await createVault(early, { charter: region.charter, passphrase, agencyName: 'Epinal' });
    await expect(newRootKey(early, { passphrase })).rejects.toMatchObject({ code: 'AGENCY_UNKNOWN' });
    await expect(newRootKey(machine, { passphrase: 'another' })).rejects.toMatchObject({
      code: 'WRONG_PASSPHRASE',
    });
  });
});

describe('activating under a new root key', () => {
  it('waits for the charter', async () => {
    await newRootKey(machine, { passphrase });
    const [keys, config] = [await keysOf(machine), await readConfig(machine)];
    await expect(activated(machine)).rejects.toMatchObject({ kind: 'refused', code: 'ROOT_PENDING' });
    expect(await keysOf(machine)).toEqual(keys);
    expect(await readConfig(machine)).toEqual(config);
  });

  it('makes this machine a new device: no key of before goes on', async () => {
    const [before, old] = [await keysOf(machine), await readConfig(machine)];
    const shown = await replaced();
    const config = await activated(machine);
    const keys = await keysOf(machine);
    expect(keys).toMatchObject({
      agencySecret: before.agencySecret,
      rootSecret: secretOfWords(shown),
      nextRootSecret: null,
    });
    expect(keys.deviceSeed).not.toEqual(before.deviceSeed);
    expect(keys.transportSeed).not.toEqual(before.transportSeed);
    expect(config).toMatchObject({ vault: old.vault, policy: 'standard', renewal: null, adopts: null });
    expect(config.device).not.toBe(old.device);
    const delegation = openDelegation(crypto, region.chain.current, config.note as Uint8Array);
    expect(toHex(delegation.deviceKey)).toBe(toHex(crypto.ed25519Public(keys.deviceSeed)));
    expect(region.notes.size).toBe(4);
    region.notes.clear();
    expect(await activated(machine)).toEqual(config);
    expect(await activated(machine, shown)).toEqual(config);
    expect(region.notes.size).toBe(0);
  });

  it('forgets a former root key for good', async () => {
    const first = await replaced();
    await activated(machine);
    const second = await replaced();
    await activated(machine);
    const keys = await keysOf(machine);
    expect(keys.rootSecret).toEqual(secretOfWords(second));
    expect(Object.values(keys)).not.toContainEqual(secretOfWords(first));
  });

  it('needs its words on a machine that did not make it', async () => {
    const other = region.machine();
    await region.run(recoverVault(other, { words, charter: region.charter, passphrase }));
    const shown = await replaced();
    await expect(activated(other, words)).rejects.toMatchObject({ kind: 'usage', code: 'WORDS_OTHER' });
    const { words: foreign } = await newRootKey(other, { passphrase });
    const keys = await keysOf(other);
    await expect(activated(other, foreign?.join(' '))).rejects.toMatchObject({ code: 'ROOT_OTHER' });
    expect(await keysOf(other)).toEqual(keys);
    await activated(other, shown);
    expect(await keysOf(other)).toMatchObject({ rootSecret: secretOfWords(shown), nextRootSecret: null });
  });

  it('is not done without a quorum', async () => {
    await replaced();
    const keys = await keysOf(machine);
    region.hub.kill('peer-h1');
    region.hub.kill('peer-h2');
    await expect(activated(machine)).rejects.toMatchObject({ kind: 'unreachable' });
    expect(await keysOf(machine)).toEqual(keys);
  });

  it('is not asked for again once the charter names it', async () => {
    await replaced();
    await activated(machine);
    const { publicLine } = await newRootKey(machine, { passphrase });
    region.replaceRoot(publicLine);
    const charter = region.charter;
    // Known here without the activation, as after any other command.
    await writeConfig(machine, { ...(await readConfig(machine)), charter });
    await expect(newRootKey(machine, { passphrase, anew: true })).rejects.toMatchObject({
      code: 'ROOT_NAMED',
    });
  });

  it('survives a power cut at any moment, and is ended by running it again', async () => {
    const shown = await replaced();
    const copies = async (from: ClientPorts['files'], to: ClientPorts['files']) => {
      for (const path of ['vault', 'keys']) {
        const file = await to.create(path);
        await file.write((await from.readAll(path, 1 << 20)) as Uint8Array);
        await file.sync();
        await file.close();
      }
      await to.syncDirectory('');
    };
    let cut = 0;
    for (let at = 1; ; at++) {
      let left = Number.POSITIVE_INFINITY;
      const fail = () => {
        left -= 1;
        return left === 0 ? new Error('power') : undefined;
      };
      const files = memoryFiles({ fail });
      await copies(machine.files, files);
      left = at;
      const ended = await activated({ ...machine, files }).then(
        () => true,
        () => false,
      );
      left = Number.POSITIVE_INFINITY;
      const after = { ...machine, files: files.crash(random) };
      // One device, the old or the new, with the keys that go with it.
      const { deviceSeed } = await keysOf(after);
      const device = `grand-est/${toHex(crypto.sha256(crypto.ed25519Public(deviceSeed)))}`;
      expect(renewalDone(await readConfig(after), device).device).toBe(device);
      await activated(after);
      expect((await keysOf(after)).rootSecret).toEqual(secretOfWords(shown));
      if (ended) break;
      cut += 1;
    }
    expect(cut).toBeGreaterThan(10);
  });
});

describe('recovering after a root key was replaced', () => {
  it('takes both sets of words, and says which is missing', async () => {
    const shown = await replaced();
    const fresh = region.machine();
    const options = { words, charter: region.charter, passphrase };
    await expect(recoverVault(fresh, options)).rejects.toMatchObject({ code: 'ROOT_REPLACED' });
    await expect(recoverVault(fresh, { ...options, rootWords: words })).rejects.toMatchObject({
      code: 'WORDS_OTHER',
    });
    await expect(recoverVault(fresh, { ...options, words: shown, rootWords: words })).rejects.toMatchObject({
      code: 'WORDS_OTHER',
    });
    expect(await fresh.files.list('')).toEqual([]);
    const back = await region.run(recoverVault(fresh, { ...options, rootWords: shown }));
    expect(back.vault).toBe(toHex((await readConfig(machine)).vault));
    const { rootPublic } = rootKeysOf(crypto, await keysOf(fresh));
    expect(region.chain.current.agencies[0]?.rootKey).toEqual(rootPublic);
  });

  it('with an older charter file is told by the hosters, and goes on from there', async () => {
    const { charter } = region;
    const shown = await replaced();
    const fresh = region.machine();
    await expect(region.run(recoverVault(fresh, { words, charter, passphrase }))).rejects.toMatchObject({
      code: 'ROOT_REPLACED',
    });
    expect((await activated(fresh, shown)).note).not.toBeNull();
    expect((await readConfig(fresh)).charter).toHaveLength(3);
    const other = region.machine();
    await region.run(recoverVault(other, { words, rootWords: shown, charter, passphrase }));
    expect((await keysOf(other)).rootSecret).toEqual(secretOfWords(shown));
  });
});
