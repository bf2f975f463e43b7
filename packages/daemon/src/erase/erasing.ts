// The way of every erasing: the voters' own rules asked here first, then generations, entries, their certificate. Owns that
// generations rise in the order of the entries that name them, and that what is erased is counted and logged.

import {
  asFault,
  type Clock,
  type Crypto,
  type DaemonId,
  Fault,
  findDaemon,
  Mutex,
  type Random,
  type Store,
} from '@vauban/core';
import {
  admit,
  type CharterChain,
  generationOf,
  type HeadsBody,
  type LogStore,
  type Mirror,
  originOf,
  type Payload,
  type Voter,
} from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import { type FragmentKey, keyText } from '../fragment-file.ts';
import type { FragmentStore } from '../fragment-store.ts';
import type { Log } from '../log.ts';
import type { OwnHead, OwnLog } from '../own-log.ts';
import type { Receipts } from '../receipts.ts';
import type { ErasePermit } from './erase-permit.ts';

/** Corrupt rows of the index that are remembered as told; of more nothing is told, but they are written again all the same. */
const CORRUPT_MAX = 10_000;

export interface ErasePorts {
  readonly id: DaemonId;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
  readonly mirror: Pick<Mirror, 'view'> & { readonly logs: LogStore };
  readonly fragments: FragmentStore;
  readonly receipts: Receipts;
  readonly ownLog: Pick<OwnLog, 'append' | 'settled'>;
  readonly permit: ErasePermit;
  /** All voting hosters, this one's own included. */
  readonly voters: () => readonly Voter[];
  readonly newer?: () => Promise<void>;
  readonly asks: EraseAsks;
  /** Hears of fragments whose rows in the index cannot be read: somebody is to write them again. */
  readonly troubled: (key: FragmentKey) => void;
  /** Rows of erasings under way and of what waits for its grace. */
  readonly store: Store;
  readonly log: Log;
}

/** What is asked of others, over the wire. */
export interface EraseAsks {
  leaf(
    daemon: DaemonId,
    of: FragmentKey & { readonly leaf: number },
    signal: AbortSignal,
  ): Promise<AnswerOf<'leaf'>>;
  /** Of the daemon that votes for a hoster: what its mirror mentions of this daemon, among others. */
  holders(hoster: string, segments: readonly Uint8Array[], signal: AbortSignal): Promise<AnswerOf<'holders'>>;
}

/** Why and how much was erased, since the start. */
export interface ErasedCounts {
  readonly purged: number;
  readonly swept: number;
  readonly trimmed: number;
  readonly bytes: number;
}

export class Erasing {
  readonly ports: ErasePorts;
  readonly #order = new Mutex();
  #counts: ErasedCounts = { purged: 0, swept: 0, trimmed: 0, bytes: 0 };
  #settled: OwnHead | undefined;
  #settling: Promise<void> | undefined;
  /** Those that were told of. */
  readonly #corrupt = new Set<string>();

  constructor(ports: ErasePorts) {
    this.ports = ports;
  }

  get counts(): ErasedCounts {
    return this.#counts;
  }

  /** A row of the index is corrupt: its fragment is left alone until it can be read again, and all others are gone on with. */
  corrupt = (key: FragmentKey): void => {
    const text = keyText(key);
    // Past as many as can be remembered, each look would tell of all the others again.
    if (!this.#corrupt.has(text) && this.#corrupt.size < CORRUPT_MAX) {
      this.#corrupt.add(text);
      this.ports.log('warn', 'index-row-unreadable', {});
    }
    this.ports.troubled(key);
  };

