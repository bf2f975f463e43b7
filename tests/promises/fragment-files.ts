// The fragment files on the disks of a network's daemons, looked at from outside.

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestNetwork } from '../support/network.ts';

export interface FragmentFile {
  readonly site: string;
  /** Hex. */
  readonly segment: string;
  readonly index: number;
  readonly path: string;
}

/** Whole ones: what is still being written has another name. */
export async function fragmentFiles(network: TestNetwork): Promise<FragmentFile[]> {
  const found: FragmentFile[] = [];
  for (const { site, data } of await network.daemons()) {
    const folder = join(data, 'fragments');
    for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
      const [, segment, index] = /([0-9a-f]{64})-([0-9]+)$/.exec(name) ?? [];
      if (segment !== undefined)
        found.push({ site, segment, index: Number(index), path: join(folder, name) });
    }
  }
  return found;
}
