// The sign of a site's state: its shape alone tells it, in grey or to any eye; the colour (Okabe and Ito's) helps.

import { html, type Markup } from '../markup.ts';
import type { SiteState } from './map-site.ts';

/** Worst first: the order of the legend, and of who may have a name where room is scarce. */
export const STATE_ORDER: readonly SiteState[] = [
  'lost',
  'suspect',
  'unknown',
  'draining',
  'maintenance',
  'read-only',
  'well',
];

export const SIGN_RADIUS = 7;

export function siteSign(state: SiteState, x: number, y: number): Markup {
  const shape = shapes[state];
  return html`<g class="site site-${state}" transform="translate(${x} ${y})">${shape}</g>`;
}

/**
 * Fills and strokes also stand as attributes, for pages without this package's style sheet.
 * lost: a cross on a square · suspect: a triangle with a stroke · unknown: a ring · draining: an arrow down ·
 * maintenance: a square with a bar · read-only: a diamond · well: a disk.
 */
const shapes: Readonly<Record<SiteState, Markup>> = {
  well: html`<circle class="sign-body" r="6" fill="#009e73"/>`,
  suspect: html`<path class="sign-body" d="M0 -8L8 6.5H-8Z" fill="#e69f00"/><path class="sign-stroke" d="M0 -3V2M0 3.6V5" fill="none" stroke="#000" stroke-width="2"/>`,
  lost: html`<rect class="sign-body" x="-7.5" y="-7.5" width="15" height="15" fill="#d55e00"/><path class="sign-cut" d="M-4.5 -4.5L4.5 4.5M4.5 -4.5L-4.5 4.5" fill="none" stroke="#fff" stroke-width="3"/>`,
  maintenance: html`<rect class="sign-body" x="-6.5" y="-6.5" width="13" height="13" fill="#56b4e9"/><path class="sign-stroke" d="M-3.5 0H3.5" fill="none" stroke="#000" stroke-width="2.5"/>`,
  draining: html`<path class="sign-body" d="M-3.5 -7.5H3.5V-0.5H7.5L0 8L-7.5 -0.5H-3.5Z" fill="#cc79a7"/>`,
  'read-only': html`<path class="sign-body" d="M0 -8L8 0L0 8L-8 0Z" fill="#f0e442"/>`,
  unknown: html`<circle class="sign-hollow" r="5.5" fill="#fff" stroke="#555" stroke-width="2.5" stroke-dasharray="3 2"/>`,
};
