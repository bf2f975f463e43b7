// Audits: who is asked how often, what follows from wrong answers and from none, and that a restart changes nothing.

import { Fault, LEAF_BYTES, toHex } from '@vauban/core';
import { auditLeaves, doubted } from '@vauban/ledger';
import { describe, expect, test } from 'vitest';
import type { AuditLedger } from '../src/watch/audit-ledger.ts';
import { AuditWorld, type Behaviour, crypto, DURATIONS, heldFragment, START } from './watch-setup.ts';

const ROUND_MS = DURATIONS.auditPeriodMs / 2;
const DAMAGED = () => new Fault('integrity', 'FRAGMENT_DAMAGED', 'it rotted', {});
const SILENT = () => new Fault('unreachable', 'DEADLINE', 'no answer', {});
const fails =
  (fault: () => Fault): Behaviour =>
  () => {
    throw fault();
  };

/** Seven hosters, of whom two may lie, and `count` fragments of the first one's daemon. */
async function world(count: number, leaves = 3) {
  const made = new AuditWorld({ hosters: 7 });
  const [holder, ...others] = made.ids as [string, ...string[]];
  for (let nth = 0; nth < count; nth++) made.place(heldFragment(`segment ${nth}`, { holder, leaves }));
  const auditors = others.map((id) => made.auditor(id));
  for (const one of auditors) await one.start();
  const stop = () => Promise.all(auditors.map((one) => one.stop()));
  return { made, holder, others, auditors, stop };
}

const segmentOf = (made: AuditWorld, nth = 0) => made.fragments[nth]?.segment as Uint8Array;

describe('a round of audits', () => {
  test('asks for every fragment once, spread over its time, and writes down what passed', async () => {
    const { made, holder, others, auditors, stop } = await world(60, 9);
    await made.clock.pass(ROUND_MS / 2);
    const half = new Set(made.asked.map(({ segment }) => toHex(segment)));
    expect(half.size).toBeGreaterThan(15);
    expect(half.size).toBeLessThan(45);
    await made.clock.pass(ROUND_MS / 2 - 1_000);
    const auditorsOf = new Map<string, Set<string>>();
    for (const { segment, auditor } of made.asked) {
      const known = auditorsOf.get(toHex(segment)) ?? new Set();
      auditorsOf.set(toHex(segment), known.add(auditor));
    }
    expect(auditorsOf.size).toBe(60);
    for (const by of auditorsOf.values()) expect(by.size).toBe(1);
    const sum = (of: (one: (typeof auditors)[number]) => number) =>
      auditors.reduce((total, one) => total + of(one), 0);
    expect(sum((one) => one.progress().coveredFragments)).toBe(60);
    expect(sum((one) => one.progress().totalFragments)).toBe(60);
    expect(sum((one) => one.progress().challengedLeaves)).toBe(made.asked.length);
    expect(sum((one) => one.progress().bytes)).toBeGreaterThan(made.asked.length * LEAF_BYTES);
    await made.clock.pass(2_000);
    await stop();
    const told = others.flatMap((id) => made.entriesOf(id));
    expect(told.every((entry) => toHex(entry.daemon) === holder && entry.degraded.length === 0)).toBe(true);
    const round = START / ROUND_MS;
    const ofRound = told.filter((entry) => entry.round === round);
    expect(ofRound.reduce((total, { challenged }) => total + challenged, 0)).toBe(
      made.asked.filter(({ at }) => at < START + ROUND_MS).length,
    );
  });

  test('asks for at least 300 leaves of a holder in a period, more of large fragments, all of small ones', async () => {
    const made = new AuditWorld({ hosters: 4 });
    const [holder, ...others] = made.ids as [string, ...string[]];
    for (let nth = 0; nth < 20; nth++) made.place(heldFragment(`small ${nth}`, { holder, leaves: 1 }));
    made.place(heldFragment('large', { holder, leaves: 400 }));
    const auditors = others.map((id) => made.auditor(id));
    for (const one of auditors) await one.start();
    await made.clock.pass(2 * ROUND_MS - 1);
    await Promise.all(auditors.map((one) => one.stop()));
    expect(made.asked.length).toBeGreaterThanOrEqual(460);
    const small = made.asked.filter(({ segment }) => toHex(segment) !== toHex(segmentOf(made, 20)));
    expect(new Set(small.map(({ segment }) => toHex(segment))).size).toBe(20);
    expect(small.length).toBeLessThan(60);
  });

  test('anybody can say afterwards which leaves had to be asked for', async () => {
    const { made, holder, others, stop } = await world(5, 300);
    await made.clock.pass(ROUND_MS - 1);
    await stop();
    for (const { segment, index, auditor } of made.asked.filter(({ leaf }) => leaf >= 0).slice(0, 50)) {
      const asked = made.asked.filter(
        (one) => toHex(one.segment) === toHex(segment) && one.auditor === auditor,
      );
      const head = made.headOf(START / ROUND_MS);
      const count = asked.length;
      const of = { crypto, head, auditor, holder, segment, index, leaves: 300, count };
      expect(asked.map(({ leaf }) => leaf)).toEqual(auditLeaves(of));
    }
    expect(others).toHaveLength(6);
  });

  test('who is away is asked when it is back', async () => {
    const { made, holder, stop } = await world(40);
    made.down.add(holder);
    await made.clock.pass(ROUND_MS - 5_000);
    expect(made.asked).toHaveLength(0);
    made.down.delete(holder);
    await made.clock.pass(4_000);
    await stop();
    expect(new Set(made.asked.map(({ segment }) => toHex(segment))).size).toBeGreaterThanOrEqual(36);
  });

  test('what one of the auditors leaves undone, the others do in the same period', async () => {
    const { made, auditors, others, stop } = await world(40);
    await made.clock.pass(ROUND_MS / 4);
    await auditors[0]?.stop();
    made.down.add(others[0] as string);
    await made.clock.pass((ROUND_MS * 7) / 4 - 1);
    await stop();
    expect(new Set(made.asked.map(({ segment }) => toHex(segment))).size).toBe(40);
  });

  test('goes on after a restart where it was', async () => {
    const { made, others, auditors, stop } = await world(40);
    await made.clock.pass(ROUND_MS / 2);
    await stop();
    const before = made.asked.length;
    expect(before).toBeGreaterThan(0);
    const again = others.map((id) => made.auditor(id));
    for (const one of again) await one.start();
    await made.clock.pass(ROUND_MS / 2 - 1);
    await Promise.all(again.map((one) => one.stop()));
    const asked = made.asked.map(({ segment, leaf, auditor }) => `${toHex(segment)} ${leaf} ${auditor}`);
    expect(new Set(asked).size).toBe(asked.length);
    expect(new Set(made.asked.map(({ segment }) => toHex(segment))).size).toBe(40);
    expect(auditors).toHaveLength(6);
  });

  test('who is cut off itself asks nobody', async () => {
    const made = new AuditWorld({ hosters: 4 });
    const [holder, id] = made.ids as [string, string];
    for (let nth = 0; nth < 20; nth++) made.place(heldFragment(`cut off ${nth}`, { holder, leaves: 2 }));
    const alone = made.auditor(id, { watch: { heard: false, presence: () => 'up' } });
    await alone.start();
    await made.clock.pass(2 * ROUND_MS);
    await alone.stop();
    expect(made.asked).toHaveLength(0);
  });
});

