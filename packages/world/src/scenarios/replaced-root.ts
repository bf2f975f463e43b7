// Row 8: an agency's root key is lost or stolen, and the charter names another. What the old key delegated opens no
// session any more; what was stored stays, logs begun under it go on until the new key revokes them (SPEC, section 3).

import { findDaemon, isFault, votingHosters } from '@vauban/core';
import {
  activate,
  type ClientPorts,
  DEFAULT_LABEL,
  DELEGATION_MS,
  newRootKey,
  openAgencyLine,
  readConfig,
  retireDevices,
} from '@vauban/client';
import { type Delegation, readDelegation, signRootNote } from '@vauban/ledger';
import { agencyKeys, replacedRootKeys, secretOfWords, vaultIdOf } from '@vauban/seal';
import { PeerClient } from '@vauban/wire';
import { PASSPHRASE } from '../agency-machine.ts';
import { peerIdOf } from '../membership.ts';
import { enactCharter } from '../officers-desk.ts';
import type { Person } from '../person.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const ENACT_MS_MAX = 20_000;

/** A machine with a device of the town's vault, delegated by whatever root key is given. */
function newDevice(stage: Stage, name: string, rootSeed: Uint8Array) {
  const { world } = stage;
  const { crypto } = world;
  const transportSeed = world.key(`${name}/transport`);
  const { rootPublic } = agencyKeys(crypto, secretOfWords(world.words('town')));
  const now = world.wall(name).now();
  const delegation: Delegation = {
    format: 'vauban/delegate/0',
    charter: world.charters.current.name,
    agency: 'town',
    deviceKey: crypto.ed25519Public(world.key(`${name}/device`)),
    peer: peerIdOf(crypto, transportSeed),
    vault: vaultIdOf(rootPublic, DEFAULT_LABEL),
    policy: 'standard',
    rights: ['write', 'delete'],
    issued: now,
    until: now + DELEGATION_MS,
  };
  return { transportSeed, note: signRootNote(crypto, delegation, rootSeed) };
}

type NewDevice = ReturnType<typeof newDevice>;

/** What each hoster says to a note that this device brings: `stored`, or the code of its refusal. */
async function brings(stage: Stage, name: string, of: NewDevice, note: Uint8Array): Promise<string[]> {
  const { world } = stage;
  const charter = world.charters.current;
  const program = world.program(name, 1_000 + stage.messages.length);
  const network = world.party(program, { name, seed: of.transportSeed, listens: false });
  await network.start();
  const told = await Promise.all(
    votingHosters(charter).map(async ({ voter }) => {
      const daemon = findDaemon(charter, voter ?? '');
      if (daemon === undefined) return 'no daemon';
      const identity = { role: 'device', note: of.note } as const;
      const options = { network, crypto: world.crypto, charterName: charter.name, identity };
      const client = new PeerClient(daemon, { ...options, charterVersion: () => charter.version });
      return client.ask('note', { note }).then(
        () => 'stored',
        (error: unknown) => (isFault(error) ? error.code : String(error)),
      );
    }),
  );
  await network.stop();
  program.end();
  return told;
}

/** A run of another verb at a person's machine. */
async function runs<Result>(person: Person, verb: (ports: ClientPorts) => Promise<Result>): Promise<Result> {
  await person.close();
  const result = await verb(person.machine.launch());
  person.machine.kill();
  return result;
}

/** `vauban vault activate`; the devices that were revoked. */
function activates(stage: Stage, person: Person, rootWords?: string): Promise<readonly string[]> {
  return runs(person, async (ports) => {
    const given = rootWords === undefined ? {} : { rootWords };
    await activate(ports, { passphrase: PASSPHRASE, ...given });
    const vault = await person.machine.open(ports, {});
    const revoked = await retireDevices(vault);
    await vault.close();
    for (const device of revoked) stage.world.tell({ of: 'revoked', device });
    return revoked;
  });
}

async function deviceKeyOf({ machine }: Person): Promise<Uint8Array> {
  const { note } = await readConfig({ files: machine.disk.bare });
  return readDelegation(note as Uint8Array).deviceKey;
}

