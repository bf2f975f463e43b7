// A network whose voters change: what its officers, engineers and curious people do, in few words.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Charter } from '@vauban/core';
import { makeVotingKey, openHome, openPublicLine, readKey } from '@vauban/daemon';
import { nodeCrypto } from '@vauban/core/node';
import { enactEpoch, type EpochMoves, NetworkSession } from '@vauban/fleet';
import { type TestNetwork, until } from '../support/network.ts';

/** The slug of a site is that of its city; each hoster of a test network has one. */
export interface Member {
  readonly site: string;
  readonly hoster: string;
  readonly voter: string;
}

export async function membersOf(network: TestNetwork): Promise<Member[]> {
  const daemons = await network.daemons();
  return daemons.map(({ site, facts }) => ({ site, hoster: facts.hoster.id, voter: facts.daemon.id }));
}

/** Opens the next epoch; returns the charter in force. */
export async function openEpoch(network: TestNetwork, moves: EpochMoves = {}): Promise<Charter> {
  return (await enactEpoch(network.directory, moves)).current;
}

/** What the engineer of a hoster does to vote, and what officers read from the line that comes of it. */
export async function keyFor(network: TestNetwork, member: Member, epoch: number) {
  const { config } = await network.daemon(member.site);
  const identity = await readKey(join(config, '..', 'keys', 'identity.key'), 'identity');
  const { publicLine } = await makeVotingKey(await openHome(config), { identity, epoch });
  const { voting } = openPublicLine(nodeCrypto, publicLine);
  if (voting?.epoch !== epoch) throw new Error(`the line is for epoch ${voting?.epoch}`);
  return { hoster: member.hoster, voter: member.voter, key: voting.key };
}

/** Names of a member's voting keys. */
export async function votingKeysOf(network: TestNetwork, member: Member): Promise<string[]> {
  const { config } = await network.daemon(member.site);
  const names = await readdir(join(config, '..', 'keys'));
  return names.filter((name) => name.startsWith('voting')).sort();
}

/** Why a member does not vote: a code, or nothing when it votes. */
export async function silenceOf(network: TestNetwork, member: Member): Promise<string | undefined> {
  const session = await NetworkSession.open(network.directory, { as: 'officer' });
  try {
    return await session.ask(member.voter, 'next-key', {}).then(
      () => undefined,
      (error: { code: string }) => error.code,
    );
  } finally {
    await session.close();
  }
}

export function untilVoting(network: TestNetwork, member: Member): Promise<void> {
  return until(async () => (await silenceOf(network, member)) === undefined);
}
