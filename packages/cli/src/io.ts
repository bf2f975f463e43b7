// The streams and surroundings a command runs in: the only place besides `main` that knows there is a process.

import { readFileSync } from 'node:fs';
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
  /**
   * For work that has to be undone: once called, a terminal that is closed and a reader that goes away no longer end the process;
   * `heard` is called, perhaps several times. Where the caller had hang-ups ignored (nohup), they still are.
   */
  onGone?(heard: () => void): void;
}

/** Called once in a process: from here on, one of its readers that goes away ends it. */
export function processIo(): Io {
  const { stdout, stderr, env, stdin } = process;
  // A reader that has seen enough (`| head`) is no error, not even after the command's last word; nor is a terminal that was closed.
  let gone = (): void => process.exit(0);
  const unheard = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
    gone();
  };
  for (const stream of [stdin, stdout, stderr]) stream.on('error', unheard);
  const onGone = (heard: () => void) => {
    gone = heard;
    if (!ignoresHangUps()) process.on('SIGHUP', heard);
  };
  const terminal = stdin.isTTY && stdout.isTTY ? terminalOf(stdin, stdout) : undefined;
  return { stdout, stderr, env, interactive: stdin.isTTY && stderr.isTTY, terminal, onGone };
}

/** By the system's word; a listener would end the ignoring. */
function ignoresHangUps(): boolean {
  try {
    const [, mask = '0'] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    return false;
  }
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
