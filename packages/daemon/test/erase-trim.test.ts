// A copy beside another goes only after its grace, after its keeper showed that it has the bytes, by a certified entry, and
// never when the segment would stand worse without it.

import { Fault, LEAF_BYTES, merkleRoot } from '@vauban/core';
import { type Append, type ClaimName, cosign, holdersNow, makeCertificate, readHead } from '@vauban/ledger';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { TestHoster } from '../../ledger/test/memory-hosters.ts';
import { cosignerOf, hosterName } from '../../ledger/test/sample-charter.ts';
import { DAY_MS, daemonOf, EraseBench, id, type Stored } from './erase-setup.ts';
import { crypto } from './fragment-setup.ts';

const HOUR_MS = 3_600_000;

/** Fragment 0 lies here and on h4, which the planner prefers: this daemon is leaving. */
async function doubled(): Promise<{ bench: EraseBench; one: Stored }> {
  const bench = await EraseBench.open();
  const one = await bench.put();
  await bench.it.standing.setDraining(true);
  await bench.daemonWrites('h4', bench.custody(one, 'h4', 0));
  return { bench, one };
}

function sign(bench: EraseBench, { data, place }: Stored) {
  const bytes = data[0] as Uint8Array;
  const root = merkleRoot(crypto, crypto.leafHashes(bytes, LEAF_BYTES));
  const of = { segment: place.segment, index: 0, root, bytes: bytes.length };
  return bench.it.fragments.whileHeld(of, () => bench.it.receipts.sign(of));
}

