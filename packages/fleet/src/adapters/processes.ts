// Daemon processes: which one runs, ending it, and its last words. A process is only ever touched after its command line
// was seen to name the daemon's own configuration file: process ids are used again by strangers.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { nodeClock } from '@vauban/core/node';
import type { DaemonPlace } from './layout.ts';

const POLL_MS = 25;
const LOG_TAIL_BYTES = 16_384;

/** The process id of a running daemon; undefined when it does not run. */
export async function runningPid(
  place: Pick<DaemonPlace, 'pidFile' | 'config'>,
): Promise<number | undefined> {
  const text = await readFile(place.pidFile, 'utf8').catch(() => '');
  const pid = /^([1-9][0-9]{0,9})\n$/.exec(text)?.[1];
  if (pid === undefined || !(await isDaemon(Number(pid), place.config))) return undefined;
  return Number(pid);
}

/** Whether a process was started with this configuration file. */
async function isDaemon(pid: number, config: string): Promise<boolean> {
  if (existsSync('/proc/self/cmdline')) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return line.split('\0').includes(config) || (line === '' && (await isEnding(pid)));
  }
  return new Promise((resolve) => {
    execFile('ps', ['-ww', '-p', String(pid), '-o', 'args='], (error, line) => {
      resolve(error === null && line.includes(config));
    });
  });
}

/** The kernel's mark of its own threads (PF_KTHREAD in its sched.h), which never have a command line. */
const KERNEL_THREAD = 0x00200000;

/**
 * Whether a process has given up its memory, and its command line with it, but not all its files: whoever takes it for
 * gone finds its locks still held. Threads end one by one; one that is a zombie holds nothing any more.
 */
async function isEnding(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  for (const thread of threads) {
    const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => '');
    const [state = 'X', ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (/^[A-WY]$/.test(state) && (Number(rest[5]) & KERNEL_THREAD) === 0) return true;
  }
  return false;
}

/** Sends a signal after looking once more. False when the process is gone. */
export async function signalDaemon(
  of: { readonly pid: number; readonly config: string },
  signal: NodeJS.Signals,
): Promise<boolean> {
  if (!(await isDaemon(of.pid, of.config))) return false;
  try {
    process.kill(of.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Waits until the process is gone; false when it is still there after `withinMs`. */
export async function waitGone(
  of: { readonly pid: number; readonly config: string },
  withinMs: number,
): Promise<boolean> {
  const until = nodeClock.monotonic() + withinMs;
  while (await isDaemon(of.pid, of.config)) {
    if (nodeClock.monotonic() > until) return false;
    await nodeClock.sleep(POLL_MS);
  }
  return true;
}

export async function forgetPid(place: Pick<DaemonPlace, 'pidFile'>): Promise<void> {
  await rm(place.pidFile, { force: true });
}

/** The last line of a daemon's log, in words: what it said before it went silent. */
export async function lastWords(place: Pick<DaemonPlace, 'log'>): Promise<string> {
  const file = await open(place.log, 'r').catch(() => undefined);
  if (file === undefined) return 'it has written no log';
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, LOG_TAIL_BYTES));
    await file.read(tail, 0, tail.length, size - tail.length);
    const line = tail.toString('utf8').trimEnd().split('\n').at(-1) ?? '';
    return inWords(line) || 'its log is empty';
  } finally {
    await file.close();
  }
}

function inWords(line: string): string {
  try {
    const { event, message, code } = JSON.parse(line) as { [key: string]: unknown };
    return [event, code, message].filter((part) => typeof part === 'string').join(': ');
  } catch {
    return line.replace(/^vauban: /, '');
  }
}
