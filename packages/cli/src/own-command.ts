// How this very program is started again: what `network start` runs for each daemon.

import { fileURLToPath } from 'node:url';

export const ownCommand: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('../bin/vauban.js', import.meta.url)),
];
