// A network for containers whose engine is a stand-in: what is asked of it is written down, and it answers what it is told.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { containerStage, createContainerNetwork, readNetworkCharter, type Stage } from '@vauban/fleet';

const FAKE = fileURLToPath(new URL('fake-docker.js', import.meta.url));

/** By the beginning of the call. */
export type Answers = {
  readonly [call: string]: { readonly out?: string; readonly err?: string; readonly code?: number };
};

export class ContainerBench {
  readonly directory: string;
  readonly #scratch: string;
  #project = '';

  private constructor(scratch: string) {
    this.#scratch = scratch;
    this.directory = join(scratch, 'network');
  }

  static async create(): Promise<ContainerBench> {
    const bench = new ContainerBench(await mkdtemp(join(tmpdir(), 'vauban-containers-')));
    const account = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    await createContainerNetwork(bench.directory, { sites: 9, k: 6, m: 3, account, image: 'an-image' });
    bench.#project = (await readNetworkCharter(bench.directory)).current.name;
    return bench;
  }

  get project(): string {
    return this.#project;
  }

  get command(): readonly string[] {
    return [process.execPath, FAKE, this.#path('answers'), this.#path('calls')];
  }

  /** From here on, in place of what it answered before; the calls so far are forgotten. */
  async answer(answers: Answers): Promise<void> {
    await writeFile(this.#path('answers'), JSON.stringify(answers));
    await writeFile(this.#path('calls'), '');
  }

  /** Of containers of these services, as `ps` and `inspect` tell. */
  listing(services: {
    readonly [service: string]: { readonly running: boolean; readonly networks?: string[] };
  }): Answers {
    const inspected = Object.entries(services).map(([service, { running, networks = [] }]) => ({
      Id: `id-of-${service}`,
      State: { Running: running },
      Config: { Image: 'an-image', User: '7:8', Labels: { 'com.docker.compose.service': service } },
      NetworkSettings: {
        Networks: Object.fromEntries(networks.map((name) => [`${this.project}_${name}`, {}])),
      },
    }));
    return {
      'ps --all': { out: inspected.map(({ Id }) => `${Id}\n`).join('') },
      inspect: { out: JSON.stringify(inspected) },
    };
  }

  stage(): Promise<Stage> {
    return containerStage(this.directory, { command: this.command });
  }

  /** But for those that only look. */
  async calls(): Promise<string[]> {
    const lines = (await readFile(this.#path('calls'), 'utf8')).split('\n');
    return lines.filter((line) => line !== '' && !/^(ps|inspect) /.test(line));
  }

  async close(): Promise<void> {
    await rm(this.#scratch, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#scratch, name);
  }
}
