// The stage on which daemons are processes of this machine. Faults of network and disk are staged inside processes started
// anew for the drill; fires, power cuts and harm to files come from outside.

import { rm, writeFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '@vauban/core';
import { keepOwner } from '@vauban/core/node';
import { askAdmin, readConfig, readMetrics } from '@vauban/daemon';
import type { Stage } from '../stage.ts';
import { readingsIn } from '../metered.ts';
import { formatFaults, noFaults, STAGED_FILE, type StagedFaults } from '../staged/staged-faults.ts';
import { burnSite } from './burn-site.ts';
import { harmFragments, walkFragments, type WalkMemory } from './fragment-walk.ts';
import { type DaemonPlace, daemonPlaces } from './layout.ts';
import { runningPid } from './processes.ts';
import { startNetwork } from './start-network.ts';
import { killDaemon, stopDaemon } from './stop-network.ts';

export interface ProcessStageOptions {
  /** The program and first arguments that `daemon run --config <toml>` is added to. */
  readonly command: readonly string[];
}

/** Faults: NETWORK_MISSING. */
export async function processStage(directory: string, { command }: ProcessStageOptions): Promise<Stage> {
  const all = await daemonPlaces(directory);
  const sites = [...new Set(all.map((place) => place.facts.site.id))];
  /** Sites whose daemons obey the stage, and what they suffer. */
  const staged = new Map<string, StagedFaults>();
  const walked: WalkMemory = new Map();

  const placesOf = async (wanted: readonly string[]) => {
    const unknown = wanted.filter((site) => !sites.includes(site));
    if (unknown.length > 0) {
      const message = `there is no site ${unknown.join(', ')}; the sites are ${sites.join(', ')}`;
      throw new Fault('usage', 'SITE_UNKNOWN', message, { unknown, known: sites });
    }
    return (await daemonPlaces(directory)).filter((place) => wanted.includes(place.facts.site.id));
  };
  const start = async (wanted: readonly string[], signal: AbortSignal) => {
    const [obeying, plain] = [true, false].map((obeys) =>
      wanted.filter((site) => staged.has(site) === obeys),
    );
    for (const [some, obeys] of [
      [plain, false],
      [obeying, true],
    ] as const) {
      if (some !== undefined && some.length > 0) {
        await startNetwork(directory, { command, sites: some, staged: obeys, signal });
      }
    }
  };
  const stop = async (wanted: readonly string[]) => {
    await Promise.all((await placesOf(wanted)).map(stopDaemon));
  };
  const restart = async (wanted: readonly string[], signal: AbortSignal) => {
    // One after another: a quorum stands all along.
    for (const site of wanted) {
      if (!(await runs(await placesOf([site])))) continue;
      await stop([site]);
      await start([site], signal);
    }
  };

  return {
    directory,
    kind: 'processes',
    sites,
    start,
    stop,
    async prepare(wanted, signal) {
      for (const site of wanted) {
        staged.set(site, noFaults);
        for (const place of await placesOf([site])) await writeFaults(place, noFaults);
      }
      await restart(wanted, signal);
    },
    async restore(signal) {
      const obeying = [...staged.keys()];
      staged.clear();
      for (const place of await placesOf(obeying))
        await rm(join(place.directory, STAGED_FILE), { force: true });
      await restart(obeying, signal);
    },
    async suffer(site, change) {
      const before = staged.get(site);
      if (before === undefined)
        throw new Fault('failure', 'STAGE_UNPREPARED', `${site} does not obey this stage`, { site });
      const faults = { ...before, ...change };
      staged.set(site, faults);
      for (const place of await placesOf([site])) await writeFaults(place, faults);
    },
    async kill(wanted) {
      await Promise.all((await placesOf(wanted)).map(killDaemon));
    },
    burn: (site) => burnSite(directory, site),
    async harm(site, deed) {
      const counts = (await placesOf([site])).map(({ data }) => harmFragments(data, deed));
      return (await Promise.all(counts)).reduce((sum, one) => sum + one, 0);
    },
    async readmit(site) {
      for (const { config } of await placesOf([site])) {
        await askAdmin(config, { method: 'POST', path: '/v0/readmit', body: {} });
      }
    },
    async *walk(site, how) {
      for (const { data } of await placesOf([site]))
        yield* walkFragments(data, how === undefined ? undefined : walked);
    },
    async repairBudgets() {
      return leastBudgets((await daemonPlaces(directory)).filter(({ burnt }) => !burnt));
    },
    async meter(site, wanted) {
      const texts = (await placesOf([site])).map(({ config }) => readMetrics(config));
      return Promise.all(texts).then(
        (answers) => wanted.map((one) => readingsIn(answers, one)),
        () => undefined,
      );
    },
    async look() {
      const places = await daemonPlaces(directory);
      const pids = await Promise.all(places.map(runningPid));
      const running = places.filter((_, nth) => pids[nth] !== undefined);
      return {
        running: new Set(running.map((place) => place.facts.site.id)),
        burnt: new Set(places.filter((place) => place.burnt).map((place) => place.facts.site.id)),
      };
    },
  };
}

async function runs(places: readonly DaemonPlace[]): Promise<boolean> {
  const pids = await Promise.all(places.map(runningPid));
  return pids.some((pid) => pid !== undefined);
}

export async function writeFaults(place: DaemonPlace, faults: StagedFaults): Promise<void> {
  if (place.burnt) return;
  const path = join(place.directory, STAGED_FILE);
  await writeFile(`${path}.new`, formatFaults(faults), { mode: 0o600 });
  await keepOwner(`${path}.new`);
  await rename(`${path}.new`, path);
}

/** What the configurations of these daemons let repair take: the least of all. */
export async function leastBudgets(places: readonly DaemonPlace[]): ReturnType<Stage['repairBudgets']> {
  const configs = await Promise.all(places.map(({ config }) => readConfig(config)));
  return {
    linkBytesPerSecond: Math.min(...configs.map(({ repairLinkBytes }) => repairLinkBytes)),
    diskBytesPerSecond: Math.min(...configs.map(({ repairDiskBytes }) => repairDiskBytes)),
  };
}
