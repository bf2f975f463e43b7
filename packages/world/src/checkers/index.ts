// Every judge that watches a history.

import type { Charter, Crypto } from '@vauban/core';
import type { Checker } from '../checker.ts';

/** Fresh judges for one history. `charter`: the version in force as the officers see it. */
export function newCheckers(_of: { readonly crypto: Crypto; readonly charter: () => Charter }): Checker[] {
  return [];
}
