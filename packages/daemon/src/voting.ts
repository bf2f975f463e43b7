// The right to vote, as a start or a new epoch finds it: the key the charter lists, a history that can be read, and no
// note that this key was stopped before. A key whose history was once lost or contradicted stays silent, whatever turns
// up later; a voter that has just entered reads what the others hold first.

import {
  asFault,
  type Crypto,
  type DaemonId,
  decodeCbor,
  encodeCbor,
  equalBytes,
  Fault,
  type Files,
  replaceFile,
  shape,
  votingHosters,
  votingKey,
} from '@vauban/core';
import {
  type CharterChain,
  cosignerName,
  type Standing,
  VoteJournal,
  type VotingRight,
} from '@vauban/ledger';
import * as v from 'valibot';
import { votesPath, type VotingKeys } from './voting-keys.ts';

/**
 * Notes beside the vote histories and not in the database: a damaged database is set aside and begun anew, and no key may
 * vote again because of that.
 */
export const STOPPED_PATH = 'voting-stopped';
export const READY_PATH = 'voter-ready';
const STOPPED_BYTES_MAX = 4_096;
const READY_BYTES_MAX = 16_777_216;
const stoppedSchema = v.strictObject({
  format: v.literal('vauban/voting-stopped/0'),
  key: shape.bytes(32),
  kind: v.picklist(['refused', 'integrity']),
  code: shape.text(60),
  message: shape.text(2_000),
});
const readySchema = v.strictObject({
  format: v.literal('vauban/voter-ready/0'),
  /** The epoch in which this voter entered. */
  since: shape.count(),
  /** Logs it does not vouch for. */
  unready: v.pipe(v.array(shape.text(140)), v.maxLength(100_000)),
});

export interface VotingPorts {
  readonly id: DaemonId;
  readonly charters: CharterChain;
  readonly crypto: Crypto;
  readonly files: Files;
  readonly keys: VotingKeys;
}

/** A right to vote, or why there is none; neither for a daemon that is not its hoster's voter. */
export interface FoundVoting {
  readonly right: VotingRight | null;
  readonly standing: Standing;
  readonly unready: readonly string[];
  readonly stopped?: Fault;
}

/**
 * What the charter in force gives this daemon. Keys of epochs that are over are destroyed first: a crash may have come
 * between a charter version and its fence.
 */
export async function openVoting(of: VotingPorts): Promise<FoundVoting> {
  const { id, charters, crypto, files, keys } = of;
  const charter = charters.current;
  const none = { right: null, standing: 'starting', unready: [] } as const;
  for (const epoch of await keys.epochs())
    if (epoch < charter.epoch) await keys.destroy(epoch, { votes: true });
  const hoster = votingHosters(charter).find((one) => one.voter === id);
  if (hoster === undefined) {
    await keys.destroy(charter.epoch);
    return none;
  }
  const publicKey = votingKey(hoster, charter.epoch) as Uint8Array;
  const before = await stoppedBefore(files, publicKey);
  if (before !== undefined) {
    // Whatever key is back, or was made for a later epoch since, this one has ended.
    await keys.destroy(charter.epoch);
    return { ...none, stopped: before };
  }
  const stop = async (reason: Fault) => {
    const stopped = await noteStopped(of, publicKey, reason);
    return { ...none, stopped };
  };
  const key = await keys.of(charter.epoch);
  const newest = (await keys.epochs()).at(-1) ?? 0;
  if (key === undefined && newest > charter.epoch) {
    // It was in a later epoch before: its copy of the charter was lost, and comes back from the others.
    const message = `this voter has keys up to epoch ${newest}, and waits for the charter of that epoch`;
    return {
      ...none,
      stopped: new Fault('refused', 'VOTER_BEHIND', message, { epoch: charter.epoch, newest }),
    };
  }
  if (key === undefined || !equalBytes(key.publicKey, publicKey)) {
    const which = key === undefined ? 'is not on this machine' : 'is not the one on this machine';
    const message = `the voting key that the charter lists for ${hoster.id} in epoch ${charter.epoch} ${which}`;
    return stop(new Fault('refused', 'VOTE_KEY_OTHER', message, { epoch: charter.epoch }));
  }
  try {
    const path = votesPath(charter.epoch);
    const ready = await readySince(files, hoster.votingSince);
    const journal = await VoteJournal.open(files, path, crypto);
    // A crash may have left the newest votes in the system's memory only; what counts as cast must be on the disk.
    await syncFile(files, path).catch(async (error: unknown) => {
      await journal.close();
      throw error;
    });
    const name = cosignerName(charter.name, hoster.id, charter.epoch);
    const cosigner = { name, seed: key.seed, publicKey };
    const right: VotingRight = { hoster: hoster.id, epoch: charter.epoch, cosigner, journal };
    const founding = hoster.votingSince === charters.version(1)?.epoch;
    const standing = founding || ready !== undefined ? 'starting' : 'unready';
    return { right, standing, unready: ready ?? [] };
  } catch (error) {
    return stop(asFault(error));
  }
}

/** Whether a reason ends a key for good. Others may pass: a disk that failed, a quorum that was not there. */
function endsKey({ kind, code }: Fault): boolean {
  const lasting =
    code === 'VOTE_KEY_OTHER' || (code.startsWith('VOTE_HISTORY_') && code !== 'VOTE_HISTORY_FAILED');
  return lasting && (kind === 'refused' || kind === 'integrity');
}

/**
 * Destroys this voter's keys, those made ahead included, and remembers for good that the listed one was stopped: its
 * history was lost or contradicted, so nobody may rely on any key of this disk. Other reasons are not kept. Returns the
 * reason with the way out.
 */
export async function noteStopped(of: VotingPorts, publicKey: Uint8Array, reason: Fault): Promise<Fault> {
  if (!endsKey(reason)) return reason;
  const { keys, files, charters } = of;
  for (const epoch of await keys.epochs()) await keys.destroy(epoch);
  const next = charters.current.epoch + 1;
  const wayOut = `: its voting keys are destroyed. To vote again, run vauban daemon voting-key --epoch ${next}, and send the line it prints to the officers`;
  const message = `${reason.message.slice(0, 1_500)}${wayOut}`;
  const stopped = new Fault(reason.kind, reason.code, message, { ...reason.facts, nextEpoch: next }, reason);
  const note = {
    format: 'vauban/voting-stopped/0',
    key: publicKey,
    kind: reason.kind,
    code: reason.code,
    message,
  };
  await replaceFile(files, STOPPED_PATH, encodeCbor(note));
  return stopped;
}

/** Remembers durably that this voter, which entered in epoch `since`, has read what the voters before it held. */
export function noteReady(
  files: Files,
  of: { readonly since: number; readonly unready: readonly string[] },
): Promise<void> {
  return replaceFile(files, READY_PATH, encodeCbor({ format: 'vauban/voter-ready/0', ...of }));
}

/** Undefined when there is no sound note: then the voter reads again what the others hold. */
async function readySince(files: Files, since: number): Promise<readonly string[] | undefined> {
  const bytes = await files.readAll(READY_PATH, READY_BYTES_MAX);
  if (bytes === undefined) return undefined;
  try {
    const note = decodeCbor(readySchema, bytes, 'note of a ready voter', READY_BYTES_MAX);
    return note.since === since ? note.unready : undefined;
  } catch {
    return undefined;
  }
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
