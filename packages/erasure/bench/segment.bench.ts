// The public interface at 6+3 on full segments of 324 frames, copies included: encoding, and rebuilding three fragments.

import { createErasureCode, kernelName, layoutOf } from '../src/index.ts';
import { type Figure, medianGigabytesPerSecond, noise, printIfMain } from './measure.ts';

export async function bench(): Promise<Figure[]> {
  const code = createErasureCode('rs', 6, 3);
  const segment = noise(324 * 49152);
  const layout = layoutOf({ code: 'rs', k: 6, m: 3, cellBytes: 147456, segmentBytes: segment.length });
  const fragments = Array.from({ length: code.n }, () => new Uint8Array(layout.fragmentBytes));
  const encode = () => code.encodeSegment(layout, segment, fragments);
  const encoded = medianGigabytesPerSecond({ bytes: segment.length, runs: 51, call: encode });

  const have = [1, 3, 5, 6, 7, 8].map((index) => ({ index, bytes: fragments[index] as Uint8Array }));
  const want = [0, 2, 4];
  const into = want.map(() => new Uint8Array(layout.fragmentBytes));
  const decode = () => code.decode({ have, want, into });
  const decoded = medianGigabytesPerSecond({ bytes: segment.length, runs: 51, call: decode });
  const one = { have: have.slice(0), want: [0], into: into.slice(0, 1) };
  const rebuilt = medianGigabytesPerSecond({
    bytes: layout.fragmentBytes,
    runs: 51,
    call: () => code.decode(one),
  });
  return [
    { figure: `encodeSegment 6+3 (${kernelName()})`, value: encoded, unit: 'GB/s of data', floor: 3, aim: 5 },
    { figure: 'decode 3 data fragments lost of 6+3', value: decoded, unit: 'GB/s of segment' },
    { figure: 'decode 1 data fragment lost of 6+3', value: rebuilt, unit: 'GB/s of lost bytes' },
  ];
}

await printIfMain(import.meta.url, bench);
