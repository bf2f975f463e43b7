// The algorithms of a Clay code as programs over its symbols (SPEC, "Clay"): decoding any losses, of which encoding is one
// case; repairing losses of one column from parts of all other nodes; one sub-chunk from still fewer. Changing what they
// compute changes every parity byte ever stored.

import { assert } from '@vauban/core';
import {
  type ClayGeometry,
  columnAndRows,
  columnOf,
  digitOf,
  nodeIn,
  partnerOf,
  repairPlanes,
  scoreOf,
  slotOf,
  type Symbol,
  weightOf,
} from './clay-geometry.ts';
import { rebuildMatrix } from './matrix.ts';
import { type Program, programOf, type Step, type StepInput, uncoupling, zeroStrip } from './program.ts';

/** What each program reads and writes, beside its steps: strips by node and plane. */
export interface ClayProgram extends Program {
  readonly inputs: readonly NodePlane[];
  readonly outputs: readonly NodePlane[];
}

export interface NodePlane {
  readonly node: number;
  readonly plane: number;
  readonly strip: number;
}

/** (own, other): own ⊕ other, and what the other three conversions of the pairing need. 1/2 = 8e, 1/3 = f4. */
const sum = Uint8Array.of(1, 1);
const thirds = Uint8Array.of(0xf4, 0xf4);
const tripled = Uint8Array.of(1, 3);
/** (U low, U high) to (C low, C high). */
const coupled = Uint8Array.of(0x8f, 0x8e, 0x8e, 0x8e);

/** Strips given out to symbols as they are named; symbols of virtual slots are the zero strip. */
class Strips {
  readonly #geometry: ClayGeometry;
  readonly #strips = new Map<number, NodePlane>();

  constructor(geometry: ClayGeometry) {
    this.#geometry = geometry;
  }

  get count(): number {
    return this.#strips.size + 1;
  }

