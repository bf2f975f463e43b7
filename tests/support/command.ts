// One run of the real `vauban` executable as a process of its own: what an agency's script would see.
// The surroundings are clean: no VAUBAN_ variable of the caller's shell gets in.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { main } from '@vauban/cli';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/vauban.js', import.meta.url));

/** What a script gets from JSON.parse: looked into without ceremony, checked by the test. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Outcome {
  readonly argv: readonly string[];
  /** Exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as one JSON document; undefined when it is none. */
  readonly json: Json;
}

export interface RunOptions {
  readonly env?: { readonly [name: string]: string };
  readonly cwd?: string;
  /** A command that runs the command, such as one that takes rights away: `setpriv … --`. */
  readonly through?: readonly string[];
}

/** A command under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly outcome: Promise<Outcome>;
  /** What it wrote so far. */
  readonly soFar: () => { readonly stdout: string; readonly stderr: string };
  /** Resolves once the process has written this to stderr or stdout; rejects when it ends before. */
  readonly says: (text: string) => Promise<void>;
}

const alive = new Set<ChildProcess>();
// A test run that is cut short leaves nothing behind.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/** Starts a command and does not wait. */
export function begin(argv: readonly string[], options: RunOptions = {}): Running {
  const [program = '', ...rest] = [...(options.through ?? []), process.execPath, BIN, ...argv];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  alive.add(child);
  const text = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (more: string) => {
      text[stream] += more;
      for (const listener of listeners) listener();
    });
  }
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      alive.delete(child);
      resolve({ argv, code, signal, ...text, json: parsed(text.stdout) });
    });
  });
  outcome.catch(() => undefined);
  const says = (wanted: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!`${text.stdout}\n${text.stderr}`.includes(wanted)) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
      child.once('close', () =>
        reject(new Error(`ended without «${wanted}»: ${argv.join(' ')}\n${text.stderr}`)),
      );
    });
  return { child, pid: child.pid as number, outcome, soFar: () => ({ ...text }), says };
}

/** Runs a command to its end, whatever that is. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return begin(argv, options).outcome;
}

/**
 * Runs a command in this process: the same function that the executable calls, at a third of the cost. For what neither
 * signals nor the working directory can change.
 */
export async function runHere(
  argv: readonly string[],
  options: Pick<RunOptions, 'env'> = {},
): Promise<Outcome> {
  const text = { stdout: '', stderr: '' };
  const code = await main(argv, {
    stdout: { write: (more) => (text.stdout += more) },
    stderr: { write: (more) => (text.stderr += more) },
    env: options.env ?? {},
    interactive: false,
  });
  return { argv, code, signal: null, ...text, json: parsed(text.stdout) };
}

/** Runs a command that has to end with 0, with --json; its document. */
export async function ask(argv: readonly string[], options: RunOptions = {}): Promise<Json> {
  const outcome = await run([...argv, '--json'], options);
  if (outcome.code !== 0 || outcome.json === undefined) throw new Error(inWords(outcome));
  return outcome.json;
}

/** For a failing test's message. */
export function inWords({ argv, code, signal, stdout, stderr }: Outcome): string {
  return `vauban ${argv.join(' ')}\nended with ${code ?? signal}\n${stderr}${stdout}`;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR };
}
