// The public line on its way through mails and hands: whole it is read, changed anywhere it is refused.

import { isFault } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { initDaemon } from '../src/init.ts';
import { makeKey } from '../src/keys.ts';
import { type DaemonFacts, makePublicLine, openPublicLine } from '../src/public-line.ts';
import { cigogne, memoryHome } from './init-setup.ts';

let line = '';
let facts: DaemonFacts;
beforeAll(async () => {
  ({ publicLine: line, facts } = await initDaemon(cigogne, memoryHome()));
});

const refusal = (text: string): string => {
  try {
    openPublicLine(nodeCrypto, text);
  } catch (error) {
    if (isFault(error)) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('a public line', () => {
  it('says what was signed, white space around it apart', () => {
    expect(openPublicLine(nodeCrypto, `\n  ${line}\r\n`)).toEqual(facts);
  });

  it('is refused with any one character changed', () => {
    for (let at = 0; at < line.length; at++) {
      const other = line[at] === 'A' ? 'B' : 'A';
      const changed = line.slice(0, at) + other + line.slice(at + 1);
      expect(refusal(changed), `character ${at}`).toMatch(/^PUBLIC_LINE_(MALFORMED|FORGED)$/);
    }
  });

  it('is refused cut off anywhere', () => {
    for (let length = 0; length < line.length; length++) {
      expect(refusal(line.slice(0, length)), `${length} characters`).toBe('PUBLIC_LINE_MALFORMED');
    }
  });

  test.each([
    ['broken over two lines', () => `${line.slice(0, 90)}\n${line.slice(90)}`, 'PUBLIC_LINE_MALFORMED'],
    ['of another thing', () => line.replace('daemon0', 'agency0'), 'PUBLIC_LINE_MALFORMED'],
    ['with padding', () => `${line}=`, 'PUBLIC_LINE_MALFORMED'],
    ['endless', () => `vauban-daemon0:${'A'.repeat(100_000)}`, 'PUBLIC_LINE_MALFORMED'],
    [
      'signed by another hoster',
      () => makePublicLine(nodeCrypto, facts, makeKey('identity', memoryHome('thief')).seed),
      'PUBLIC_LINE_FORGED',
    ],
  ] as const)('is refused %s', (_, make, code) => {
    expect(refusal(make())).toBe(code);
  });

  it('cannot claim the id of another daemon', async () => {
    const ports = memoryHome('thief');
    const identity = makeKey('identity', ports);
    const claimed = {
      ...facts,
      hoster: { ...facts.hoster, identityKey: identity.publicKey },
      daemon: { ...facts.daemon, id: '00'.repeat(16) },
    };
    expect(refusal(makePublicLine(nodeCrypto, claimed, identity.seed))).toBe('PUBLIC_LINE_FORGED');
  });
});
