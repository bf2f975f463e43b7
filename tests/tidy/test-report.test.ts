// The totals at the end of a test run and the verdicts on figures: what counts as a failure.

import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sum, summary, totalsLine, totalsOf } from '../../scripts/test-report.ts';
import { verdict } from '../../scripts/verdict.ts';

const file = (status: string, statuses: readonly string[], message = '') => ({
  name: '/a.test.ts',
  status,
  message,
  assertionResults: statuses.map((each, index) => ({ fullName: `t${index}`, status: each, duration: index })),
});

describe('the totals of a test run', () => {
  it.each([
    ['passes', [file('passed', ['passed', 'passed'])], 0, '2 passed, 0 failed'],
    ['failures', [file('failed', ['passed', 'failed', 'failed'])], 1, '1 passed, 2 failed'],
    ['skipped tests', [file('passed', ['passed', 'skipped', 'todo'])], 0, '1 passed, 0 failed, 2 skipped'],
    ['a file that does not load', [file('failed', [], 'no such import')], 1, '0 passed, 1 failed'],
    ['a failing hook', [file('failed', ['passed', 'passed'], 'afterAll threw')], 1, '2 passed, 1 failed'],
    ['an error outside all files', [file('passed', ['passed'])], 1, '1 passed, 1 failed'],
    ['no test at all, refused by vitest', [], 1, '0 passed, 1 failed'],
  ])('count %s', (_, testResults, status, line) => {
    expect(totalsLine(totalsOf({ testResults }, status))).toBe(line);
  });

  it('add up over tiers', () => {
    const one = totalsOf({ testResults: [file('failed', ['passed', 'failed'])] }, 1);
    const other = totalsOf({ testResults: [file('passed', ['passed', 'skipped'])] }, 0);
    expect(totalsLine(sum([one, other]))).toBe('2 passed, 1 failed, 1 skipped');
  });

  it('end with what failed and why, and no more of it than fits a screen', () => {
    const failing = file('failed', ['passed', 'failed']);
    const why = ['expected 1 to be 2', ...Array.from({ length: 50 }, (_, line) => `    at line ${line}`)];
    const told = failing.assertionResults.map((test) => ({ ...test, failureMessages: [why.join('\n')] }));
    const lines = summary(
      totalsOf({ testResults: [{ ...failing, name: resolve('a.test.ts'), assertionResults: told }] }, 1),
    ).split('\n');
    expect(lines.at(-1)).toBe('1 passed, 1 failed');
    const first = lines.indexOf('FAILED: a.test.ts  t1');
    expect(lines[first + 1]).toBe('    expected 1 to be 2');
    expect(lines.length - first).toBe(14);
  });

  it('show the fifteen slowest, slowest first', () => {
    const statuses = Array.from({ length: 20 }, () => 'passed');
    const rows = summary(totalsOf({ testResults: [file('passed', statuses)] }, 0))
      .split('\n')
      .slice(1, -1);
    expect(rows.map((row) => row.split('  ').at(-1))).toEqual(
      Array.from({ length: 15 }, (_, index) => `t${19 - index}`),
    );
  });
});

describe('a verdict', () => {
  const of = (value: number, marks: { floor?: number; aim?: number }) =>
    verdict({ figure: 'a', unit: 'b', value, ...marks });

  it('reads more as better', () => {
    expect(of(5, { floor: 6, aim: 8 })).toBe('below floor');
    expect(of(6, { floor: 6, aim: 8 })).toBe('above floor');
    expect(of(8, { floor: 6, aim: 8 })).toBe('aim met');
    expect(of(5, {})).toBe('');
    expect(of(5, { aim: 6 })).toBe('');
  });

  it('reads less as better when the aim is under the floor', () => {
    expect(of(9, { floor: 8, aim: 6 })).toBe('below floor');
    expect(of(8, { floor: 8, aim: 6 })).toBe('above floor');
    expect(of(6, { floor: 8, aim: 6 })).toBe('aim met');
  });

  it('finds no number below any floor', () => {
    expect(of(Number.NaN, { floor: 1 })).toBe('below floor');
    expect(of(Number.NaN, { floor: 8, aim: 6 })).toBe('below floor');
  });
});