test('a segment that cannot be read in the ledger holds up neither the others nor what is asked again', async () => {
  const made = new AuditWorld({ hosters: 4 });
  const [holder, ...others] = made.ids as [string, ...string[]];
  for (let nth = 0; nth < 12; nth++) made.place(heldFragment(`segment ${nth}`, { holder, leaves: 3 }));
  const keys = made.fragments.map(({ segment }) => toHex(segment)).sort();
  let rotten = false;
  const ledger: AuditLedger = {
    ...made.ledger(),
    placed: async (segment) => {
      if (rotten && toHex(segment) === keys[0])
        throw new Fault('integrity', 'STORE_CORRUPT', 'it rotted', {});
      return made.placed(segment);
    },
  };
  made.behaviour.set(holder, fails(DAMAGED));
  const auditors = others.map((id) => made.auditor(id, { ledger }));
  for (const one of auditors) await one.start();
  // The first one is under suspicion when its row rots.
  while (made.asked.length === 0) await made.clock.pass(500);
  rotten = true;
  await made.clock.pass(ROUND_MS + DURATIONS.recheckMs);
  await Promise.all(auditors.map((one) => one.stop()));
  const degraded = new Set(
    made.entries.flatMap(({ entry }) => entry.degraded).map(([segment]) => toHex(segment)),
  );
  expect([...degraded].sort()).toEqual(keys.slice(1));
});

