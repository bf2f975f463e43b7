// The ways of keeping data that a forecast compares: how many fragments, how many rebuild, what rebuilding one costs.

import { type Policy, subChunksOf } from '@vauban/core';
import type { Words } from '@vauban/report';

/** One way of keeping data. `copies` is k = 1 without any code. */
export interface Keeping {
  /** As `--policies` names it. */
  readonly id: string;
  readonly name: Words;
  readonly code: 'rs' | 'clay' | 'copies';
  readonly k: number;
  readonly m: number;
  /** One fragment in each third of the region, west, middle, east, instead of the network's own rule. */
  readonly isZoned?: boolean;
}

const coded = (id: string, [k, m]: readonly [number, number], code: 'rs' | 'clay' = 'rs'): Keeping => ({
  id,
  name: { en: `${k}\u00a0+\u00a0${m}, ${code}`, fr: `${k}\u00a0+\u00a0${m}, ${code}` },
  code,
  k,
  m,
});

/** The eight that every forecast sets beside the network's own policy. */
export const alternatives: readonly Keeping[] = [
  { id: '3-copies', name: { en: 'three copies', fr: 'trois copies' }, code: 'copies', k: 1, m: 2 },
  coded('6+3-rs', [6, 3]),
  coded('6+3-clay', [6, 3], 'clay'),
  coded('5+4', [5, 4]),
  coded('4+2', [4, 2]),
  {
    id: '3-zones',
    name: { en: 'one copy in each of 3 zones', fr: 'une copie dans chacune de 3 zones' },
    code: 'copies',
    k: 1,
    m: 2,
    isZoned: true,
  },
  {
    ...coded('10-of-30', [10, 20]),
    name: { en: 'any 10 of 30 hosts', fr: '10 quelconques de 30 hôtes' },
  },
  {
    ...coded('29-of-80', [29, 51]),
    name: { en: 'any 29 of 80 hosts', fr: '29 quelconques de 80 hôtes' },
  },
];

export function keepingOf({ name, code, k, m }: Pick<Policy, 'name' | 'code' | 'k' | 'm'>): Keeping {
  return {
    id: 'own',
    name: {
      en: `the network’s own policy (${name}, ${k}\u00a0+\u00a0${m} ${code})`,
      fr: `la politique du réseau (${name}, ${k}\u00a0+\u00a0${m} ${code})`,
    },
    code,
    k,
    m,
  };
}

/**
 * Fragments read to rebuild one: with all others there, and otherwise. Clay (Vajha et al., FAST 2018) reads one m-th of
 * each of the n − 1 others: 2.67 fragments for 6 + 3 instead of six.
 */
export function repairReads({ code, k, m }: Pick<Keeping, 'code' | 'k' | 'm'>): {
  readonly one: number;
  readonly more: number;
} {
  if (code === 'copies') return { one: 1, more: 1 };
  const isClay = code === 'clay' && subChunksOf({ code, k, m }) !== undefined;
  return { one: isClay ? (k + m - 1) / m : k, more: k };
}
