// The `docker` command, for the containers, volumes and networks of one compose project and for no others: everything is
// looked up by the labels that compose gives it. The engine is the one the environment names.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Fault } from '@vauban/core';

/** As compose names volumes and networks: `<project>_<name>`. */
const LABEL = 'com.docker.compose';

export interface Container {
  readonly id: string;
  readonly service: string;
  readonly running: boolean;
  readonly image: string;
  /** The account it runs under, as `--user` takes it. */
  readonly user: string;
  /** Names of the engine's networks that it is connected to. */
  readonly networks: readonly string[];
}

/** The parts of `docker inspect` that are read. */
interface Inspected {
  readonly Id: string;
  readonly State: { readonly Running: boolean };
  readonly Config: {
    readonly Image: string;
    readonly User: string;
    readonly Labels: { readonly [name: string]: string };
  };
  readonly NetworkSettings: { readonly Networks: object };
}

export class ContainerEngine {
  readonly project: string;
  readonly #command: readonly string[];

  /** `command`: what runs docker, such as ['docker']. */
  constructor(project: string, command: readonly string[] = ['docker']) {
    this.project = project;
    this.#command = command;
  }

  /** Its standard output. Faults: DOCKER_FAILED, with what it said last; DOCKER_MISSING. */
  async run(args: readonly string[], signal?: AbortSignal): Promise<string> {
    const lines: string[] = [];
    for await (const line of this.lines(args, signal)) lines.push(line);
    return lines.join('\n');
  }

  /** The same, line by line as they come. */
  async *lines(args: readonly string[], signal?: AbortSignal): AsyncIterable<string> {
    const [program = 'docker', ...first] = this.#command;
    const child = spawn(program, [...first, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (more: string) => {
      said = `${said}${more}`.slice(-2_000);
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    // Looked at below; whoever stops reading before the end never gets there.
    ended.catch(() => undefined);
    try {
      for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) yield line;
      const status = await ended.catch((error: unknown) => {
        throw notRun(program, error);
      });
      if (status !== 0) throw failed(args, said);
    } finally {
      if (child.exitCode === null) child.kill();
    }
  }

  /** Of the project, stopped ones included. */
  async containers(): Promise<Container[]> {
    const ids = (await this.run(['ps', '--all', '--quiet', '--no-trunc', ...this.#mine()])).split('\n');
    const known = ids.filter((id) => id !== '');
    if (known.length === 0) return [];
    const found = JSON.parse(await this.run(['inspect', '--type', 'container', ...known])) as Inspected[];
    return found.map(({ Id, State, Config, NetworkSettings }) => ({
      id: Id,
      service: Config.Labels[`${LABEL}.service`] ?? '',
      running: State.Running,
      image: Config.Image,
      user: Config.User,
      networks: Object.keys(NetworkSettings.Networks),
    }));
  }

  /** What the engine calls a network or volume of the compose file. */
  named(name: string): string {
    return `${this.project}_${name}`;
  }

  /** Volumes of the project, by their names in the compose file. */
  async volumes(): Promise<Set<string>> {
    const names = (await this.run(['volume', 'ls', '--quiet', ...this.#mine()])).split('\n');
    const prefix = this.named('');
    return new Set(names.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length)));
  }

  #mine(): string[] {
    return ['--filter', `label=${LABEL}.project=${this.project}`];
  }
}

function notRun(program: string, error: unknown): Fault {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ABORT_ERR') return new Fault('interrupted', 'INTERRUPTED', 'interrupted', {}, error);
  const message = `${program} cannot be run (${code ?? 'unknown'}): install a container engine, such as Debian's docker.io`;
  return new Fault('failure', 'DOCKER_MISSING', message, { program, code: code ?? null }, error);
}

function failed(args: readonly string[], said: string): Fault {
  const why = said.trim().split('\n').at(-1) ?? '';
  const message = `docker ${args.slice(0, 2).join(' ')} failed: ${why === '' ? 'it said nothing' : why}`;
  return new Fault('failure', 'DOCKER_FAILED', message, { said: why });
}
