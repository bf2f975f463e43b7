// The door of every npm script: installs what is missing, finds the project's Node, runs the task on it.
// Plain JavaScript that Node 18 can run, because a fresh clone has only the machine's own Node.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './install.js';
import { relay } from './relay.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What each task runs, relative to the root. Arguments after the task are appended. */
const tasks = {
  vauban: [join(root, 'packages/cli/bin/vauban.js')],
  test: ['scripts/test.ts', 'fast'],
  'test:long': ['scripts/test.ts', 'long'],
  'test:docker': ['scripts/docker-test.ts'],
  'docker:demo': ['scripts/docker-demo.ts'],
  check: ['scripts/check.ts'],
  bench: ['scripts/bench.ts'],
  world: ['scripts/world.ts'],
  mutants: ['scripts/mutants.ts'],
  'drill:all': ['scripts/drill-all.ts'],
  model: ['packages/ledger/model/run.ts'],
  format: ['node_modules/@biomejs/biome/bin/biome', 'format', '--write'],
  machine: ['scripts/machine.ts'],
  'test-totals': ['scripts/test-totals.ts'],
};

const [task, ...extra] = process.argv.slice(2);
const command = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
if (command === undefined) {
  give(2, `Task ${JSON.stringify(task ?? '')} is unknown. Tasks: ${Object.keys(tasks).join(', ')}.`);
}
try {
  await install(root);
} catch (error) {
  give(1, error.message);
}
const node = projectNode();
if (node === undefined) {
  give(
    1,
    `Vauban needs Node 24 or newer and this is ${process.version} on ${process.platform}-${process.arch}, ` +
      'for which the project carries no Node of its own: install Node 24 and try again.',
  );
}
const cwd = task === 'vauban' ? process.cwd() : root;
process.exitCode = await relay(spawn(node, [...command, ...extra], { cwd, stdio: 'inherit' })).catch(
  (error) => give(1, `Node could not be started at ${node}: ${error.message}.`),
);

/** The Node that runs the project, or undefined. The locked one goes first, so that all machines test the same. */
function projectNode() {
  const locked = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(locked) && spawnSync(locked, ['--version']).status === 0) return locked;
  return Number.parseInt(process.versions.node, 10) >= 24 ? process.execPath : undefined;
}

function give(status, message) {
  process.stderr.write(`${message}\n`);
  process.exit(status);
}
