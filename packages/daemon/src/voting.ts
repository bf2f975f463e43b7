// The right to vote, as a start finds it: the key the charter lists, a history that can be read, and no note that this
// key was stopped before. A key whose history was once lost or contradicted stays silent, whatever turns up later.

import {
  type Charter,
  type Crypto,
  type DaemonId,
  asFault,
  decodeCbor,
  encodeCbor,
  equalBytes,
  Fault,
  type Files,
  shape,
  type Store,
  utf8,
  votingHosters,
  votingKey,
} from '@vauban/core';
import { cosignerName, VoteJournal, type VotingRight } from '@vauban/ledger';
import * as v from 'valibot';

/** The vote history's file, in the data directory. */
export const VOTES_PATH = 'votes';
const stoppedKey = utf8('stopped');
const stoppedSchema = v.strictObject({
  format: v.literal('vauban/voting-stopped/0'),
  key: shape.bytes(32),
  kind: v.picklist(['refused', 'integrity']),
  code: shape.text(60),
  message: shape.text(2_000),
});

export interface VotingPorts {
  readonly id: DaemonId;
  readonly charter: Charter;
  readonly crypto: Crypto;
  readonly files: Files;
  /** Where it is noted that a key was stopped. */
  readonly store: Store;
  readonly seed: Uint8Array | undefined;
}

/** A right to vote, or why there is none; neither for a daemon that is not its hoster's voter. */
export async function openVoting(
  of: VotingPorts,
): Promise<{ readonly voting: VotingRight | null; readonly stopped?: Fault }> {
  const { id, charter, crypto, files, store, seed } = of;
  const hoster = votingHosters(charter).find((one) => one.voter === id);
  if (hoster === undefined) return { voting: null };
  const publicKey = votingKey(hoster, charter.epoch);
  if (seed === undefined || publicKey === undefined || !equalBytes(crypto.ed25519Public(seed), publicKey)) {
    const message = 'the voting key on this machine is not the charter’s';
    return { voting: null, stopped: new Fault('refused', 'VOTE_KEY_OTHER', message, {}) };
  }
  const before = await stoppedBefore(store, publicKey);
  if (before !== undefined) return { voting: null, stopped: before };
  try {
    const journal = await VoteJournal.open(files, VOTES_PATH, crypto);
    // A crash may have left the newest votes in the system's memory only; what counts as cast must be on the disk.
    await syncFile(files, VOTES_PATH);
    const name = cosignerName(charter.name, hoster.id, charter.epoch);
    const cosigner = { name, seed, publicKey };
    return { voting: { hoster: hoster.id, epoch: charter.epoch, cosigner, journal } };
  } catch (error) {
    const stopped = asFault(error);
    await noteStopped(store, publicKey, stopped);
    return { voting: null, stopped };
  }
}

/** Remembers for good that this key's history was lost or contradicted; other reasons may pass and are not kept. */
export async function noteStopped(store: Store, publicKey: Uint8Array, reason: Fault): Promise<void> {
  const { kind, code } = reason;
  const lasting = code.startsWith('VOTE_HISTORY_') && code !== 'VOTE_HISTORY_FAILED';
  if (!lasting || (kind !== 'refused' && kind !== 'integrity')) return;
  const message = reason.message.slice(0, 2_000);
  const note = { format: 'vauban/voting-stopped/0', key: publicKey, kind, code, message };
  await store.batch([{ put: stoppedKey, value: encodeCbor(note) }], { sync: true });
}

async function stoppedBefore(store: Store, publicKey: Uint8Array): Promise<Fault | undefined> {
  const bytes = await store.get(stoppedKey);
  if (bytes === undefined) return undefined;
  const { key, kind, code, message } = decodeCbor(stoppedSchema, bytes, 'note of a stopped vote', 4_096);
  return equalBytes(key, publicKey) ? new Fault(kind, code, message, {}) : undefined;
}

async function syncFile(files: Files, path: string): Promise<void> {
  const file = await files.append(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
