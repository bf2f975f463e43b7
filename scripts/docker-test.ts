// npm run test:docker: the tests in tests/docker on a real container engine, started where it is missing and root may.
// Where none can run it says so in one line and ends well; with CI=true that is a failure.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endEngine, ensureEngine } from './docker-command.ts';
import { relay } from './relay.js';
import { nothing, readReport, REPORTS, summary, type Totals } from './test-report.ts';

const REPORT = `${REPORTS}/report-docker.json`;
const TOTALS = `${REPORTS}/totals-docker.json`;

mkdirSync(REPORTS, { recursive: true });
for (const stale of [REPORT, TOTALS]) rmSync(stale, { force: true });
const engine = mkdtempSync(join(tmpdir(), 'vauban-engine-'));
try {
  const reason = await ensureEngine(engine);
  process.exitCode = reason === undefined ? await test() : passOver(reason);
} finally {
  await endEngine(engine);
}

async function test(): Promise<number> {
  const vitest = spawn(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--config=tests/docker/vitest.config.ts',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${REPORT}`,
      ...process.argv.slice(2),
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const status = await relay(vitest);
  const totals = readReport(REPORT, status);
  leave(totals, summary(totals));
  return totals.failures.length > 0 ? status || 1 : 0;
}

function passOver(reason: string): number {
  if (process.env['CI'] !== 'true') {
    leave(nothing, `Skipped: ${reason}`);
    return 0;
  }
  const failed = { ...nothing, failures: [`The container tests cannot be skipped here: ${reason}`] };
  leave(failed, summary(failed));
  return 1;
}

function leave(totals: Totals, words: string): void {
  writeFileSync(TOTALS, JSON.stringify(totals));
  console.log(words);
}
