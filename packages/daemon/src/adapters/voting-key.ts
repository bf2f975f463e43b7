// A voting key for an epoch to come, made by a hoster's engineer: when the hoster is to vote for the first time, or again
// after its key was destroyed. Officers list it in the version that opens the epoch.

import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { equalBytes, Fault } from '@vauban/core';
import { keepOwner, nodeCrypto, openFiles } from '@vauban/core/node';
import type { RoleKey } from '../keys.ts';
import { checkMarker } from '../marker.ts';
import { makePublicLine, openPublicLine } from '../public-line.ts';
import { type DaemonHome, readCharter, readSmallText } from './home.ts';

const PUBLIC_LINE_FILE = 'public-line.txt';
const PUBLIC_LINE_BYTES_MAX = 65_536;

export interface MadeVotingKey {
  readonly epoch: number;
  /** For the officers, with the key in it. */
  readonly publicLine: string;
  /** False when there was one for this epoch, whose line this is. */
  readonly made: boolean;
}

/**
 * Makes the key, and its empty vote history, unless there is one; rewrites `public-line.txt`. The epoch after the one of
 * the charter file, unless told. Faults: EPOCH_PAST (usage), IDENTITY_OTHER (refused), FILE_MISSING, VOTE_HISTORY_LEFT,
 * those of checkMarker, readCharter and openPublicLine.
 */
export async function makeVotingKey(
  home: DaemonHome,
  of: { readonly identity: RoleKey; readonly epoch?: number },
): Promise<MadeVotingKey> {
  const { config, votingKeys } = home;
  const current = (await readCharter(config.charter)).current.epoch;
  const { identity, epoch = current + 1 } = of;
  if (epoch <= current) {
    const message = `epoch ${epoch} is not to come: the charter is in epoch ${current}, so the key is for ${current + 1} or later`;
    throw new Fault('usage', 'EPOCH_PAST', message, { epoch, current });
  }
  const path = join(dirname(home.configPath), PUBLIC_LINE_FILE);
  const facts = openPublicLine(nodeCrypto, await readSmallText(path, PUBLIC_LINE_BYTES_MAX, 'public line'));
  if (!equalBytes(facts.hoster.identityKey, identity.publicKey) || facts.daemon.id !== home.daemon) {
    const message = `${path} is not of this daemon and this identity key: name the identity key of ${facts.hoster.name} with --identity`;
    throw new Fault('refused', 'IDENTITY_OTHER', message, { hoster: facts.hoster.id, daemon: home.daemon });
  }
  const before = await votingKeys.of(epoch);
  // Its vote history lies on the daemon's disk, and on no other: a container's is a volume that the machine does not see.
  if (before === undefined) await checkMarker(openFiles(config.data), home.daemon);
  const key = before ?? (await votingKeys.create(epoch));
  const voting = { epoch, key: key.publicKey };
  const publicLine = makePublicLine(nodeCrypto, { ...facts, voting }, identity.seed);
  await writeFile(`${path}.new`, `${publicLine}\n`, { mode: 0o600 });
  await keepOwner(`${path}.new`);
  await rename(`${path}.new`, path);
  return { epoch, publicLine, made: before === undefined };
}
