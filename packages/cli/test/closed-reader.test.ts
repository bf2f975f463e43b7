// `vauban … | head`: a reader that has gone away is no error, wherever in its course the command is.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../bin/vauban.js', import.meta.url));

test.each([['--help'], ['drill list']])('%s ends in silence once nobody reads it', async (line) => {
  const child = spawn(process.execPath, [BIN, ...line.split(' ')], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => (stderr += more));
  const [code, signal] = await once(child, 'close');
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
});
