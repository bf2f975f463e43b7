// The map's outlines and its projection belong together: every city of the local network stands in its own department, and
// the names of all of them find room.

import { describe, expect, it } from 'vitest';
import { cities } from '@vauban/fleet';
import { type MapSite, mapStyle, regionMap, type SiteState } from '@vauban/report';

/** In the order of the cities. */
const NUMBERS = '67 57 54 51 68 68 10 88 08 67 57 51 52 67 52 55 55 67 57 54 08 51 52 68 88 68'.split(' ');

const siteOf = (at: number, state: SiteState = 'well'): MapSite => {
  const { name, hoster, latitude, longitude } = cities[at] ?? {
    name: '',
    hoster: '',
    latitude: 0,
    longitude: 0,
  };
  return { id: name, name, hoster, latitude, longitude, state };
};

type Spot = readonly [x: number, y: number];

/** Outlines by department number, read from the drawing. */
function outlines(drawing: string): ReadonlyMap<string, readonly (readonly Spot[])[]> {
  const found = new Map<string, Spot[][]>();
  for (const [, path = '', number = ''] of drawing.matchAll(
    /class="land"[^>]* d="([^"]*)"><title>[^<(]* \((\d\d)\)/g,
  )) {
    const rings = path.split('z').filter((ring) => ring !== '');
    found.set(
      number,
      rings.map((ring) => {
        const steps = ring.match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
        let [x, y] = [0, 0];
        return Array.from(
          { length: steps.length / 2 },
          (_, at): Spot => [(x += steps[2 * at] ?? 0), (y += steps[2 * at + 1] ?? 0)],
        );
      }),
    );
  }
  return found;
}

/** Even-odd rule. */
function within([x, y]: Spot, rings: readonly (readonly Spot[])[]): boolean {
  let odd = false;
  for (const ring of rings) {
    ring.forEach(([x1, y1], at) => {
      const [x2, y2] = ring[(at + 1) % ring.length] ?? [x1, y1];
      if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) odd = !odd;
    });
  }
  return odd;
}

function nearest([x, y]: Spot, rings: readonly (readonly Spot[])[]): number {
  return Math.min(...rings.flat().map(([x1, y1]) => Math.hypot(x - x1, y - y1)));
}

const signs = (drawing: string): readonly Spot[] =>
  [...drawing.matchAll(/class="site site-[a-z-]+" transform="translate\(([\d.]+) ([\d.]+)\)"/g)].map(
    ([, x, y]) => [Number(x), Number(y)],
  );

describe('the map of the region', () => {
  it('has its ten departments', () => {
    expect([...outlines(regionMap([], 'fr')).keys()].sort()).toEqual(
      '08 10 51 52 54 55 57 67 68 88'.split(' '),
    );
  });

  it.each(cities.map(({ name }, at) => [name, NUMBERS[at] ?? '', at] as const))(
    'has %s in department %s',
    (_, number, at) => {
      const drawing = regionMap([siteOf(at)], 'en');
      const lands = outlines(drawing);
      const [spot = [0, 0]] = signs(drawing);
      const own = lands.get(number) ?? [];
      // Two units are a kilometre: Saint-Louis stands on the border itself.
      expect(within(spot, own) || nearest(spot, own) <= 2).toBe(true);
      const others = [...lands].filter(([other, rings]) => other !== number && within(spot, rings));
      expect(others.map(([other]) => other)).toEqual([]);
    },
  );

  it.each(['wide', 'narrow'] as const)('names all the cities on its %s sheet, urgent ones first', (size) => {
    const all = cities.map((_, at) => siteOf(at, at === 25 ? 'lost' : 'well'));
    const named = [...regionMap(all, 'fr', { size }).matchAll(/class="map-name[^>]*>([^<]*)</g)].map(
      ([, name]) => name,
    );
    expect(named[0]).toBe('Guebwiller');
    expect(named.length).toBeGreaterThanOrEqual(size === 'wide' ? 26 : 20);
  });

  it('shows sites of one city side by side under one name, and none of the signs on another', () => {
    const twins = [0, 1, 2, 3].map(
      (at): MapSite => ({
        ...siteOf(0),
        id: `s${at}`,
        name: at === 0 ? 'Strasbourg' : `Strasbourg ${at + 1}`,
        longitude: 7.7521 + at / 500,
      }),
    );
    const drawing = regionMap([...twins, ...cities.slice(1).map((_, at) => siteOf(at + 1))], 'en', {
      size: 'narrow',
    });
    const places = signs(drawing).slice(0, 29);
    const row = places.slice(0, 4);
    expect(new Set(row.map(([, y]) => y)).size).toBe(1);
    for (const [index, [x, y]] of places.entries())
      for (const [otherX, otherY] of places.slice(0, index))
        expect(Math.hypot(x - otherX, y - otherY)).toBeGreaterThan(13);
    expect(drawing).toMatch(/map-name[^>]*>Strasbourg</);
  });

  it('tells each state by its own shape, in words, and counts them', () => {
    const states: SiteState[] = [
      'well',
      'suspect',
      'lost',
      'maintenance',
      'draining',
      'read-only',
      'unknown',
    ];
    const drawing = regionMap(
      states.map((state, at) => siteOf(at, state)),
      'fr',
    );
    const shapes = states.map((state) =>
      new RegExp(`site-${state}"[^>]*>(.*?)</g>`).exec(drawing)?.[1]?.replaceAll(/#\w+/g, ''),
    );
    expect(new Set(shapes).size).toBe(states.length);
    expect(drawing).toMatch(
      /<desc[^>]*>Strasbourg\u00a0: en ordre, Hébergeur Cigogne\u202f; Metz\u00a0: suspect/,
    );
    expect(drawing).toContain('>lecture seule\u00a0: 1<');
    expect(drawing).toContain('CC BY 4.0');
  });

  it('can stand twice on one page, and brings its colours without touching anything else', () => {
    const ids = (drawing: string) => [...drawing.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    const both = [...ids(regionMap([], 'en')), ...ids(regionMap([], 'en', { id: 'other' }))];
    expect(new Set(both).size).toBe(both.length);
    const selectors = mapStyle.match(/^[^@{}\n]+(?=\{)/gm) ?? [];
    expect(selectors.filter((selector) => !selector.trim().startsWith('.map'))).toEqual([]);
  });
});
