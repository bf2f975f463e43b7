// The client's ports on Node: a vault directory on disk, LevelDB for its state, libp2p without listening.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  nodeClock,
  nodeCrypto,
  nodePassphraseKdf,
  nodeRandom,
  openFiles,
  openLevelStore,
} from '@vauban/core/node';
import { argon2idKdf, scryptKdf } from '@vauban/seal';
import { libp2pNetwork } from '@vauban/wire/libp2p';
import type { ClientPorts } from '../ports.ts';

/** A vault's database is small and open for moments. */
const STATE_BUFFER_BYTES = 1 << 20;

export async function nodeClient(vaultDirectory: string): Promise<ClientPorts> {
  return {
    crypto: nodeCrypto,
    clock: nodeClock,
    random: nodeRandom,
    files: openFiles(vaultDirectory),
    openState: () =>
      openLevelStore(join(vaultDirectory, 'state'), {
        writeBufferBytes: STATE_BUFFER_BYTES,
        cacheBytes: STATE_BUFFER_BYTES,
      }),
    network: (transportSeed) => libp2pNetwork({ transportSeed, listen: [], clock: nodeClock }),
    kdf: nodePassphraseKdf,
    kdfs: [nodePassphraseKdf, scryptKdf, argon2idKdf],
    owner: `${process.pid}/${await startTime(process.pid)}`,
    alive: async (owner) => {
      const [pid, started] = owner.split('/');
      return /^[0-9]+$/.test(pid ?? '') && (await startTime(Number(pid))) === started;
    },
  };
}

/** When a process began, so that a number used again is not taken for it; empty when it is gone. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
