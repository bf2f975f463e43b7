// What a person should know after a put that had to do without somebody: who, and what that changed.

import { Fault, type Policy } from '@vauban/core';
import type { Membership } from './membership.ts';
import type { PutResult } from './put.ts';

/** Without whom something was stored, at the beginning or since; undefined when everybody was there and had room. */
export function silenceOf(
  { charter, links }: Membership,
  of: {
    readonly live: ReadonlyMap<string, unknown>;
    readonly result: PutResult;
    readonly policy: Pick<Policy, 'k' | 'm'>;
  },
): Fault | undefined {
  const { live, result, policy } = of;
  const silent = charter.daemons
    .filter(({ id }) => !live.has(id) || !links.usable(id))
    .map(({ site }) => site);
  const code = result.smallestCode;
  if (code === null) return undefined;
  const smaller = code.k < policy.k;
  if (silent.length === 0 && !smaller) return undefined;
  const how = smaller ? `in ${code.k} + ${code.m} fragments instead of ${policy.k} + ${policy.m}` : '';
  const message =
    silent.length > 0
      ? `stored without ${silent.join(', ')}${smaller ? `, ${how}` : ''}`
      : `stored ${how}: too few sites have room`;
  return new Fault('failure', 'SITES_SILENT', message, { silent, ...code });
}
