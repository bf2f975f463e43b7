// The models of the ledger's rules: each rule holds over its whole state space, each weakening breaks what it should, and
// the explorer that says so finds what is there to find.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { asExpected, RULES, verdictOn, WEAKENED } from '../model/catalogue.ts';
import { explore } from '../model/explorer.ts';
import { StateSet } from '../model/state-set.ts';
import { sortGroups, type Rule } from '../model/rule.ts';

const NEVER = {
  'certified trees fork': 'certified trees that fork',
  missed: 'an acknowledged entry is missed',
};

/** What broke when the rules were attacked, by name: none of these may go missing, nor break something else. */
const ATTACKS: Readonly<Record<string, string>> = {
  'append-by-liar/no-own-size-check': 'two certificates for one size',
  'append-by-liar/sign-before-store': 'two certificates for one size',
  'append-by-liar/quorum-of-two': 'two certificates for one size',
  'reading/last-certified': NEVER.missed,
  'reading-forks/largest-on-a-fork': NEVER.missed,
  'epochs/mirroring-only': NEVER['certified trees fork'],
  'epochs/fence-only': NEVER['certified trees fork'],
  'epochs/epoch-votes-only': NEVER['certified trees fork'],
  'epochs/certified-heads-only': NEVER['certified trees fork'],
  'epochs/longest-on-a-fork': NEVER['certified trees fork'],
  'epochs-restored/restored-unmirrored': NEVER['certified trees fork'],
  'epochs-of-nine/mirroring-only': NEVER['certified trees fork'],
  'epoch-reading/unready-answers': NEVER.missed,
  'epoch-reading/ignores-newer-charter': NEVER.missed,
  'seal/two-reports': 'a certified entry is lost',
  'seal/longest-branch': 'a certified entry is lost',
  'seal/certified-only': 'a certified entry is lost',
  'seal/report-before-seal': 'a certified entry is lost',
  'seal/unsynced-seal': 'a certified entry is lost',
  'erasing/free-release': 'acknowledged data is erased',
  'erasing/void-lifts-promise': 'acknowledged data is erased',
  'sweep/free-sweep': 'acknowledged data is erased',
  'sweep/ask-heads-first': 'acknowledged data is erased',
  'wedge/no-void': 'at least one log goes on',
  'writer-loss/completes-longest-head': 'the next entry is certified',
  'trim/on-another-custody': 'no copy is left',
  'revocation/heads-without-seals': 'a revoked device certifies',
};

const quick = RULES.filter(({ model }) => model.long !== true);
const quickWeakened = WEAKENED.filter(({ model }) => model.long !== true);

describe('the rule as designed holds', () => {
  it.each(quick)('$name', (exhibit) => {
    expect(verdictOn(exhibit)).toMatchObject({ outcome: 'holds' });
  });
});

describe('without one part of the rule it breaks', () => {
  it.each(quickWeakened)('$name', (exhibit) => {
    const verdict = verdictOn(exhibit);
    expect(verdict).toMatchObject({ property: exhibit.weak?.breaks, trace: expect.any(Array) });
    expect(asExpected(exhibit, verdict)).toBe(true);
  });

  it('in every way in which the rules were attacked', () => {
    const broken = Object.fromEntries(WEAKENED.map(({ name, weak }) => [name, weak?.breaks]));
    expect(broken).toMatchObject(ATTACKS);
  });

  it('and no rule holds that breaks, nor one left unfinished', () => {
    const [rule] = RULES;
    const weakened = WEAKENED[0];
    if (rule === undefined || weakened?.weak === undefined) throw new Error('no models');
    const size = { states: 1, depth: 0 };
    const property = weakened.weak.breaks;
    expect(asExpected(rule, { outcome: 'broken', property, trace: [], ...size })).toBe(false);
    expect(asExpected(rule, { outcome: 'unfinished', statesMax: 1, ...size })).toBe(false);
    expect(asExpected(rule, { outcome: 'tame', missing: ['x'], ...size })).toBe(false);
    expect(asExpected(weakened, { outcome: 'holds', ...size })).toBe(false);
    expect(asExpected(weakened, { outcome: 'broken', property: 'another', trace: [], ...size })).toBe(false);
  });
});

/** Two counters up to `top`; the second can be moved by a liar only. */
function counters(top: number, more: Partial<Rule> = {}): Rule {
  return {
    bytes: 2,
    steps: (at, can, may) => {
      for (const [nth, step] of [can, may].entries()) {
        if ((at[nth] ?? 0) < top) {
          step(
            () => `counter ${nth} becomes ${(at[nth] ?? 0) + 1}`,
            (to) => (to[nth] = (to[nth] ?? 0) + 1),
          );
        }
      }
    },
    never: { beyond: (at) => (at[0] ?? 0) > top },
    sometimes: {},
    ...more,
  };
}

