// How a fault leaves the program. Scripts rely on these numbers.

import type { FaultKind } from '@vauban/core';

const codes: { readonly [kind in FaultKind]: number } = {
  failure: 1,
  usage: 2,
  integrity: 3,
  'missing-fragments': 4,
  unreachable: 5,
  refused: 6,
  interrupted: 130,
};

export function exitCodeOf(kind: FaultKind): number {
  return codes[kind];
}
