// The streams and surroundings a command runs in: the only place besides `main` that knows there is a process.

/** What a command writes to; tests pass their own. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: { readonly [name: string]: string | undefined };
  /** Whether a person can be asked. */
  readonly interactive: boolean;
}

export function processIo(): Io {
  const { stdout, stderr, env, stdin } = process;
  return { stdout, stderr, env, interactive: stdin.isTTY && stderr.isTTY };
}