describe('the explorer', () => {
  it('sees every state once, and how far the farthest is', () => {
    expect(explore(counters(9))).toEqual({ outcome: 'holds', states: 100, depth: 18 });
  });

  it('sees like states as one', () => {
    const canonical = (state: Uint8Array) => sortGroups(state, { first: 0, width: 1, many: 2 });
    expect(explore(counters(9, { canonical }))).toEqual({ outcome: 'holds', states: 55, depth: 18 });
  });

  it('tells a shortest way to what must not be, with one set of names', () => {
    const never = { met: (at: Uint8Array) => at[0] === 1 && at[1] === 2 };
    expect(explore(counters(3, { never }))).toMatchObject({ outcome: 'broken', property: 'met', depth: 3 });
    const canonical = (state: Uint8Array) => sortGroups(state, { first: 0, width: 1, many: 2 });
    const verdict = explore(counters(3, { never, canonical }));
    if (verdict.outcome !== 'broken') throw new Error(verdict.outcome);
    const last = [0, 0];
    for (const step of verdict.trace) {
      const [, nth = '', value = ''] = /^counter (\d) becomes (\d)$/.exec(step) ?? [];
      expect(Number(value)).toBe((last[Number(nth)] ?? 0) + 1);
      last[Number(nth)] = Number(value);
    }
    expect(last.toSorted((one, other) => one - other)).toEqual([1, 2]);
  });

  it('finds from where a goal is out of reach without the liar', () => {
    const reachable = { 'the second stays behind': (at: Uint8Array) => at[0] === 3 && (at[1] ?? 0) < 2 };
    expect(explore(counters(3, { reachable }))).toMatchObject({
      outcome: 'stuck',
      property: 'the second stays behind',
      trace: ['counter 1 becomes 1', 'counter 1 becomes 2'],
    });
    expect(explore(counters(3, { reachable: { 'the first is done': (at) => at[0] === 3 } })).outcome).toBe(
      'holds',
    );
    expect(explore(counters(3, { reachable: { 'the second is done': (at) => at[1] === 3 } })).outcome).toBe(
      'stuck',
    );
  });

  it('says when it met its bound, and when what should happen never does', () => {
    expect(explore(counters(9), { statesMax: 99 })).toMatchObject({ outcome: 'unfinished', statesMax: 99 });
    expect(explore(counters(9), { statesMax: 100 })).toMatchObject({ outcome: 'holds' });
    const sometimes = { ten: (at: Uint8Array) => at[0] === 10, nine: (at: Uint8Array) => at[0] === 9 };
    expect(explore(counters(9, { sometimes }))).toMatchObject({ outcome: 'tame', missing: ['ten'] });
    expect(() => explore(counters(9), { only: 'another' })).toThrow(/no property/);
  });

  it('comes to the same verdicts without exchanging like parties', () => {
    for (const name of ['wedge', 'sweep', 'erasing', 'trim', 'writer-loss']) {
      for (const { model, weak } of [...RULES, ...WEAKENED].filter((one) => one.model.name === name)) {
        const whole = model.build(weak?.name);
        const { canonical: _, ...plain } = whole;
        const limits = weak === undefined ? {} : { only: weak.breaks };
        const [one, other] = [explore(whole, limits), explore(plain, limits)];
        expect(other.outcome).toBe(one.outcome);
        if (one.outcome === 'broken') expect(other.depth).toBe(one.depth);
        else expect(other.states).toBeGreaterThan(one.states);
      }
    }
  });
});

describe('the command', () => {
  const run = (...args: string[]) => {
    const command = fileURLToPath(new URL('../model/run.ts', import.meta.url));
    return spawnSync(process.execPath, [command, ...args], { encoding: 'utf8' });
  };

  it('tells how a weakened rule breaks, one line a step', () => {
    const { status, stdout } = run('trim', '--weaken', 'trim/on-another-custody');
    expect(stdout).toMatch(/^ok {4}trim +[\d,]+ states, .* holds\nok {4}trim\/on-another-custody /);
    expect(stdout).toMatch(
      /\n {3}1\. daemon . erases .*\n {3}2\. .*\n {3}3\. .*\n {3}→ {2}no copy is left\./,
    );
    expect(status).toBe(0);
  });

  it('names everything there is, and refuses what there is not', () => {
    const { status, stdout } = run('--list');
    for (const { name } of [...RULES, ...WEAKENED]) expect(stdout).toContain(name);
    expect(status).toBe(0);
    expect(run('--weaken', 'gravity').status).toBe(2);
    expect(run('--what').status).toBe(2);
  });
});

describe('the set of states', () => {
  it('numbers states in the order found, and knows each again', () => {
    const set = new StateSet(3);
    const state = (nth: number) => Uint32Array.of(nth * 0x01000193, nth & 7, nth >>> 3);
    for (let nth = 0; nth < 20_000; nth++) expect(set.add(state(nth))).toBe(nth);
    for (let nth = 0; nth < 20_000; nth += 97) expect(set.add(state(nth))).toBe(-1 - nth);
    expect(set.count).toBe(20_000);
    const read = new Uint32Array(3);
    set.read(12_345, read);
    expect(read).toEqual(state(12_345));
  });
});
