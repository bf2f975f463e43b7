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

describe('a table too wide for 80 columns', () => {
  const columns = [
    { title: 'site', gives: true },
    { title: 'hoster', gives: true },
    { title: 'n', right: true },
  ];
  const rows = [
    ['a'.repeat(40), 'b'.repeat(50), '123456789'],
    ['metz', 'short', '1'],
  ];

  it('cuts names, the longest most, and nothing to their right', () => {
    const lines = table(columns, rows).split('\n');
    expect(lines[1]).toBe(`${'a'.repeat(32)}…  ${'b'.repeat(33)}…  123456789`);
    expect(lines[2]).toBe(`${'metz'.padEnd(33)}  ${'short'.padEnd(34)}          1`);
    expect(lines.map(({ length }) => length).slice(1)).toEqual([80, 80]);
  });

  it('as far as names can be told apart; and then lines', () => {
    const wide = [...columns, { title: 'more' }];
    const [, line = ''] = table(
      wide,
      rows.map((row) => [...row, 'c'.repeat(60)]),
    ).split('\n');
    expect(line.startsWith(`${'a'.repeat(7)}…  ${'b'.repeat(7)}…  123456789  ccc`)).toBe(true);
    expect([line.length, line.at(-1)]).toEqual([80, '…']);
  });

  it('is left whole where it has to be copied, and is narrower where it stands further in', () => {
    expect(table(columns, rows, { cut: false })).toContain(`${'a'.repeat(40)}  ${'b'.repeat(50)}  123456789`);
    const inner = table(columns, rows, { columns: 60 }).split('\n');
    expect(Math.max(...inner.map(({ length }) => length))).toBe(60);
    expect(inner[1]?.endsWith('123456789')).toBe(true);
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
