// What hosters tell each other besides logs: root notes, above all those that seal a log, and proofs that a writer signed
// two histories. One other voter at a time; what it says is checked like anyone's.

import { asFault, type Clock, type Crypto, Fault, type Random, toHex } from '@vauban/core';
import {
  type CharterChain,
  checkForkProof,
  fetchNote,
  forkedOrigins,
  forkProofOf,
  type HeadsAnswer,
  keepProof,
  type Mirror,
  proveFork,
  readHead,
  resolveWriter,
  takeNotes,
} from '@vauban/ledger';
import type { Log } from './log.ts';

/** Notes that seal are named in every answer; all others are compared once in so many. */
const ALL_NOTES_EVERY = 20;

export interface GossipPorts {
  readonly mirror: Mirror;
  readonly charters: CharterChain;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class NoteGossip {
  readonly #ports: GossipPorts;
  #rounds = 0;

  constructor(ports: GossipPorts) {
    this.#ports = ports;
  }

  /** Takes over notes and proofs that one voter has and this one lacks. Never rejects. */
  async listen(answer: HeadsAnswer, stop: () => boolean): Promise<void> {
    const { log } = this.#ports;
    try {
      await this.#takeSeals(answer);
      await this.#takeProofs(answer);
      for (const head of answer.body.heads) {
        if (stop()) return;
        await this.#compare(answer, head);
      }
      if (this.#rounds % ALL_NOTES_EVERY === 0) await takeNotes(this.#ports, answer.voter, stop);
      this.#rounds += 1;
    } catch (error) {
      const { code, message } = asFault(error);
      log('warn', 'gossip', { hoster: answer.body.hoster, code, message });
    }
  }

  async #takeSeals({ voter, body }: HeadsAnswer): Promise<void> {
    const { mirror, crypto, log } = this.#ports;
    for (const { origin, notes } of body.seals) {
      for (const hash of notes) {
        if (await mirror.hasNote(hash)) continue;
        const note = await fetchNote(voter, crypto, hash);
        if (note === undefined) continue;
        await mirror.putNote(note).then(
          () => log('info', 'note-taken', { origin, hoster: body.hoster }),
          (error: unknown) => log('warn', 'note-refused', { hoster: body.hoster, code: asFault(error).code }),
        );
      }
    }
  }

  async #takeProofs({ body }: HeadsAnswer): Promise<void> {
    const { mirror, crypto, log } = this.#ports;
    for (const { origin, proof } of body.forks) {
      if (!mirror.logs.has(origin) || (await forkProofOf(mirror.logs.store, origin)) !== undefined) continue;
      try {
        if (checkForkProof(crypto, proof).origin !== origin) continue;
      } catch (error) {
        log('warn', 'fork-unproven', { hoster: body.hoster, code: asFault(error).code });
        continue;
      }
      await keepProof(mirror.logs, origin, proof);
      log('error', 'fork-proven', { origin, hoster: body.hoster });
    }
  }

  /** A head that is no part of what is held: its writer may have signed two histories of any lengths. */
  async #compare({ voter, body }: HeadsAnswer, head: HeadsAnswer['body']['heads'][number]): Promise<void> {
    const { mirror, log } = this.#ports;
    const { logs } = mirror;
    const { origin, size } = head;
    if (logs.quarantine.of(origin) !== null || !logs.has(origin)) return;
    if (await logs.holds(origin, { size, root: readHead(head.checkpoint).root })) return;
    // A sealed log may be longer elsewhere, and need not be here.
    if ((await forkProofOf(logs.store, origin)) !== undefined || (await mirror.isSealedLog(origin))) return;
    const writer = await logs.writer(origin, (...first) => resolveWriter(this.#ports, ...first));
    if (writer === undefined) return;
    const proven = await proveFork(this.#ports, voter, { origin, size, writer: writer.key });
    if (proven) log('error', 'fork-proven', { origin, hoster: body.hoster, key: toHex(writer.key) });
  }
}

/** What wants a human: writers who signed two histories, and whose devices have not been revoked since. */
export async function forkAlerts(mirror: Mirror): Promise<Fault[]> {
  const origins: string[] = [];
  for (const origin of await forkedOrigins(mirror.logs.store)) {
    if (!(await mirror.isSealedLog(origin))) origins.push(origin);
  }
  if (origins.length === 0) return [];
  const message = `${origins.length} writers signed two histories each: their agencies should revoke those devices`;
  return [new Fault('integrity', 'FORKED', message, { origins })];
}
