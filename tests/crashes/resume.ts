// A put killed half-way and done again, with the bytes of the second one counted where they leave: on its sockets.

import { nodeClient, nodeSource, Vault } from '@vauban/client';
import type { Network } from '@vauban/core';
import { type AgencyVault, PASSPHRASE, segmentsStored, untilMidway } from '../promises/agency.ts';

/** Kills the client when half of the segments are stored, then puts the same file again. */
export async function killedHalfWay(
  agency: AgencyVault,
  of: { readonly file: string; readonly path: string; readonly segments: number },
): Promise<{ readonly killed: NodeJS.Signals | null; readonly sentBytes: number }> {
  const first = agency.begin('put', of.file, of.path);
  await untilMidway(first, async () => (await segmentsStored(agency)) >= of.segments / 2);
  first.child.kill('SIGKILL');
  const { signal } = await first.outcome;

  const networks: Network[] = [];
  const ports = await nodeClient(agency.directory);
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
    await vault.put(nodeSource(of.file), of.path);
    return { killed: signal, sentBytes: networks.reduce((sum, one) => sum + one.traffic.sentBytes, 0) };
  } finally {
    await vault.close();
  }
}
