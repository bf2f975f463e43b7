// The style sheet of reports: light and dark by the reader's own setting, paper always light, 390 px without sideways
// scrolling. Colours of series are Okabe and Ito's, darkened or lightened only where a text needs contrast.

import { mapStyle } from './map/map-style.ts';

const LIGHT = `
  color-scheme: light;
  --paper: #ffffff; --ink: #1a1a1a; --quiet: #565656; --rule: #c9c9c4; --grid: #e2e2dd; --tint: #f4f4f0; --link: #00558a;
  --kept: #00664a; --kept-tint: #e6f4ee; --broken: #a33d00; --broken-tint: #fdeee4; --open: #00558a; --open-tint: #e8f2f9;
  --ink0: #0072b2; --ink1: #d55e00; --ink2: #009e73; --ink3: #b0558a; --ink4: #444444; --ink5: #b97a00; --ink6: #3e97cc; --ink7: #8c8200;`;

const DARK = `
  color-scheme: dark;
  --paper: #16191c; --ink: #ecece8; --quiet: #b0b6bb; --rule: #4a5259; --grid: #2c3238; --tint: #1f2428; --link: #8cc8f0;
  --kept: #4fd0a5; --kept-tint: #12302a; --broken: #ff9a5c; --broken-tint: #3a2215; --open: #8cc8f0; --open-tint: #152a38;
  --ink0: #56b4e9; --ink1: #ff8a3c; --ink2: #2fc79a; --ink3: #e097c0; --ink4: #d8d8d8; --ink5: #e69f00; --ink6: #2f8fd0; --ink7: #f0e442;`;

const inks = Array.from({ length: 8 }, (_, ink) => `.ink${ink} { --c: var(--ink${ink}); }`).join('\n');

