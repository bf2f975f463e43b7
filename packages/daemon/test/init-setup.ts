// Ports for setting daemons up in memory: one disk for the directory, one for the data directory below it.

import { type MemoryFiles, memoryFiles, toHex, utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import type { InitOptions, InitPorts } from '../src/init.ts';

export const NOW = 1_800_000_000_000;

export const cigogne: InitOptions = {
  hoster: 'Hébergeur Cigogne',
  site: 'Strasbourg',
  latitude: 48.5734,
  longitude: 7.7521,
};

export interface MemoryHome extends InitPorts {
  readonly home: MemoryFiles;
  readonly data: MemoryFiles;
}

/** Randomness that a name fixes: two homes of one name make the same keys. */
export function memoryHome(name = 'home'): MemoryHome {
  let drawn = 0;
  return {
    home: memoryFiles(),
    data: memoryFiles(),
    crypto: nodeCrypto,
    random: { bytes: (length) => nodeCrypto.sha256(utf8(`${name} ${drawn++}`)).slice(0, length) },
    clock: {
      now: () => NOW,
      monotonic: () => 0,
      sleep: () => Promise.resolve(),
      after: () => () => undefined,
    },
    peerIdOfSeed: (seed) => `peer-${toHex(seed).slice(0, 8)}`,
  };
}

export async function textOf(files: MemoryFiles, path: string): Promise<string> {
  return new TextDecoder().decode((await files.readAll(path, 65_536)) ?? new Uint8Array());
}
