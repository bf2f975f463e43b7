// Breadth-first exploration of a rule: every state within the bound, the shortest way to one that breaks a property, and
// the states from which a goal is out of reach. An exploration that meets its bound is a failure, never a pass.

import { Edges } from './edges.ts';
import type { Rule, State, Step } from './rule.ts';
import { StateSet } from './state-set.ts';

export type Verdict = {
  readonly states: number;
  /** Steps to the farthest state. */
  readonly depth: number;
} & (
  | { readonly outcome: 'holds' }
  | { readonly outcome: 'broken' | 'stuck'; readonly property: string; readonly trace: readonly string[] }
  | { readonly outcome: 'unfinished'; readonly statesMax: number }
  | { readonly outcome: 'tame'; readonly missing: readonly string[] }
);

export interface Limits {
  readonly statesMax?: number;
  /** Checks this property of `never` or `reachable` alone. */
  readonly only?: string;
}

const STATES_MAX = 40_000_000;

/** Explores `rule` completely, or up to the first state that breaks it. */
export function explore(rule: Rule, { statesMax = STATES_MAX, only }: Limits = {}): Verdict {
  const chosen = (properties: Readonly<Record<string, (at: State) => boolean>> = {}) =>
    Object.entries(properties).filter(([name]) => only === undefined || name === only);
  const never = chosen(rule.never);
  const goals = chosen(rule.reachable);
  if (never.length + goals.length === 0) throw new Error(`There is no property to check: ${only ?? 'none'}.`);
  let missing = Object.entries(rule.sometimes);

  const { bytes: at, words: atWords } = blank(rule);
  const { bytes: to, words: toWords } = blank(rule);
  const set = new StateSet(toWords.length);
  const edges = new Edges(goals.length > 0);
  /** The first state found that must not be, with the property it breaks. */
  const broken: { state: number; property: string }[] = [];

  const arrive = (): number => {
    const found = set.add(toWords);
    if (found < 0) return -1 - found;
    edges.found(found);
    for (const [property, bad] of never) if (bad(to)) broken.push({ state: found, property });
    if (missing.length > 0) missing = missing.filter(([, so]) => !so(to));
    return found;
  };
  const stepper =
    (honest: boolean): Step =>
    (_words, change) => {
      if (broken.length > 0) return;
      for (let word = 0; word < toWords.length; word++) toWords[word] = atWords[word] ?? 0;
      change(to);
      rule.canonical?.(to);
      const state = arrive();
      if (honest) edges.lead(state);
    };
  const can = stepper(true);
  const may = stepper(false);

  rule.start?.(to);
  rule.canonical?.(to);
  arrive();
  let depth = 0;
  let levelEnd = 1;
  for (let state = 0; state < set.count && broken.length === 0; state++) {
    if (set.count > statesMax) return { outcome: 'unfinished', states: set.count, depth, statesMax };
    if (state === levelEnd) {
      depth += 1;
      levelEnd = set.count;
    }
    set.read(state, atWords);
    edges.from(state);
    rule.steps(at, can, may);
  }
  const size = { states: set.count, depth };
  for (const { state, property } of broken) {
    const way = edges.wayTo(state);
    return { outcome: 'broken', property, trace: trace(rule, set, way), ...size, depth: way.length - 1 };
  }
  for (const [property, reached] of goals) {
    const state = edges.firstWithout((number) => {
      set.read(number, atWords);
      return reached(at);
    });
    if (state !== undefined) {
      return { outcome: 'stuck', property, trace: trace(rule, set, edges.wayTo(state)), ...size };
    }
  }
  if (missing.length > 0 && only === undefined) {
    return { outcome: 'tame', missing: missing.map(([name]) => name), ...size };
  }
  return { outcome: 'holds', ...size };
}

/** The words of the steps along a way, replayed with one set of names: stored states may have exchanged like parties. */
function trace(rule: Rule, set: StateSet, way: readonly number[]): string[] {
  let { bytes: at } = blank(rule);
  const { bytes: to, words: toWords } = blank(rule);
  const wanted = new Uint32Array(toWords.length);
  rule.start?.(at);
  return way.slice(1).map((state) => {
    set.read(state, wanted);
    let said: string | undefined;
    let next = at;
    const step: Step = (words, change) => {
      if (said !== undefined) return;
      to.set(at);
      change(to);
      const named = to.slice();
      rule.canonical?.(to);
      if (!toWords.every((word, nth) => word === wanted[nth])) return;
      said = words();
      next = named;
    };
    rule.steps(at, step, step);
    if (said === undefined)
      throw new Error(
        'A step of the way is not there when replayed: the rule is not a function of its state.',
      );
    at = next;
    return said;
  });
}

function blank(rule: Rule): { readonly bytes: State; readonly words: Uint32Array } {
  const words = new Uint32Array(Math.ceil(rule.bytes / 4));
  return { bytes: new Uint8Array(words.buffer), words };
}
