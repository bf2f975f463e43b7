// The log: levels that change while it runs, and lines that may leave the company.

import { describe, expect, it } from 'vitest';
import { logControl } from '../src/log.ts';

const id = 'ab'.repeat(32);

function logged(level: 'debug' | 'info' | 'warn' | 'error' = 'info') {
  const lines: { readonly [key: string]: unknown }[] = [];
  const control = logControl(level, {
    now: () => 1_800_000_000_000,
    write: (line) => void lines.push(JSON.parse(line)),
  });
  return { ...control, lines };
}

describe('the log', () => {
  it('says what its level lets through, and changes with it', () => {
    const { log, lines, setLevel, level } = logged('warn');
    log('info', 'a');
    log('warn', 'b', { n: 1 });
    setLevel('debug');
    log('debug', 'c');
    setLevel('error');
    log('warn', 'd');
    expect(level()).toBe('error');
    const time = '2027-01-15T08:00:00.000Z';
    expect(lines).toEqual([
      { time, level: 'warn', event: 'b', n: 1 },
      { time, level: 'debug', event: 'c' },
    ]);
  });

  it('names no segment, fragment or file from info on, however deep', () => {
    const { log, lines } = logged();
    log('error', 'x', {
      message: `fragment 3 of segment ${id} is gone: ENOENT, open '/srv/data/fragments/ab/${id}-3'`,
      segment: id,
      deep: [{ path: `fragments/ab/${id}-254.tmp` }, 7, null, true],
    });
    expect(JSON.stringify(lines)).not.toContain(id);
    expect(lines[0]).toMatchObject({
      message: "fragment 3 of segment (id) is gone: ENOENT, open '/srv/data/(id)'",
      deep: [{ path: '(id).tmp' }, 7, null, true],
    });
  });

  it('still names logs, keys and daemons, without which nobody could act', () => {
    const { log, lines } = logged();
    const daemon = 'cd'.repeat(16);
    const origin = `grand-est-0123abcd/${id}`;
    log('error', 'x', { origin, key: id, daemon, message: `the log ${origin} of ${daemon} forked` });
    expect(lines[0]).toMatchObject({
      origin,
      key: id,
      daemon,
      message: `the log ${origin} of ${daemon} forked`,
    });
  });

  it('says all at debug, for whoever looks into one daemon', () => {
    const { log, lines } = logged('debug');
    log('debug', 'x', { segment: id });
    expect(lines[0]).toMatchObject({ segment: id });
  });
});