  /** Their rows can be read: should one rot again, that is told of again. */
  readable(keys: readonly FragmentKey[]): void {
    if (this.#corrupt.size > 0) for (const key of keys) this.#corrupt.delete(keyText(key));
  }

  isCertified = (by: { readonly origin: string; readonly index: number }): boolean =>
    by.index < this.ports.mirror.logs.state(by.origin).certifiedSize;

  /**
   * Whether the mirror knows all that this daemon's log said before this start, and all that was taken back since: none of it
   * is on its way any more.
   */
  get settled(): boolean {
    const head = this.#settled;
    return head !== undefined && this.ports.mirror.logs.state(head.origin).certifiedSize >= head.size;
  }

  /**
   * Finds out, after a start or once something was taken back, what became of what its log said before. One at a time,
   * however often it is asked for. Faults: those of the own log.
   */
  settle(): Promise<void> {
    this.#settling ??= this.#settle().finally(() => {
      this.#settling = undefined;
    });
    return this.#settling;
  }

  async #settle(): Promise<void> {
    this.#settled ??= await this.ports.ownLog.settled();
  }

  /**
   * What a voter that knows what this mirror knows would answer to the payload now; undefined when it would sign. Whatever
   * is refused may leave its trace with some voters, so nothing is asked that is not foretold. `slackMs`: for voters who
   * heard later.
   */
  async foretell(
    payloadOf: (generation: number) => Payload,
    { slackMs = 0 } = {},
  ): Promise<Fault | undefined> {
    const { id, crypto, charters, mirror, receipts } = this.ports;
    const charter = charters.current;
    const key = findDaemon(charter, id)?.logKey;
    if (key === undefined)
      return new Fault('refused', 'DAEMON_UNKNOWN', `the charter no longer lists daemon ${id}`, { id });
    const view = mirror.view();
    const now = view.now - slackMs;
    const origin = originOf(crypto, charter.name, key);
    const generation = Math.max(receipts.generation, await generationOf(mirror.logs.store, id)) + 1;
    const payload = payloadOf(generation);
    const nothing = new Uint8Array(32);
    const entry = { kind: payload.kind, previous: nothing, time: now, commit: nothing };
    const at = { origin, index: mirror.logs.state(origin).size, writer: { kind: 'daemon', key, daemon: id } };
    try {
      await admit({ ...view, now }, at as typeof at & { writer: { kind: 'daemon' } }, {
        entry,
        leafHash: nothing,
        payload,
      });
      return undefined;
    } catch (error) {
      const fault = asFault(error);
      if (fault.kind !== 'refused') throw error;
      return fault;
    }
  }

  /**
   * Resolves once a quorum certified all entries; the n-th is made with the n-th of as many new generations. Faults: those
   * of the own log. With one of kind `refused` none of them is certified, nor will be, unless its fact `takenBack` is true:
   * then they may still come to be, which is known once they are `settled`. With any other all is open until the next start.
   */
  async certify(payloads: readonly ((generation: number) => Payload)[]): Promise<OwnHead> {
    const { id, mirror, receipts, ownLog } = this.ports;
    const { head } = await this.#order.run(async () => {
      const atLeast = await generationOf(mirror.logs.store, id);
      const last = await receipts.raise({ atLeast, erasings: payloads.length });
      const first = last - payloads.length + 1;
      return { head: ownLog.append(payloads.map((payloadOf, nth) => payloadOf(first + nth))) };
    });
    try {
      this.#settled = await head;
      return this.#settled;
    } catch (error) {
      if (asFault(error).facts['takenBack'] === true) this.#settled = undefined;
      throw error;
    }
  }

  /** Those of a fixed set that are there; the certificate has come. Faults: those of the permit and of the store. */
  async erase(
    how: 'purged' | 'swept' | 'trimmed',
    keys: readonly FragmentKey[],
    of: { readonly signal: AbortSignal; readonly spare?: (key: FragmentKey) => boolean },
  ): Promise<number> {
    const { fragments, permit, log } = this.ports;
    if (keys.length === 0) return 0;
    await permit.demand(of.signal);
    let erased = 0;
    let bytes = 0;
    try {
      for (const key of keys) {
        of.signal.throwIfAborted();
        const refusal = permit.refusal();
        if (refusal !== undefined) throw refusal;
        const facts = await fragments.get(key);
        if (facts === undefined || !(await fragments.remove(key, () => of.spare?.(key) === true))) continue;
        erased += 1;
        bytes += facts.bytes;
      }
    } finally {
      const { [how]: before, bytes: bytesBefore } = this.#counts;
      this.#counts = { ...this.#counts, [how]: before + erased, bytes: bytesBefore + bytes };
      if (erased > 0) log('info', how, { fragments: erased, bytes });
    }
    return erased;
  }
}

/** Whether the answer shows that the voter holds a log up to a size. */
export function holdsUpTo({ origin, size }: OwnHead): (body: HeadsBody) => boolean {
  return ({ heads, starting }) => !starting && heads.some((one) => one.origin === origin && one.size >= size);
}
