// Running the command in this process, with its output kept.

import { main } from '../src/main.ts';

export interface Captured {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(argv: readonly string[], env: { [name: string]: string } = {}): Promise<Captured> {
  let stdout = '';
  let stderr = '';
  const status = await main(argv, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env,
    interactive: false,
  });
  return { status, stdout, stderr };
}
