// What the benches share: the figure's shape, medians of repeated runs, and printing when a bench is run by itself.

import { fileURLToPath } from 'node:url';

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly floor?: number;
  readonly aim?: number;
}

/** Median rate in GB/s of `bytes` of data per call, over `runs` timings after two warm-up calls. */
export function medianGigabytesPerSecond(o: { bytes: number; runs: number; call: () => void }): number {
  o.call();
  o.call();
  const rates: number[] = [];
  for (let i = 0; i < o.runs; i++) {
    const startMs = performance.now();
    o.call();
    rates.push(o.bytes / (performance.now() - startMs) / 1e6);
  }
  rates.sort((a, b) => a - b);
  return Math.round((rates[rates.length >> 1] as number) * 100) / 100;
}

/** Bytes without structure, the same each time (xorshift). */
export function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** Prints the figures when `moduleUrl` is what node was asked to run. */
export async function printIfMain(moduleUrl: string, bench: () => Promise<readonly Figure[]>): Promise<void> {
  if (process.argv[1] !== fileURLToPath(moduleUrl)) return;
  for (const { figure, value, unit, floor, aim } of await bench()) {
    const bounds = floor === undefined ? '' : ` (floor ${floor}, aim ${aim})`;
    console.log(`${figure}: ${value} ${unit}${bounds}`);
  }
}
