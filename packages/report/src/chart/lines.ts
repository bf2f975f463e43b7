// Lines through points, with gaps, steps, and markers here and there: shared by timelines and curves.

import { html, type Markup } from '../markup.ts';
import { dashes, inkClass, marker } from './ink.ts';

/** On the paper already; null is a gap. */
export type Spot = readonly [x: number, y: number] | null;

const MARKER_EVERY = 96;
/** Up to this many points each gets its marker. */
const MARKED_ALL = 14;

export interface LineLook {
  /** Each value holds until the next. */
  readonly step?: boolean;
  readonly dashed?: boolean;
}

export function lineThrough(
  spots: readonly Spot[],
  series: number,
  { step = false, dashed = false }: LineLook = {},
): Markup {
  let path = '';
  let before: Spot = null;
  for (const spot of spots) {
    if (spot !== null) {
      const [x, y] = spot.map((each) => Number(each.toFixed(1)));
      if (before === null) path += `M${x} ${y}`;
      else path += step ? `H${x}V${y}` : `L${x} ${y}`;
    }
    before = spot;
  }
  if (path === '') return html``;
  const alone = spots.filter((spot, at) => spot !== null && !spots[at - 1] && !spots[at + 1]);
  return html`<g class="${inkClass(series)}"><path class="line" stroke-dasharray="${dashed ? dashes(series) : ''}" d="${path}"/>${markers(spots, series)}${alone.map((spot) => spot && marker(series, spot[0], spot[1]))}</g>`;
}

/** Each series begins elsewhere, so that markers of lines that run together do not hide each other. */
function markers(spots: readonly Spot[], series: number): readonly Markup[] {
  const seen = spots.filter((spot) => spot !== null);
  if (seen.length <= MARKED_ALL) return seen.map(([x, y]) => marker(series, x, y));
  let next = (seen[0]?.[0] ?? 0) + 24 + ((series * 37) % MARKER_EVERY);
  return seen.flatMap(([x, y]) => {
    if (x < next) return [];
    next = x + MARKER_EVERY;
    return [marker(series, x, y)];
  });
}
