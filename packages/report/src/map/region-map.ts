// The Grand Est as an SVG drawing: departments, and sites by state. Sites of one city stand side by side; sites whose
// signs would touch are moved apart a little, so that each can be told from its neighbour.

import type { Language } from '../document.ts';
import { html, type Markup } from '../markup.ts';
import { colon, semicolon, wordsIn } from '../text/language.ts';
import { STATES, TERMS } from '../text/vocabulary.ts';
import { clip, textWidth } from '../text/width.ts';
import { departments } from './departments.ts';
import { type Box, overlaps, placeLabels } from './labels.ts';
import type { MapSite } from './map-site.ts';
import { project, type Spot } from './projection.ts';
import { SIGN_RADIUS, siteSign, STATE_ORDER } from './site-sign.ts';

export interface MapOptions {
  /** Begins every id in the drawing; two drawings on one page need two. `region` by default. */
  readonly id?: string;
  /** `narrow` is made for phones: the same map with larger text. `wide` by default. */
  readonly size?: 'wide' | 'narrow';
}

const LAYOUTS = {
  wide: { width: 720, scale: 3, font: 13, top: 8 },
  narrow: { width: 358, scale: 1.7, font: 12, top: 6 },
} as const;

type Layout = (typeof LAYOUTS)[keyof typeof LAYOUTS];

/** In the outlines' coordinates; about 3.6 km: one city. */
const CITY = 2;
const SIGN_STEP = 2 * SIGN_RADIUS + 3;
const SIGNS_PER_ROW = 6;
const NAME_MAX = 170;

const corners = departments.flatMap(({ rings }) => rings.flat());
const region: Box = {
  left: Math.min(...corners.map(({ x }) => x)),
  right: Math.max(...corners.map(({ x }) => x)),
  top: Math.min(...corners.map(({ y }) => y)),
  bottom: Math.max(...corners.map(({ y }) => y)),
};

/**
 * An `<svg>` of the Grand Est with its sites, their state told by shape and by colour, with a legend and the credit for the
 * outlines. It is legible as it is; `mapStyle` gives it the page's colours, light and dark. Sites outside of the region
 * stand at its edge; those whose place is no number are only in the description.
 */
export function regionMap(sites: readonly MapSite[], language: Language, options: MapOptions = {}): string {
  const id = options.id ?? 'region';
  const size = options.size ?? 'wide';
  const layout = LAYOUTS[size];
  const mapHeight = (region.bottom - region.top) * layout.scale + 2 * layout.top;
  const towns = apart(townsOf(sites, layout), { left: 0, top: 0, right: layout.width, bottom: mapHeight });
  const legend = legendRows(sites, language, layout);
  const height = mapHeight + legend.length * 24 + 24;
  const term = (name: keyof typeof TERMS) => wordsIn(language, TERMS[name]);
  return html`<svg class="map ${size}" role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${layout.width} ${Math.ceil(height)}"><title id="${id}-title">${term('mapTitle')}</title><desc id="${id}-desc">${description(sites, language)}</desc><g>${land(layout)}</g><g>${towns.map((town) => signs(town, language))}</g><g>${names(towns, layout, mapHeight)}</g><g>${legend.map((row, at) => legendRow(row, mapHeight + 16 + at * 24, layout))}</g><text class="map-credit" x="${layout.width - 4}" y="${Math.ceil(height) - 6}" text-anchor="end" font-size="10" fill="#595959">${term('mapCredit')}</text></svg>`
    .markup;
}

function description(sites: readonly MapSite[], language: Language): string {
  if (sites.length === 0) return wordsIn(language, TERMS.noSites);
  return sites.map((site) => siteLine(site, language)).join(semicolon(language));
}

function siteLine({ name, hoster, state, note }: MapSite, language: Language): string {
  const facts = [
    wordsIn(language, STATES[state]),
    ...(hoster === undefined ? [] : [hoster]),
    ...(note === undefined ? [] : [wordsIn(language, note)]),
  ];
  return `${name}${colon(language)}${facts.join(', ')}`;
}

