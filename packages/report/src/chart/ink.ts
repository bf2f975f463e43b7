// How series are told apart: by colour (Okabe and Ito's palette, for all kinds of colour vision) and always by a second
// sign too: hatching for areas, dashes and markers for lines, so that a print in grey or a fax still reads.

import { html, type Markup } from '../markup.ts';

const INKS = 8;

/** Strokes and gaps; the first is unbroken. */
const DASHES = ['', '7 3', '2 3', '10 3 2 3', '4 2', '12 4', '1 2', '6 2 1 2 1 2'];

export function inkClass(series: number): string {
  return `ink${series % INKS}`;
}

export function dashes(series: number): string {
  return DASHES[series % INKS] ?? '';
}

/** For the `fill` attribute of an area: the page's own hatchings. */
export function hatching(series: number): string {
  return `url(#hatch-${series % INKS})`;
}

/** The hatchings, once per page, outside of what is ever hidden: a browser draws nothing from hidden definitions. */
export function hatchings(): Markup {
  const lines = [
    '',
    'M-2 7L7 -2M3 12L12 3',
    '',
    'M0 5H10M5 0V10',
    'M0 3H10M0 8H10',
    'M3 0V10M8 0V10',
    'M-2 3L7 12M3 -2L12 7',
  ];
  const patterns = Array.from({ length: INKS }, (_, series) => {
    const solid = series === 0 || series === 7;
    const path = lines[series] ?? '';
    return html`<pattern id="hatch-${series}" class="${inkClass(series)}" width="10" height="10" patternUnits="userSpaceOnUse"><rect class="${solid ? 'whole' : 'ground'}" width="10" height="10"/>${
      path !== '' && html`<path class="hatch" d="${path}"/>`
    }${series === 2 && html`<circle class="whole" cx="2.5" cy="2.5" r="1.6"/><circle class="whole" cx="7.5" cy="7.5" r="1.6"/>`}${
      series === 7 && html`<rect class="paper" x="3" y="3" width="4" height="4"/>`
    }</pattern>`;
  });
  return html`<svg class="definitions" width="0" height="0" aria-hidden="true" focusable="false"><defs>${patterns}</defs></svg>`;
}

/** The sign that a line carries here and there. */
export function marker(series: number, x: number, y: number, size = 3.6): Markup {
  const s = size;
  switch (series % 6) {
    case 0:
      return html`<circle class="marker" cx="${x}" cy="${y}" r="${s}"/>`;
    case 1:
      return html`<path class="marker" d="M${x} ${y - s * 1.2}L${x + s * 1.1} ${y + s * 0.8}H${x - s * 1.1}Z"/>`;
    case 2:
      return html`<rect class="marker" x="${x - s * 0.9}" y="${y - s * 0.9}" width="${s * 1.8}" height="${s * 1.8}"/>`;
    case 3:
      return html`<path class="marker" d="M${x} ${y - s * 1.3}L${x + s * 1.3} ${y}L${x} ${y + s * 1.3}L${x - s * 1.3} ${y}Z"/>`;
    case 4:
      return html`<path class="marker" d="M${x} ${y + s * 1.2}L${x + s * 1.1} ${y - s * 0.8}H${x - s * 1.1}Z"/>`;
    default:
      return html`<path class="cross" d="M${x - s} ${y - s}L${x + s} ${y + s}M${x + s} ${y - s}L${x - s} ${y + s}"/>`;
  }
}

/** Timelines are too jagged for dashes: their lines differ by colour and marker. */
export type Swatch = 'line' | 'dashed' | 'area';

export interface LegendItem {
  readonly name: string;
  readonly ink: number;
  readonly swatch: Swatch;
}

/** Under the chart, as text that wraps where the page is narrow. */
export function legend(items: readonly LegendItem[]): Markup {
  const rows = items.map(
    ({ name, ink, swatch }) =>
      html`<li><svg class="swatch ${inkClass(ink)}" width="30" height="14" viewBox="0 0 30 14" aria-hidden="true" focusable="false">${
        swatch !== 'area'
          ? html`<path class="line" stroke-dasharray="${swatch === 'dashed' ? dashes(ink) : ''}" d="M1 7H29"/>${marker(ink, 15, 7)}`
          : html`<rect class="area" fill="${hatching(ink)}" x="1" y="1" width="28" height="12"/>`
      }</svg>${name}</li>`,
  );
  return html`<ul class="legend">${rows}</ul>`;
}
