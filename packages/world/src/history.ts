// One history from its plan to the judges' verdict: the consortium starts, people work while things go wrong, everything
// that can heals, a machine with nothing but the words restores a vault, and every judge looks at what is left.

import type { Checker, Message } from './checker.ts';
import { Evidence } from './checkers/evidence.ts';
import { newCheckers } from './checkers/index.ts';
import { type DeviceName, devices, founding, vaultOf } from './founding.ts';
import { healed } from './healed.ts';
import { REPAIR_LIMITS } from './hoster-machine.ts';
import { liars } from './liars/index.ts';
import { hosterNames } from './membership.ts';
import { Mishaps } from './mishaps.ts';
import { pullLogs } from './officers-desk.ts';
import { Person } from './person.ts';
import type { Plan } from './plan.ts';
import { States } from './states.ts';
import { type Ground, heardToTheEnd, World } from './world.ts';

export interface HistoryOptions {
  readonly plan: Plan;
  readonly ground: Ground;
  /** Takes the trace, line by line. */
  readonly print?: ((line: string) => void) | undefined;
}

export interface HistoryReport {
  readonly seed: number;
  /** Hex SHA-256 over the trace. */
  readonly trace: string;
  readonly lines: number;
  readonly events: number;
  readonly virtualSeconds: number;
  readonly operations: number;
  readonly faults: number;
  readonly liars: number;
  /** Everything that was counted, by name. */
  readonly counters: Readonly<Record<string, number>>;
}

/** A history that broke a promise, or got stuck. */
export class WorldFailure extends Error {
  readonly seed: number;
  readonly why: string;
  /** The last lines of the trace. */
  readonly tail: readonly string[];

  constructor(seed: number, tail: readonly string[], cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`seed ${seed}: ${why}\nReplay it with: npm run world -- --seed ${seed}`, { cause });
    this.seed = seed;
    this.why = why;
    this.tail = tail;
  }
}

const SETTLE_MS = 45_000;
const LIMITS = { timeMsMax: 7_200_000, eventsMax: 2_000_000 };

/** Runs a plan to its end. Throws WorldFailure. */
export async function runHistory(options: HistoryOptions): Promise<HistoryReport> {
  const { plan, ground, print } = options;
  const begin = await founding(ground);
  const of = {
    crypto: ground.crypto,
    charter: () => world.charters.current,
    diskOf: (hoster: string) => world.hosters.find(({ name }) => name === hoster)?.disk,
    now: () => world.wallMs,
    budget: { hosters: new Set(hosterNames), bytesPerSecond: REPAIR_LIMITS.linkBytesPerSecond },
  };
  const evidence = new Evidence(of);
  const checkers: Checker[] = newCheckers(of, evidence);
  const watching = checkers.filter(({ saw }) => saw !== undefined);
  const world: World = new World({
    seed: plan.seed,
    ground,
    founding: begin,
    print,
    tap: (message: Message) => {
      states.saw(message);
      for (const checker of watching) checker.saw?.(message);
    },
    tell: (event, nowMs) => {
      for (const checker of checkers) checker.told?.(event, nowMs);
    },
  });
  const states = new States(world.counters);
  try {
    return await heardToTheEnd(ground, () =>
      world.scheduler.run(() => history(world, plan, { checkers, evidence }), LIMITS),
    );
  } catch (error) {
    throw new WorldFailure(plan.seed, world.trace.tail, error);
  }
}

async function history(
  world: World,
  plan: Plan,
  { checkers, evidence }: { readonly checkers: readonly Checker[]; readonly evidence: Evidence },
): Promise<HistoryReport> {
  const circumstances = {
    restless: () => mishaps.restless,
    clocksOff: () => mishaps.clocksOff,
    harmed: () => mishaps.harmed,
    others: (device: DeviceName) => people.get(device),
  };
  const people: ReadonlyMap<DeviceName, Person> = new Map(
    devices.map(
      (name) => [name, new Person(world, { name, vaultName: vaultOf(name), circumstances })] as const,
    ),
  );
  const mishaps: Mishaps = new Mishaps(world, plan, people);
  for (const { hoster, liar: name } of plan.liars) {
    const liar = liars.find((one) => one.name === name);
    if (liar === undefined) throw new Error(`there is no liar ${name}`);
    world.hosters.find((one) => one.name === hoster)?.corrupt(liar);
    world.counters.add(`liar ${name}`);
  }
  for (const hoster of world.hosters) hoster.start();
  const honest = world.hosters.filter((one) => one.honest);
  await must(world, 'the honest hosters vote', () => honest.every(({ state }) => state === 'voting'));

  const beganAtMs = world.nowMs;
  await Promise.all(
    [...people.values()].map(async (person) => {
      for (const [nth, operation] of plan.operations.entries()) {
        if (operation.by !== person.name) continue;
        await world.sleep(Math.max(0, beganAtMs + operation.at - world.nowMs));
        mishaps.began(nth);
        world.counters.add(`operation ${operation.do}`);
        await person.does(operation, nth);
      }
    }),
  );
  if (!(await mishaps.heal())) {
    const away = world.hosters.filter(({ name, state }) => state !== 'voting' && !mishaps.harmed.has(name));
    const why = away.map(
      ({ name, state, failure }) => `${name} is ${state}${failure ? `: ${failure.message}` : ''}`,
    );
    throw new Error(`not everybody came back: ${why.join('; ')}`);
  }
  world.trace.note('world', 'is well again');
  await mishaps.afterwards();
  await finale(people);
  // Whoever lies to the end also writes to the end: what is judged has to stand still.
  for (const hoster of world.hosters) if (!hoster.honest) hoster.kill();
  // What writers left unfinished, hosters finish within twenty seconds, and the last to hear of it catches up.
  await world.sleep(SETTLE_MS);
  await mishaps.readmitAll();
  await healed(world, mishaps.harmed);

  const live = world.hosters.filter(({ state, honest: tells }) => state === 'voting' && tells);
  const logs = await pullLogs(
    world,
    live.map(({ name }) => name),
    mishaps.harmed,
    () => evidence.seen,
  );
  const end = { crypto: world.crypto, charter: world.charters.current, logs, hosters: world.hosters };
  for (const checker of checkers) await checker.judge?.(end);
  for (const hoster of world.hosters) await hoster.stop();
  return {
    seed: world.seed,
    lines: world.trace.lines,
    trace: world.trace.close(),
    events: world.scheduler.events,
    virtualSeconds: world.nowMs / 1_000,
    operations: [...people.values()].reduce((sum, one) => sum + one.operations, 0),
    faults: plan.faults.length,
    liars: plan.liars.length,
    counters: world.counters.all,
  };
}

/** Everything is read once more: the town's vault by a machine that knows nothing but the words, and it writes too. */
async function finale(people: ReadonlyMap<DeviceName, Person>): Promise<void> {
  const [first, second, harbour] = devices.map((name) => people.get(name) as Person) as [
    Person,
    Person,
    Person,
  ];
  await second.list();
  await second.close();
  await first.recover();
  await first.does({ do: 'put', by: 'town-1', at: 0, path: 'after', files: [500] }, Number.MAX_SAFE_INTEGER);
  await first.getAll();
  await harbour.list();
  await harbour.getAll();
  await first.close();
  await harbour.close();
}

async function must(world: World, what: string, holds: () => boolean): Promise<void> {
  if (!(await world.until(holds))) throw new Error(`waited in vain: ${what}`);
}
