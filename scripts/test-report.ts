// Reads vitest's JSON reports: how many tests passed, which failed and why, and what was slow.

import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

export type Tier = 'fast' | 'long' | 'docker';

export interface TimedTest {
  readonly file: string;
  readonly name: string;
  readonly durationMs: number;
}

export interface Totals {
  readonly passed: number;
  readonly skipped: number;
  readonly tests: readonly TimedTest[];
  /** What failed and why, in words: a test each, or what went wrong outside all tests. */
  readonly failures: readonly string[];
}

/** What is read of a report; shape: vitest's `json` reporter. */
export interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly duration?: number | null;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

const SLOWEST_COUNT = 15;
const LINES_PER_FAILURE = 12;

/** Where reports and totals are left, relative to the root: beside the dependencies, which git never sees. */
export const REPORTS = 'node_modules/.vauban';

export const nothing: Totals = { passed: 0, skipped: 0, tests: [], failures: [] };

export function totalsPath(tier: Tier): string {
  return `${REPORTS}/totals-${tier}.json`;
}

/** The totals a tier's last run left. A run that left none did not end as it should: one failure. */
export function readTotals(tier: Tier): Totals {
  const text = readIfThere(totalsPath(tier));
  return text === undefined ? oneFailure(`The ${tier} tests left no totals.`) : (JSON.parse(text) as Totals);
}

/** Totals of vitest's report file, given its exit status. A missing report is one failure. */
export function readReport(path: string, status: number): Totals {
  const text = readIfThere(path);
  return text === undefined
    ? oneFailure(`vitest ended with status ${status} and left no report.`)
    : totalsOf(JSON.parse(text) as Report, status);
}

function oneFailure(reason: string): Totals {
  return { ...nothing, failures: [reason] };
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Totals of one report. Failures that are no test's own (a file that does not load, a stray rejection) count too. */
export function totalsOf(report: Report, status: number): Totals {
  const files = report.testResults.map((file) => ({ ...file, name: relative(process.cwd(), file.name) }));
  const results = files.flatMap((file) =>
    file.assertionResults.map((test) => ({ ...test, file: file.name })),
  );
  const passed = results.filter((test) => test.status === 'passed').length;
  const failures = results
    .filter((test) => test.status === 'failed')
    .map((test) => `${test.file}  ${test.fullName}\n${reasons(test.failureMessages ?? [])}`);
  const outside = files
    .filter(
      (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    )
    .map((file) => `${file.name} failed outside its tests: ${file.message.split('\n')[0]}`);
  if (status !== 0 && failures.length + outside.length === 0) {
    const reason = results.length === 0 ? 'without any test' : 'although every test passed';
    outside.push(`vitest ended with status ${status} ${reason}; its own words are above.`);
  }
  return {
    passed,
    skipped: results.length - passed - failures.length,
    tests: results.map((test) => ({ file: test.file, name: test.fullName, durationMs: test.duration ?? 0 })),
    failures: [...failures, ...outside],
  };
}

function reasons(messages: readonly string[]): string {
  const lines = messages.join('\n').split('\n').slice(0, LINES_PER_FAILURE);
  return lines.map((line) => `    ${line}`).join('\n');
}

/** The totals of several tiers together. */
export function sum(parts: readonly Totals[]): Totals {
  return {
    passed: parts.reduce((all, part) => all + part.passed, 0),
    skipped: parts.reduce((all, part) => all + part.skipped, 0),
    tests: parts.flatMap((part) => part.tests),
    failures: parts.flatMap((part) => part.failures),
  };
}

/** `N passed, N failed`, and how many were skipped if any were. */
export function totalsLine({ passed, failures, skipped }: Totals): string {
  return `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** What a run ends with: the slowest tests, then what failed and why, then the line of totals. */
export function summary(totals: Totals): string {
  return [
    slowestTable(totals.tests),
    ...totals.failures.map((each) => `FAILED: ${each}`),
    totalsLine(totals),
  ].join('\n');
}

/** The slowest tests, one a line, in seconds. */
function slowestTable(tests: readonly TimedTest[]): string {
  const slowest = tests.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, SLOWEST_COUNT);
  const rows = slowest.map(
    (test) => `${(test.durationMs / 1000).toFixed(2).padStart(8)} s  ${test.file}  ${test.name}`,
  );
  return ['Slowest tests', ...rows].join('\n');
}
