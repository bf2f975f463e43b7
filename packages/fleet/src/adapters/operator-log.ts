// An operator's own log: what the consortium's crisis team says about sites. Its state lies on one disk; where that is lost or
// older than what the hosters hold, the key says nothing more, for two histories of one key would be a fork.

import { asFault, checkedStore, encodeCbor, equalBytes, Fault, isFault, type Store } from '@vauban/core';
import { makeDirectory, nodeClock, nodeCrypto, nodeRandom, openLevelStore } from '@vauban/core/node';
import {
  type ClaimName,
  consortiumFacts,
  type ConsortiumFacts,
  isVoided,
  LogStore,
  LogWriter,
  originOf,
  parseNote,
  type Payload,
  refresh,
} from '@vauban/ledger';
import type { NetworkSession } from './network-session.ts';

/** Logs that one question for heads may name. */
const ORIGINS_MAX = 1_000;

export interface OperatorLogOptions {
  readonly session: NetworkSession;
  readonly operator: string;
  readonly seed: Uint8Array;
  readonly directory: string;
  readonly signal?: AbortSignal;
}

/** What an operator says: of a site, or of a drill. */
export type OperatorWord = Extract<Payload, { readonly kind: 'site-lost' | 'maintenance' | 'drill' }>;

export interface CertifiedEntry {
  /** Its name in the ledger. */
  readonly entry: ClaimName;
  /** Hosters. */
  readonly cosignedBy: readonly string[];
  /** An earlier run had signed it; this one brought it to the quorum that it lacked. */
  readonly finished: boolean;
}

interface Opened {
  readonly store: Store;
  readonly logs: LogStore;
  readonly writer: LogWriter;
  /** What an earlier run signed, and this one got certified. */
  readonly finished: readonly { readonly index: number; readonly payload: Payload }[];
}

export class OperatorLog {
  readonly #options: OperatorLogOptions;
  readonly #opened: Opened;

  private constructor(options: OperatorLogOptions, opened: Opened) {
    this.#options = options;
    this.#opened = opened;
  }

  /**
   * Reads what hosters hold of the log before anything is signed, and finishes what an earlier run began.
   * Faults: WRITER_STATE_LOST (integrity), LOG_SEALED, QUORUM_UNREACHABLE, STORE_LOCKED.
   */
  static async open(options: OperatorLogOptions): Promise<OperatorLog> {
    const { directory } = options;
    await makeDirectory(directory);
    try {
      const store = checkedStore(await openLevelStore(directory), nodeCrypto);
      try {
        return new OperatorLog(options, await begin(options, store));
      } catch (error) {
        await store.close();
        throw error;
      }
    } catch (error) {
      const { code } = asFault(error);
      const lost = ['WRITER_STATE_LOST', 'STORE_CORRUPT', 'STORE_UNREADABLE'].includes(code);
      throw lost ? stateLost(options, error) : error;
    }
  }

  /**
   * What operators and daemons say of whole sites, as far as a quorum shows it now; without one, what was read before.
   * Faults: none but the session's end.
   */
  async facts(): Promise<ConsortiumFacts> {
    const { logs, writer } = this.#opened;
    const { session, signal } = this.#options;
    const keys = session.chain
      .versions()
      .flatMap(({ operators, daemons }) => [
        ...operators.map(({ key }) => key),
        ...daemons.map(({ logKey }) => logKey),
      ]);
    const named = keys.map((key) => originOf(nodeCrypto, session.charter.name, key));
    const origins = [...new Set(named)].filter((origin) => origin !== writer.origin);
    for (let at = 0; at < origins.length; at += ORIGINS_MAX) {
      const some = origins.slice(at, at + ORIGINS_MAX);
      // Whoever declares a loss has no time for a log that cannot be read: it may only say the same twice.
      await refresh(groundOf(this.#options, logs), { of: 'origins', origins: some }).catch(() => []);
      signal?.throwIfAborted();
    }
    return consortiumFacts(logs);
  }

  /** Whether an earlier run signed this, and opening the log got it certified. */
  finishedBefore(word: OperatorWord): boolean {
    return this.#finishedIndex(word) !== undefined;
  }

  /** Signs and waits for the certificate. Faults: what the hosters refuse, QUORUM_UNREACHABLE, WRITER_STATE_LOST. */
  async say(word: OperatorWord): Promise<CertifiedEntry> {
    const { logs, writer } = this.#opened;
    const before = this.#finishedIndex(word);
    try {
      const index = before ?? (await writer.append(() => [word])).index;
      // Daemons act on what is certified: they hear of it now, not with the next entry.
      await writer.spreadCertificate();
      const { certificate } = logs.state(writer.origin);
      const names = certificate === null ? [] : parseNote(certificate).signatures.map(({ name }) => name);
      // A cosignature is named `charter/hoster/epoch`; the log's own signature has no third part.
      const parts = names.map((name) => name.split('/')).filter(({ length }) => length === 3);
      const cosignedBy = parts.map(([, hoster]) => hoster as string).sort();
      return { entry: { origin: writer.origin, index }, cosignedBy, finished: before !== undefined };
    } catch (error) {
      throw isFault(error, 'WRITER_STATE_LOST') ? stateLost(this.#options, error) : error;
    }
  }

  #finishedIndex(word: OperatorWord): number | undefined {
    const bytes = encodeCbor(word);
    return this.#opened.finished.find(({ payload }) => equalBytes(encodeCbor(payload), bytes))?.index;
  }

  async close(): Promise<void> {
    await this.#opened.store.close();
  }
}

async function begin(options: OperatorLogOptions, store: Store): Promise<Opened> {
  const { operator, seed } = options;
  const logs = await LogStore.open(store, nodeCrypto);
  const writer = new LogWriter({
    ...groundOf(options, logs),
    seed,
    genesis: { kind: 'genesis', writer: 'operator', operator },
  });
  const { certifiedSize, size } = logs.state(writer.origin);
  await writer.start().catch((error: unknown) => {
    // What the hosters refuse of an earlier run is voided by now, and whoever said it was told then.
    if (!isFault(error) || error.kind !== 'refused' || !writer.started) throw error;
  });
  const finished: { index: number; payload: Payload }[] = [];
  const end = Math.min(size, logs.state(writer.origin).certifiedSize);
  for (let index = certifiedSize; index < end; index++) {
    if (await isVoided(store, { origin: writer.origin, index })) continue;
    finished.push({ index, payload: (await logs.entry(writer.origin, index)).payload });
  }
  return { store, logs, writer, finished };
}

function groundOf({ session, signal }: OperatorLogOptions, logs: LogStore) {
  return {
    crypto: nodeCrypto,
    clock: nodeClock,
    random: nodeRandom,
    charters: session.chain,
    voters: () => session.voters(),
    newer: () => session.catchUp().catch(() => undefined),
    logs,
    ...(signal === undefined ? {} : { signal }),
  };
}

function stateLost({ operator, directory }: OperatorLogOptions, error: unknown): Fault {
  const { facts, message: why } = asFault(error);
  const message = `what the key of operator ${operator} signed before is lost here, or older than what the hosters hold (${directory}: ${why}). This key signs nothing more: have the officers list a new operator key in the charter (vauban charter propose)`;
  return new Fault('integrity', 'WRITER_STATE_LOST', message, { ...facts, operator, directory }, error);
}
