import { encodeCbor, MESSAGE_BYTES_MAX } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  type AnswerOf,
  type Ask,
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  HOLDERS_MAX,
  HOLDERS_SEGMENTS_MAX,
  type Request,
} from '../src/index.ts';

const id = (nth: number) => new Uint8Array(32).fill(nth);
const times = (count: number, one: unknown) => Array.from({ length: count }, () => one);
const daemon = '0123456789abcdef0123456789abcdef';
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'no fault';
};

const healing: AnswerOf<'healing'> = {
  paused: false,
  segmentsToRepair: 12,
  byMargin: { '3': 2, '0': 1, '-1': 9 },
  bytesToGo: 123_456_789_012,
  rateByLink: { 'nancy-1': 5_000_000, 'metz-2': 0 },
  etaSeconds: 4_000,
  doneSegments: 1,
  doneBytes: 5_000,
  leaving: { fragmentsLeft: 3, bytesLeft: 9, etaSeconds: null, safeToStop: false },
  readOnly: null,
};
const ping: AnswerOf<'ping'> = { takes: true, readOnly: false, draining: false, freeBytes: 7, voting: true };
const listed = (holders: unknown, segment: unknown = id(1)) => ({ segments: [{ segment, holders }] });

const requests: readonly Request[] = [
  { ask: 'ping' },
  { ask: 'holders', segments: [] },
  { ask: 'holders', segments: [id(1), id(1), id(0)] },
  { ask: 'holders', segments: Array.from({ length: HOLDERS_SEGMENTS_MAX }, (_, nth) => id(nth)) },
  { ask: 'healing' },
  { ask: 'repair-pause', paused: true },
];
test.each(requests)('$ask arrives as it was sent', (request) => {
  expect(decodeRequest(encodeRequest(request))).toEqual(request);
});

test.each<[string, unknown]>([
  ['a ping with more to it', { ask: 'ping', loud: true }],
  ['holders of nothing', { ask: 'holders' }],
  ['holders of a short id', { ask: 'holders', segments: [new Uint8Array(31)] }],
  ['holders of an id as text', { ask: 'holders', segments: ['00'.repeat(32)] }],
  ['holders of too many segments', { ask: 'holders', segments: times(HOLDERS_SEGMENTS_MAX + 1, id(1)) }],
  ['healing of something', { ask: 'healing', site: 'nancy-1' }],
  ['a pause that is neither', { ask: 'repair-pause' }],
  ['a pause by number', { ask: 'repair-pause', paused: 1 }],
])('%s is MALFORMED', (_, request) => {
  expect(codeOf(() => decodeRequest(encodeCbor(request)))).toBe('MALFORMED');
});

const answers: readonly (readonly [Ask, unknown])[] = [
  ['ping', ping],
  ['holders', { segments: [] }],
  ['holders', listed([])],
  [
    'holders',
    listed([
      [0, daemon],
      [0, 'f'.repeat(32)],
      [255, daemon],
    ]),
  ],
  ['healing', healing],
  [
    'healing',
    { ...healing, byMargin: {}, rateByLink: {}, etaSeconds: null, leaving: null, readOnly: 'away' },
  ],
  ['repair-pause', { paused: true }],
];
test.each(answers)('an answer to %s arrives as it was sent', (ask, answer) => {
  expect(decodeAnswer(ask, encodeAnswer(answer as never, 4))).toEqual({ answer, version: 4 });
});

const { voting: _, ...voteless } = ping;
const many = (count: number, name: (nth: number) => string) =>
  Object.fromEntries(Array.from({ length: count }, (_entry, nth) => [name(nth), 1]));

test.each<readonly [Ask, string, unknown]>([
  ['ping', 'less', voteless],
  ['ping', 'more', { ...ping, load: 1 }],
  ['ping', 'room below nothing', { ...ping, freeBytes: -1 }],
  ['holders', 'a daemon by another name', listed([[0, daemon.toUpperCase()]])],
  ['holders', 'a short daemon', listed([[0, daemon.slice(1)]])],
  ['holders', 'an index no shard has', listed([[256, daemon]])],
  ['holders', 'a holder with more to it', listed([[0, daemon, 'nancy-1']])],
  ['holders', 'a short id', listed([], new Uint8Array(31))],
  ['holders', 'too many holders', listed(times(HOLDERS_MAX + 1, [0, daemon]))],
  ['holders', 'too many segments', { segments: times(HOLDERS_SEGMENTS_MAX + 1, listed([]).segments[0]) }],
  ['healing', 'a margin that is none', { ...healing, byMargin: { two: 1 } }],
  ['healing', 'a margin in another form', { ...healing, byMargin: { '02': 1 } }],
  ['healing', 'half a segment', { ...healing, byMargin: { '2': 0.5 } }],
  ['healing', 'margins without end', { ...healing, byMargin: many(600, String) }],
  ['healing', 'links without end', { ...healing, rateByLink: many(1_001, (nth) => `site-${nth}`) }],
  ['healing', 'a long site', { ...healing, rateByLink: { ['s'.repeat(41)]: 1 } }],
  ['healing', 'a long reason', { ...healing, readOnly: 'r'.repeat(201) }],
  ['healing', 'half a departure', { ...healing, leaving: { fragmentsLeft: 1 } }],
  ['healing', 'an unknown end that is not null', { ...healing, etaSeconds: 'soon' }],
  ['repair-pause', 'nothing', {}],
])('an answer to %s with %s is MALFORMED', (ask, _what, answer) => {
  expect(codeOf(() => decodeAnswer(ask, encodeAnswer(answer as never, 1)))).toBe('MALFORMED');
});

describe('the longest answer', () => {
  test('about holders fits a message', () => {
    const holders = Array.from({ length: HOLDERS_MAX }, () => [255, daemon] as [number, string]);
    const segments = Array.from({ length: HOLDERS_SEGMENTS_MAX }, (_segment, nth) => ({
      segment: id(nth),
      holders,
    }));
    const bytes = encodeAnswer<'holders'>({ segments }, Number.MAX_SAFE_INTEGER);
    expect(bytes.length).toBeLessThanOrEqual(MESSAGE_BYTES_MAX);
    expect(decodeAnswer('holders', bytes).answer.segments).toHaveLength(HOLDERS_SEGMENTS_MAX);
  });
});
