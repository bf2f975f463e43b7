// One scenario from its first start to the judges' verdict: the consortium votes, the scenario is played, a machine that
// knows nothing but the words reads everything, and every judge of all histories looks at what is left.

import type { Checker, Message } from '../checker.ts';
import { Evidence } from '../checkers/evidence.ts';
import { newCheckers } from '../checkers/index.ts';
import { founding } from '../founding.ts';
import { REPAIR_LIMITS } from '../hoster-machine.ts';
import { hosterNames } from '../membership.ts';
import { pullLogs } from '../officers-desk.ts';
import { type Ground, heardToTheEnd, World } from '../world.ts';
import type { Scenario } from './scenario.ts';
import { Stage } from './stage.ts';

interface ScenarioOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly ground: Ground;
  /** Takes the trace, line by line. */
  readonly print?: ((line: string) => void) | undefined;
}

interface ScenarioReport {
  readonly name: string;
  readonly seed: number;
  /** Hex SHA-256 over the trace. */
  readonly trace: string;
  readonly events: number;
  readonly virtualSeconds: number;
}

/** A scenario that broke a promise, or did not come to what it is about. */
export class ScenarioFailure extends Error {
  constructor(scenario: string, seed: number, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const again = `npm run world -- --scenario ${scenario} --seed ${seed}`;
    super(`${scenario}, seed ${seed}: ${why}\nReplay it with: ${again}`, { cause });
  }
}

/** What writers left unfinished, hosters finish within twenty seconds, and the last to hear of it catches up. */
const SETTLE_MS = 45_000;
const LIMITS = { timeMsMax: 3_600_000, eventsMax: 1_000_000 };

/** Throws ScenarioFailure. */
export async function runScenario(options: ScenarioOptions): Promise<ScenarioReport> {
  const { scenario, seed, ground, print } = options;
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
  const world: World = new World({
    seed,
    ground,
    founding: begin,
    print: (line) => {
      stage.lines.push(line);
      print?.(line);
    },
    tap: (message: Message) => {
      for (const checker of checkers) checker.saw?.(message);
      stage.saw(message);
    },
    tell: (event, nowMs) => {
      for (const checker of checkers) checker.told?.(event, nowMs);
    },
  });
  const stage = new Stage(world, evidence);
  try {
    return await heardToTheEnd(ground, () =>
      world.scheduler.run(() => played(scenario, stage, checkers), LIMITS),
    );
  } catch (error) {
    throw new ScenarioFailure(scenario.name, seed, error);
  }
}

async function played(
  scenario: Scenario,
  stage: Stage,
  checkers: readonly Checker[],
): Promise<ScenarioReport> {
  const { world } = stage;
  for (const hoster of world.hosters) hoster.start();
  await stage.allVote();
  await scenario.play(stage);
  await stage.allVote();
  await (stage.last ?? (() => readByWords(stage)))();
  await world.sleep(SETTLE_MS);
  const up = world.hosters.filter(({ state }) => state === 'voting').map(({ name }) => name);
  const logs = await pullLogs(world, up, stage.away, () => stage.evidence.seen);
  scenario.judge?.(stage, logs);
  const end = { crypto: world.crypto, charter: world.charters.current, logs, hosters: world.hosters };
  for (const checker of checkers) await checker.judge?.(end);
  for (const hoster of world.hosters) await hoster.stop();
  return {
    name: scenario.name,
    seed: world.seed,
    trace: world.trace.close(),
    events: world.scheduler.events,
    virtualSeconds: world.nowMs / 1_000,
  };
}

/** Later readers see everything: the town's vault by a machine with nothing but the words. */
async function readByWords(stage: Stage): Promise<void> {
  const reader = stage.newPerson('reader', 'town-1');
  await reader.recover();
  await reader.getAll();
  await reader.close();
}
