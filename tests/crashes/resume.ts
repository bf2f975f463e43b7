// A put killed half-way and done again, with the bytes of the second one counted where they leave: on its sockets.

import { join } from 'node:path';
import { nodeClient, nodeSource, Vault } from '@vauban/client';
import type { Network } from '@vauban/core';
import { type AgencyVault, PASSPHRASE } from '../promises/agency.ts';
import { fragmentFiles } from '../promises/fragment-files.ts';
import { type TestNetwork, until } from '../support/network.ts';

/**
 * Kills the client when half of the fragments are on disks, then puts the same file again.
 * `of.fragments`: how many the whole file has.
 */
export async function killedHalfWay(
  network: TestNetwork,
  of: {
    readonly vault: AgencyVault;
    readonly file: string;
    readonly path: string;
    readonly fragments: number;
  },
): Promise<{ readonly killed: NodeJS.Signals | null; readonly sentBytes: number }> {
  const before = (await fragmentFiles(network)).length;
  const first = of.vault.begin('put', of.file, of.path);
  await until(async () => (await fragmentFiles(network)).length >= before + of.fragments / 2);
  first.child.kill('SIGKILL');
  const { signal } = await first.outcome;

  const networks: Network[] = [];
  const ports = await nodeClient(of.vault.directory);
  const vault = await Vault.open(
    {
      ...ports,
      network: (seed) => {
        const made = ports.network(seed);
        networks.push(made);
        return made;
      },
    },
    PASSPHRASE,
  );
  try {
    await vault.put(nodeSource(join(of.file)), of.path);
    return { killed: signal, sentBytes: networks.reduce((sum, one) => sum + one.traffic.sentBytes, 0) };
  } finally {
    await vault.close();
  }
}
