// What verbs print about places with long names and about many things gone wrong, in the 80 columns of a terminal.

import type { FragmentWhereabouts } from '@vauban/client';
import { Fault } from '@vauban/core';
import type { AdminStatus } from '@vauban/daemon';
import { expect, test } from 'vitest';
import { statusText } from '../src/verbs/daemon-status.ts';
import { holdersInWords } from '../src/verbs/where.ts';

const site = 'charleville-mezieres';
const hoster = 'hebergeur-ardoise';
const wide = (text: string) => text.split('\n').filter((line) => line.length > 80);

function fragment(index: number, of: Partial<FragmentWhereabouts>): FragmentWhereabouts {
  const daemon = 'de2381e1b5452ac5a48efc644a036b89';
  const held = { index, daemon, hoster, site, root: '', gone: false, live: false, problem: null };
  return { ...held, by: 'custody', ...of };
}

test('where says below its table why a fragment was not proven', () => {
  const missing = `daemon de2381e1b5452ac5a48efc644a036b89 does not hold fragment 2 of this segment any more`;
  const text = holdersInWords([
    fragment(0, { live: true, by: 'place' }),
    fragment(1, { problem: new Fault('unreachable', 'PEER_UNREACHABLE', 'cannot be reached: 12D3', {}) }),
    fragment(2, { problem: new Fault('failure', 'FRAGMENT_MISSING', missing, {}) }),
    fragment(3, { gone: true, problem: new Fault('failure', 'FRAGMENT_MISSING', missing, {}) }),
  ]);
  expect(wide(text)).toEqual([]);
  const lines = text.split('\n');
  expect(lines.slice(1, 5).map((line) => line.replace(/.* {2}/, ''))).toEqual([
    'yes',
    'NO',
    'NO',
    'no, gone',
  ]);
  expect(lines[5]).toBe(`! fragment 1 at ${site}: it does not answer (PEER_UNREACHABLE)`);
  expect(text.replaceAll('\n', ' ')).toContain(`! fragment 2 at ${site}: ${missing} (FRAGMENT_MISSING)`);
  expect(text).not.toContain('! fragment 3');
});

test('the status of a daemon keeps its numbers, whatever names are in it', () => {
  const long = 'h'.repeat(40);
  const status: AdminStatus = {
    daemon: '0'.repeat(32),
    hoster: long,
    site,
    mode: 'read-only',
    charter: { name: 'grand-est-c83ae591', version: 12, expires: 1_900_000_000_000 },
    startedAt: 1_800_000_000_000,
    holds: {
      fragments: 123_456_789,
      bytes: 123e12,
      freeBytes: 123e12,
      capacityBytes: 246e12,
      agencies: [{ agency: 'a', name: 'A'.repeat(100), bytes: 123e12 }],
    },
    ledger: { logs: 100_000, entries: 123_456_789, uncertified: 1_000_000, silent: null },
    doing: [{ what: 'repair', text: 'repairs 123456 segments, 123456789012345 bytes to go' }],
    wants: [{ code: 'QUORUM_UNHEARD', message: 'it does not hear enough others '.repeat(5), facts: {} }],
    peers: [{ hoster: long, site: 's'.repeat(40), up: 1_000, silent: 2_000, lost: 3_000 }],
    drain: null,
    refusedMessages: 0,
    logLevel: 'info',
  };
  const text = statusText(status);
  expect(wide(text)).toEqual([]);
  expect(text).toMatch(/^ {2}A+… +123 TB$/m);
  expect(text).toMatch(/^ {2}s+… +h+… +1000 +2000 +3000$/m);
  expect(text).toContain('(QUORUM_UNHEARD)');
});
