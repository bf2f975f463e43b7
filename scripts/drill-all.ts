// Plays every scenario of the library, each on a network of its own made for it, and leaves the reports side by side. A sabotage has
// to end broken, everything else kept: `npm run drill:all [-- <scenario> …] [-- --report <dir>]`.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';

const vauban = resolve('packages/cli/bin/vauban.js');
/** A drill that hangs is a failure, not a wait. */
const DRILL_MS_MAX = 900_000;

interface Outcome {
  readonly code: number;
  readonly out: string;
}

const { values, positionals } = parseArgs({
  options: { report: { type: 'string', default: 'drill-reports' }, seed: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const report = resolve(values.report);

const library = JSON.parse((await run(['drill', 'list', '--json'])).out) as {
  readonly scenarios: readonly {
    readonly name: string;
    readonly sabotage: boolean;
    readonly network: { readonly sites: number; readonly k: number; readonly m: number };
  }[];
};
const unknown = positionals.filter((name) => !library.scenarios.some((one) => one.name === name));
if (unknown.length > 0) {
  console.error(
    `There is no scenario ${unknown.join(', ')}; the library has ${library.scenarios.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}
// The drill under way hears it too, and undoes what it staged; what this script made is removed then.
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (interrupted = true));
const wanted = library.scenarios.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
let failed = 0;
for (const scenario of wanted) {
  if (interrupted) break;
  const started = performance.now();
  const problem = await drill(scenario);
  const seconds = ((performance.now() - started) / 1_000).toFixed(0).padStart(4);
  if (problem !== undefined) failed += 1;
  console.log(
    `${seconds} s  ${scenario.name}: ${problem ?? (scenario.sabotage ? 'broken, as it has to be' : 'kept')}`,
  );
}
console.log(
  `${wanted.length - failed} of ${wanted.length} drills ended as they have to; reports in ${report}`,
);
process.exitCode = interrupted ? 130 : failed > 0 ? 1 : 0;

/** What is wrong with how it ended; undefined when nothing is. */
async function drill({ name, sabotage, network }: (typeof wanted)[number]): Promise<string | undefined> {
  const scratch = await mkdtemp(join(tmpdir(), 'vauban-drill-'));
  const directory = join(scratch, 'network');
  try {
    const size = ['--sites', `${network.sites}`, '-k', `${network.k}`, '-m', `${network.m}`];
    await must(['network', 'create', directory, ...size]);
    await must(['network', 'start', directory]);
    const where = ['--network', directory];
    const played = await run([
      'drill',
      name,
      ...where,
      '--report',
      report,
      '--seed',
      values.seed,
      '--yes',
      '--json',
    ]);
    const told = documentOf(played.out);
    if (told?.report === undefined) return `exit status ${played.code}: ${played.out.trim().slice(-400)}`;
    const broken = told.promises.filter(({ kept }) => !kept).map((one) => `${one.name} (${one.detail})`);
    if (told.ok === sabotage || played.code !== (sabotage ? 1 : 0)) {
      return sabotage ? 'kept, although it was sabotaged' : `BROKEN: ${told.aborted ?? broken.join('; ')}`;
    }
    await must(['network', 'start', directory]).catch(() => undefined);
    const checked = await run(['drill', 'verify', told.report.html, ...where, '--json']);
    return checked.code === 0 || sabotage ? undefined : `its report does not verify: ${checked.out.trim()}`;
  } finally {
    await run(['network', 'stop', directory]);
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Told {
  readonly ok: boolean;
  readonly aborted: string | null;
  readonly promises: readonly { readonly name: string; readonly kept: boolean; readonly detail: string }[];
  readonly report?: { readonly html: string };
}

function documentOf(out: string): Told | undefined {
  try {
    return JSON.parse(out) as Told;
  } catch {
    return undefined;
  }
}

async function must(argv: readonly string[]): Promise<void> {
  const { code, out } = await run(argv);
  if (code !== 0) throw new Error(`vauban ${argv.join(' ')} ended with ${code}: ${out}`);
}

function run(argv: readonly string[]): Promise<Outcome> {
  return new Promise((done, broken) => {
    const child = spawn(process.execPath, [vauban, ...argv], {
      stdio: ['ignore', 'pipe', argv[0] === 'drill' ? 'inherit' : 'ignore'],
      timeout: DRILL_MS_MAX,
    });
    let out = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.on('error', broken);
    child.on('close', (code) => done({ code: code ?? 1, out: stripVTControlCharacters(out) }));
  });
}
