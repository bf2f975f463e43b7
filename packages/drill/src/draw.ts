// Which sites `@1`, `@2`, `@voting` and `@all` are: drawn once, from the seed, so that a drill can be repeated on the same sites.

import { compareBytes, concat, type Crypto, Fault, nearestName, u64be, utf8 } from '@vauban/core';
import type { Scenario } from './scenario.ts';

/** A site as the draw sees it. */
export interface DrawnSite {
  readonly id: string;
  readonly votes: boolean;
  /** Whether it stands: it has not burnt. */
  readonly stands: boolean;
}

export interface SiteDraw {
  /** `@1`, `@2`, … in the order drawn. */
  readonly sites: readonly DrawnSite[];
  /** Where no site left to draw votes, undefined. */
  readonly voting: DrawnSite | undefined;
}

/**
 * SHA-256(domain ‖ seed ‖ site id): whoever else stands does not change the order of two sites. Different names are different
 * sites: whichever is `@voting` is none of `@1`, `@2`, … in a scenario that says `@voting`. `seed` is a safe integer.
 */
export function drawSites(of: {
  readonly crypto: Crypto;
  readonly seed: number;
  readonly scenario: Pick<Scenario, 'steps'>;
  readonly sites: readonly DrawnSite[];
}): SiteDraw {
  const named = new Set(of.scenario.steps.flatMap(({ sites }) => sites));
  const ticket = (id: string) => of.crypto.sha256(utf8('vauban/drill-draw/0\n'), u64be(of.seed), utf8(id));
  const tickets = of.sites
    .filter(({ id, stands }) => stands && !named.has(id))
    .map((site) => ({ site, ticket: concat(ticket(site.id), utf8(site.id)) }))
    .sort((a, b) => compareBytes(a.ticket, b.ticket));
  const drawn = tickets.map(({ site }) => site);
  const voting = drawn.find(({ votes }) => votes);
  return { voting, sites: named.has('@voting') ? drawn.filter((site) => site !== voting) : drawn };
}

/**
 * The sites a step falls on, each once, in the step's order. `standing`: ids of all sites that have not burnt by now.
 * Faults (usage): SITE_UNKNOWN {site, nearest, known}, SITES_TOO_FEW {wanted, drawn}.
 */
export function sitesOfStep(
  sites: readonly string[],
  of: { readonly draw: SiteDraw; readonly standing: readonly string[]; readonly known: readonly string[] },
): readonly string[] {
  return [...new Set(sites.flatMap((site) => sitesNamed(site, of)))];
}

function sitesNamed(
  site: string,
  { draw, standing, known }: Parameters<typeof sitesOfStep>[1],
): readonly string[] {
  if (site === '@all') return standing;
  if (site.startsWith('@')) {
    const drawn = site === '@voting' ? draw.voting : draw.sites[Number(site.slice(1)) - 1];
    if (drawn !== undefined) return [drawn.id];
    const left = site === '@voting' ? 'none stands and votes' : `only ${draw.sites.length} stand`;
    const message = `the scenario asks for ${site}, and of the sites that it names no other way ${left}`;
    throw new Fault('usage', 'SITES_TOO_FEW', message, { wanted: site, drawn: draw.sites.length });
  }
  if (known.includes(site)) return [site];
  const nearest = nearestName(site, known) ?? null;
  const meant = nearest === null ? `the sites are ${known.join(', ')}` : `did you mean ${nearest}?`;
  const message = `the scenario names the site ${site}, which the network has not: ${meant}`;
  throw new Fault('usage', 'SITE_UNKNOWN', message, { site, nearest, known: [...known] });
}
