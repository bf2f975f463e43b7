// Where an operator works: a charter file or a local network's directory, an operator's key, a session with the daemons,
// and the log that the key writes. What it signed is kept beside the key: neither is worth anything without the other.

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Charter, type DaemonId, Fault, toHex } from '@vauban/core';
import { readCharter, readKey } from '@vauban/daemon';
import type { CharterChain } from '@vauban/ledger';
import { charterPath, networkRoot, OPERATORS, readKeys } from './layout.ts';
import { NetworkSession } from './network-session.ts';
import { OperatorLog } from './operator-log.ts';

export interface OperatorOptions {
  /** An operator's key file; a local network's directory holds one. */
  readonly operatorKey?: string;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

interface OperatorKey {
  readonly id: string;
  readonly seed: Uint8Array;
  readonly path: string;
}

export class OperatorDesk {
  readonly session: NetworkSession;
  readonly operator: string;
  readonly #key: OperatorKey;
  readonly #signal: AbortSignal | undefined;

  private constructor(session: NetworkSession, key: OperatorKey, signal: AbortSignal | undefined) {
    this.session = session;
    this.operator = key.id;
    this.#key = key;
    this.#signal = signal;
  }

  /** Knows what daemons that answer know. Faults: those of readCharter and of keys, NO_KEYS, OPERATOR_UNKNOWN (refused). */
  static async open(path: string, options: OperatorOptions = {}): Promise<OperatorDesk> {
    const directory = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    const root = directory ? await networkRoot(path) : undefined;
    const chain = await readCharter(root === undefined ? resolve(path) : charterPath(root));
    const key = await keyFor(chain, { path, root, file: options.operatorKey });
    const { deadlineMs, signal } = options;
    const session = await NetworkSession.with(chain, key, {
      as: 'operator',
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      await session.catchUp();
      return new OperatorDesk(session, key, signal);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  get charter(): Charter {
    return this.session.charter;
  }

  /** For what the operator signs besides entries. */
  withSeed<Result>(work: (seed: Uint8Array) => Result): Result {
    return work(this.#key.seed);
  }

  /** Opens the key's log, works, closes it. Faults: those of OperatorLog.open. */
  async writing<Result>(work: (log: OperatorLog) => Promise<Result>): Promise<Result> {
    const { id: operator, seed, path } = this.#key;
    const log = await OperatorLog.open({
      session: this.session,
      operator,
      seed,
      directory: ledgerBeside(path),
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    });
    try {
      return await work(log);
    } finally {
      await log.close();
    }
  }

  /** The same of every daemon of the charter, side by side. */
  askAll<Answer>(ask: (daemon: DaemonId) => Promise<Answer>): Promise<PromiseSettledResult<Answer>[]> {
    return Promise.allSettled(this.charter.daemons.map(({ id }) => ask(id)));
  }

  async close(): Promise<void> {
    await this.session.close();
  }
}

async function keyFor(
  chain: CharterChain,
  of: { readonly path: string; readonly root: string | undefined; readonly file: string | undefined },
): Promise<OperatorKey> {
  const { path, root, file } = of;
  if (file === undefined) {
    const [first] = root === undefined ? [] : await readKeys(root, 'operator');
    if (root !== undefined && first !== undefined) {
      return { id: first.id, seed: first.key.seed, path: join(root, OPERATORS, `${first.id}.key`) };
    }
    const message = `${path} holds no operator's key: give --operator-key <your key file>`;
    throw new Fault('refused', 'NO_KEYS', message, { path });
  }
  const key = await readKey(file, 'operator');
  for (const charter of chain.versions().toReversed()) {
    const found = charter.operators.find((one) => toHex(one.key) === toHex(key.publicKey));
    if (found !== undefined) return { id: found.id, seed: key.seed, path: resolve(file) };
  }
  const message = `the key in ${file} is not that of an operator of this charter`;
  throw new Fault('refused', 'OPERATOR_UNKNOWN', message, { path: file });
}

/** `operators/crisis-team.key` has its log in `operators/crisis-team/ledger`. */
function ledgerBeside(key: string): string {
  return key.endsWith('.key') ? join(key.slice(0, -4), 'ledger') : `${key}.ledger`;
}
