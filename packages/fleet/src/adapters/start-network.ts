// Starting: one process of its own per daemon, which outlives the starter; done when all serve and all voters vote.

import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { type DaemonId, Fault, quorumOf, votingHosters } from '@vauban/core';
import { nodeClock } from '@vauban/core/node';
import { refuseContainers } from './container-network.ts';
import { type DaemonPlace, daemonPlaces } from './layout.ts';
import { NetworkSession } from './network-session.ts';
import { lastWords, runningPid } from './processes.ts';

export interface StartOptions {
  /** The program and first arguments that `daemon run --config <toml>` is added to. */
  readonly command: readonly string[];
  /** Only these are started, and waited for; without it, all that stand. */
  readonly sites?: readonly string[];
  /** Those that are started obey a stage (`daemon run --staged`). */
  readonly staged?: boolean;
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
  /** Told how many daemons are ready. */
  readonly onProgress?: (of: { readonly ready: number; readonly total: number }) => void;
}

export interface StartedNetwork {
  /** Daemons started now, and those that were running already. */
  readonly started: readonly DaemonId[];
  readonly running: readonly DaemonId[];
  readonly burnt: readonly DaemonId[];
  /** False when too few hosters are left for a quorum: data is served, nothing can be certified. */
  readonly quorum: boolean;
  /** Hosters that serve but do not vote, and why. */
  readonly silent: readonly { readonly site: string; readonly reason: string }[];
}

const WITHIN_MS = 120_000;
const POLL_MS = 100;
const ASK_MS = 3_000;

/** Faults: DAEMONS_NOT_READY (failure), with each daemon's last words; NETWORK_MISSING; ALL_BURNT; IN_CONTAINERS (refused). */
export async function startNetwork(directory: string, options: StartOptions): Promise<StartedNetwork> {
  await refuseContainers(directory, 'up --detach');
  const places = await daemonPlaces(directory);
  const burnt = places.filter((place) => place.burnt);
  const standing = places.filter((place) => !place.burnt);
  if (standing.length === 0) {
    throw new Fault(
      'failure',
      'ALL_BURNT',
      'every site of this network has burnt: there is nothing to start',
      {},
    );
  }
  const { sites } = options;
  const wanted = standing.filter((place) => sites?.includes(place.facts.site.id) ?? true);
  const started: DaemonId[] = [];
  const running: DaemonId[] = [];
  const ended = new Map<DaemonId, string>();
  for (const place of standing) {
    if (!wanted.includes(place)) {
      // Left alone: whether it runs decides only whether voters can have a quorum.
      if ((await runningPid(place)) === undefined) ended.set(place.id, 'it does not run');
    } else if ((await runningPid(place)) !== undefined) running.push(place.id);
    else {
      await startDaemon(place, options, (how) => ended.set(place.id, how));
      started.push(place.id);
    }
  }
  const session = await NetworkSession.open(directory, {
    as: 'operator',
    deadlineMs: ASK_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  try {
    const silent = await waitReady(session, { wanted, standing }, { ...options, ended });
    return {
      started,
      running,
      burnt: burnt.map((place) => place.id),
      quorum: hasQuorum(session, standing, ended),
      silent,
    };
  } finally {
    await session.close();
  }
}

/** Whether the daemons that run cast enough votes. Without that, voters wait for others in vain. */
function hasQuorum(
  { charter }: NetworkSession,
  standing: readonly DaemonPlace[],
  ended: ReadonlyMap<DaemonId, string>,
): boolean {
  const ids = new Set(standing.map((place) => place.id).filter((id) => !ended.has(id)));
  const voters = votingHosters(charter).filter((one) => ids.has(one.voter ?? ''));
  return voters.length >= quorumOf(charter);
}

/** A process group of its own, its output in the daemon's log. */
async function startDaemon(
  place: DaemonPlace,
  { command, staged }: Pick<StartOptions, 'command' | 'staged'>,
  ended: (how: string) => void,
): Promise<void> {
  const [program, ...first] = command;
  const last = staged === true ? ['--staged'] : [];
  const log = await open(place.log, 'a', 0o600);
  try {
    const child = spawn(program as string, [...first, 'daemon', 'run', '--config', place.config, ...last], {
      cwd: place.directory,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    child.on('error', (error) => ended(error.message));
    child.on('exit', (status, signal) => ended(signal ?? `exit ${status}`));
    child.unref();
  } finally {
    await log.close();
  }
}

async function waitReady(
  session: NetworkSession,
  {
    wanted,
    standing,
  }: { readonly wanted: readonly DaemonPlace[]; readonly standing: readonly DaemonPlace[] },
  of: StartOptions & { readonly ended: ReadonlyMap<DaemonId, string> },
): Promise<StartedNetwork['silent']> {
  const silentSites = new Map<string, string>();
  const until = nodeClock.monotonic() + (of.withinMs ?? WITHIN_MS);
  const waiting = new Map(wanted.map((place) => [place.id, place]));
  const why = new Map<DaemonId, string>();
  of.onProgress?.({ ready: 0, total: wanted.length });
  const ask = async (place: DaemonPlace) => {
    try {
      const status = await session.ask(place.id, 'status', {});
      const { silent } = status;
      if (silent?.code === 'VOTER_STARTING' && hasQuorum(session, standing, of.ended)) {
        why.set(place.id, silent.message);
        return;
      }
      waiting.delete(place.id);
      if (silent !== null) silentSites.set(place.facts.site.id, silent.message);
    } catch (error) {
      why.set(place.id, error instanceof Error ? error.message : String(error));
    }
  };
  while (waiting.size > 0) {
    of.signal?.throwIfAborted();
    const alive = [...waiting.values()].filter((place) => !of.ended.has(place.id));
    if (alive.length === 0 || nodeClock.monotonic() > until) break;
    await Promise.all(alive.map(ask));
    of.onProgress?.({ ready: wanted.length - waiting.size, total: wanted.length });
    if (waiting.size > 0) await nodeClock.sleep(POLL_MS, of.signal);
  }
  if (waiting.size > 0) throw await notReady([...waiting.values()], { ...of, why });
  return [...silentSites].map(([site, reason]) => ({ site, reason }));
}

async function notReady(
  places: readonly DaemonPlace[],
  of: { readonly ended: ReadonlyMap<DaemonId, string>; readonly why: ReadonlyMap<DaemonId, string> },
): Promise<Fault> {
  const problems = await Promise.all(
    places.map(async (place) => {
      const how = of.ended.get(place.id);
      const words = await lastWords(place);
      const site = place.facts.site.id;
      return how === undefined
        ? { site, problem: `${of.why.get(place.id) ?? 'it does not answer'} (its log ends: ${words})` }
        : { site, problem: `ended (${how}): ${words}` };
    }),
  );
  const list = problems.map(({ site, problem }) => `\n  ${site}: ${problem}`).join('');
  return new Fault(
    'failure',
    'DAEMONS_NOT_READY',
    `${places.length} ${places.length === 1 ? 'daemon is' : 'daemons are'} not ready:${list}`,
    { problems },
  );
}