describe('what follows from an answer that is wrong', () => {
  test('once wrong and then right is written down, and held against nobody', async () => {
    const { made, holder, others, stop } = await world(1);
    let wrong = 1;
    made.behaviour.set(holder, (_, honest) => {
      if (wrong-- > 0) throw DAMAGED();
      return honest();
    });
    await made.clock.pass(ROUND_MS + 5_000);
    await stop();
    const entries = others.flatMap((id) => made.entriesOf(id));
    expect(entries.flatMap(({ failed }) => failed).map(([, , , code]) => code)).toEqual(['FRAGMENT_DAMAGED']);
    expect(entries.flatMap(({ degraded }) => degraded)).toEqual([]);
  });

  test('twice wrong is degraded, enough others find it too, and what was healed is restored', async () => {
    const { made, holder, auditors, stop } = await world(1);
    const segment = segmentOf(made);
    const leaf = 1;
    let rotten = true;
    made.behaviour.set(holder, (asked, honest) => {
      const answer = honest();
      return rotten && asked.leaf === leaf ? { ...answer, bytes: answer.bytes.slice().fill(7) } : answer;
    });
    const agreed = () => doubted(made.placed(segment)?.facts ?? neverPlaced(), made.charter);
    // Its turn is at three quarters of the round; the others hear of it and do not wait for the next one.
    await made.clock.pass(ROUND_MS * 0.95);
    expect(agreed()).toEqual([{ index: 0, daemon: holder }]);
    const [first] = made.entries.filter(({ entry }) => entry.degraded.length > 0);
    expect(first?.entry.failed).toEqual([[segment, 0, leaf, 'LEAF_WRONG']]);
    expect(first?.entry.degraded).toEqual([[segment, 0, leaf, 'LEAF_WRONG']]);
    // f + 1 = 3 of them had to speak: the others had no need to.
    const speakers = new Set(
      made.entries.filter(({ entry }) => entry.degraded.length > 0).map(({ by }) => by),
    );
    expect(speakers.size).toBe(made.charter.f + 1);
    expect(auditors.reduce((sum, one) => sum + one.progress().degraded, 0)).toBe(3);
    rotten = false;
    await made.clock.pass(3 * DURATIONS.recheckMs);
    expect(agreed()).toEqual([]);
    await stop();
    const restored = made.entries.filter(({ entry }) => entry.restored.length > 0).map(({ by }) => by);
    expect(new Set(restored)).toEqual(speakers);
    expect(auditors.flatMap((one) => one.findings())).toEqual([]);
  });

  test('one auditor that lies convinces nobody', async () => {
    const { made, holder, others, auditors, stop } = await world(1);
    const segment = segmentOf(made);
    const liar = made.auditor(others[0] as string, {
      client: () => ({ ask: () => Promise.reject(DAMAGED()) }),
    });
    await auditors[0]?.stop();
    await liar.start();
    liar.accuse({ daemon: holder, segment, index: 0, fault: DAMAGED(), lied: true });
    // A new round hears of it again: all have their turn.
    await made.clock.pass(ROUND_MS + 10 * DURATIONS.recheckMs);
    await liar.stop();
    await stop();
    const speakers = made.entries.filter(({ entry }) => entry.degraded.length > 0).map(({ by }) => by);
    expect(new Set(speakers)).toEqual(new Set([others[0]]));
    expect(doubted(made.placed(segment)?.facts ?? neverPlaced(), made.charter)).toEqual([]);
    expect(auditors.slice(1).flatMap((one) => one.findings())).toEqual([]);
  });

  test('a lie told to a repair is written down at once, and asked about again', async () => {
    const { made, holder, others, auditors, stop } = await world(1);
    const segment = segmentOf(made);
    await made.clock.pass(100);
    const fault = new Fault('integrity', 'LEAF_WRONG', 'other bytes', { leaf: 2 });
    auditors[0]?.accuse({ daemon: holder, segment, index: 0, fault, lied: true });
    made.behaviour.set(holder, fails(DAMAGED));
    await made.clock.pass(1_000);
    const said = made.entriesOf(others[0] as string);
    expect(said.map(({ failed }) => failed)).toEqual([[[segment, 0, 2, 'LEAF_WRONG']]]);
    expect(said.flatMap((entry) => entry.degraded)).toEqual([]);
    await made.clock.pass(DURATIONS.recheckMs);
    await made.clock.pass(DURATIONS.recheckMs);
    await stop();
    const degraded = made.entriesOf(others[0] as string).flatMap((entry) => entry.degraded);
    expect(degraded).toEqual([[segment, 0, 2, 'FRAGMENT_DAMAGED']]);
    expect(made.asked.filter(({ auditor }) => auditor === others[0])[0]?.leaf).toBe(2);
  });

  test('suspicions and what is degraded outlive a restart, with the answer as evidence', async () => {
    const made = new AuditWorld({ hosters: 4 });
    const [holder, id] = made.ids as [string, string];
    for (const other of made.ids.slice(2)) made.down.add(other);
    made.place(heldFragment('one', { holder, leaves: 2 }));
    made.behaviour.set(holder, (_, honest) => ({ ...honest(), proof: [] }));
    const before = made.auditor(id);
    await before.start();
    while (before.findings().length === 0) await made.clock.pass(100);
    await before.stop();
    expect(made.entries.filter(({ entry }) => entry.degraded.length > 0)).toEqual([]);
    const after = made.auditor(id);
    await after.start();
    await made.clock.pass(2 * DURATIONS.recheckMs);
    expect(after.progress()).toMatchObject({ suspects: 0, degraded: 1 });
    expect(made.entries.filter(({ entry }) => entry.degraded.length > 0)).toHaveLength(1);
    await after.stop();
    const [finding] = after.findings();
    const answer = finding && (await after.evidenceOf(finding));
    expect(answer && crypto.sha256(answer)).toEqual(finding?.evidence);
    expect(finding?.last.code).toBe('LEAF_WRONG');
  });

  test('who holds it no longer is left alone', async () => {
    const { made, holder, auditors, stop } = await world(1);
    made.behaviour.set(holder, fails(DAMAGED));
    await made.clock.pass(ROUND_MS);
    expect(auditors.flatMap((one) => one.findings()).length).toBeGreaterThan(0);
    made.fragments.splice(0);
    await made.clock.pass(2 * DURATIONS.recheckMs);
    await stop();
    expect(auditors.flatMap((one) => one.findings())).toEqual([]);
  });
});

