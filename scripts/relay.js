// Stands in for a child process: passes signals on to it and ends as it ends.
// Plain JavaScript for Node 18. packages/cli/bin/vauban.js has its own copy, since it travels without this folder.

import { constants } from 'node:os';

/**
 * Resolves to the child's exit status, 128 + n if signal n ended it; rejects if it could not be started.
 * A terminal sends Ctrl-C to the whole group, so forwarding it as well would count twice.
 */
export function relay(child) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
  });
}
