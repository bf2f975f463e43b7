// Run while the image is built, in the directory that becomes /opt/vauban: leaves what the lock file does not mark as
// needed by developers alone, and of our packages what they ship. Then loads the command, for its compiled form.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Of a package of ours; tests, benches, models and vectors stay behind. */
const SHIPPED = ['bin', 'node', 'package.json', 'src'];

/** The image's account: compiled code is kept by account. */
const ACCOUNT = 10_001;

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const kept = new Set(
  Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path.startsWith('node_modules/') && !dev && !devOptional)
    .map(([path]) => path),
);
prune('node_modules');
for (const name of readdirSync('packages')) {
  for (const part of readdirSync(join('packages', name))) {
    if (!SHIPPED.includes(part)) remove(join('packages', name, part));
  }
}
remove('package-lock.json');
for (const mountPoint of ['/opt/srv/vauban/data', '/opt/srv/vauban', '/opt/srv/disk']) {
  mkdirSync(mountPoint, { recursive: true });
  chmodSync(mountPoint, 0o777);
}
compile();

/** Goes down only where a package is kept: its own node_modules are pruned in turn. */
function prune(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.startsWith('@')) pruneScope(path);
    else if (!kept.has(path)) remove(path);
    else if (existsSync(join(path, 'node_modules'))) prune(join(path, 'node_modules'));
  }
}

function pruneScope(scope) {
  for (const name of readdirSync(scope)) {
    const path = join(scope, name);
    if (!kept.has(path)) remove(path);
    else if (existsSync(join(path, 'node_modules'))) prune(join(path, 'node_modules'));
  }
  if (readdirSync(scope).length === 0) rmdirSync(scope);
}

function remove(path) {
  rmSync(path, { recursive: true, force: true });
}

/** Each verb loads its own part of the code; that these have nothing to work on does not matter. */
function compile() {
  for (const folder of ['node_modules/.vauban', 'node_modules/.vauban/compiled']) {
    mkdirSync(folder, { recursive: true });
    chownSync(folder, ACCOUNT, ACCOUNT);
  }
  const command = 'packages/cli/bin/vauban.js';
  const absent = '/nowhere';
  const verbs = [
    ['daemon', 'run', '--config', absent],
    ['get', 'a', absent, '--vault', absent],
    ['put', absent, '--vault', absent],
    ['repair', 'status', '--network', absent],
  ];
  const runs = [...verbs.map((verb) => [command, ...verb]), ['docker/disk.js', 'count']];
  for (const args of runs) {
    spawnSync(process.execPath, args, { stdio: 'ignore', uid: ACCOUNT, gid: ACCOUNT });
  }
}
