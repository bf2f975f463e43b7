// Where an officer works on the charter: a charter file or a local network's directory, an officer's key when hosters are
// to be spoken to, and the chain as the hosters know it now. Owns nothing of what a version says.

import { dirname, basename, resolve } from 'node:path';
import { stat } from 'node:fs/promises';
import { Fault, replaceFile } from '@vauban/core';
import { openFiles } from '@vauban/core/node';
import { encodeCharterFile, readCharter } from '@vauban/daemon';
import type { CharterChain } from '@vauban/ledger';
import { charterPath, networkRoot, readKeys } from './layout.ts';
import { NetworkSession } from './network-session.ts';
import { openOfficerKey } from './officer-key.ts';

export interface DeskOptions {
  /** An officer's key file; a local network's directory holds some, of which the first serves. */
  readonly key?: string;
  /** Asks no hoster, whatever keys there are. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
}

export class CharterDesk {
  readonly chain: CharterChain;
  /** Undefined without a key: then the hosters are not asked, and the file is believed to be the newest. */
  readonly session: NetworkSession | undefined;
  readonly #file: string;

  private constructor(file: string, chain: CharterChain, session: NetworkSession | undefined) {
    this.#file = file;
    this.chain = chain;
    this.session = session;
  }

  /** Catches up with what daemons know, when there is a key to ask them with. Faults: those of readCharter, of keys. */
  static async open(path: string, options: DeskOptions = {}): Promise<CharterDesk> {
    const directory = await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
    const root = directory ? await networkRoot(path) : undefined;
    const file = root === undefined ? resolve(path) : charterPath(root);
    const chain = await readCharter(file);
    const key = options.offline === true ? undefined : await keyFor(root, chain, options);
    if (key === undefined) return new CharterDesk(file, chain, undefined);
    const { signal } = options;
    const session = await NetworkSession.with(chain, key, {
      as: 'officer',
      ...(signal === undefined ? {} : { signal }),
    });
    try {
      await session.catchUp();
      return new CharterDesk(file, chain, session);
    } catch (error) {
      await session.close();
      throw error;
    }
  }

  /** Faults: KEY_NEEDED (usage). */
  get online(): NetworkSession {
    if (this.session !== undefined) return this.session;
    const message = 'this asks the hosters, who answer officers only: give --key <your key file>';
    throw new Fault('usage', 'KEY_NEEDED', message, {});
  }

  /** Rewrites the charter file with the chain as it is known now. */
  async save(): Promise<string> {
    const bytes = encodeCharterFile(this.chain.signedFrom(1));
    await replaceFile(openFiles(dirname(this.#file)), basename(this.#file), bytes);
    return this.#file;
  }

  async close(): Promise<void> {
    await this.session?.close();
  }
}

async function keyFor(
  root: string | undefined,
  chain: CharterChain,
  { key: path }: DeskOptions,
): Promise<{ readonly id: string; readonly seed: Uint8Array } | undefined> {
  if (path !== undefined) {
    const { officer, seed } = await openOfficerKey(path, chain.versions().toReversed());
    return { id: officer, seed };
  }
  const [first] = root === undefined ? [] : await readKeys(root, 'officer');
  return first === undefined ? undefined : { id: first.id, seed: first.key.seed };
}
