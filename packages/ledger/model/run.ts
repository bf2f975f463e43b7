// The command: npm run model explores everything, -- <name> one model, -- --weaken <name> shows what breaks without a
// part of the rule, -- --list names all. Ends with 1 when a rule does not hold, or a weakened one does.

import { parseArgs } from 'node:util';
import { asExpected, RULES, verdictOn, WEAKENED, type Exhibit } from './catalogue.ts';
import type { Verdict } from './explorer.ts';

const USAGE =
  'usage: npm run model -- [--list] [model …] [--weaken model | model/weakening | weakening | all]';

const say = (line: string) => console.log(line);

function list(): void {
  for (const { model, name } of RULES) {
    say(`${name}${model.long === true ? ' (long)' : ''}: ${model.about}`);
    for (const { weak } of WEAKENED.filter((one) => one.model === model)) {
      say(`  ${name}/${weak?.name}: ${weak?.about} → ${weak?.breaks}`);
    }
  }
}

/** The exhibits called `name`, which may be a model's, a weakening's, or both with a slash. */
function called(name: string, from: readonly Exhibit[]): readonly Exhibit[] {
  return from.filter(
    (one) => name === 'all' || one.name === name || one.model.name === name || one.weak?.name === name,
  );
}

function summary(
  { name }: Exhibit,
  verdict: Verdict,
  { seconds, expected }: { readonly seconds: number; readonly expected: boolean },
): string {
  const size = `${verdict.states.toLocaleString('en')} states, depth ${verdict.depth}, ${seconds.toFixed(1)} s`;
  return `${expected ? 'ok   ' : 'FALSE'} ${name.padEnd(38)} ${size.padEnd(38)} ${inWords(verdict)}`;
}

function inWords(verdict: Verdict): string {
  if (verdict.outcome === 'broken') return `broken: ${verdict.property}`;
  if (verdict.outcome === 'stuck') return `out of reach for ever: ${verdict.property}`;
  if (verdict.outcome === 'unfinished') {
    return `unfinished: more than ${verdict.statesMax.toLocaleString('en')} states`;
  }
  if (verdict.outcome === 'tame')
    return `says nothing, for these never happen: ${verdict.missing.join('; ')}`;
  return 'holds';
}

function tell(exhibit: Exhibit, verdict: Verdict): void {
  if (verdict.outcome !== 'broken' && verdict.outcome !== 'stuck') return;
  say(`      ${exhibit.model.about}`);
  if (exhibit.weak !== undefined) say(`      without the rule: ${exhibit.weak.about}`);
  if (verdict.trace.length === 0) say('   0. from the first state on');
  for (const [nth, step] of verdict.trace.entries()) say(`  ${String(nth + 1).padStart(2)}. ${step}`);
  say(
    verdict.outcome === 'broken'
      ? `   →  ${verdict.property}. Liars sign and answer whatever helps; their signatures are not told.`
      : `   →  no steps of honest parties lead from here to: ${verdict.property}.`,
  );
}

function main(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { list: { type: 'boolean' }, weaken: { type: 'string', multiple: true } },
    allowPositionals: true,
  });
  if (values.list === true) {
    list();
    return 0;
  }
  const asked = [
    ...positionals.map((name) => ({ name, found: called(name, RULES) })),
    ...(values.weaken ?? []).map((name) => ({ name, found: called(name, WEAKENED) })),
  ];
  for (const { name } of asked.filter(({ found }) => found.length === 0)) {
    console.error(`There is nothing named ${name}: npm run model -- --list names all there is.`);
    return 2;
  }
  const everything = asked.length === 0;
  const wanted = everything ? [...RULES, ...WEAKENED] : asked.flatMap(({ found }) => found);
  const otherwise = wanted.filter((exhibit) => !show(exhibit, !everything)).length;
  say(
    otherwise === 0
      ? `All ${wanted.length} as expected.`
      : `${otherwise} of ${wanted.length} not as expected.`,
  );
  return otherwise === 0 ? 0 : 1;
}

/** Explores and tells of it; false when it did not come out as expected. */
function show(exhibit: Exhibit, whole: boolean): boolean {
  const start = process.cpuUsage().user;
  const verdict = verdictOn(exhibit);
  const expected = asExpected(exhibit, verdict);
  say(summary(exhibit, verdict, { seconds: (process.cpuUsage().user - start) / 1e6, expected }));
  if (whole || !expected) tell(exhibit, verdict);
  return expected;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof TypeError && 'code' in error)) throw error;
  console.error(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
