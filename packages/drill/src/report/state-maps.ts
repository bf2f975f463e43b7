// The map of the network at three moments: before, when it stood worst, in the end.

import type { MapPart, MapSite } from '@vauban/report';
import type { DrillResult, Sample, SiteState } from '../result.ts';
import { lasting, words } from '../words.ts';

const shown: { readonly [state in SiteState]: MapSite['state'] } = {
  up: 'well',
  silent: 'suspect',
  burnt: 'lost',
  lost: 'lost',
  maintenance: 'maintenance',
  'read-only': 'read-only',
};

const notes: { readonly [state in SiteState]?: MapSite['note'] } = {
  burnt: words('burnt', 'brûlé'),
  silent: words('does not answer', 'ne répond pas'),
  lost: words('declared lost', 'déclaré perdu'),
};

export function stateMaps(result: DrillResult): readonly MapPart[] {
  const { samples, done } = result;
  const firstMs = done[0]?.atMs ?? Number.POSITIVE_INFINITY;
  const before = samples.filter(({ atMs }) => atMs < firstMs).at(-1) ?? samples[0];
  const worst = worstOf(samples);
  const map = (sample: Sample | undefined, caption: MapPart['caption']): MapPart => ({
    kind: 'map',
    caption,
    sites: result.network.sites.map((site) => siteAt(site, sample)),
  });
  const at = lasting(Math.max(0, worst?.atMs ?? 0));
  return [
    map(before, words('Before', 'Avant')),
    map(
      worst,
      words(`At the worst moment, ${at.en} after the start`, `Au pire moment, ${at.fr} après le début`),
    ),
    map(samples.at(-1), words('In the end', 'À la fin')),
  ];
}

/** The least margin; of several such moments one with the fewest sites well, and of these the first at which most is known of the others. */
function worstOf(samples: readonly Sample[]): Sample | undefined {
  const countIn = ({ sites }: Sample, wanted: SiteState) =>
    Object.values(sites).filter((state) => state === wanted).length;
  const rank = (one: Sample) =>
    (one.worstMargin ?? Number.POSITIVE_INFINITY) * 1e6 + countIn(one, 'up') * 1e3 + countIn(one, 'silent');
  return samples.reduce<Sample | undefined>(
    (worst, one) => (worst === undefined || rank(one) < rank(worst) ? one : worst),
    undefined,
  );
}

function siteAt(site: DrillResult['network']['sites'][number], sample: Sample | undefined): MapSite {
  const { id, city, hoster, latitude, longitude } = site;
  const state = sample?.sites[id];
  const note = state === undefined ? undefined : notes[state];
  return {
    id,
    name: city,
    hoster,
    latitude,
    longitude,
    state: state === undefined ? 'unknown' : shown[state],
    ...(note !== undefined && { note }),
  };
}
