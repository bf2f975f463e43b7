// One agency's client as a process of its own, so that its memory and processor time are its own: joins a network,
// then does what its parent asks, one JSON line per request, and answers with what it took.

import { createInterface } from 'node:readline';
import {
  activateVault,
  createVault,
  nodeClient,
  nodeSource,
  nodeTargetDirectory,
  nodeTargetFile,
  openAgencyLine,
  Vault,
} from '@vauban/client';
import { nodeCrypto } from '@vauban/core/node';
import { enactCharter, NetworkSession } from '@vauban/fleet';

export interface Asked {
  readonly verb: 'put' | 'get';
  readonly source?: string;
  readonly path: string;
  readonly out?: string;
}

export interface Took {
  readonly seconds: number;
  readonly bytes: number;
  readonly cpuSeconds: number;
  /** Highest resident size of the process so far, in bytes. */
  readonly peakBytes: number;
}

const [, , network = '', directory = ''] = process.argv;
const passphrase = 'bench';
const ports = await nodeClient(directory);
const session = await NetworkSession.open(network, { as: 'officer' });
const founding = session.chain.signedFrom(1);
await session.close();
const { publicLine } = await createVault(ports, { charter: founding, passphrase });
const { id, name, rootKey } = openAgencyLine(nodeCrypto, publicLine);
const chain = await enactCharter(network, (current) => ({
  ...current,
  agencies: [
    ...current.agencies,
    {
      id,
      name,
      rootKey,
      quotaBytes: 1e13,
      suspended: false,
      policies: current.policies.map((one) => one.name),
    },
  ],
}));
await activateVault(ports, { passphrase, charter: chain.signedFrom(1) });
const vault = await Vault.open(ports, passphrase);
process.stdout.write('ready\n');

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line) as Asked;
  const started = performance.now();
  const before = process.cpuUsage();
  const { bytes, problems } =
    asked.verb === 'put'
      ? await vault.put(nodeSource(asked.source ?? ''), asked.path)
      : await vault.get(asked.path, (tree) =>
          tree ? nodeTargetDirectory(asked.out ?? '') : nodeTargetFile(asked.out ?? ''),
        );
  const [problem] = problems;
  if (problem !== undefined) throw problem.fault;
  const { user, system } = process.cpuUsage(before);
  const took: Took = {
    seconds: (performance.now() - started) / 1_000,
    bytes,
    cpuSeconds: (user + system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1_024,
  };
  process.stdout.write(`${JSON.stringify(took)}\n`);
}
await vault.close();
