// Seeded histories of the whole network, by hand. One with its trace: npm run world -- --seed 7 (with --only 3,7 only those
// of its misfortunes; with --plan file a plan that was saved). Many, with a table of what happened in them: --seeds 5000
// --from 1 (with --first only until one fails). A history that fails is reduced to the misfortunes that matter. One scripted scenario with its trace:
// --scenario power-cut (with --seed 7); what there is of them: --scenarios.

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import {
  describe,
  drawPlan,
  formatPlan,
  nodeGround,
  only,
  parsePlan,
  type Plan,
  runCrowd,
  runHistory,
  runScenario,
  ScenarioFailure,
  scenarios,
  shrink,
  untried,
  WorldFailure,
} from '@vauban/world';

const SHRINK_MS = 120_000;
/** So many seeds try everything there is. */
const COMPLETE = 2_000;
const usage =
  'usage: npm run world -- [--seed N] [--only numbers] [--plan file] [--save file] [--quiet] | --seeds how many [--from N] [--processes N] [--first] | --scenario name [--seed N] [--quiet] | --scenarios';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    only: { type: 'string' },
    plan: { type: 'string' },
    save: { type: 'string' },
    quiet: { type: 'boolean' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    processes: { type: 'string' },
    scenario: { type: 'string' },
    scenarios: { type: 'boolean' },
    first: { type: 'boolean' },
  },
});
const [seed, count, from, processes] = [values.seed, values.seeds, values.from, values.processes].map(
  (text) => Number(text ?? 1),
) as [number, number, number, number];
if (![seed, count, from, processes].every((number) => Number.isSafeInteger(number) && number >= 0)) {
  console.error(usage);
  process.exit(2);
}
const ground = nodeGround();
if (values.scenarios === true) for (const { name, says } of scenarios) console.log(`${name}\n    ${says}`);
else if (values.scenario !== undefined) await scripted(values.scenario);
else if (values.seeds === undefined) await one();
else await many();

async function scripted(name: string): Promise<void> {
  const scenario = scenarios.find((known) => known.name === name);
  if (scenario === undefined) {
    console.error(`there is no scenario ${name}: --scenarios lists them`);
    process.exit(2);
  }
  const print = values.quiet === true ? undefined : (line: string) => console.log(line);
  try {
    console.log(JSON.stringify(await runScenario({ scenario, seed, ground, print })));
  } catch (error) {
    if (!(error instanceof ScenarioFailure)) throw error;
    console.error(error.message);
    console.error(error.cause instanceof Error ? error.cause.stack : error.cause);
    process.exitCode = 1;
  }
}

async function one(): Promise<void> {
  const drawn =
    values.plan === undefined ? drawPlan(ground.crypto, seed) : parsePlan(readFileSync(values.plan, 'utf8'));
  const plan =
    values.only === undefined
      ? drawn
      : only(
          drawn,
          values.only
            .split(',')
            .filter((text) => text !== '')
            .map(Number),
        );
  if (values.save !== undefined) writeFileSync(values.save, formatPlan(plan));
  const print = values.quiet === true ? undefined : (line: string) => console.log(line);
  try {
    const { counters, ...report } = await runHistory({ plan, ground, print });
    console.log(JSON.stringify(report));
    if (values.quiet !== true) table(counters);
  } catch (error) {
    if (!(error instanceof WorldFailure)) throw error;
    console.error(error.message);
    console.error(error.cause instanceof Error ? error.cause.stack : error.cause);
    await reduce(plan, error);
    process.exitCode = 1;
  }
}

async function reduce(plan: Plan, failure: WorldFailure): Promise<void> {
  const end = performance.now() + SHRINK_MS;
  const small = await shrink({ plan, failure, ground, expired: () => performance.now() > end });
  const { faults, liars } = small.plan;
  console.error(
    `\nIt still fails with ${faults.length + liars.length} of its misfortunes (${small.runs} runs):`,
  );
  for (const fault of faults) console.error(`  ${describe(fault)}`);
  for (const { hoster, liar } of liars) console.error(`  ${hoster} lies: ${liar}`);
  console.error(`  ${small.failure.why}`);
  const way = values.plan === undefined ? `--seed ${plan.seed}` : `--plan ${values.plan}`;
  console.error(`Replay that with: npm run world -- ${way} --only ${small.misfortunes.join(',')}`);
}

async function many(): Promise<void> {
  const began = performance.now();
  // What runs histories hears nothing while one lasts: it is ended from here.
  const abort = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => abort.abort());
  let done = 0;
  const report = await runCrowd({
    from: values.from === undefined && values.seed !== undefined ? seed : from,
    count,
    processes: values.processes === undefined ? 2 : processes,
    first: values.first === true,
    signal: abort.signal,
    onOutcome: (outcome) => {
      done += 1;
      if ('why' in outcome) console.error(`seed ${outcome.seed}: ${outcome.why}`);
      else if (done % 100 === 0) console.error(`${done} of ${count}`);
    },
  }).catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
    process.exit(130);
  });
  table(report.counters);
  const { failures, cpuMs } = report;
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `${count} histories in ${seconds.toFixed(0)} s, ${(cpuMs / count).toFixed(0)} ms of a core each; ${failures.length} failed`,
  );
  const missing = untried(report.counters);
  if (missing.length > 0) console.log(`Never happened: ${missing.join(', ')}`);
  for (const { seed: failed } of failures.slice(0, 20)) console.log(`npm run world -- --seed ${failed}`);
  if (failures.length > 0 || (count >= COMPLETE && missing.length > 0)) process.exitCode = 1;
}

function table(counters: Readonly<Record<string, number>>): void {
  for (const [name, times] of Object.entries(counters)) console.log(`${String(times).padStart(9)}  ${name}`);
}
