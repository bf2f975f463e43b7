// Commands that work on containers, run to their end: docker, compose, and the script that sees to an engine.

import { execFile, type ExecFileException } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Debian's, where it is installed: whatever else stands first on PATH. */
export const DOCKER = existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker';
const ENGINE_SCRIPT = join(ROOT, 'scripts/docker-engine.sh');
const OUTPUT_BYTES_MAX = 64 * 1_048_576;
/** The engine script's status where no engine can run, and a shell's where there is no such command. */
const CANNOT = 3;
const NOT_RUN = 127;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Never rejects. `signal` ends the command. */
export function run(program: string, args: readonly string[], signal?: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = {
      maxBuffer: OUTPUT_BYTES_MAX,
      encoding: 'utf8' as const,
      ...(signal === undefined ? {} : { signal }),
    };
    execFile(program, args, options, (error: ExecFileException | null, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : NOT_RUN;
      resolve({ code, stdout, stderr: code === NOT_RUN ? `${stderr}${error?.message ?? ''}` : stderr });
    });
  });
}

/** The outcome of a command that ended with 0; throws with its words otherwise. */
export async function mustEnd(under: Promise<Outcome>): Promise<Outcome> {
  const outcome = await under;
  if (outcome.code !== 0) throw new Error(inWords(outcome));
  return outcome;
}

export function inWords({ code, stdout, stderr }: Outcome): string {
  return `ended with ${code}: ${`${stdout}\n${stderr}`.trim().slice(-2_000)}`;
}

/** Compose v2 is a part of docker, 1.29 a command of its own. */
export async function composeCommand(): Promise<readonly [string, ...string[]]> {
  const { code } = await run(DOCKER, ['compose', 'version']);
  return code === 0 ? [DOCKER, 'compose'] : ['docker-compose'];
}

/** Why no engine can run here; undefined when one runs. Where root has to start it, all of it is below `directory`. */
export async function ensureEngine(directory: string): Promise<string | undefined> {
  const { code, stdout, stderr } = await run('sh', [ENGINE_SCRIPT, 'start', directory]);
  if (code === CANNOT) return stderr.trim().split('\n').at(-1) ?? 'no reason is known';
  if (code !== 0) throw new Error(`docker-engine.sh ended with ${code}: ${stderr}`);
  const host = stdout.trim();
  if (host !== '') process.env['DOCKER_HOST'] = host;
  return undefined;
}

/** Ends what `ensureEngine` started, if anything. */
export async function endEngine(directory: string): Promise<void> {
  await mustEnd(run('sh', [ENGINE_SCRIPT, 'stop', directory]));
}
