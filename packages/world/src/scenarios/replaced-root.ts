// Row 8: an agency's root key is lost or stolen, and the charter names another. What the old key delegated opens no
// session any more; what was stored stays, logs begun under it go on until the new key revokes them (SPEC, section 3).

import { findDaemon, isFault, votingHosters } from '@vauban/core';
import {
  DEFAULT_LABEL,
  DELEGATION_MS,
  readConfig,
  sealVaultKeys,
  writeConfig,
  writeKeys,
} from '@vauban/client';
import { originOf, readDelegation, signRootNote } from '@vauban/ledger';
import { agencyKeys, secretOfWords, vaultIdOf } from '@vauban/seal';
import { PeerClient } from '@vauban/wire';
import { cheapKdf, PASSPHRASE } from '../agency-machine.ts';
import { peerIdOf } from '../membership.ts';
import { enactCharter } from '../officers-desk.ts';
import type { Person } from '../person.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';

const ENACT_MS_MAX = 20_000;

/** A device of the town's vault, delegated by whatever root key is given. */
function newDevice(stage: Stage, name: string, rootSeed: Uint8Array) {
  const { world } = stage;
  const { crypto } = world;
  const [deviceSeed, transportSeed] = [world.key(`${name}/device`), world.key(`${name}/transport`)];
  const agencySecret = secretOfWords(world.words('town'));
  const vault = vaultIdOf(agencyKeys(crypto, agencySecret).rootPublic, DEFAULT_LABEL);
  const now = world.wall(name).now();
  const deviceKey = crypto.ed25519Public(deviceSeed);
  const { name: charter } = world.charters.current;
  const note = signRootNote(
    crypto,
    {
      format: 'vauban/delegate/0',
      charter,
      agency: 'town',
      deviceKey,
      peer: peerIdOf(crypto, transportSeed),
      vault,
      policy: 'standard',
      rights: ['write', 'delete'],
      issued: now,
      until: now + DELEGATION_MS,
    },
    rootSeed,
  );
  return {
    keys: { agencySecret, deviceSeed, transportSeed },
    vault,
    note,
    device: originOf(crypto, charter, deviceKey),
  };
}

type NewDevice = ReturnType<typeof newDevice>;

/** What each hoster says to a note that this device brings: `stored`, or the code of its refusal. */
async function brings(stage: Stage, name: string, of: NewDevice, note: Uint8Array): Promise<string[]> {
  const { world } = stage;
  const charter = world.charters.current;
  const program = world.program(name, 1_000 + stage.messages.length);
  const network = world.party(program, { name, seed: of.keys.transportSeed, listens: false });
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

/** The vault's directory as a person with the old words and the new root key sets it up. */
async function settles(
  stage: Stage,
  person: Person,
  { keys, vault, note, device }: NewDevice,
): Promise<void> {
  const { world } = stage;
  const files = person.machine.disk.bare;
  const random = stage.random('key file');
  await writeKeys({ files }, sealVaultKeys(keys, { passphrase: PASSPHRASE, random, kdf: cheapKdf }));
  await writeConfig(
    { files },
    {
      agency: 'town',
      agencyName: 'town',
      label: DEFAULT_LABEL,
      device,
      vault,
      policy: 'standard',
      note,
      adopts: null,
      renewal: null,
      charter: world.charters.signedFrom(1),
    },
  );
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
    const newRoot = agencyKeys(crypto, world.key('town/new secret'));
    const enacted = await enactCharter(
      world,
      (charter) => ({
        ...charter,
        agencies: charter.agencies.map((one) =>
          one.id === 'town' ? { ...one, rootKey: newRoot.rootPublic } : one,
        ),
      }),
      ENACT_MS_MAX,
    );
    stage.is('the charter names another root key', enacted);

    const thief = newDevice(stage, 'thief', oldRoot.rootSeed);
    const told = await brings(stage, 'thief', thief, thief.note);
    stage.is(
      'the old key delegates nobody any more',
      told.every((one) => one === 'DELEGATION_FORGED'),
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

    const fresh = newDevice(stage, 'town-new', newRoot.rootSeed);
    stage.is(
      'the new key delegates',
      (await brings(stage, 'town-new', fresh, fresh.note)).every((one) => one === 'stored'),
    );
    const person = stage.newPerson('town-new', 'town-1');
    await settles(stage, person, fresh);
    await person.getAll();
    await stage.put(person, 'after');

    const { note } = await readConfig({ files: lost.machine.disk.bare });
    const { deviceKey } = readDelegation(note as Uint8Array);
    const about = {
      charter: world.charters.current.name,
      agency: 'town',
      deviceKey,
      issued: world.wall('town-new').now(),
    };
    const revoke = (seed: Uint8Array) =>
      brings(stage, 'town-new', fresh, signRootNote(crypto, { format: 'vauban/revoke/0', ...about }, seed));
    stage.is(
      'the old key revokes nobody',
      (await revoke(oldRoot.rootSeed)).every((one) => one === 'NOTE_FORGED'),
    );
    stage.is(
      'the new one does',
      (await revoke(newRoot.rootSeed)).every((one) => one === 'stored'),
    );
    world.tell({ of: 'revoked', device: head.origin });
    await person.list();
    const sealers = new Set(
      stage.evidence.seals.filter(({ origin }) => origin === head.origin).map((one) => one.hoster),
    );
    stage.is('a quorum has sealed the log', sealers.size >= stage.quorum);
    stage.last = async () => {
      await person.getAll();
      await stage.person('harbour-1').getAll();
    };
  },
};
