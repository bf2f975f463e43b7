// The parent's side of an agency process, and what the kernel says of the daemons.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Asked, Took } from './agency-process.ts';

export class AgencyProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcessWithoutNullStreams, lines: Interface) {
    this.#child = child;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  static async start(network: string, directory: string): Promise<AgencyProcess> {
    const script = fileURLToPath(new URL('./agency-process.ts', import.meta.url));
    const child = spawn(process.execPath, [script, network, directory], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stderr.pipe(process.stderr);
    const agency = new AgencyProcess(child, createInterface({ input: child.stdout }));
    await agency.#next();
    return agency;
  }

  async ask(asked: Asked): Promise<Took> {
    this.#child.stdin.write(`${JSON.stringify(asked)}\n`);
    return JSON.parse(await this.#next()) as Took;
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }

  async #next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the agency process ended early');
    return value;
  }
}

/** Kernel ticks a second, as /proc counts processor time. */
const TICKS = 100;

/** Processor seconds a process has used, its own and the kernel's for it. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Highest resident size a process ever had, in bytes. */
export async function peakBytesOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1_024;
}
