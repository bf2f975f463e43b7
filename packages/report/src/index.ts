// The only door of `report`: documents in, one self-contained HTML file out; the map of the region; and numbers as both
// languages write them.

export type * from './document.ts';
export type * from './map/map-site.ts';
export { mapStyle } from './map/map-style.ts';
export { type MapOptions, regionMap } from './map/region-map.ts';
export { escapeHtml } from './markup.ts';
export { renderReport } from './render.ts';
export { wordsIn } from './text/language.ts';
export { count, decimal, fixed, percent, probability, scientific } from './text/number.ts';
export { bytes, day, duration, quantity, time, years } from './text/quantity.ts';
