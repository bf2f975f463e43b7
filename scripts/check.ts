// Runs every static check side by side and shows only what they found.
// Names as arguments choose some of them: `npm run check -- types tidy`.

import { spawn } from 'node:child_process';
import { banFindings } from '../tests/tidy/ban-list.ts';
import { houseFindings } from '../tests/tidy/house-rules.ts';
import { importFindings } from '../tests/tidy/import-law.ts';
import { manifestFindings } from '../tests/tidy/manifest-rules.ts';
import { inWords } from '../tests/tidy/places.ts';
import { readTree } from '../tests/tidy/source-tree.ts';

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

const bin =
  (path: string, ...args: readonly string[]) =>
  () =>
    run(`node_modules/${path}`, args);

const checks: Readonly<Record<string, () => Promise<Outcome>>> = {
  types: bin('typescript/bin/tsc', '--noEmit', '--project', 'tsconfig.json'),
  lint: bin(
    'oxlint/bin/oxlint',
    '--type-aware',
    '--deny-warnings',
    '--format=unix',
    'packages',
    'tests',
    'scripts',
  ),
  format: bin('@biomejs/biome/bin/biome', 'format', '--reporter=summary'),
  unused: bin('knip/bin/knip.js', '--no-progress', '--no-config-hints'),
  tidy: async () => {
    const tree = readTree();
    const perFile = tree.files.flatMap((file) => [
      ...importFindings(file),
      ...banFindings(file),
      ...houseFindings(file),
    ]);
    const found = [...perFile, ...manifestFindings(tree)];
    return { ok: found.length === 0, output: found.map(inWords).join('\n') };
  },
};

const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!(name in checks)) {
    console.error(`There is no check named ${name}. Checks: ${Object.keys(checks).join(', ')}.`);
    process.exit(2);
  }
}

const start = performance.now();
const seconds = () => ((performance.now() - start) / 1000).toFixed(1);
const outcomes = await Promise.all(
  Object.entries(checks)
    .filter(([name]) => wanted.length === 0 || wanted.includes(name))
    .map(async ([name, check]) => {
      const outcome = await check();
      if (!outcome.ok) console.log(`── ${name} ──\n${outcome.output.trim()}\n`);
      return { name, ok: outcome.ok, seconds: seconds() };
    }),
);
const failed = outcomes.filter(({ ok }) => !ok).map(({ name }) => name);
const times = outcomes.map((each) => `${each.name} ${each.seconds}`).join(', ');
console.log(
  `check: ${failed.length === 0 ? 'all well' : `${failed.join(', ')} failed`} in ${seconds()} s (${times})`,
);
process.exitCode = failed.length === 0 ? 0 : 1;

/** Runs a tool's JavaScript entry on this Node; what it prints counts only when it fails. */
function run(entry: string, args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ ok: status === 0, output }));
  });
}
