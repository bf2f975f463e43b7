// How a voter that has just entered the voting set becomes ready: it takes over what q voters of the set before it hold,
// certified or not, before it says or signs anything. Without this, two quorums of two epochs may share no honest hoster
// that remembers (SPEC: epochs).

import {
  asFault,
  type Clock,
  type Crypto,
  equalBytes,
  memoryStore,
  quorumOf,
  type Random,
  votingHosters,
} from '@vauban/core';
import { keepForkProof } from './branches.ts';
import type { CharterChain } from './charter-log.ts';
import { openCheckpoint, readHead } from './checkpoint.ts';
import type { HeadsBody, StoredHead } from './heads.ts';
import { LogStore } from './log-store.ts';
import type { Mirror } from './mirror.ts';
import { pull, resolveWriter } from './pull.ts';
import type { Voter } from './voter.ts';

/** Opened `heads` of everything, with whom to ask for the bytes. */
export interface HeadsAnswer {
  readonly voter: Voter;
  readonly body: HeadsBody;
}

/**
 * Whose answers make a new voter ready, and how many: a quorum of the set before the epoch in force, of those in it who
 * vote on. Their answers are signed with keys of the epoch in force, so the keys of the one before are gone.
 */
export function readinessSources(
  charters: CharterChain,
  self: string,
): { readonly needed: number; readonly hosters: ReadonlySet<string> } {
  const { current } = charters;
  const before = charters.ofEpoch(current.epoch - 1);
  if (before === undefined) return { needed: Number.POSITIVE_INFINITY, hosters: new Set() };
  const voted = new Set(votingHosters(before).map(({ id }) => id));
  const hosters = votingHosters(current)
    .filter((one) => voted.has(one.id) && one.votingSince < current.epoch && one.id !== self)
    .map(({ id }) => id);
  return { needed: quorumOf(before), hosters: new Set(hosters) };
}

export interface TakeOverPorts {
  readonly mirror: Mirror;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
}

/**
 * Stores every log of one answer at least as far as it shows it, then the root notes its voter holds. False when the
 * voter does not hand out what it shows: then its answer does not count. A log whose heads contradict one another is
 * added to `forked`, with the proof kept where it can be had.
 */
export async function takeOver(
  ports: TakeOverPorts,
  { voter, body }: HeadsAnswer,
  of: { readonly forked: Set<string>; readonly stop: () => boolean },
): Promise<boolean> {
  const { mirror } = ports;
  for (const head of body.heads) {
    if (of.stop()) return false;
    if (of.forked.has(head.origin)) continue;
    const took = await takeLog(ports, voter, head);
    if (took === 'not shown') return false;
    if (took === 'forked') of.forked.add(head.origin);
    const { certificate } = head;
    if (certificate !== null) await mirror.certify(head.origin, certificate).catch(() => undefined);
  }
  // After the logs: a note seals what is held when it arrives.
  return takeNotes(ports, voter, of.stop);
}

/** Logs that fewer than `needed` of the answers taken over vouch for: nobody is ready for those. */
export function shortOf(taken: readonly HeadsAnswer[], needed: number): string[] {
  const doubted = new Map<string, number>();
  for (const { body } of taken)
    for (const origin of body.unready) doubted.set(origin, (doubted.get(origin) ?? 0) + 1);
  return [...doubted].flatMap(([origin, by]) => (taken.length - by < needed ? [origin] : []));
}

/** What became of one head: stored as far as it reaches, contradicted, or not to be had from who shows it. */
async function takeLog(
  ports: TakeOverPorts,
  voter: Voter,
  shown: StoredHead,
): Promise<'held' | 'forked' | 'not shown'> {
  const { mirror, crypto } = ports;
  const { logs } = mirror;
  const { origin } = shown;
  const head = readHead(shown.checkpoint);
  if (head.origin !== origin || head.size !== shown.size) return 'not shown';
  try {
    while (logs.state(origin).size < head.size) {
      const from = logs.state(origin).size;
      for (const batch of await voter.batches(origin, from)) await mirror.adopt(batch);
      if (logs.state(origin).size === from) break;
    }
  } catch (error) {
    if (asFault(error).kind === 'unreachable') return 'not shown';
    // Its bytes do not continue what is held: another history, or none at all.
  }
  const writer = await logs.writer(origin, (...first) => resolveWriter(ports, ...first));
  if (writer === undefined) return 'not shown';
  try {
    openCheckpoint(crypto, shown.checkpoint, writer.key);
  } catch {
    return 'not shown';
  }
  const held = await logs.rootAt(origin, head.size);
  if (held !== undefined && equalBytes(held, head.root)) return 'held';
  const proven = await proveFork(ports, voter, { origin, size: head.size, writer: writer.key });
  // A root its writer signed that is not that of the prefix held is a fork, whether its entries can be had or not.
  return proven || held !== undefined ? 'forked' : 'not shown';
}

/** Pulls the other history beside the one held, and keeps the proof that they part. */
export async function proveFork(
  ports: TakeOverPorts,
  voter: Voter,
  of: { readonly origin: string; readonly size: number; readonly writer: Uint8Array },
): Promise<boolean> {
  const { mirror, crypto } = ports;
  const { origin, size, writer } = of;
  const other = await LogStore.open(memoryStore(), crypto);
  try {
    await pull({ ...ports, voters: () => [voter], logs: other }, voter, origin, size);
    const proof = await keepForkProof(mirror.logs.store, crypto, {
      origin,
      writer,
      histories: [mirror.logs, other],
    });
    return proof !== undefined;
  } catch {
    return false;
  }
}

/** Stores the root notes a voter lists. False when it could not be heard to the end. */
export async function takeNotes(
  { mirror, crypto }: TakeOverPorts,
  voter: Voter,
  stop: () => boolean,
): Promise<boolean> {
  let after: Uint8Array | null = null;
  while (!stop()) {
    try {
      const page: Awaited<ReturnType<Voter['notes']>> = await voter.notes(after);
      // One that does not open here says nothing to anyone.
      for (const note of page.notes) await mirror.putNote(note).catch(refusedOnly);
      const last: Uint8Array | undefined = page.notes.at(-1);
      if (!page.more || last === undefined) return true;
      after = crypto.sha256(last);
    } catch {
      return false;
    }
  }
  return false;
}

function refusedOnly(error: unknown): void {
  if (asFault(error).kind !== 'refused' && asFault(error).kind !== 'integrity') throw error;
}
