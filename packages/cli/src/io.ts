// The streams and surroundings a command runs in: the only place besides `main` that knows there is a process.

import type { ReadStream, WriteStream } from 'node:tty';

/** What a command writes to; tests pass their own. */
export interface Sink {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A screen that can be drawn on, and a keyboard that answers at once. */
export interface Terminal {
  size(): { readonly columns: number; readonly rows: number };
  /** Keys are heard one by one until the answer is called; Ctrl-C is one of them. */
  onKey(heard: (key: string) => void): () => void;
  onResize(heard: () => void): () => void;
}

export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly env: { readonly [name: string]: string | undefined };
  /** Whether a person can be asked. */
  readonly interactive: boolean;
  /** Undefined where output goes to a file, or nobody types. */
  readonly terminal?: Terminal | undefined;
}

/** Called once in a process: from here on, one of its readers that goes away ends it. */
export function processIo(): Io {
  const { stdout, stderr, env, stdin } = process;
  for (const stream of [stdout, stderr]) stream.on('error', endUnread);
  const terminal = stdin.isTTY && stdout.isTTY ? terminalOf(stdin, stdout) : undefined;
  return { stdout, stderr, env, interactive: stdin.isTTY && stderr.isTTY, terminal };
}

/** A reader that has seen enough (`| head`) is no error, not even after the command's last word. */
function endUnread(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
}

function terminalOf(stdin: ReadStream, stdout: WriteStream): Terminal {
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    onKey: (heard) => {
      const listen = (bytes: Buffer) => {
        for (const key of bytes.toString()) heard(key);
      };
      stdin.setRawMode(true);
      stdin.on('data', listen);
      stdin.resume();
      return () => {
        stdin.off('data', listen);
        stdin.setRawMode(false);
        stdin.pause();
      };
    },
    onResize: (heard) => {
      stdout.on('resize', heard);
      return () => stdout.off('resize', heard);
    },
  };
}
