// Facts of this machine, printed at the top of a log and recorded beside figures. Run by itself, it prints them.

import { availableParallelism, cpus, release, totalmem } from 'node:os';

export const machine = {
  node: process.versions.node,
  platform: `${process.platform}-${process.arch}`,
  kernel: release(),
  cores: availableParallelism(),
  cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
} as const;

export const machineLine =
  `Node ${machine.node} on ${machine.platform} ${machine.kernel}, ` +
  `${machine.cores} × ${machine.cpu}, ${machine.memoryGiB} GiB`;

if (import.meta.main) console.log(machineLine);
