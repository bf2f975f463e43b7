// What audits found reaches the ledger though voters refuse one word of it.

import { equalBytes, Fault, memoryStore } from '@vauban/core';
import type { Payloads } from '@vauban/ledger';
import { expect, test } from 'vitest';
import { testClock } from '../../ledger/test/memory-hosters.ts';
import { daemonOf, crypto } from '../../ledger/test/sample-charter.ts';
import { AuditParts } from '../src/watch/audit-parts.ts';
import { type Finding, Findings } from '../src/watch/findings.ts';
import { Statements } from '../src/watch/statements.ts';

const holder = daemonOf('h2');

function degraded(nth: number): Finding {
  const last = { leaf: 0, code: 'LEAF_WRONG' };
  return {
    holder,
    segment: new Uint8Array(32).fill(nth),
    index: 0,
    stage: 'degraded',
    heard: false,
    first: last,
    last,
    since: 1,
    silentSince: null,
    dueAt: 1,
    round: 1,
    head: { origin: 'grand-est/00', size: 1, root: new Uint8Array(32) },
    asked: 8,
    evidence: null,
    tell: 'degraded',
  };
}

test('a fragment that voters do not know to be there keeps none of the others from being said', async () => {
  const store = memoryStore();
  const findings = await Findings.open(store, crypto, () => undefined);
  for (let nth = 0; nth < 9; nth++) await findings.put(degraded(nth));
  const unknown = degraded(3).segment;
  const said: number[] = [];
  const append = async ([audit]: readonly unknown[]) => {
    const { degraded: named } = audit as Payloads['audit'];
    if (named.some(([segment]) => equalBytes(segment, unknown))) {
      throw new Fault('refused', 'HOLDER_GONE', 'not known to hold it', { class: 'policy' });
    }
    said.push(...named.map(([segment]) => segment[0] as number));
    return { origin: 'own', size: 1 };
  };
  const signal = new AbortController().signal;
  const ports = { ownLog: { append }, clock: testClock(), log: () => undefined, signal };
  const statements = new Statements(ports, {
    findings,
    parts: await AuditParts.open(store, () => undefined),
  });
  statements.tell();
  await new Promise((resolve) => setImmediate(resolve));
  expect(new Set(said)).toEqual(new Set([0, 1, 2, 4, 5, 6, 7, 8]));
  expect(findings.toTell()).toEqual([]);
});

test('what was taken back is said again, once some time has passed', async () => {
  const store = memoryStore();
  const findings = await Findings.open(store, crypto, () => undefined);
  for (let nth = 0; nth < 2; nth++) await findings.put(degraded(nth));
  let fault: Fault | undefined = new Fault('refused', 'HOLDER_GONE', 'too few answer', { takenBack: true });
  let tried = 0;
  const append = async () => {
    tried += 1;
    if (fault !== undefined) throw fault;
    return { origin: 'own', size: 1 };
  };
  const clock = testClock();
  const ports = { ownLog: { append }, clock, log: () => undefined, signal: new AbortController().signal };
  const statements = new Statements(ports, {
    findings,
    parts: await AuditParts.open(store, () => undefined),
  });
  const tell = async () => {
    statements.tell();
    await new Promise((resolve) => setImmediate(resolve));
  };
  await tell();
  expect(findings.toTell()).toHaveLength(2);
  fault = undefined;
  await tell();
  expect(tried).toBe(1);
  clock.time += 120_000;
  await tell();
  expect(tried).toBe(2);
  expect(findings.toTell()).toEqual([]);
});

test('others’ word fills half of what is remembered at most', async () => {
  const findings = await Findings.open(memoryStore(), crypto, () => undefined);
  for (let nth = 0; nth < 5_001; nth++) {
    const segment = new Uint8Array(32);
    new DataView(segment.buffer).setUint32(0, nth);
    await findings.put({ ...degraded(0), segment, stage: 'suspect', heard: true, tell: null });
  }
  expect(findings.all()).toHaveLength(5_000);
  expect(await findings.put(degraded(200))).toBe(true);
});
