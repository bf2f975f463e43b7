// A temporary network of real daemon processes and vaults on it, driven by the command alone. Signals go only to
// daemons of this network, each looked up by its own configuration file first; `close` wakes, ends and removes all.

import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DaemonPlace, daemonPlaces, runningPid } from '@vauban/fleet';
import { ask, begin, inWords, type Outcome, run, runHere, type Running, type RunOptions } from './command.ts';

export interface Shape {
  readonly sites: number;
  readonly k: number;
  readonly m: number;
  /** What `network create` takes besides. */
  readonly options?: readonly string[];
}

const POLL_MS = 25;

export class TestNetwork {
  /** A temporary directory of this network's own; tests may put files into it. */
  readonly scratch: string;
  /** The network's directory: what `network …` verbs take. */
  readonly directory: string;
  readonly #paused = new Set<string>();
  readonly #started = new Set<number>();
  #everStarted = false;
  readonly #lastResort = () => {
    for (const pid of this.#started) endNow(pid);
  };

  private constructor(scratch: string) {
    this.scratch = scratch;
    this.directory = join(scratch, 'net');
    process.on('exit', this.#lastResort);
  }

  /** Created but not started. */
  static async create({ sites, k, m, options = [] }: Shape): Promise<TestNetwork> {
    const network = new TestNetwork(await mkdtemp(join(tmpdir(), 'vauban-test-')));
    const size = ['--sites', `${sites}`, '-k', `${k}`, '-m', `${m}`];
    await ask(['network', 'create', network.directory, ...size, ...options]);
    return network;
  }

  /** Created, and every daemon ready. */
  static async up(shape: Shape): Promise<TestNetwork> {
    const network = await TestNetwork.create(shape);
    try {
      await network.start();
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  /** Starts whatever daemon does not run; returns when all serve. */
  async start(): Promise<void> {
    this.#everStarted = true;
    await ask(['network', 'start', this.directory]);
    for (const { pid } of await this.daemons()) if (pid !== undefined) this.#started.add(pid);
  }

  async stop(): Promise<void> {
    await this.wakeAll();
    await ask(['network', 'stop', this.directory]);
    this.#started.clear();
  }

  /** In the charter's order: Strasbourg first. */
  async daemons(): Promise<(DaemonPlace & { readonly site: string; readonly pid: number | undefined })[]> {
    const places = await daemonPlaces(this.directory);
    return Promise.all(
      places.map(async (place) => ({ ...place, site: place.facts.site.id, pid: await runningPid(place) })),
    );
  }

  async daemon(site: string) {
    const found = (await this.daemons()).find((one) => one.site === site);
    if (found === undefined) throw new Error(`no site ${site}`);
    return found;
  }

  /** SIGKILL, and gone when this resolves; the disks stay. `start` brings the daemons back. */
  async kill(...sites: readonly string[]): Promise<void> {
    await Promise.all(
      sites.map(async (site) => {
        const pid = await this.#signal(site, 'SIGKILL');
        const place = await this.daemon(site);
        while ((await runningPid(place)) !== undefined) await sleep(POLL_MS);
        this.#started.delete(pid);
      }),
    );
  }

  /** SIGSTOP: silent, and its sockets stay open. */
  async pause(...sites: readonly string[]): Promise<void> {
    for (const site of sites) {
      this.#paused.add(site);
      await this.#signal(site, 'SIGSTOP');
    }
  }

  async wake(...sites: readonly string[]): Promise<void> {
    for (const site of sites) {
      await this.#signal(site, 'SIGCONT').catch(() => undefined);
      this.#paused.delete(site);
    }
  }

  wakeAll(): Promise<void> {
    return this.wake(...this.#paused);
  }

  /** Erases a site as `network burn` does. */
  burn(site: string) {
    return ask(['network', 'burn', this.directory, '--site', site, '--yes']);
  }

  /** What a daemon has logged so far. */
  async logOf(site: string): Promise<string> {
    return readFile((await this.daemon(site)).log, 'utf8');
  }

  /** A fresh vault of a fresh agency. */
  async vault(name = 'vault', passphrase = 'un mot de passe'): Promise<TestVault> {
    const directory = join(this.scratch, name);
    const passphraseFile = join(this.scratch, `${name}.passphrase`);
    await writeFile(passphraseFile, `${passphrase}\n`);
    const where = ['--network', this.directory, '--vault', directory, '--passphrase-file', passphraseFile];
    const created = await run(['vault', 'create', ...where, '--json']);
    if (created.code !== 0) throw new Error(inWords(created));
    return new TestVault({ directory, passphraseFile, created, scratch: this.scratch });
  }

  /** A directory below `scratch` with these files in it: path to content. */
  async tree(name: string, files: { readonly [path: string]: string | Uint8Array }): Promise<string> {
    const root = join(this.scratch, name);
    await mkdir(root, { recursive: true });
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), content);
    }
    return root;
  }

  /** Ends every daemon and removes everything. */
  async close(): Promise<void> {
    await this.wakeAll();
    if (this.#everStarted) await run(['network', 'stop', this.directory]);
    process.off('exit', this.#lastResort);
    await rm(this.scratch, { recursive: true, force: true });
  }

  async #signal(site: string, signal: NodeJS.Signals): Promise<number> {
    const { pid } = await this.daemon(site);
    if (pid === undefined) throw new Error(`the daemon of ${site} does not run`);
    process.kill(pid, signal);
    return pid;
  }
}

/** A vault directory with its passphrase; every verb of it as a process. */
export class TestVault {
  readonly directory: string;
  readonly passphraseFile: string;
  /** How `vault create` ended: its JSON, and the words on stderr or in it. */
  readonly created: Outcome;
  readonly #scratch: string;

  constructor(of: {
    readonly directory: string;
    readonly passphraseFile: string;
    readonly created: Outcome;
    readonly scratch: string;
  }) {
    this.directory = of.directory;
    this.passphraseFile = of.passphraseFile;
    this.created = of.created;
    this.#scratch = of.scratch;
  }

  get options(): RunOptions {
    return {
      cwd: this.#scratch,
      env: { VAUBAN_VAULT: this.directory, VAUBAN_PASSPHRASE_FILE: this.passphraseFile },
    };
  }

  /** As `run`, in this process; output paths are absolute then. */
  here(...argv: readonly string[]): Promise<Outcome> {
    return runHere(argv, this.options);
  }

  /** Runs to the end, whatever that is: `vault.run('get', 'a', 'out', '--json')`. */
  run(...argv: readonly string[]): Promise<Outcome> {
    return run(argv, this.options);
  }

  /** Has to end with 0; the JSON document. */
  ask(...argv: readonly string[]) {
    return ask(argv, this.options);
  }

  /** Starts and does not wait. */
  begin(...argv: readonly string[]): Running {
    return begin(argv, this.options);
  }

  /** A copy of its directory: the same vault in a second place. */
  at(directory: string): TestVault {
    const { passphraseFile, created } = this;
    return new TestVault({ directory, passphraseFile, created, scratch: this.#scratch });
  }

  async paths(prefix = ''): Promise<string[]> {
    const { objects } = await this.ask('ls', prefix);
    return (objects as { path: string }[]).map(({ path }) => path);
  }
}

/** Random-looking bytes, the same for the same seed (xorshift32): for files whose content only has to differ. */
export function bytesOf(length: number, seed = 1): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (Math.imul(seed, 2654435761) | 1) >>> 0;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

/** Waits until something holds. For what another process does meanwhile; tests' own time limit ends it. */
export async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await holds())) await sleep(POLL_MS);
}

/** Sends a signal to a command of one's own and waits for its end. */
export async function interrupt(running: Running, signal: NodeJS.Signals): Promise<Outcome> {
  running.child.kill(signal);
  if (running.child.exitCode === null && running.child.signalCode === null) await once(running.child, 'exit');
  return running.outcome;
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
