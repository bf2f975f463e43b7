// All models there are, in the order in which the design tells of them, and all their weakenings by name.

import { append, appendByLiar } from './append.ts';
import { epochReading } from './epoch-reading.ts';
import {
  epochs,
  epochsHonest,
  epochsLiarEnters,
  epochsLiarLeaves,
  epochsOfNine,
  epochsRestored,
  epochsTwice,
} from './epoch-models.ts';
import { erasing } from './erasing.ts';
import { explore, type Verdict } from './explorer.ts';
import { reading, readingForks } from './reading.ts';
import { revocation } from './revocation.ts';
import type { Model, Weakening } from './rule.ts';
import { seal } from './seal.ts';
import { sweep } from './sweep.ts';
import { trim } from './trim.ts';
import { wedge } from './wedge.ts';
import { writerLoss } from './writer-loss.ts';

const MODELS: readonly Model[] = [
  append,
  appendByLiar,
  wedge,
  reading,
  readingForks,
  writerLoss,
  seal,
  erasing,
  sweep,
  trim,
  epochs,
  epochsLiarLeaves,
  epochsLiarEnters,
  epochsHonest,
  epochsRestored,
  epochReading,
  revocation,
  epochsTwice,
  epochsOfNine,
];

/** One thing that can be explored: a rule as designed, or with one part left out. */
export interface Exhibit {
  readonly model: Model;
  /** The model's name, and behind a slash the weakening's. */
  readonly name: string;
  readonly weak?: { readonly name: string } & Weakening;
}

export const RULES: readonly Exhibit[] = MODELS.map((model) => ({ model, name: model.name }));

export const WEAKENED: readonly Exhibit[] = MODELS.flatMap((model) =>
  Object.entries(model.weakenings).map(([name, weakening]) => ({
    model,
    name: `${model.name}/${name}`,
    weak: { name, ...weakening },
  })),
);

/** Explores it; a weakened rule only for the property that should break. */
export function verdictOn({ model, weak }: Exhibit): Verdict {
  return weak === undefined ? explore(model.build()) : explore(model.build(weak.name), { only: weak.breaks });
}

/** True when a rule as designed holds, or a weakened one breaks the way it should. */
export function asExpected({ weak }: Exhibit, verdict: Verdict): boolean {
  if (weak === undefined) return verdict.outcome === 'holds';
  return (verdict.outcome === 'broken' || verdict.outcome === 'stuck') && verdict.property === weak.breaks;
}