function onSheet({ x, y }: Spot, { width, scale, top }: Layout): Spot {
  const left = (width - (region.right - region.left) * scale) / 2;
  return { x: left + (x - region.left) * scale, y: top + (y - region.top) * scale };
}

/** The paths never change: drawn once per size. */
const drawnLand = new Map<Layout, Markup>();

function land(layout: Layout): Markup {
  const drawn = drawnLand.get(layout) ?? outlines(layout);
  drawnLand.set(layout, drawn);
  return drawn;
}

function outlines(layout: Layout): Markup {
  const paths = departments.map(({ name, number, rings }) => {
    const data = rings.map((ring) => {
      let path = '';
      let before: Spot = { x: 0, y: 0 };
      // Steps are taken between rounded places, so that rounding does not add up along the way.
      for (const spot of ring) {
        const { x, y } = onSheet(spot, layout);
        const here = { x: Math.round(x * 10) / 10, y: Math.round(y * 10) / 10 };
        const step = `${Number((here.x - before.x).toFixed(1))} ${Number((here.y - before.y).toFixed(1))}`;
        path += path === '' ? `M${step}l` : `${step} `;
        before = here;
      }
      return `${path.trimEnd().replaceAll(' -', '-')}z`;
    });
    return html`<path class="land" fill="#f2f2ee" stroke="#8a8a85" d="${data.join('')}"><title>${name} (${number})</title></path>`;
  });
  return html`${paths}`;
}

/** The sites of one city. */
interface Town {
  readonly sites: readonly MapSite[];
  readonly at: Spot;
}

function townsOf(sites: readonly MapSite[], layout: Layout): readonly Town[] {
  const towns: { sites: MapSite[]; place: Spot }[] = [];
  for (const site of sites) {
    if (!Number.isFinite(site.latitude) || !Number.isFinite(site.longitude)) continue;
    const { x, y } = project(site);
    const place = {
      x: Math.min(region.right, Math.max(region.left, x)),
      y: Math.min(region.bottom, Math.max(region.top, y)),
    };
    const town = towns.find((each) => Math.hypot(each.place.x - place.x, each.place.y - place.y) <= CITY);
    if (town === undefined) towns.push({ sites: [site], place });
    else town.sites.push(site);
  }
  return towns.map(({ sites: members, place }) => ({ sites: members, at: onSheet(place, layout) }));
}

function boxOf({ sites, at }: Town): Box {
  const columns = Math.min(sites.length, SIGNS_PER_ROW);
  const rows = Math.ceil(sites.length / SIGNS_PER_ROW);
  const halfX = ((columns - 1) * SIGN_STEP) / 2 + SIGN_RADIUS + 1;
  const halfY = ((rows - 1) * SIGN_STEP) / 2 + SIGN_RADIUS + 1;
  return { left: at.x - halfX, right: at.x + halfX, top: at.y - halfY, bottom: at.y + halfY };
}

/** Pushes towns that touch away from each other, a little at a time, and keeps them on the sheet. */
function apart(towns: readonly Town[], sheet: Box): readonly Town[] {
  const moved = towns.map((town) => ({ ...town }));
  for (let round = 0; round < 80; round += 1) {
    let touched = false;
    moved.forEach((a, index) => {
      for (const b of moved.slice(index + 1)) {
        if (!overlaps(boxOf(a), boxOf(b))) continue;
        touched = true;
        const dx = b.at.x - a.at.x;
        const dy = b.at.y - a.at.y;
        const distance = Math.hypot(dx, dy);
        const [stepX, stepY] = distance < 0.01 ? [1, index % 2] : [dx / distance, dy / distance];
        a.at = { x: a.at.x - stepX, y: a.at.y - stepY };
        b.at = { x: b.at.x + stepX, y: b.at.y + stepY };
      }
    });
    for (const town of moved) town.at = kept(town, sheet);
    if (!touched) break;
  }
  return moved;
}

