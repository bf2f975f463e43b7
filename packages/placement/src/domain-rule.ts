// The domain rule (SPEC section 1): what may be lost together never holds more than may be lost, and nobody can read
// alone. Voters refuse what breaks it; whatever loosens this file loosens the promise.

import { assert, type Charter, Fault } from '@vauban/core';
import { type DomainKind, domainKinds, domainLoads, domainsOf, type Holder } from './domains.ts';

const plural: { readonly [kind in DomainKind]: string } = {
  site: 'sites',
  building: 'buildings',
  hoster: 'hosters',
};

/**
 * The `sitesLost` most loaded sites together hold at most m fragments, the same for buildings and for hosters, and no
 * hoster holds k. Undefined when kept. Faults, returned: UNKNOWN_HOLDER, INDEX_OUT_OF_RANGE, DUPLICATE_INDEX,
 * DOMAIN_RULE {domain, names, fragments, allowed}.
 */
export function checkDomainRule(
  charter: Charter,
  o: {
    readonly k: number;
    readonly m: number;
    readonly sitesLost: number;
    readonly holders: readonly Holder[];
  },
): Fault | undefined {
  assert(
    [o.k, o.m, o.sitesLost].every((count) => Number.isSafeInteger(count) && count >= 0),
    'k, m, sitesLost',
  );
  const seen = new Set<number>();
  for (const { index, daemon } of o.holders) {
    if (domainsOf(charter, daemon) === undefined) {
      return new Fault(
        'refused',
        'UNKNOWN_HOLDER',
        `Fragment ${index} is said to be held by daemon ${daemon}, which charter version ${charter.version} does not list.`,
        { index, daemon, version: charter.version },
      );
    }
    if (!Number.isSafeInteger(index) || index < 0 || index >= o.k + o.m) {
      return new Fault(
        'refused',
        'INDEX_OUT_OF_RANGE',
        `A ${o.k} + ${o.m} segment has no fragment ${index}.`,
        {
          index,
          k: o.k,
          m: o.m,
        },
      );
    }
    if (seen.has(index)) {
      return new Fault('refused', 'DUPLICATE_INDEX', `Fragment ${index} is listed with two holders.`, {
        index,
      });
    }
    seen.add(index);
  }
  for (const domain of domainKinds) {
    const loads = domainLoads(charter, domain, o.holders);
    const heaviest = loads.slice(0, o.sitesLost);
    const fragments = heaviest.reduce((sum, one) => sum + one.fragments, 0);
    if (fragments > o.m) {
      return broken(
        domain,
        heaviest.map((one) => one.id),
        fragments,
        {
          allowed: o.m,
          why: `so losing ${o.sitesLost} ${o.sitesLost === 1 ? domain : plural[domain]} would lose the segment's promise`,
        },
      );
    }
    const first = loads[0];
    if (domain === 'hoster' && first !== undefined && first.fragments >= o.k) {
      return broken(domain, [first.id], first.fragments, {
        allowed: o.k - 1,
        why: `and ${o.k} are enough to rebuild the whole segment alone`,
      });
    }
  }
  return undefined;
}

function broken(
  domain: DomainKind,
  names: readonly string[],
  fragments: number,
  o: { readonly allowed: number; readonly why: string },
): Fault {
  const subject =
    names.length === 1 ? `${domain} ${names[0]} holds` : `${plural[domain]} ${names.join(', ')} hold`;
  return new Fault(
    'refused',
    'DOMAIN_RULE',
    `The ${subject} ${fragments} fragments where at most ${o.allowed} may be, ${o.why}; choose other holders.`,
    { domain, names, fragments, allowed: o.allowed },
  );
}
