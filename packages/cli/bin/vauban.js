#!/usr/bin/env node
// The executable: makes sure that Node 24 or newer runs the command, then hands over to src/main.ts.
// Plain JavaScript that any Node since 14 can parse. The only place that sets the exit status.

import { spawn } from 'child_process';
import { existsSync } from 'fs';
import { constants } from 'os';
import { dirname, join } from 'path';
import { fileURLToPath } from 'url';

if (Number.parseInt(process.versions.node, 10) >= 24) {
  hush();
  void import('../src/main.ts')
    .then(({ main }) => main(process.argv.slice(2)))
    .then((status) => {
      process.exitCode = status;
    });
} else {
  const node = carriedNode(dirname(fileURLToPath(import.meta.url)));
  if (node === undefined) {
    process.stderr.write(
      `vauban needs Node 24 or newer, and this is Node ${process.versions.node}: ` +
        'install Node 24, or run `npm ci` in the checkout, which brings one along.\n',
    );
    process.exitCode = 2;
  } else {
    const args = [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
    relay(spawn(node, args, { stdio: 'inherit' }));
  }
}

/** The Node that the project carries for this platform, looked for in every node_modules upwards; or undefined. */
function carriedNode(from) {
  const path = join(from, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(path)) return path;
  return dirname(from) === from ? undefined : carriedNode(dirname(from));
}

/** Early releases of Node 24 warn that running TypeScript is experimental: nothing a user can act on. */
function hush() {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    if (!/Type Stripping/.test(String(warning))) emitWarning.call(process, warning, ...rest);
  };
}

/**
 * Passes signals on to the child and takes over its exit status.
 * A terminal sends Ctrl-C to the whole group, so forwarding it as well would count twice.
 */
function relay(child) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`vauban could not start Node: ${error.message}\n`);
    process.exit(2);
  });
  child.on('exit', (status, signal) => {
    process.exit(status === null ? 128 + constants.signals[signal] : status);
  });
}
