// Brings node_modules in step with package-lock.json, once, however many commands start at the same time.
// Plain JavaScript for Node 18. Breaks when npm changes what it records in node_modules/.package-lock.json.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Installs when needed; throws an Error whose message is the one line to show. */
export async function install(root) {
  if (missing(root) === undefined) return;
  const release = await lock(root);
  try {
    const reason = missing(root);
    if (reason === undefined) return;
    process.stderr.write(`Installing the dependencies, because ${reason}.\n`);
    const status = await npmCi(root);
    if (status !== 0) throw new Error(`npm ci failed (${status}); its own words are above. Nothing was run.`);
    const still = missing(root);
    if (still !== undefined) throw new Error(`npm ci ended well, yet ${still}. Nothing was run.`);
  } finally {
    release();
  }
}

/**
 * Why an install is needed, or undefined. Compares the lock file with the record npm writes last when it installs,
 * so an interrupted install and an optional binary that failed to arrive both count as missing.
 */
function missing(root) {
  let record;
  try {
    record = JSON.parse(readFileSync(join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages;
  } catch {
    return 'node_modules is missing or incomplete';
  }
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue;
    const found = record[path];
    if (found === undefined) {
      if (requiredHere(entry)) return `${path} is not installed`;
    } else if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return `${path} is not the version that package-lock.json names`;
    }
  }
  return undefined;
}

/** npm leaves optional packages out in silence; those made for this very platform are not optional to us. */
function requiredHere(entry) {
  if (!entry.optional && !entry.devOptional) return true;
  if (entry.os === undefined || entry.cpu === undefined) return false;
  if (![entry.os].flat().includes(process.platform) || ![entry.cpu].flat().includes(process.arch))
    return false;
  if (entry.libc === undefined) return true;
  return [entry.libc].flat().includes(libc());
}

let libcKnown;

/** Which C library this Node was built for. The report is slow to make, and slower with the network in it. */
function libc() {
  if (libcKnown === undefined) {
    process.report.excludeNetwork = true;
    libcKnown = process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  }
  return libcKnown;
}

/** Runs npm with the Node that it came with; everything it says goes to stderr. */
function npmCi(root) {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  const viaScript = script?.endsWith('npm-cli.js') && node !== undefined;
  const child = viaScript
    ? spawn(node, [script, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawn('npm', args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (status, signal) => resolve(status ?? signal));
  });
}

/** A lock file outside node_modules (npm empties that), holding the owner's process id. Returns its release. */
async function lock(root) {
  const path = join(
    tmpdir(),
    `vauban-install-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`,
  );
  let told = false;
  for (;;) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => unlinkSync(path);
    } catch (error) {
      if (error.code !== 'EEXIST')
        throw new Error(`The install lock ${path} cannot be made: ${error.message}.`, { cause: error });
    }
    if (abandoned(path)) {
      removeIfThere(path);
      continue;
    }
    if (!told) process.stderr.write('Waiting for another install of the dependencies to end.\n');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** True when the lock's owner is gone. A lock without a process id yet is given five seconds to get one. */
function abandoned(path) {
  try {
    const owner = Number.parseInt(readFileSync(path, 'utf8'), 10);
    if (Number.isNaN(owner)) return Date.now() - statSync(path).mtimeMs > 5_000;
    process.kill(owner, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function removeIfThere(path) {
  try {
    unlinkSync(path);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
