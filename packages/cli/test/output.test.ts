// Text for people.

import { describe, expect, it, test } from 'vitest';
import { count, size, table, wrap } from '../src/output.ts';
import { Progress } from '../src/progress.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [1_449_999, '1.4 MB'],
  [9_960_000, '10 MB'],
  [999_600, '1.0 MB'],
  [100e9, '100 GB'],
])('%i bytes are %s', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test('counts have a number', () => {
  expect([count(1, 'site'), count(2, 'site'), count(0, 'agency', 'agencies')]).toEqual([
    '1 site',
    '2 sites',
    '0 agencies',
  ]);
});

describe('a table', () => {
  it('aligns, and keeps to 80 columns', () => {
    const text = table(
      [{ title: 'a' }, { title: 'n', right: true }],
      [
        ['é', '1'],
        ['long', '100'],
        ['x'.repeat(90), '2'],
      ],
    );
    expect(text.split('\n').every((line) => line.length <= 80)).toBe(true);
    expect(
      table(
        [{ title: 'a' }, { title: 'n', right: true }],
        [
          ['é', '1'],
          ['long', '100'],
        ],
      ),
    ).toBe('a       n\né       1\nlong  100');
  });
});

describe('a progress bar', () => {
  it('writes nothing where nobody watches', () => {
    let text = '';
    const bar = new Progress({ write: (more) => (text += more), isTTY: false }, 'x');
    bar.update(1, 2);
    bar.end();
    expect(text).toBe('');
  });
});

test('text wraps at spaces, and keeps its own line breaks', () => {
  const text = wrap(`${'word '.repeat(40)}\nsecond\n${'x'.repeat(100)} end`);
  const lines = text.split('\n');
  expect(lines.filter((line) => line.length > 80)).toEqual(['x'.repeat(100)]);
  expect(lines).toContain('second');
  expect(text.replace(/\s+/g, ' ')).toBe(`${'word '.repeat(40)}second ${'x'.repeat(100)} end`);
});
