// Clay 6+3 through the public interface on full segments of six stripes, copies included: encoding, rebuilding one fragment
// from what eight others ship, and decoding three.

import { createErasureCode, kernelName, layoutOf } from '../src/index.ts';
import { type Figure, medianGigabytesPerSecond, noise, printIfMain } from './measure.ts';

const SUB_CHUNK_BYTES = 16_384;

export async function bench(): Promise<Figure[]> {
  const code = createErasureCode('clay', 6, 3);
  const { n, k, subChunks } = code;
  const cellBytes = subChunks * SUB_CHUNK_BYTES;
  const segment = noise(6 * k * cellBytes);
  const layout = layoutOf({ code: 'clay', k, m: 3, cellBytes, segmentBytes: segment.length });
  const fragments = Array.from({ length: n }, () => new Uint8Array(layout.fragmentBytes));
  const encoded = medianGigabytesPerSecond({
    bytes: segment.length,
    runs: 31,
    call: () => code.encodeSegment(layout, segment, fragments),
  });

  const cellsOf = (index: number, stripe: number) =>
    (fragments[index] as Uint8Array).subarray(stripe * cellBytes, (stripe + 1) * cellBytes);
  const stripes = Array.from({ length: layout.stripes }, (_, stripe) => stripe);
  // Lost nodes of the first, second and last column: their helpers ship other runs.
  const repaired = [0, 4, 8].map((lost) => {
    const up = Array.from({ length: n }, (_, index) => index).filter((index) => index !== lost);
    const plan = code.planRepair({ lost: [lost], up });
    const shipped = stripes.map((stripe) =>
      plan.helpers.map(({ index, runs }) => {
        const cell = cellsOf(index, stripe);
        const parts = runs.map(({ first, count }) =>
          cell.subarray(first * SUB_CHUNK_BYTES, (first + count) * SUB_CHUNK_BYTES),
        );
        return { index, bytes: new Uint8Array(Buffer.concat(parts)) };
      }),
    );
    const into = new Uint8Array(layout.fragmentBytes);
    const call = () => {
      for (const stripe of stripes) {
        const cell = into.subarray(stripe * cellBytes, (stripe + 1) * cellBytes);
        code.repair({ plan, shipped: shipped[stripe] ?? [], into: [cell] });
      }
    };
    return medianGigabytesPerSecond({ bytes: into.length, runs: 31, call });
  });

  const want = [0, 2, 4];
  const into = want.map(() => new Uint8Array(layout.fragmentBytes));
  const decoded = medianGigabytesPerSecond({
    bytes: segment.length,
    runs: 15,
    call: () => {
      for (const stripe of stripes) {
        const have = [1, 3, 5, 6, 7, 8].map((index) => ({ index, bytes: cellsOf(index, stripe) }));
        const rooms = into.map((room) => room.subarray(stripe * cellBytes, (stripe + 1) * cellBytes));
        code.decode({ have, want, into: rooms });
      }
    },
  });
  return [
    {
      figure: `clay encodeSegment 6+3 (${kernelName()})`,
      value: encoded,
      unit: 'GB/s of data',
      floor: 3,
      aim: 5,
    },
    {
      figure: 'clay repair of one fragment of 6+3, slowest column',
      value: Math.min(...repaired),
      unit: 'GB/s of rebuilt bytes',
      floor: 1.5,
      aim: 2.4,
    },
    { figure: 'clay decode 3 data fragments lost of 6+3', value: decoded, unit: 'GB/s of segment' },
  ];
}

await printIfMain(import.meta.url, bench);
