// The command as a function: arguments in, exit status out. Loads the rest only after the compile cache is on, which
// halves the start of a command and of each of nine daemons.

import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Io, processIo } from './io.ts';

const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** Never rejects. Ctrl-C and SIGTERM end the command in order; a second one ends it at once. */
export async function main(argv: readonly string[], io: Io = processIo()): Promise<number> {
  // Beside the code, where whoever may write could as well change it: not in the directory for temporary files, where
  // others may have put something. Where it cannot be written, nothing is kept.
  if (existsSync(MODULES)) enableCompileCache(`${MODULES}/.vauban/compiled`);
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  try {
    const { runProgram } = await import('./program.ts');
    return await runProgram(argv, { io, signal: controller.signal });
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}
