// The stage on which daemons are containers of docker/compose.yaml. Power cuts, fires and cut networks are real ones, made with
// the engine; what disks and daemons otherwise suffer is staged inside, as for processes. Breaks when the labels that compose
// gives its containers change, or when somebody else starts and stops them meanwhile.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@vauban/core';
import { askAdmin, readMetrics } from '@vauban/daemon';
import { readingsIn } from '../metered.ts';
import type { DiskDeed, DiskFragment, Metered, Readings, Stage } from '../stage.ts';
import { noFaults, STAGED_FILE, type StagedFaults } from '../staged/staged-faults.ts';
import type { BurnResult } from '../stage.ts';
import { type Container, ContainerEngine } from './container-engine.ts';
import { hasContainers } from './container-network.ts';
import { waitServing } from './container-wait.ts';
import { type DaemonPlace, daemonPlaces, readNetworkCharter } from './layout.ts';
import { leastBudgets, processStage, writeFaults } from './process-stage.ts';

/** In docker/compose.yaml: where everybody meets, besides a network of each site's own. */
const EXCHANGE = 'exchange';
/** In the image. */
const DISK_PROGRAM = '/opt/vauban/docker/disk.js';
/** Longer than a daemon gives itself. */
const STOP_SECONDS = 10;

export interface ContainerStageOptions {
  /** What runs docker; ['docker'] when left out. */
  readonly command?: readonly string[];
}

/** The network's containers have to exist (`up --no-start`). Faults: NETWORK_MISSING, CONTAINERS_MISSING, DOCKER_MISSING. */
export async function containerStage(
  directory: string,
  { command }: ContainerStageOptions = {},
): Promise<Stage> {
  const { name } = (await readNetworkCharter(directory)).current;
  const engine = new ContainerEngine(name, command);
  const sites = (await daemonPlaces(directory)).map((place) => place.facts.site.id);
  const stage = new ContainerStage(directory, engine, sites);
  await stage.check();
  return stage;
}

/** The stage of a network, whichever its daemons are. `command`: what starts one that is a process. */
export async function openStage(
  directory: string,
  { command }: { readonly command: readonly string[] },
): Promise<Stage> {
  return (await hasContainers(directory)) ? containerStage(directory) : processStage(directory, { command });
}

class ContainerStage implements Stage {
  readonly directory: string;
  readonly kind = 'containers' as const;
  readonly sites: readonly string[];
  readonly #engine: ContainerEngine;
  /** Sites whose daemons obey the stage, and what they suffer. */
  readonly #staged = new Map<string, StagedFaults>();

  constructor(directory: string, engine: ContainerEngine, sites: readonly string[]) {
    this.directory = directory;
    this.sites = sites;
    this.#engine = engine;
  }