  at({ slot, plane }: Symbol): number {
    const node = nodeIn(this.#geometry, slot);
    if (node === undefined) return zeroStrip;
    const key = slot * this.#geometry.subChunks + plane;
    const known = this.#strips.get(key) ?? { node, plane, strip: this.count };
    this.#strips.set(key, known);
    return known.strip;
  }

  /** Those named so far, by node, each node's planes ascending. */
  named(): readonly NodePlane[] {
    return [...this.#strips.values()].sort((a, b) => a.node - b.node || a.plane - b.plane);
  }

  /** A symbol as it enters a plane's code: uncoupled from its partner. */
  uncoupled(symbol: Symbol): StepInput {
    const partner = partnerOf(this.#geometry, symbol);
    const strip = this.at(symbol);
    if (partner === undefined) return { strip, partner: strip, as: uncoupling.plain };
    const as = partner.ownIsLow ? uncoupling.low : uncoupling.high;
    return { strip, partner: this.at(partner), as };
  }

  plain(symbol: Symbol): StepInput {
    const strip = this.at(symbol);
    return { strip, partner: strip, as: uncoupling.plain };
  }
}

/** Rebuilds the cells of up to m lost nodes from those of all others. With the m parities lost it is the encoder. */
export function decodeProgram(
  geometry: ClayGeometry,
  parity: Uint8Array,
  lostNodes: readonly number[],
): ClayProgram {
  const { inner, slots, subChunks, t } = geometry;
  const lost = lostNodes.map((node) => slotOf(geometry, node)).sort((a, b) => a - b);
  assert(lost.length >= 1 && lost.length <= geometry.m, 'as many losses as parities at most');
  const isLost = new Set(lost);
  const have = range(slots)
    .filter((slot) => !isLost.has(slot))
    .slice(0, inner);
  const coefficients = rebuildMatrix({ k: inner, parity, have, want: lost });
  const strips = new Strips(geometry);
  const steps: Step[] = [];
  for (let score = 0; score <= t; score++) {
    const planes = range(subChunks).filter((plane) => scoreOf(geometry, lost, plane) === score);
    // What a survivor is coupled with is known: a lost partner lies in a plane of the score before.
    for (const plane of planes) {
      const inputs = have.map((slot) => strips.uncoupled({ slot, plane }));
      steps.push({ coefficients, inputs, outputs: lost.map((slot) => strips.at({ slot, plane })) });
    }
    for (const plane of planes) {
      for (const slot of lost) steps.push(...coupledAgain(geometry, strips, isLost, { slot, plane }));
    }
  }
  const named = strips.named();
  const isOutput = ({ node }: NodePlane) => lostNodes.includes(node);
  return {
    ...programOf({ steps, strips: strips.count }),
    inputs: named.filter((one) => !isOutput(one)),
    outputs: named.filter(isOutput),
  };
}

/** Couples a lost symbol again, in place; a pair that is lost whole when its low member comes. */
function coupledAgain(
  geometry: ClayGeometry,
  strips: Strips,
  isLost: ReadonlySet<number>,
  symbol: Symbol,
): readonly Step[] {
  const partner = partnerOf(geometry, symbol);
  if (partner === undefined) return [];
  const own = strips.at(symbol);
  const inputs = [strips.plain(symbol), strips.plain(partner)];
  if (!isLost.has(partner.slot))
    return [{ coefficients: partner.ownIsLow ? sum : thirds, inputs, outputs: [own] }];
  if (!partner.ownIsLow) return [];
  return [{ coefficients: coupled, inputs, outputs: [own, strips.at(partner)] }];
}

/** Rebuilds nodes of one column from the planes that `repairPlanes` names, of all other nodes. */
export function repairProgram(
  geometry: ClayGeometry,
  parity: Uint8Array,
  lostNodes: readonly number[],
): ClayProgram {
  const { inner, slots, q } = geometry;
  const { column, rows } = columnAndRows(geometry, lostNodes);
  const inColumn = range(q).map((row) => column * q + row);
  const have = range(slots).filter((slot) => columnOf(geometry, slot) !== column);
  const coefficients = rebuildMatrix({ k: inner, parity, have, want: inColumn });
  const strips = new Strips(geometry);
  const solving: Step[] = [];
  const coupling: Step[] = [];
  for (const plane of repairPlanes(geometry, lostNodes)) {
    const outputs = inColumn.map((slot) => {
      const symbol = { slot, plane };
      const partner = partnerOf(geometry, symbol);
      const own = strips.at(symbol);
      if (partner === undefined) return own;
      if (rows.has(slot % q)) {
        const inputs = [strips.plain(symbol), strips.plain(partner)];
        if (partner.ownIsLow)
          coupling.push({ coefficients: coupled, inputs, outputs: [own, strips.at(partner)] });
        return own;
      }
      // Of a survivor of the column this gives the lost partner's symbol in another plane, whose strip takes U meanwhile.
      const other = strips.at(partner);
      coupling.push({
        coefficients: partner.ownIsLow ? sum : tripled,
        inputs: [strips.plain(partner), strips.plain(symbol)],
        outputs: [other],
      });
      return other;
    });
    const inputs = have.map((slot) => strips.uncoupled({ slot, plane }));
    solving.push({ coefficients, inputs, outputs });
  }
  const named = strips.named();
  const isOutput = ({ node }: NodePlane) => lostNodes.includes(node);
  return {
    ...programOf({ steps: [...solving, ...coupling], strips: strips.count }),
    inputs: named.filter((one) => !isOutput(one)),
    outputs: named.filter(isOutput),
  };
}

/** One sub-chunk of one lost node from as few sub-chunks of all others as the code allows. */
export function subChunkProgram(
  geometry: ClayGeometry,
  parity: Uint8Array,
  lost: { readonly node: number; readonly plane: number },
): ClayProgram {
  const { inner, slots, q } = geometry;
  const slot = slotOf(geometry, lost.node);
  const column = columnOf(geometry, slot);
  const digit = digitOf(geometry, lost.plane, column);
  // The plane in which the lost symbol's column has its dot at the lost node.
  const plane = lost.plane + ((slot % q) - digit) * weightOf(geometry, column);
  const solved = { slot: column * q + digit, plane };
  const have = range(slots).filter((one) => columnOf(geometry, one) !== column);
  const coefficients = rebuildMatrix({ k: inner, parity, have, want: [solved.slot] });
  const strips = new Strips(geometry);
  const inputs = have.map((one) => strips.uncoupled({ slot: one, plane }));
  const target = strips.at({ slot, plane: lost.plane });
  const steps: Step[] = [{ coefficients, inputs, outputs: [target] }];
  if (solved.slot !== slot) {
    const { ownIsLow } = partnerOf(geometry, solved) ?? {};
    const targetInput = { strip: target, partner: target, as: uncoupling.plain };
    steps.push({
      coefficients: ownIsLow ? sum : tripled,
      inputs: [targetInput, strips.plain(solved)],
      outputs: [target],
    });
  }
  const named = strips.named();
  return {
    ...programOf({ steps, strips: strips.count }),
    inputs: named.filter(({ node }) => node !== lost.node),
    outputs: named.filter(({ node }) => node === lost.node),
  };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
