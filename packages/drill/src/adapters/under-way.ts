// That a drill is under way on a network, and what the charter's waiting times were before it: on disk, so that no two drills play
// at once, and a drill that was cut short is put right by the next.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Durations, Fault, standardDurations } from '@vauban/core';
import { keepOwner, makeDirectory } from '@vauban/core/node';
import * as v from 'valibot';

const noteSchema = v.strictObject({
  /** Of the process that plays. */
  pid: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  durations: v.strictObject(
    Object.fromEntries(
      Object.keys(standardDurations).map((name) => [
        name,
        v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
      ]),
    ),
  ),
});

export class UnderWay {
  /** The charter's own, whatever it says at this moment. */
  readonly durations: Durations;
  readonly #path: string;

  private constructor(path: string, durations: Durations) {
    this.#path = path;
    this.durations = durations;
  }

  /** Faults: DRILL_UNDER_WAY (refused) {pid}. */
  static async begin(network: string, now: Durations): Promise<UnderWay> {
    const path = join(network, 'drills', 'under-way.json');
    await makeDirectory(dirname(path));
    const left = await readNote(path);
    if (left !== undefined && isAlive(left.pid)) {
      const message = `a drill plays on this network already (process ${left.pid}): wait for its end, or interrupt it`;
      throw new Fault('refused', 'DRILL_UNDER_WAY', message, { pid: left.pid });
    }
    if (left !== undefined) await rm(path, { force: true });
    const durations = left?.durations ?? now;
    const note = `${JSON.stringify({ pid: process.pid, durations })}\n`;
    // Whoever comes second finds the file there.
    await writeFile(path, note, { mode: 0o600, flag: 'wx' }).catch((cause: unknown) => {
      throw new Fault(
        'refused',
        'DRILL_UNDER_WAY',
        'another drill has just begun on this network',
        {},
        cause,
      );
    });
    await keepOwner(path);
    return new UnderWay(path, durations);
  }

  /** Once everything is as it was. */
  async end(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}

async function readNote(
  path: string,
): Promise<{ readonly pid: number; readonly durations: Durations } | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return v.parse(noteSchema, JSON.parse(text)) as { pid: number; durations: Durations };
  } catch {
    // Half a note of a process that was cut off while it wrote: it had changed nothing by then.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
