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
  votingHosters,
  votingKey,
} from '@vauban/core';
import { cosignerName, VoteJournal, type VotingRight } from '@vauban/ledger';
import * as v from 'valibot';

/** The vote history's file, in the data directory. */
export const VOTES_PATH = 'votes';
/**
 * The note that a key was stopped, beside the vote history and not in the database: a damaged database is set aside and
 * begun anew, and no key may vote again because of that.
 */
export const STOPPED_PATH = 'voting-stopped';
const STOPPED_BYTES_MAX = 4_096;
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
  readonly seed: Uint8Array | undefined;
}

/** A right to vote, or why there is none; neither for a daemon that is not its hoster's voter. */
export async function openVoting(
  of: VotingPorts,
): Promise<{ readonly voting: VotingRight | null; readonly stopped?: Fault }> {
  const { id, charter, crypto, files, seed } = of;
  const hoster = votingHosters(charter).find((one) => one.voter === id);
  if (hoster === undefined) return { voting: null };
  const publicKey = votingKey(hoster, charter.epoch);
  if (seed === undefined || publicKey === undefined || !equalBytes(crypto.ed25519Public(seed), publicKey)) {
    const message = 'the voting key on this machine is not the charter’s';
    return { voting: null, stopped: new Fault('refused', 'VOTE_KEY_OTHER', message, {}) };
  }
  const before = await stoppedBefore(files, publicKey);
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
    await noteStopped(files, publicKey, stopped);
    return { voting: null, stopped };
  }
}

/** Remembers for good that this key's history was lost or contradicted; other reasons may pass and are not kept. */
export async function noteStopped(files: Files, publicKey: Uint8Array, reason: Fault): Promise<void> {
  const { kind, code } = reason;
  const lasting = code.startsWith('VOTE_HISTORY_') && code !== 'VOTE_HISTORY_FAILED';
  if (!lasting || (kind !== 'refused' && kind !== 'integrity')) return;
  const message = reason.message.slice(0, 2_000);
  const note = { format: 'vauban/voting-stopped/0', key: publicKey, kind, code, message };
  const temporary = `${STOPPED_PATH}.new`;
  await files.remove(temporary);
  const file = await files.create(temporary);
  await file.write(encodeCbor(note));
  await file.sync();
  await file.close();
  await files.rename(temporary, STOPPED_PATH);
  await files.syncDirectory('');
}

async function stoppedBefore(files: Files, publicKey: Uint8Array): Promise<Fault | undefined> {
  const bytes = await files.readAll(STOPPED_PATH, STOPPED_BYTES_MAX);
  if (bytes === undefined) return undefined;
  try {
    const note = decodeCbor(stoppedSchema, bytes, 'note of a stopped vote', STOPPED_BYTES_MAX);
    return equalBytes(note.key, publicKey) ? new Fault(note.kind, note.code, note.message, {}) : undefined;
  } catch (error) {
    const message = `the note ${STOPPED_PATH}, which says which key must not vote again, cannot be read: a fresh voting key in the charter is needed`;
    return new Fault('integrity', 'VOTE_HISTORY_CORRUPT', message, { path: STOPPED_PATH }, error);
  }
}

async function syncFile(files: Files, path: string): Promise<void> {
  const file = await files.append(path);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
