// The role `disk`: work on a daemon's disk from outside the daemon, by packages/fleet/src/adapters/container-disk.ts.
// One JSON document a line on standard output.

import { enableCompileCache } from 'node:module';

enableCompileCache('/opt/vauban/node_modules/.vauban/compiled');
const { workOnDisk } = await import('../packages/fleet/src/adapters/container-disk.ts');

process.exitCode = await workOnDisk(process.argv.slice(2), {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
});
