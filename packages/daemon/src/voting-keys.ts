// Voting keys of one daemon, each with its vote history, by epoch. Owns that a key and its history come into being
// together, and that a destroyed key does not come back with the next power cut: what fences an epoch off (SPEC: epochs).

import { type Crypto, Fault, type Files, fromUtf8, type Random, replaceFile, utf8 } from '@vauban/core';
import { VoteJournal } from '@vauban/ledger';
import { decodeKeyFile, encodeKeyFile, KEY_FILE_BYTES_MAX, makeKey, type RoleKey } from './keys.ts';

/** The vote history of one epoch's key, in the data directory. */
export function votesPath(epoch: number): string {
  return `votes-${epoch}`;
}

export interface VotingKeys {
  /** Epochs of which there is a key here, ascending. */
  epochs(): Promise<readonly number[]>;
  /** Undefined when there is none. Faults: KEY_MALFORMED, KEY_ROLE. */
  of(epoch: number): Promise<RoleKey | undefined>;
  /**
   * Stores a key for an epoch (a new one unless given) and an empty vote history with it, both durable. Faults:
   * VOTING_KEY_EXISTS, VOTE_HISTORY_LEFT (refused): a history that a key of this epoch has written is in the way.
   */
  create(epoch: number, key?: RoleKey): Promise<RoleKey>;
  /**
   * Removes a key for good: resolves when the disk has forgotten its name. Its history goes too when `votes` says so. What the
   * sectors keep is the disk's business, as with everything ever written to it.
   */
  destroy(epoch: number, of?: { readonly votes: boolean }): Promise<void>;
}

export interface VotingKeyPorts {
  /** Where key files are, under `directory` of it. */
  readonly files: Files;
  readonly directory: string;
  /** The data directory, which holds the vote histories. */
  readonly data: Files;
  readonly crypto: Crypto;
  readonly random: Random;
}

/** Key files `voting-<epoch>.key` beside the daemon's others. */
export function votingKeyFiles(ports: VotingKeyPorts): VotingKeys {
  const { files, directory, data, crypto, random } = ports;
  const at = (name: string) => (directory === '' ? name : `${directory}/${name}`);
  const pathOf = (epoch: number) => at(`voting-${epoch}.key`);
  const of = async (epoch: number): Promise<RoleKey | undefined> => {
    const path = pathOf(epoch);
    const bytes = await files.readAll(path, KEY_FILE_BYTES_MAX);
    if (bytes === undefined) return undefined;
    return decodeKeyFile(crypto, fromUtf8(bytes), { role: `voting-${epoch}`, path });
  };
  return {
    of,
    async epochs() {
      const names = await files.list(directory);
      const epochs = names.flatMap((name) => /^voting-([0-9]{1,9})\.key$/.exec(name)?.[1] ?? []);
      return epochs.map(Number).sort((a, b) => a - b);
    },
    async create(epoch, given) {
      const path = pathOf(epoch);
      if ((await files.stat(path)) !== undefined) {
        const message = `there is a voting key for epoch ${epoch} already (${path})`;
        throw new Fault('refused', 'VOTING_KEY_EXISTS', message, { epoch, path });
      }
      const key = given ?? makeKey(`voting-${epoch}`, { random, crypto });
      await createVotes(data, crypto, epoch);
      // Whole or not at all: half a key file would keep the daemon from starting.
      await replaceFile(files, path, utf8(encodeKeyFile(key)));
      return key;
    },
    async destroy(epoch, { votes } = { votes: false }) {
      await files.remove(pathOf(epoch));
      await files.remove(`${pathOf(epoch)}.new`);
      await files.syncDirectory(directory);
      if (!votes) return;
      await data.remove(votesPath(epoch));
      await data.syncDirectory('');
    },
  };
}

/** An empty history; one left by a crash before its key was there is as good, one with votes is not. */
async function createVotes(data: Files, crypto: Crypto, epoch: number): Promise<void> {
  const path = votesPath(epoch);
  if ((await data.stat(path)) !== undefined) {
    const journal = await VoteJournal.open(data, path, crypto).catch(() => undefined);
    await journal?.close();
    if (journal !== undefined && journal.counter > 0) {
      throw new Fault(
        'refused',
        'VOTE_HISTORY_LEFT',
        `a voting key of epoch ${epoch} has voted before (${path} in the data directory): this hoster can vote again from epoch ${epoch + 1} on, make the key for that one`,
        { epoch, path },
      );
    }
    await data.remove(path);
    await data.syncDirectory('');
  }
  await VoteJournal.create(data, path);
}
