// How the live map looks: light and dark as the reader has it, one column on a phone, the map beside the sites on a screen.

import { mapStyle as drawing } from '@vauban/report';

export const mapStyle = `
:root { --paper: #ffffff; --ink: #1a1a1a; --quiet: #595959; --rule: #c9c9c4; --tint: #f4f4f0; --link: #00558a;
  --good: #00664a; --good-tint: #e6f4ee; --warn: #7a4a00; --warn-tint: #fdf3df; --bad: #a33d00; --bad-tint: #fdeee4;
  --odd: #5b3a8c; --odd-tint: #f1ecf8; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --paper: #16191c; --ink: #ecece8; --quiet: #b0b6bb; --rule: #4a5259;
  --tint: #1f2428; --link: #8cc8f0; --good: #4fd0a5; --good-tint: #12302a; --warn: #f0b429; --warn-tint: #352a12;
  --bad: #ff9a5c; --bad-tint: #3a2215; --odd: #c9a9f5; --odd-tint: #2b2238; } }
*, *::before, *::after { box-sizing: border-box; }
html { text-size-adjust: 100%; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: break-word;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; font-variant-numeric: tabular-nums; }
header, main { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; padding-top: .6rem; padding-bottom: .6rem; }
#live { margin: 0; color: var(--quiet); }
nav a { padding: .2rem .5rem; }
nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .4rem .8rem; z-index: 1; }
#answer { border: 2px solid var(--tone); border-left-width: .6rem; border-radius: .3rem; background: var(--tone-tint); padding: .9rem 1.1rem; margin-bottom: 1rem; }
#answer h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .4rem; text-wrap: pretty; }
#answer p { margin: 0; max-width: 60rem; }
#doing { font-size: 1.15rem; }
#answer .level { font-weight: 700; color: var(--tone); text-transform: uppercase; letter-spacing: .04em; font-size: .85rem; }
#answer .drill { margin-top: .5rem; }
#answer .by { margin-top: .5rem; color: var(--quiet); font-size: .875rem; }
.level-none { --tone: var(--good); --tone-tint: var(--good-tint); }
.level-reduced { --tone: var(--warn); --tone-tint: var(--warn-tint); }
.level-critical, .level-unreadable { --tone: var(--bad); --tone-tint: var(--bad-tint); }
.level-unreadable { border-style: double; border-width: 6px; }
.level-unknown { --tone: var(--odd); --tone-tint: var(--odd-tint); border-style: dashed; }
h2 { font-size: 1.1rem; line-height: 1.3; margin: 1.25rem 0 .4rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .3rem .7rem .3rem 0; text-align: start; vertical-align: top; border-bottom: 1px solid var(--rule); font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--quiet); font-size: .875rem; vertical-align: bottom; white-space: nowrap; }
.right { text-align: end; white-space: nowrap; }
.right + :not(.right) { padding-left: .7rem; }
small { display: block; color: var(--quiet); font-size: .85rem; line-height: 1.3; }
.state { white-space: nowrap; }
.state-well .mark { color: var(--good); }
.state-suspect, .state-unknown { color: var(--warn); font-weight: 600; }
.state-lost { color: var(--bad); font-weight: 700; }
dl { margin: 0; }
dl div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .3rem 0; border-bottom: 1px solid var(--rule); }
dt { flex: 0 0 8rem; color: var(--quiet); }
dd { flex: 1 1 16rem; margin: 0; }
ul { margin: 0; padding-left: 1.2rem; }
li { margin-bottom: .3rem; max-width: 60rem; }
form { max-width: 40rem; margin: 2rem 0; }
form h1 { font-size: 1.4rem; }
pre { background: var(--tint); padding: .6rem .8rem; overflow-x: auto; white-space: pre-wrap; }
label { display: block; margin-bottom: .3rem; }
input, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--quiet); border-radius: .3rem; padding: .45rem .7rem; }
input { width: 100%; margin-bottom: .6rem; }
button { background: var(--tint); cursor: pointer; }
.deaf #live { color: var(--bad); font-weight: 700; font-size: 1.15rem; }
.deaf #content { filter: grayscale(1); }
.map.narrow { display: none; }
${drawing}
#region { max-width: 45rem; }
@media (max-width: 40rem) {
  .map.wide { display: none; }
  .map.narrow { display: block; max-width: 30rem; margin-inline: auto; }
  #answer h1 { font-size: 1.3rem; }
  #doing { font-size: 1.05rem; }
  dt { flex-basis: 100%; font-size: .875rem; }
}
@media (min-width: 64rem) {
  #view { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 2rem; align-items: start; }
  #answer, #wants, #unknown { grid-column: 1 / -1; }
  #sites h2 { margin-top: 0; }
}
`;
