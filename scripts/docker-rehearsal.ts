// Nine hosters, an agency and an operator in containers, from nothing to nothing: engine, images, network, disks, and at
// the end the removal of all that was made here. What docker-demo.ts tells and tests/docker checks.

import { chown, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { containerStage, createContainerNetwork, readNetworkCharter, type Stage } from '@vauban/fleet';
import { composeCommand, DOCKER, inWords, mustEnd, type Outcome, ROOT, run } from './docker-command.ts';

const COMPOSE_FILE = join(ROOT, 'docker/compose.yaml');
const START_MS = 240_000;
/** Inside the agency's container: what lies in its directory on the machine. */
const AGENCY_HOME = '/srv/vauban';

export interface RehearsalOptions {
  readonly lostAfterMs: number;
  /** Told what is done, in a few words. */
  readonly tell: (line: string) => void;
  /** Ends what is under way; `close` then removes what there is. */
  readonly signal?: AbortSignal;
}

export class Rehearsal {
  readonly directory: string;
  readonly #scratch: string;
  readonly #compose: readonly [string, ...string[]];
  readonly #options: RehearsalOptions;
  /** Names the images, and all that is built on the way to them. */
  readonly #tag: string;
  #stage: Stage | undefined;
  #project: string | undefined;

  private constructor(scratch: string, compose: readonly [string, ...string[]], options: RehearsalOptions) {
    this.#scratch = scratch;
    this.directory = join(scratch, 'network');
    this.#tag = scratch.slice(scratch.lastIndexOf('-') + 1).toLowerCase();
    this.#compose = compose;
    this.#options = options;
  }

  /** Nothing is made yet but a directory. */
  static async prepare(options: RehearsalOptions): Promise<Rehearsal> {
    const scratch = await mkdtemp(join(tmpdir(), 'vauban-rehearsal-'));
    return new Rehearsal(scratch, await composeCommand(), options);
  }

  /** Everything up and serving. `close` is called whether this succeeds or not. */
  async up(): Promise<void> {
    await this.#build();
    await this.#found();
    await this.#start();
  }

  get stage(): Stage {
    if (this.#stage === undefined) throw new Error('nothing runs yet');
    return this.#stage;
  }

  get sites(): readonly string[] {
    return this.stage.sites;
  }

  get image(): string {
    return `vauban-rehearsal:${this.#tag}`;
  }

  /** A file that the agency finds in its container under the path that is returned. */
  async giveAgency(name: string, content: Uint8Array | string): Promise<string> {
    const home = join(this.directory, 'agency');
    const path = join(home, name);
    const { uid, gid } = await stat(home);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode: 0o600 });
    for (let at = path; at !== home; at = dirname(at)) await chown(at, uid, gid);
    return `${AGENCY_HOME}/${name}`;
  }

  /** Where the machine finds what the agency wrote into its directory. */
  agencyFile(name: string): string {
    return join(this.directory, 'agency', name);
  }

  /** A verb of the vauban command in the agency's container. */
  agency(...args: readonly string[]): Promise<Outcome> {
    return this.#exec('agency', args);
  }

  operator(...args: readonly string[]): Promise<Outcome> {
    return this.#exec('operator', args);
  }

  /** What opens the live map of a site's daemon in a browser of this machine, for as long as the rehearsal lasts. */
  async mapLink(site: string): Promise<string> {
    const config = join(this.directory, 'daemons', site, 'daemon.toml');
    const token = ['daemon', 'token', '--config', config, '--link', '--hours', '1', '--json'];
    const command = join(ROOT, 'packages/cli/bin/vauban.js');
    const { stdout } = await mustEnd(run(process.execPath, [command, ...token], this.#options.signal));
    return (JSON.parse(stdout) as { readonly link: string }).link;
  }

  /** The agency's vault: its line goes to the officers, who put it in force at the operator's desk. */
  async openVault(): Promise<void> {
    await this.giveAgency('passphrase', 'neuf hébergeurs, une région\n');
    const create = [
      'vault',
      'create',
      '--network',
      `${AGENCY_HOME}/charter.cbor`,
      '--agency',
      'Ville de Metz',
      '--json',
    ];
    const first = await this.agency(...create);
    if (first.code !== 6) throw new Error(`vault create: ${inWords(first)}`);
    const { publicLine } = JSON.parse(first.stdout) as { readonly publicLine: string };
    const draft = '/tmp/second.draft';
    const network = ['--network', '/srv/vauban'];
    await mustEnd(this.operator('charter', 'propose', ...network, '--add', publicLine, '-o', draft));
    for (const officer of await this.#officers()) {
      await mustEnd(
        this.operator('charter', 'sign', draft, ...network, '--key', `/srv/vauban/officers/${officer}.key`),
      );
    }
    await mustEnd(this.operator('charter', 'apply', draft, ...network));
    await mustEnd(this.agency(...create));
  }

  /** A script of Node's in a container, by its text. */
  async script(service: string, text: string, ...args: readonly string[]): Promise<Outcome> {
    return run(
      DOCKER,
      ['exec', await this.#container(service), 'node', '-e', text, ...args],
      this.#options.signal,
    );
  }

  /** Of one container: `docker inspect`. */
  async inspect(service: string): Promise<unknown> {
    const id = await this.#container(service);
    return (JSON.parse(await this.#docker('inspect', id)) as readonly unknown[])[0];
  }

  /** Containers, volumes, networks and images that carry this rehearsal's labels. */
  async left(): Promise<readonly string[]> {
    const built = ['--filter', `label=vauban.made-by=${this.#tag}`];
    // Without a network there is no project; its tag stands for none.
    const composed = ['--filter', `label=com.docker.compose.project=${this.#project ?? this.#tag}`];
    const looks = [
      ['ps', '--all', '--quiet', ...composed],
      ['ps', '--all', '--quiet', ...built],
      ['volume', 'ls', '--quiet', ...composed],
      ['network', 'ls', '--quiet', ...composed],
      ['images', '--all', '--quiet', ...built],
    ];
    const lists = await Promise.all(looks.map((look) => mustEnd(run(DOCKER, look))));
    return [...new Set(lists.flatMap(({ stdout }) => lines(stdout)))];
  }

  /** What the engine knows the network's containers, volumes and networks by. */
  get project(): string | undefined {
    return this.#project;
  }

  /** Removes what was made here, and nothing else. */
  async close(): Promise<void> {
    if (this.#project !== undefined) {
      const [program, ...first] = this.#composition();
      await run(program, [...first, 'down', '--volumes', '--timeout', '5']);
    }
    // What an interruption has left of a build; the images by their names; what was built on the way and has none.
    const mine = ['--filter', `label=vauban.made-by=${this.#tag}`];
    const { stdout } = await run(DOCKER, ['ps', '--all', '--quiet', ...mine]);
    for (const id of lines(stdout)) await run(DOCKER, ['rm', '--force', id]);
    await run(DOCKER, ['rmi', '--force', this.image]);
    await run(DOCKER, ['image', 'prune', '--force', ...mine]);
    await run(DOCKER, ['rmi', '--force', `${this.image}-base`]);
    await rm(this.#scratch, { recursive: true, force: true });
  }

  async #build(): Promise<void> {
    const { tell } = this.#options;
    const label = `vauban.made-by=${this.#tag}`;
    const base = `${this.image}-base`;
    tell('making the base image from this machine’s Node and libraries');
    await mustEnd(
      run(process.execPath, [join(ROOT, 'scripts/docker-base.ts'), base, label], this.#options.signal),
    );
    tell('building the image');
    const args = ['--build-arg', `BASE=${base}`, '--build-arg', `MADE_BY=${this.#tag}`];
    await this.#docker(
      'build',
      '--quiet',
      '--network',
      'none',
      ...args,
      '--file',
      join(ROOT, 'docker/Dockerfile'),
      '--tag',
      this.image,
      ROOT,
    );
  }

  async #found(): Promise<void> {
    const { lostAfterMs, tell } = this.#options;
    tell('founding the network: keys, charter, addresses');
    await createContainerNetwork(this.directory, {
      sites: 9,
      k: 6,
      m: 3,
      durations: { suspectAfterMs: lostAfterMs / 2, lostAfterMs, takeoverMs: 20_000 },
      image: this.image,
      account: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 },
    });
    this.#project = (await readNetworkCharter(this.directory)).current.name;
    await this.#composed('up', '--no-start', '--no-build');
    this.#stage = await containerStage(this.directory, { command: [DOCKER] });
    tell('giving each hoster its disk, a volume');
    await Promise.all(this.sites.map((site) => this.readyDisk(site)));
  }

  /** What an engineer does once with a new disk, as docker/README.md has it. */
  async readyDisk(site: string): Promise<void> {
    const { uid, gid } = await stat(this.directory);
    const home = `${join(this.directory, 'daemons', site)}:/srv/vauban`;
    const limits = ['--network', 'none', '--cap-drop', 'ALL', '--read-only', '--user', `${uid}:${gid}`];
    const volumes = ['--volume', home, '--volume', `${this.project}_${site}:/srv/disk`];
    await this.#docker('run', '--rm', ...limits, ...volumes, this.image, 'disk', 'new');
  }

  async #start(): Promise<void> {
    this.#options.tell('starting eleven containers');
    await this.#composed('up', '--detach', '--no-build');
    const { signal } = this.#options;
    const late = AbortSignal.timeout(START_MS);
    await this.stage.start(this.sites, signal === undefined ? late : AbortSignal.any([late, signal]));
  }

  async #exec(service: string, args: readonly string[]): Promise<Outcome> {
    const id = await this.#container(service);
    return run(DOCKER, ['exec', id, 'vauban', ...args], this.#options.signal);
  }

  async #container(service: string): Promise<string> {
    const labels = [`com.docker.compose.project=${this.project}`, `com.docker.compose.service=${service}`];
    return this.#docker(
      'ps',
      '--all',
      '--quiet',
      ...labels.flatMap((label) => ['--filter', `label=${label}`]),
    );
  }

  async #officers(): Promise<string[]> {
    const names = await readdir(join(this.directory, 'officers'));
    return names.flatMap((name) => /^([a-z0-9-]+)\.key$/.exec(name)?.[1] ?? []);
  }

  #composed(...args: readonly string[]): Promise<Outcome> {
    const [program, ...first] = this.#composition();
    return mustEnd(run(program, [...first, ...args], this.#options.signal));
  }

  #composition(): [string, ...string[]] {
    const files = ['--env-file', join(this.directory, 'compose.env'), '--file', COMPOSE_FILE];
    return [...this.#compose, '--project-name', this.#project ?? '', ...files];
  }

  async #docker(...args: readonly string[]): Promise<string> {
    return (await mustEnd(run(DOCKER, args, this.#options.signal))).stdout.trim();
  }
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