describe('a surplus copy', () => {
  test('goes a day after its keeper was certified, and not before', async () => {
    const { bench, one } = await doubled();
    await bench.walk();
    await bench.pass(DAY_MS - 1);
    await bench.walk();
    expect((await bench.facts(one)).trims).toEqual([]);
    await bench.pass(1);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
    const facts = await bench.facts(one);
    expect(facts.trims).toMatchObject([{ daemon: id, index: 0, keeper: daemonOf('h4'), voided: false }]);
    expect(holdersNow(facts).map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(bench.events('trimmed')).toMatchObject([{ fragments: 1 }]);
  });

  test('the day begins when the custody is certified here, and goes on over a restart', async () => {
    const { bench, one } = await doubled();
    const { mirror } = bench.network.hoster(1);
    const by = (await bench.facts(one)).custody[0]?.by as ClaimName;
    const state = mirror.logs.state(by.origin);
    await mirror.logs.update({ ...state, certifiedSize: 0, certificate: null });
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    await bench.walk();
    // Its own mirror would not have taken the entry: what is here says whether the others signed one.
    expect(await bench.has(one)).toBe(true);
    await mirror.logs.update(state);
    await bench.walk();
    await bench.pass(20 * HOUR_MS);
    await bench.walk();
    expect((await bench.facts(one)).trims).toEqual([]);
    await bench.it.receipts.raise();
    await bench.crash();
    await bench.pass(4 * HOUR_MS);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
  });

  test('stays when the keeper does not have the bytes, and is not asked again at once', async () => {
    const { bench, one } = await doubled();
    let asked = 0;
    bench.leafOf = (_, answer) => {
      asked += 1;
      return { ...answer, bytes: answer.bytes.map((byte) => byte ^ 1) };
    };
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    await bench.walk();
    expect(asked).toBe(1);
    await bench.walk();
    expect(asked).toBe(1);
    expect((await bench.facts(one)).trims).toEqual([]);
    expect(bench.events('keeper-not-relied-on')).toMatchObject([{ code: 'AUDIT_FAILED' }]);
    bench.leafOf = (_, answer) => answer;
    await bench.pass(HOUR_MS);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
  });

  test.each([
    ['says that it is longer', { leaves: 9 }],
    ['sends the proof of another leaf', { proof: [] }],
    ['sends too little', { bytes: new Uint8Array(3) }],
  ])('stays when the keeper %s', async (_, lie) => {
    const { bench, one } = await doubled();
    bench.leafOf = (_daemon, answer) => ({ ...answer, ...lie });
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    await bench.walk();
    expect((await bench.facts(one)).trims).toEqual([]);
    expect(await bench.has(one)).toBe(true);
  });

  test('stays while another fragment of the segment is lost', async () => {
    const { bench, one } = await doubled();
    await bench.walk();
    await bench.daemonWrites('h3', { kind: 'lost', fragments: [[one.place.segment, 2]] });
    await bench.pass(2 * DAY_MS);
    await bench.walk();
    expect((await bench.facts(one)).trims).toEqual([]);
    expect(await bench.has(one)).toBe(true);
  });

  test('stays while its keeper is silent, or this daemon is read-only', async () => {
    const { bench, one } = await doubled();
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    bench.silent.add(daemonOf('h4'));
    await bench.walk();
    bench.silent.clear();
    await bench.it.standing.setReadOnly('away');
    await bench.walk();
    expect((await bench.facts(one)).trims).toEqual([]);
    expect(await bench.has(one)).toBe(true);
  });

  test('stays when the keeper lost it meanwhile, whatever was due', async () => {
    const { bench, one } = await doubled();
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    bench.before = async (step) => {
      if (step !== 'append') return;
      bench.before = () => undefined;
      await bench.daemonWrites('h4', { kind: 'lost', fragments: [[one.place.segment, 0]] });
    };
    await bench.walk();
    expect((await bench.facts(one)).trims.filter(({ voided }) => !voided)).toEqual([]);
    expect(await bench.has(one)).toBe(true);
    // Nothing is on its way out any more.
    await expect(sign(bench, one)).resolves.toMatchObject({ generation: 1 });
  });

  test('two fragments of one segment never go together', async () => {
    const bench = await EraseBench.open();
    const one = await bench.put();
    await bench.upload(one, 1);
    await bench.it.ownLog.append([bench.custody(one, 'h1', 1)]).catch(() => undefined);
    await bench.it.standing.setDraining(true);
    await bench.daemonWrites('h4', bench.custody(one, 'h4', 0));
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    const together: number[] = [];
    const append = bench.it.ownLog.append.bind(bench.it.ownLog);
    bench.it.ownLog.append = (payloads) => {
      together.push(payloads.length);
      return append(payloads);
    };
    for (let nth = 0; nth < 3; nth++) {
      await bench.walk();
      await bench.pass(5_000);
    }
    expect(Math.max(...together)).toBe(1);
  });
});

describe('on its way out', () => {
  test('nobody is given a receipt between the entry and the disk, over a crash too', async () => {
    const { bench, one } = await doubled();
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    let refused: unknown;
    bench.before = async (step) => {
      if (step === 'append') refused = await sign(bench, one).catch((error: unknown) => error);
    };
    bench.machine.fail = (step) =>
      step.call === 'index' ? new Error('the power is about to fail') : undefined;
    await bench.walk();
    expect(refused).toMatchObject({ code: 'FRAGMENT_LEAVING' });
    expect((await bench.facts(one)).trims).toHaveLength(1);
    bench.before = () => undefined;
    await bench.crash();
    expect(await bench.has(one)).toBe(true);
    await expect(sign(bench, one)).rejects.toMatchObject({ code: 'FRAGMENT_LEAVING' });
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
    expect((await bench.facts(one)).trims).toHaveLength(1);
  });

  test('a crash before the entry: the copy is surplus still, and goes by one trim', async () => {
    const { bench, one } = await doubled();
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    bench.before = (step) => {
      if (step === 'append') throw new Error('the power fails');
    };
    await bench.walk();
    bench.before = () => undefined;
    await bench.crash();
    await expect(sign(bench, one)).rejects.toMatchObject({ code: 'FRAGMENT_LEAVING' });
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
    await takenUp(bench);
    expect((await bench.facts(one)).trims).toHaveLength(1);
  });

  test('a crash before the entry, and the copy is needed again: once the own log is known, receipts are given', async () => {
    const { bench, one } = await doubled();
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    bench.before = (step) => {
      if (step === 'append') throw new Error('the power fails');
    };
    await bench.walk();
    bench.before = () => undefined;
    await bench.crash();
    await bench.daemonWrites('h4', { kind: 'lost', fragments: [[one.place.segment, 0]] });
    // Without a quorum nobody can say whether the entry is on its way.
    bench.network.cut(2, 3, 4);
    await bench.walk();
    await expect(sign(bench, one)).rejects.toMatchObject({ code: 'FRAGMENT_LEAVING' });
    bench.network.cut();
    await bench.restart();
    await takenUp(bench);
    await expect(sign(bench, one)).resolves.toMatchObject({ generation: expect.any(Number) });
    expect(await bench.has(one)).toBe(true);
    await bench.restart();
    expect(bench.it.receipts.isWithheld({ segment: one.place.segment, index: 0 })).toBe(false);
  });

  test('a crash after the fragment went, before its row did: whoever brings it again gets a receipt', async () => {
    const { bench, one } = await doubled();
    const key = { segment: one.place.segment, index: 0 };
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    await bench.walk();
    expect(await bench.has(one)).toBe(false);
    // Rows of what is gone are written without a sync: after a crash they may be there again.
    await bench.crash();
    expect(bench.it.receipts.isWithheld(key)).toBe(true);
    await takenUp(bench);
    expect(bench.it.receipts.isWithheld(key)).toBe(false);
    await bench.it.standing.setDraining(false);
    await bench.upload(one, 0);
    await expect(sign(bench, one)).resolves.toMatchObject({ generation: 1 });
    await bench.walk();
    expect(await bench.has(one)).toBe(true);
    await bench.restart();
    expect(bench.it.receipts.isWithheld(key)).toBe(false);
  });
});

describe('a trim that one refuses while another is silent is taken back', () => {
  /** The void finds no quorum either. Another trim was certified before; `alone`: what is asked of the voters first. */
  async function takenBack({ knowsItself = true } = {}) {
    const { bench, one: before } = await doubled();
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    await bench.walk();
    expect(await bench.has(before)).toBe(false);
    await bench.it.standing.setDraining(false);
    const one = await bench.put();
    await bench.it.standing.setDraining(true);
    await bench.daemonWrites('h4', bench.custody(one, 'h4', 0));
    await bench.walk();
    await bench.pass(2 * DAY_MS);
    if (!knowsItself) {
      bench.network.hoster(1).mirror.append = async () => {
        throw new Error('its mirror has no vote');
      };
    }
    const [, refusing, , silent] = bench.network.hosters as [TestHoster, TestHoster, TestHoster, TestHoster];
    let alone: Append | undefined;
    refusing.lie.append = async (append) => {
      alone ??= append;
      const fault = new Fault('refused', 'DOMAIN_RULE', 'not under the charter I know', {});
      return { result: 'refused', class: 'policy', index: null, fault };
    };
    silent.lie.append = async () => {
      throw new Error('too slow');
    };
    await bench.walk();
    expect(alone).toBeDefined();
    const mend = () => {
      refusing.lie = {};
      silent.lie = {};
    };
    // Its own log would be tried for ever, and no time passes for the others.
    onTestFinished(() => bench.restart());
    return { bench, one, alone: alone as unknown as Append, mend };
  }

  test('receipts are withheld until its void is certified, and given again then', async () => {
    const { bench, one, mend } = await takenBack();
    await expect(sign(bench, one)).rejects.toMatchObject({ code: 'FRAGMENT_LEAVING' });
    // However long that takes.
    await bench.pass(DAY_MS);
    await bench.walk();
    await expect(sign(bench, one)).rejects.toMatchObject({ code: 'FRAGMENT_LEAVING' });
    expect((await bench.facts(one)).trims).toHaveLength(1);
    mend();
    await bench.daemonWrites('h4', { kind: 'lost', fragments: [[one.place.segment, 0]] });
    await takenUp(bench);
    await expect(sign(bench, one)).resolves.toMatchObject({ generation: 2 });
    expect((await bench.facts(one)).trims).toMatchObject([{ voided: true }]);
    expect(await bench.has(one)).toBe(true);
    await bench.restart();
    expect(bench.it.receipts.isWithheld({ segment: one.place.segment, index: 0 })).toBe(false);
  });

  test('and no other is tried meanwhile, though its own mirror knows of none', async () => {
    const { bench, one } = await takenBack({ knowsItself: false });
    expect((await bench.facts(one)).trims).toEqual([]);
    let asked = 0;
    bench.before = (step) => {
      if (step !== 'append') return;
      asked += 1;
      throw new Error('that would wait for the void');
    };
    await bench.pass(DAY_MS);
    await bench.walk();
    expect(asked).toBe(0);
    await expect(sign(bench, one)).rejects.toMatchObject({ code: 'FRAGMENT_LEAVING' });
  });

  test('whoever gets it certified without its void all the same finds that nobody was given a receipt', async () => {
    const { bench, one, alone, mend } = await takenBack();
    const head = readHead(alone.checkpoint);
    const lines = [1, 3, 4].map((at) => cosign(crypto, head, cosignerOf(hosterName(at)), bench.now / 1_000));
    const certificate = makeCertificate(bench.network.charters.current, alone.checkpoint, lines);
    for (const { mirror } of bench.network.hosters) {
      const held = mirror.logs.state(alone.origin).size;
      if (held < head.size) await mirror.adopt({ ...alone, oldSize: held });
      await mirror.certify(alone.origin, certificate);
    }
    mend();
    await takenUp(bench);
    expect((await bench.facts(one)).trims).toMatchObject([{ daemon: id, voided: false }]);
    expect(await bench.has(one)).toBe(false);
    expect(bench.it.receipts.isWithheld({ segment: one.place.segment, index: 0 })).toBe(false);
  });
});

/** What the last run left on its way out is judged: the own log has been read, and a walk came by. */
async function takenUp(bench: EraseBench): Promise<void> {
  await bench.walk();
  await bench.it.ownLog.settled();
  await new Promise((resolve) => setImmediate(resolve));
  await bench.walk();
}

test('without draining, a site that came back makes duplicates, and one of each goes', async () => {
  const bench = await EraseBench.open();
  const one = await bench.put();
  await bench.daemonWrites('h4', bench.custody(one, 'h4', 0));
  const plan = await bench.planOf(one.place.segment);
  const [surplus] = plan?.plan.surplus ?? [];
  expect(plan?.plan.surplus).toHaveLength(1);
  await bench.walk();
  await bench.pass(2 * DAY_MS);
  await bench.walk();
  expect(await bench.has(one)).toBe(surplus?.daemon !== id);
});
