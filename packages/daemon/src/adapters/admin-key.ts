// The key that signs admin tokens: made when it is first needed, beside the daemon's other keys, readable by its account
// alone. Removing the file ends every token at once.

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault, isFault } from '@vauban/core';
import { keepOwner, nodeClock, nodeCrypto, nodeRandom } from '@vauban/core/node';
import type { TokenScope } from '../admin/admin-ports.ts';
import { makeToken, TOKEN_MS_MAX } from '../admin/token.ts';
import { encodeKeyFile, makeKey, type RoleKey } from '../keys.ts';
import { openHome, readKey } from './home.ts';

export interface MadeToken {
  readonly token: string;
  readonly scope: TokenScope;
  /** Milliseconds since 1970. */
  readonly expires: number;
  /** The loopback port the daemon takes it on; null when it has none, and nobody asks for the token. */
  readonly listen: string | null;
}

/** Faults: TOKEN_TIME (usage), those of openHome and readKey. */
export async function makeAdminToken(
  configPath: string,
  of: { readonly scope: TokenScope; readonly lifeMs: number },
): Promise<MadeToken> {
  const { scope, lifeMs } = of;
  if (!(lifeMs >= 1_000 && lifeMs < TOKEN_MS_MAX)) {
    throw new Fault('usage', 'TOKEN_TIME', 'a token lasts for an hour to a year', { lifeMs });
  }
  const { config, daemon } = await openHome(configPath);
  const { seed } = await adminKey(config.keys);
  const expires = Math.floor((nodeClock.now() + lifeMs) / 1_000) * 1_000;
  const token = makeToken(nodeCrypto, seed, { daemon, scope, expires });
  return { token, scope, expires, listen: config.adminListen };
}

/** The public half; undefined when no key was made yet. Faults: those of readKey but FILE_MISSING. */
export async function adminPublicKey(keys: string): Promise<Uint8Array | undefined> {
  try {
    return (await readKey(pathIn(keys), 'admin')).publicKey;
  } catch (error) {
    if (isFault(error, 'FILE_MISSING')) return undefined;
    throw error;
  }
}

async function adminKey(keys: string): Promise<RoleKey> {
  try {
    return await readKey(pathIn(keys), 'admin');
  } catch (error) {
    if (!isFault(error, 'FILE_MISSING')) throw error;
  }
  const made = makeKey('admin', { random: nodeRandom, crypto: nodeCrypto });
  const file = await open(pathIn(keys), 'wx', 0o600);
  try {
    await keepOwner(pathIn(keys));
    await file.writeFile(encodeKeyFile(made));
    await file.sync();
  } finally {
    await file.close();
  }
  return made;
}

function pathIn(keys: string): string {
  return join(keys, 'admin.key');
}