  /** Faults: CONTAINERS_MISSING. */
  async check(): Promise<void> {
    const there = new Set((await this.#engine.containers()).map(({ service }) => service));
    const missing = (await this.#standing()).map(siteOf).filter((site) => !there.has(site));
    if (missing.length === 0) return;
    const { project } = this.#engine;
    const message = `the engine has no containers of ${missing.join(', ')} in project ${project}: create them with compose (docker/README.md)`;
    throw new Fault('failure', 'CONTAINERS_MISSING', message, { project, missing });
  }

  async prepare(sites: readonly string[], signal: AbortSignal): Promise<void> {
    for (const site of sites) {
      this.#staged.set(site, noFaults);
      await this.#write(site, noFaults);
    }
    await this.#restart(sites, signal);
  }

  async restore(signal: AbortSignal): Promise<void> {
    const obeying = [...this.#staged];
    this.#staged.clear();
    for (const [site, { cut }] of obeying) {
      if (cut) await this.#rejoin(site);
      await rm(join((await this.#place(site)).directory, STAGED_FILE), { force: true });
    }
    const sites = obeying.map(([site]) => site);
    await this.#restart(sites, signal);
  }

  async suffer(site: string, change: Partial<StagedFaults>): Promise<void> {
    const before = this.#staged.get(site);
    if (before === undefined) {
      throw new Fault('failure', 'STAGE_UNPREPARED', `${site} does not obey this stage`, { site });
    }
    const faults = { ...before, ...change };
    this.#staged.set(site, faults);
    await this.#write(site, faults);
    if (faults.cut && !before.cut) await this.#cut(site);
    if (!faults.cut && before.cut) await this.#rejoin(site);
  }

  async kill(sites: readonly string[]): Promise<void> {
    const running = (await this.#containers(sites)).filter((one) => one.running);
    if (running.length > 0) await this.#engine.run(['kill', ...running.map(({ id }) => id)]);
  }

  async stop(sites: readonly string[]): Promise<void> {
    const running = (await this.#containers(sites)).filter((one) => one.running);
    if (running.length === 0) return;
    await this.#engine.run(['stop', '-t', `${STOP_SECONDS}`, ...running.map(({ id }) => id)]);
  }

  async start(sites: readonly string[], signal: AbortSignal): Promise<void> {
    const standing = (await this.#standing()).filter((place) => sites.includes(siteOf(place)));
    const containers = await this.#containers(standing.map(siteOf));
    const stopped = containers.filter((one) => !one.running);
    if (stopped.length > 0) await this.#engine.run(['start', ...stopped.map(({ id }) => id)], signal);
    await waitServing({ directory: this.directory, places: standing, look: () => this.look(), signal });
  }

  /** The container is killed, it and its disk are removed, and the keys that lay beside them. */
  async burn(site: string): Promise<BurnResult> {
    const place = await this.#place(site);
    const { id, facts } = place;
    const daemons = [{ id, hoster: facts.hoster.id, site }];
    if (place.burnt) return { site, daemons, fragmentsLost: 0, bytesLost: 0 };
    await this.kill([site]);
    const { fragments, bytes } = JSON.parse(await this.#atDisk(site, ['count'])) as {
      readonly fragments: number;
      readonly bytes: number;
    };
    const [container] = await this.#containers([site]);
    if (container !== undefined) await this.#engine.run(['rm', '--force', container.id]);
    await this.#engine.run(['volume', 'rm', this.#engine.named(site)]);
    await rm(place.keys, { recursive: true, force: true });
    await rm(place.data, { recursive: true, force: true });
    return { site, daemons, fragmentsLost: fragments, bytesLost: bytes };
  }

  async harm(site: string, { deed, share, seed }: DiskDeed): Promise<number> {
    const { files } = JSON.parse(await this.#atDisk(site, ['harm', deed, `${share}`, `${seed}`])) as {
      readonly files: number;
    };
    return files;
  }

  async readmit(site: string): Promise<void> {
    const { config } = await this.#place(site);
    await askAdmin(config, { method: 'POST', path: '/v0/readmit', body: {} });
  }

  async *walk(site: string, how?: 'what changed'): AsyncIterable<DiskFragment> {
    if ((await this.#place(site)).burnt) return;
    const work = how === undefined ? ['walk'] : ['walk', 'changed'];
    for await (const line of this.#engine.lines(await this.#besideDisk(site, work))) {
      yield JSON.parse(line) as DiskFragment;
    }
  }

  async repairBudgets(): ReturnType<Stage['repairBudgets']> {
    return leastBudgets(await this.#standing());
  }

  /** Through the admin socket, which lies in the daemon's own directory. */
  async meter(site: string, wanted: readonly Metered[]): Promise<readonly Readings[] | undefined> {
    const text = await readMetrics((await this.#place(site)).config).catch(() => undefined);
    return text === undefined ? undefined : wanted.map((one) => readingsIn([text], one));
  }

  async look(): Promise<{ readonly running: ReadonlySet<string>; readonly burnt: ReadonlySet<string> }> {
    const containers = await this.#engine.containers();
    const burnt = (await daemonPlaces(this.directory)).filter((place) => place.burnt).map(siteOf);
    const running = containers.filter((one) => one.running && this.sites.includes(one.service));
    return { running: new Set(running.map(({ service }) => service)), burnt: new Set(burnt) };
  }

  /** Off every network, the one of its own included: nobody reaches it, over the machine's loopback address neither. */
  async #cut(site: string): Promise<void> {
    for (const { id, networks } of await this.#containers([site])) {
      for (const network of networks) await this.#engine.run(['network', 'disconnect', network, id]);
    }
  }

  async #rejoin(site: string): Promise<void> {
    for (const { id, networks } of await this.#containers([site])) {
      for (const network of [site, EXCHANGE].map((one) => this.#engine.named(one))) {
        if (networks.includes(network)) continue;
        await this.#engine.run(['network', 'connect', '--alias', site, network, id]);
      }
    }
  }

  async #restart(sites: readonly string[], signal: AbortSignal): Promise<void> {
    // One after another: a quorum stands all along.
    for (const site of sites) {
      if (!(await this.look()).running.has(site)) continue;
      await this.stop([site]);
      await this.start([site], signal);
    }
  }

  async #write(site: string, faults: StagedFaults): Promise<void> {
    const place = await this.#place(site);
    if (place.burnt) return;
    // The cut is a real one here: staged as well, it would be twice as hard to end.
    await writeFaults(place, { ...faults, cut: false });
  }

  async #atDisk(site: string, work: readonly string[]): Promise<string> {
    return this.#engine.run(await this.#besideDisk(site, work));
  }

  /** Beside the daemon where it runs, otherwise in a container for this look alone, as the account whose disk it is. */
  async #besideDisk(site: string, work: readonly string[]): Promise<string[]> {
    const [container] = await this.#containers([site]);
    if (container === undefined) {
      throw new Fault('failure', 'CONTAINERS_MISSING', `the engine has no container of ${site}`, { site });
    }
    const { id, user, image, running } = container;
    if (running) return ['exec', id, 'node', DISK_PROGRAM, ...work];
    const disk = `${this.#engine.named(site)}:/srv/vauban/data`;
    const limits = ['--network', 'none', '--cap-drop', 'ALL', '--read-only'];
    return ['run', '--rm', ...limits, '--user', user, '--volume', disk, image, 'disk', ...work];
  }

  async #containers(sites: readonly string[]): Promise<Container[]> {
    return (await this.#engine.containers()).filter(({ service }) => sites.includes(service));
  }

  async #standing(): Promise<DaemonPlace[]> {
    return (await daemonPlaces(this.directory)).filter((place) => !place.burnt);
  }

  /** Faults: SITE_UNKNOWN (usage). */
  async #place(site: string): Promise<DaemonPlace> {
    const found = (await daemonPlaces(this.directory)).find((place) => siteOf(place) === site);
    if (found !== undefined) return found;
    const message = `there is no site ${site}; the sites are ${this.sites.join(', ')}`;
    throw new Fault('usage', 'SITE_UNKNOWN', message, { site, known: this.sites });
  }
}

function siteOf({ facts }: DaemonPlace): string {
  return facts.site.id;
}