describe('what follows from no answer', () => {
  test('it is asked for a day, and answered meanwhile is answered', async () => {
    const { made, holder, auditors, stop } = await world(1);
    made.behaviour.set(holder, fails(SILENT));
    while (made.asked.length === 0) await made.clock.pass(1_000);
    await made.clock.pass(DURATIONS.awayMaxMs - 5_000);
    expect(made.asked.length).toBeGreaterThan(10);
    made.behaviour.clear();
    await made.clock.pass(2 * DURATIONS.recheckMs);
    expect(auditors.flatMap((one) => one.findings())).toEqual([]);
    await stop();
    expect(made.entries.flatMap(({ entry }) => [...entry.failed, ...entry.degraded])).toEqual([]);
  });

  test('silent once and wrong once is not yet wrong twice', async () => {
    const { made, holder, auditors, stop } = await world(1);
    const answers: Behaviour[] = [fails(SILENT), fails(DAMAGED)];
    let nth = 0;
    // All questions of one examination get the same answer.
    made.behaviour.set(holder, (asked, honest) => {
      nth = Math.max(nth, Math.floor((asked.at - (made.asked[0]?.at ?? 0)) / DURATIONS.recheckMs));
      return answers[nth]?.(asked, honest) ?? honest();
    });
    await made.clock.pass(ROUND_MS * 0.95);
    await stop();
    expect(made.asked.length).toBeGreaterThan(6);
    expect(made.entries.flatMap(({ entry }) => entry.degraded)).toEqual([]);
    expect(auditors.flatMap((one) => one.findings())).toEqual([]);
  });

  test('who greets and keeps silent about a fragment for a day is degraded', async () => {
    const { made, holder, stop } = await world(1);
    made.behaviour.set(holder, fails(SILENT));
    await made.clock.pass(ROUND_MS + 2 * DURATIONS.awayMaxMs);
    await stop();
    const [degraded] = made.entries.flatMap(({ entry }) => entry.degraded);
    expect(degraded?.[3]).toBe('UNANSWERED');
  });

  test('nothing is held against a daemon that is away: its loss is repair’s business', async () => {
    const { made, holder, auditors, stop } = await world(1);
    made.behaviour.set(holder, fails(SILENT));
    while (made.asked.length === 0) await made.clock.pass(1_000);
    made.down.add(holder);
    await made.clock.pass(2 * DURATIONS.awayMaxMs);
    await stop();
    expect(auditors.flatMap((one) => one.findings())).toEqual([]);
    expect(made.entries.flatMap(({ entry }) => [...entry.failed, ...entry.degraded])).toEqual([]);
  });

  test('a refusal that says nothing of the fragment is no answer', async () => {
    const { made, holder, auditors, stop } = await world(1);
    made.behaviour.set(
      holder,
      fails(() => new Fault('failure', 'not a code', 'busy', {})),
    );
    while (made.asked.length === 0) await made.clock.pass(1_000);
    const found = auditors.flatMap((one) => one.findings());
    expect(found.map(({ first, last }) => [first, last.code])).toEqual([[null, 'CODE_UNKNOWN']]);
    await stop();
  });
});

function neverPlaced(): never {
  throw new Error('the segment was never placed');
}
