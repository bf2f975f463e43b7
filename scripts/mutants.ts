// Sabotages the protocol one line at a time, each in a scratch copy of the sources, and runs histories there until one
// fails: npm run mutants [-- name …] [--seeds 500] [--from 1] [--processes 2]. A mutant must be caught by a promise that it
// breaks; one that survives, or that only wrecks the start, is a judge or an attack that the world lacks.

import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Mutant, mutants } from '../tests/mutants/mutants.ts';

const root = dirname(import.meta.dirname);
const CONTROL_SEEDS = 12;
const TIME_MS_MAX = 1_800_000;
/** No judge says so: the mutant does not run at all, or stumbles over itself. */
const wreckage =
  /waited in vain|is not defined|is not a function|is not iterable|Cannot read|Cannot destructure|assertion failed|SyntaxError|no event/i;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '500' },
    from: { type: 'string', default: '1' },
    processes: { type: 'string', default: '2' },
  },
});

interface Run {
  readonly status: 'killed' | 'wrecked' | 'survived' | 'late';
  readonly seed: number | undefined;
  /** In the words of whoever caught it. */
  readonly why: string;
  readonly seconds: number;
}

const unknown = positionals.filter((name) => !mutants.some((one) => one.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no mutant ${unknown.join(', ')}. Mutants: ${mutants.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}
const chosen = mutants.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

const control = await inCopy(undefined, CONTROL_SEEDS);
if (control.status !== 'survived') {
  console.error(`The unmutated sources fail at seed ${control.seed ?? '?'}: ${control.why}`);
  process.exit(1);
}
console.log(`control: ${CONTROL_SEEDS} seeds, nothing fails (${control.seconds} s)`);
const rows: (readonly [Mutant, Run])[] = [];
for (const mutant of chosen) {
  const run = await inCopy(mutant, Number(values.seeds));
  rows.push([mutant, run]);
  console.log(line(mutant, run));
}
const left = rows.filter(([, { status }]) => status !== 'killed');
console.log(`\n${rows.length - left.length} of ${rows.length} mutants were caught`);
for (const [{ name, breaks }, { status }] of left)
  console.log(`${status}: ${name}. Nobody sees that this is broken: ${breaks}`);
if (left.length > 0) process.exitCode = 1;

function line({ name }: Mutant, { status, seed, why, seconds }: Run): string {
  return `${name.padEnd(30)} ${status.padEnd(9)} ${String(seed ?? '').padStart(5)} ${`${seconds} s`.padStart(7)}  ${why}`;
}

/** Runs histories in a scratch copy of the sources, until one fails. */
async function inCopy(mutant: Mutant | undefined, seeds: number): Promise<Run> {
  const copy = mkdtempSync(join(tmpdir(), 'vauban-mutant-'));
  const began = performance.now();
  try {
    copySources(copy);
    if (mutant !== undefined) apply(mutant, join(copy, mutant.file));
    const { output, expired } = await world(copy, seeds);
    const seconds = Math.round((performance.now() - began) / 1_000);
    const failed = /^seed (\d+): (.*)$/m.exec(output);
    if (expired) return { status: 'late', seed: undefined, why: 'out of time', seconds };
    if (failed !== null) {
      const why = (failed[2] as string).slice(0, 160);
      return { status: wreckage.test(why) ? 'wrecked' : 'killed', seed: Number(failed[1]), why, seconds };
    }
    if (/^\d+ histories in/m.test(output)) return { status: 'survived', seed: undefined, why: '', seconds };
    return {
      status: 'wrecked',
      seed: undefined,
      why: output.trim().split('\n').slice(-3).join(' '),
      seconds,
    };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** What the sources import is linked, but for our own packages: those must be the copy's. */
function copySources(copy: string): void {
  for (const name of ['package.json', 'tsconfig.json', 'scripts', 'packages']) {
    const filter = (from: string) => !from.endsWith('node_modules') && !from.endsWith('.bench');
    cpSync(join(root, name), join(copy, name), { recursive: true, filter });
  }
  const modules = join(copy, 'node_modules');
  mkdirSync(join(modules, '@vauban'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '@vauban') symlinkSync(join(root, 'node_modules', name), join(modules, name));
  for (const name of readdirSync(join(copy, 'packages')))
    symlinkSync(join(copy, 'packages', name), join(modules, '@vauban', name));
}

function apply({ name, find, replace }: Mutant, path: string): void {
  const text = readFileSync(path, 'utf8');
  if (text.split(find).length !== 2) throw new Error(`${name}: its line is not there exactly once`);
  writeFileSync(
    path,
    text.replace(find, () => replace),
  );
}

function world(copy: string, seeds: number): Promise<{ readonly output: string; readonly expired: boolean }> {
  const options = [
    '--seeds',
    String(seeds),
    '--from',
    values.from,
    '--processes',
    values.processes,
    '--first',
  ];
  const child = spawn(process.execPath, ['scripts/world.ts', ...options], { cwd: copy });
  let output = '';
  let expired = false;
  child.stdout.on('data', (bytes: Buffer) => (output += String(bytes)));
  child.stderr.on('data', (bytes: Buffer) => (output += String(bytes)));
  const timer = setTimeout(() => {
    expired = true;
    child.kill();
  }, TIME_MS_MAX);
  return new Promise((resolve) => {
    child.on('close', () => {
      clearTimeout(timer);
      resolve({ output, expired });
    });
  });
}
