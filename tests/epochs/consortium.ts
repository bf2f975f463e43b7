// A network whose voters change: what its officers, engineers and curious people do, in few words.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Charter } from '@vauban/core';
import { makeVotingKey, openHome, openPublicLine, readKey } from '@vauban/daemon';
import { nodeCrypto } from '@vauban/core/node';
import { enactEpoch, type EpochMoves, NetworkSession } from '@vauban/fleet';
import { Workload } from '../charter/workload.ts';
import { TestNetwork, until } from '../support/network.ts';

/** The slug of a site is that of its city; each hoster of a test network has one. */
export interface Member {
  readonly site: string;
  readonly hoster: string;
  readonly voter: string;
}

export class Consortium {
  readonly network: TestNetwork;
  /** An agency that puts and gets without a pause. */
  readonly load: Workload;
  readonly #members: readonly Member[];

  private constructor(network: TestNetwork, load: Workload, members: readonly Member[]) {
    this.network = network;
    this.load = load;
    this.#members = members;
  }

  static async atWork(sites: number): Promise<Consortium> {
    const network = await TestNetwork.up({ sites, k: 2, m: 1 });
    try {
      const load = new Workload(await network.vault(), network.scratch);
      const daemons = await network.daemons();
      const members = daemons.map(({ site, facts }) => ({
        site,
        hoster: facts.hoster.id,
        voter: facts.daemon.id,
      }));
      load.start();
      return new Consortium(network, load, members);
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.load.stop().catch(() => undefined);
    await this.network.close();
  }

  member(at: number): Member {
    return this.#members[at] as Member;
  }

  /** Opens the next epoch; returns the charter in force. */
  async openEpoch(moves: EpochMoves = {}): Promise<Charter> {
    return (await enactEpoch(this.network.directory, moves)).current;
  }

  /** What the engineer of a hoster does to vote, and what officers read from the line that comes of it. */
  async keyFor({ site, hoster, voter }: Member, epoch: number) {
    const { config } = await this.network.daemon(site);
    const identity = await readKey(join(config, '..', 'keys', 'identity.key'), 'identity');
    const { publicLine } = await makeVotingKey(await openHome(config), { identity, epoch });
    const { voting } = openPublicLine(nodeCrypto, publicLine);
    if (voting?.epoch !== epoch) throw new Error(`the line is for epoch ${voting?.epoch}`);
    return { hoster, voter, key: voting.key };
  }

  /** Names of a member's voting keys. */
  async votingKeysOf({ site }: Member): Promise<string[]> {
    const { config } = await this.network.daemon(site);
    const names = await readdir(join(config, '..', 'keys'));
    return names.filter((name) => name.startsWith('voting')).sort();
  }

  /** Why a member does not vote: a code, or nothing when it votes. */
  async silenceOf({ voter }: Member): Promise<string | undefined> {
    const session = await NetworkSession.open(this.network.directory, { as: 'officer' });
    try {
      return await session.ask(voter, 'next-key', {}).then(
        () => undefined,
        (error: { code: string }) => error.code,
      );
    } finally {
      await session.close();
    }
  }

  untilVoting(member: Member): Promise<void> {
    return until(async () => (await this.silenceOf(member)) === undefined);
  }
}
