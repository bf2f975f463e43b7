// Runs one tier of the tests and ends with the slowest tests, what failed and why, and one plain line of totals.
// The totals come from vitest's JSON report, so a file that fails to load counts as a failure.

import { spawn } from 'node:child_process';
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { relay } from './relay.js';
import { nothing, readReport, REPORTS, summary, totalsLine, totalsPath, type Tier } from './test-report.ts';

const [tier, ...extra] = process.argv.slice(2) as [Tier, ...string[]];
const report = `${REPORTS}/report-${tier}.json`;
mkdirSync(REPORTS, { recursive: true });
for (const stale of [report, totalsPath(tier)]) rmSync(stale, { force: true });

const longTests = globSync(['packages/*/test/**/*.long.test.ts', 'tests/**/*.long.test.ts']);
if (tier === 'long' && longTests.length === 0 && extra.length === 0) {
  console.log('There are no long tests yet.');
  writeFileSync(totalsPath(tier), JSON.stringify(nothing));
  console.log(totalsLine(nothing));
  process.exit(0);
}

const vitest = spawn(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    `--mode=${tier === 'long' ? 'long' : 'test'}`,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...extra,
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] },
);
const status = await relay(vitest);

const totals = readReport(report, status);
writeFileSync(totalsPath(tier), JSON.stringify(totals));
console.log(summary(totals));
process.exit(totals.failures.length > 0 ? status || 1 : 0);