function kept(town: Town, sheet: Box): Spot {
  const box = boxOf(town);
  const inward = (low: number, high: number, from: number, to: number) =>
    Math.max(0, from - low) - Math.max(0, high - to);
  return {
    x: town.at.x + inward(box.left, box.right, sheet.left, sheet.right),
    y: town.at.y + inward(box.top, box.bottom, sheet.top, sheet.bottom),
  };
}

function signs(town: Town, language: Language): Markup {
  const box = boxOf(town);
  const drawn = town.sites.map((site, index) => {
    const x = box.left + SIGN_RADIUS + 1 + (index % SIGNS_PER_ROW) * SIGN_STEP;
    const y = box.top + SIGN_RADIUS + 1 + Math.floor(index / SIGNS_PER_ROW) * SIGN_STEP;
    return html`<g><title>${siteLine(site, language)}</title>${siteSign(site.state, x, y)}</g>`;
  });
  return html`${drawn}`;
}

function names(towns: readonly Town[], layout: Layout, mapHeight: number): Markup {
  const urgency = ({ sites }: Town) => Math.min(...sites.map(({ state }) => STATE_ORDER.indexOf(state)));
  const inOrder = [...towns].sort((a, b) => urgency(a) - urgency(b));
  const { font, width } = layout;
  const items = inOrder.map((town) => {
    const name = clip(townName(town), NAME_MAX, font);
    const bold = urgency(town) < STATE_ORDER.indexOf('well') ? 1.12 : 1;
    return { town, name, box: boxOf(town), width: textWidth(name, font) * bold, height: font + 2 };
  });
  const all = inOrder.map(boxOf);
  const placed = placeLabels(items, { left: 2, top: 2, right: width - 2, bottom: mapHeight }, all);
  const drawn = items.map(({ name, town }, index) => {
    const box = placed[index];
    if (!box) return null;
    const urgent = urgency(town) < STATE_ORDER.indexOf('well');
    const x = { start: box.left, middle: (box.left + box.right) / 2, end: box.right }[box.anchor];
    return html`<text class="map-name${urgent ? ' urgent' : ''}" x="${x}" y="${box.bottom - 4}" text-anchor="${box.anchor}" font-size="${font}">${name}</text>`;
  });
  return html`${drawn}`;
}

/** What the names of a city's sites begin with, as "Strasbourg" and "Strasbourg 2" do; else all of them. */
function townName({ sites }: Town): string {
  const [first = '', ...others] = [...new Set(sites.map((site) => site.name))];
  const parts = first.split(' ');
  for (let length = parts.length; length > 0; length -= 1) {
    const start = parts.slice(0, length).join(' ');
    if (others.every((name) => name === start || name.startsWith(`${start} `))) return start;
  }
  return [first, ...others].join(', ');
}

interface LegendEntry {
  readonly state: MapSite['state'];
  readonly label: string;
  readonly width: number;
}

/** Only states that occur, worst first, in rows that fit the sheet. */
function legendRows(sites: readonly MapSite[], language: Language, { width, font }: Layout) {
  const rows: LegendEntry[][] = [[]];
  let used = 0;
  for (const state of STATE_ORDER) {
    const number = sites.filter((site) => site.state === state).length;
    if (number === 0) continue;
    const label = `${wordsIn(language, STATES[state])}${colon(language)}${number}`;
    const entry = { state, label, width: textWidth(label, font) + 2 * SIGN_RADIUS + 16 };
    if (used + entry.width > width && used > 0) {
      rows.push([]);
      used = 0;
    }
    rows.at(-1)?.push(entry);
    used += entry.width;
  }
  return rows;
}

function legendRow(row: readonly LegendEntry[], y: number, { font }: Layout): Markup {
  let x = 10;
  const drawn = row.map(({ state, label, width }) => {
    const at = x;
    x += width;
    return html`${siteSign(state, at + SIGN_RADIUS, y)}<text class="map-key" x="${at + 2 * SIGN_RADIUS + 7}" y="${y + 4.5}" font-size="${font}">${label}</text>`;
  });
  return html`${drawn}`;
}