export const replacedRoot: Scenario = {
  name: 'replaced-root',
  says: 'An agency’s root key is stolen, and the charter names another: what the old one says or delegated is refused, everything stored stays, and the agency goes on and revokes with the new one.',
  async play(stage) {
    const { world } = stage;
    const { crypto } = world;
    const [lost, second] = [stage.person('town-1'), stage.person('town-2')];
    await stage.put(lost, 'before');
    await stage.put(second, 'beside');
    const putting = stage.put(lost, 'during').then(
      () => 'done',
      (error: Error) => error.message,
    );
    const head = await stage.cutShort(lost, stage.some(1 + (world.seed % (stage.quorum - 1))));
    lost.machine.kill();
    const back = world.weather.isolate('town-1');
    const oldRoot = agencyKeys(crypto, secretOfWords(world.words('town')));
    const lostKey = await deviceKeyOf(lost);
    const made = await runs(second, (ports) => newRootKey(ports, { passphrase: PASSPHRASE }));
    const rootWords = (made.words as readonly string[]).join(' ');
    const newRoot = replacedRootKeys(crypto, secretOfWords(rootWords));
    const { rootKey } = openAgencyLine(crypto, made.publicLine);
    const enacted = await enactCharter(
      world,
      (charter) => ({
        ...charter,
        agencies: charter.agencies.map((one) => (one.id === 'town' ? { ...one, rootKey } : one)),
      }),
      ENACT_MS_MAX,
    );
    stage.is('the charter names another root key', enacted);

    const thief = newDevice(stage, 'thief', oldRoot.rootSeed);
    const told = await brings(stage, 'thief', thief, thief.note);
    // A hoster that has not heard of the version yet may still believe it; a quorum has.
    const believed = told.filter((one) => one === 'stored').length;
    stage.is(
      'the old key delegates nobody any more',
      believed <= stage.hosters.length - stage.quorum &&
        told.filter((one) => one === 'DELEGATION_FORGED').length === told.length - believed,
    );
    await stage.must(
      'a log begun under it goes on: hosters finish it',
      () => stage.certified(head.origin) >= head.size,
      60_000,
    );

    // Its own devices are let in no more.
    stage.restless = false;
    const backAtMs = world.nowMs;
    back();
    stage.is('what it delegated cannot go on', (await putting) !== 'done');
    stage.is(
      'and is told so',
      stage.heard('answer hello', 'DELEGATION_FORGED', { to: 'town-1', sinceMs: backAtMs }),
    );
    stage.is('it signed nothing more', stage.appendsOf('town-1', backAtMs).length === 0);
    stage.restless = true;

    // The machine that made the new key goes on as a new device, and what the old one let in is revoked.
    const before = await stage.origin(second);
    const revoked = await activates(stage, second);
    stage.is(
      'both devices are revoked',
      [head.origin, before].every((origin) => revoked.includes(origin)),
    );
    stage.is('it is a new device', (await stage.origin(second)) !== before);
    await second.getAll();
    await stage.put(second, 'after');
    const sealers = new Set(
      stage.evidence.seals.filter(({ origin }) => origin === head.origin).map((one) => one.hoster),
    );
    stage.is('a quorum has sealed the log', sealers.size >= stage.quorum);

    const bearer = newDevice(stage, 'bearer', newRoot.rootSeed);
    const about = { charter: world.charters.current.name, agency: 'town' };
    const revoke = (deviceKey: Uint8Array, seed: Uint8Array) => {
      const issued = world.wall('bearer').now();
      const note = { format: 'vauban/revoke/0', ...about, deviceKey, issued } as const;
      return brings(stage, 'bearer', bearer, signRootNote(crypto, note, seed));
    };
    stage.is(
      'the old key revokes nobody',
      (await revoke(await deviceKeyOf(second), oldRoot.rootSeed)).every((one) => one === 'NOTE_FORGED'),
    );
    stage.is(
      'the new one does',
      (await revoke(lostKey, newRoot.rootSeed)).every((one) => one === 'stored'),
    );

    // The other machine takes the words.
    stage.is('nothing is left to be revoked', (await activates(stage, lost, rootWords)).length === 0);
    await stage.put(lost, 'home again');
    stage.last = async () => {
      await lost.getAll();
      await second.getAll();
      await stage.person('harbour-1').getAll();
    };
  },
};
