// The colours of the map on a page, light and dark, for `regionMap`. No selector but the map's own classes.

const DARK = `
  .map { --map-land: #23282d; --map-edge: #6b747c; --map-text: #e8e8e4; --map-quiet: #a9b0b6; --map-outline: #101214; --map-paper: #16191c; }`;

export const mapStyle = `
.map { --map-land: #efefe9; --map-edge: #8a8a85; --map-text: #1a1a1a; --map-quiet: #595959; --map-outline: #1a1a1a; --map-paper: #ffffff; display: block; width: 100%; height: auto; font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
.map .land { fill: var(--map-land); stroke: var(--map-edge); stroke-width: 1; stroke-linejoin: round; }
.map text { fill: var(--map-text); }
.map .map-credit { fill: var(--map-quiet); }
.map .map-name { paint-order: stroke; stroke: var(--map-land); stroke-width: 3px; stroke-linejoin: round; }
.map .urgent { font-weight: 700; }
.map .sign-body { stroke: var(--map-outline); stroke-width: 1.2; }
.map .sign-hollow { fill: var(--map-paper); stroke: var(--map-quiet); }
@media screen and (prefers-color-scheme: dark) {${DARK}
}
`;