export const style = `
:root {${LIGHT} }
@media screen and (prefers-color-scheme: dark) { :root {${DARK} } }
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
.definitions { position: absolute; }
.bar, main { max-width: 52rem; margin: 0 auto; padding: 0 1rem; }
.languages { border: 0; margin: 0; padding: .75rem 0 0; display: flex; justify-content: flex-end; min-width: 0; }
.languages legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.languages input { position: absolute; opacity: 0; }
.languages label { padding: .35rem .9rem; border: 1px solid var(--rule); cursor: pointer; color: var(--link); }
.languages label:first-of-type { border-radius: .4rem 0 0 .4rem; }
.languages label:last-of-type { border-radius: 0 .4rem .4rem 0; border-left: 0; }
.languages input:checked + label { background: var(--ink); color: var(--paper); border-color: var(--ink); font-weight: 600; }
.languages input:focus-visible + label { outline: 3px solid var(--link); outline-offset: 2px; }
@supports selector(:has(*)) {
  body:has(#language-en:checked) .language.fr, body:has(#language-fr:checked) .language.en { display: none; }
}
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .25rem; text-wrap: balance; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 2.5rem 0 .75rem; padding-top: .75rem; border-top: 2px solid var(--ink); }
p { margin: 0 0 .75rem; max-width: 44rem; }
a { color: var(--link); }
.kind { margin: .5rem 0 .25rem; color: var(--quiet); }
.subtitle { font-size: 1.1rem; color: var(--quiet); margin-bottom: 1.25rem; }
.made, footer { color: var(--quiet); font-size: .875rem; }
footer { margin: 3rem 0 2rem; padding-top: .75rem; border-top: 1px solid var(--rule); }
nav ol { margin: 0 0 1rem; padding: 0; list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
nav a { display: inline-block; padding: .15rem 0; }
.verdict { display: flex; gap: .75rem; align-items: flex-start; max-width: none; margin: 0 0 .75rem; padding: .9rem 1rem; border: 2px solid; border-left-width: .6rem; font-size: 1.15rem; line-height: 1.4; border-radius: .3rem; }
.verdict strong { display: block; }
.verdict .line { color: var(--ink); }
.verdict .glyph { flex: none; width: 1.6rem; height: 1.6rem; }
.verdict.kept { color: var(--kept); background: var(--kept-tint); }
.verdict.broken { color: var(--broken); background: var(--broken-tint); }
.verdict.open { color: var(--open); background: var(--open-tint); }
.glyph-ground { fill: currentColor; }
.glyph-line { fill: none; stroke: var(--paper); stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
.part { margin: 0 0 1.5rem; }
figure.part { margin-bottom: .5rem; }
figcaption, caption { font-weight: 600; text-align: start; }
figcaption { margin-bottom: .6rem; }
caption { margin-bottom: .35rem; }
.beside { margin: 0 0 1.5rem; font-size: .9rem; }
.beside + .beside { margin-top: -.75rem; }
.beside summary { cursor: pointer; color: var(--link); padding: .2rem 0; }
.beside caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.scroll { overflow-x: auto; background: linear-gradient(to right, var(--paper) 30%, transparent) left / 2.5rem 100% local no-repeat, linear-gradient(to left, var(--paper) 30%, transparent) right / 2.5rem 100% local no-repeat, linear-gradient(to right, var(--rule), transparent) left / .6rem 100% scroll no-repeat, linear-gradient(to left, var(--rule), transparent) right / .6rem 100% scroll no-repeat; }
.beside table { width: auto; min-width: min(100%, 32rem); }
.scroll:focus-visible, summary:focus-visible, a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .35rem .6rem; text-align: start; vertical-align: top; border-bottom: 1px solid var(--grid); }
th:first-child, td:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { border-bottom: 1.5px solid var(--ink); vertical-align: bottom; }
tbody th, tfoot th { font-weight: 400; }
tfoot tr:first-child > * { border-top: 1.5px solid var(--ink); }
.end { text-align: end; }
table { overflow-wrap: normal; }
.long { overflow-wrap: anywhere; min-width: 9rem; }
.outcome { white-space: nowrap; font-weight: 600; }
.outcome.kept { color: var(--kept); }
.outcome.broken { color: var(--broken); }
.outcome .glyph { vertical-align: -.15em; }
tr:has(.broken) { background: var(--broken-tint); }
.figures { display: grid; gap: .75rem; margin-top: 0; }
.by-2 { grid-template-columns: repeat(2, 1fr); }
.by-3 { grid-template-columns: repeat(3, 1fr); }
.by-4 { grid-template-columns: repeat(4, 1fr); }
.figure { border: 1px solid var(--rule); border-radius: .3rem; padding: .7rem .9rem; background: var(--tint); min-width: 0; }
.figure dt { font-size: .9rem; color: var(--quiet); }
.figure dd { margin: 0; }
.figure .big { font-size: 1.6rem; line-height: 1.25; font-weight: 600; overflow-wrap: anywhere; }
.figure .between, .figure .note { font-size: .85rem; color: var(--quiet); }
.chart { display: block; width: 100%; height: auto; overflow: hidden; font-size: 12px; }
.chart text { fill: var(--ink); font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.chart .tick { fill: var(--quiet); }
.chart .axis-title { fill: var(--quiet); }
.chart .axis-title, .chart .name, .chart .value { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.chart .on-badge { fill: var(--paper); font-weight: 600; }
.grid { stroke: var(--grid); stroke-width: 1; }
.axis { stroke: var(--ink); stroke-width: 1; }
.base { stroke: var(--ink); stroke-width: 1.5; }
.edge { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 1 3; }
.mark { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 5 3; }
.span { fill: var(--tint); stroke: var(--quiet); stroke-width: 1; }
.badge { fill: var(--ink); }
.line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round; }
.marker { fill: var(--c); stroke: var(--paper); stroke-width: 1; }
.cross { fill: none; stroke: var(--c); stroke-width: 2; }
.area { stroke: var(--c); stroke-width: 1; }
.band { fill: var(--c); fill-opacity: .16; stroke: none; }
.whisker { fill: none; stroke: var(--ink); stroke-width: 1.4; }
.whole { fill: var(--c); }
.ground { fill: var(--c); fill-opacity: .22; }
.hatch { fill: none; stroke: var(--c); stroke-width: 2; }
.paper { fill: var(--paper); }
${inks}
.legend { list-style: none; margin: .5rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.25rem; font-size: .875rem; }
.legend li { display: flex; align-items: center; gap: .45rem; min-width: 0; }
.swatch { flex: none; }
.sign { display: inline-block; min-width: 1.35em; padding: 0 .3em; text-align: center; font-size: .8em; line-height: 1.45; }
.sign.number { border: 1px solid var(--quiet); border-radius: .2em; background: var(--tint); font-weight: 400; }
.sign.letter { border-radius: 1em; background: var(--ink); color: var(--paper); }
.chart.narrow, .map.narrow { display: none; }
${mapStyle}
@media screen and (max-width: 40rem) {
  h1 { font-size: 1.5rem; }
  .chart.wide, .map.wide { display: none; }
  .chart.narrow, .map.narrow { display: block; max-width: 30rem; margin-inline: auto; }
  .figures { grid-template-columns: repeat(2, 1fr); }
  .beside { font-size: .85rem; }
  .several th[scope="row"] { min-width: 7rem; }
  .figure .big { font-size: 1.3rem; }
}
@media print {
  @page { size: A4; margin: 14mm 14mm 16mm; }
  html { font-size: 9.5pt; }
  body { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .bar, nav { display: none; }
  .bar, main { max-width: none; padding: 0; }
  h1 { font-size: 18pt; }
  h2 { font-size: 13pt; margin-top: 16pt; }
  h1, h2, figcaption, caption, summary { break-after: avoid; }
  p { orphans: 3; widows: 3; }
  figure, .figure, .verdict, tr, .legend { break-inside: avoid; }
  .figures { gap: 6pt; }
  .figure .big { font-size: 13pt; }
  details.beside::details-content { content-visibility: visible; display: block; block-size: auto; opacity: 1; }
  details.beside > summary { list-style: none; color: var(--quiet); }
  details.beside > summary::-webkit-details-marker { display: none; }
  .scroll { overflow: visible; background: none; }
  table { font-size: 8.5pt; }
  summary, .legend, .made, footer { font-size: 8.5pt; }
  th, td { padding: .2em .6em; }
  .fine { font-size: 7pt; }
  .finer, .finest { font-size: 6pt; }
  .finest { overflow-wrap: anywhere; }
  .long { min-width: 0; }
  thead { display: table-header-group; break-after: avoid; }
  tbody tr:first-child { break-before: avoid; }
  .short { break-inside: avoid; }
  footer { break-before: avoid; break-inside: avoid; }
  tfoot { display: table-row-group; }
  .map.wide { max-width: 130mm; margin-inline: auto; }
  a { color: inherit; text-decoration: none; }
}
`;
