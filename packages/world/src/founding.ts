// The consortium every history begins with, made once per process: nine hosters that were set up, two agencies, and three
// devices that were let in. It is the same for all seeds, down to the last byte on each disk.

import { type Charter, slugOf } from '@vauban/core';
import { recoverVault } from '@vauban/client';
import { agencyKeys, wordsOf } from '@vauban/seal';
import { AgencyMachine, PASSPHRASE } from './agency-machine.ts';
import type { DiskImage } from './disk.ts';
import { FOUNDED_AT, FOUNDING_SEED, foundCharter, hosterIdentities } from './membership.ts';
import { WORLD_STARTS_AT } from './program.ts';
import { keySeed } from './seeded-random.ts';
import { type Founding, type Ground, World } from './world.ts';

/** Vaults by name, and the devices that write them: two of the town, one of the harbour. */
export const vaults = { town: ['town-1', 'town-2'], harbour: ['harbour-1'] } as const;
export type VaultName = keyof typeof vaults;
export type DeviceName = (typeof vaults)[VaultName][number];
export const devices: readonly DeviceName[] = Object.values(vaults).flat();

export function vaultOf(device: DeviceName): VaultName {
  return device === 'harbour-1' ? 'harbour' : 'town';
}

const LIMITS = { timeMsMax: 60_000, eventsMax: 100_000 };
const foundings = new WeakMap<Ground, Promise<Founding>>();

/** Remembered for each ground. */
export function founding(ground: Ground): Promise<Founding> {
  const known = foundings.get(ground);
  if (known !== undefined) return known;
  const made = found(ground);
  foundings.set(ground, made);
  return made;
}

async function found(ground: Ground): Promise<Founding> {
  const { crypto } = ground;
  const identities = hosterIdentities(crypto, FOUNDING_SEED);
  const secrets = new Map(
    Object.keys(vaults).map((name) => [name, keySeed(crypto, FOUNDING_SEED, `${name}/secret`)]),
  );
  const agencies: Charter['agencies'] = [...secrets].map(([name, secret]) => ({
    id: slugOf(name),
    name,
    rootKey: agencyKeys(crypto, secret).rootPublic,
    quotaBytes: 1_000_000_000,
    suspended: false,
    policies: ['standard'],
  }));
  const charter = [foundCharter(crypto, FOUNDING_SEED, identities, agencies)];
  const words = new Map([...secrets].map(([name, secret]) => [name, wordsOf(secret).join(' ')]));
  const empty: Founding = { identities, charter, images: new Map(), words };
  const world = new World({ seed: FOUNDING_SEED, ground, founding: empty });
  const images = new Map<string, DiskImage>();
  await world.scheduler.run(async () => {
    for (const { name } of [...identities, ...devices.map((device) => ({ name: device }))]) {
      world.wall(name).offMs = FOUNDED_AT - WORLD_STARTS_AT;
    }
    for (const hoster of world.hosters) await hoster.setUp();
    for (const hoster of world.hosters) hoster.start();
    await world.until(() => world.hosters.every(({ state }) => state === 'voting'));
    for (const device of devices) {
      const machine = new AgencyMachine(world, device);
      await recoverVault(machine.launch(), {
        words: words.get(vaultOf(device)) as string,
        charter,
        passphrase: PASSPHRASE,
      });
      machine.kill();
      images.set(device, machine.disk.image());
    }
    for (const hoster of world.hosters) await hoster.stop();
    for (const hoster of world.hosters) images.set(hoster.name, hoster.disk.image());
  }, LIMITS);
  return { identities, charter, images, words };
}
