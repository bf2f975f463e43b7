// The bare kernel at 6+3, on bytes already in its memory: what a caller could reach if copies cost nothing.

import { createKernel, kernelName } from '../src/create.ts';
import { type Plan, planOf } from '../src/kernel.ts';
import { parityMatrix, rebuildMatrix } from '../src/matrix.ts';
import { type Figure, medianGigabytesPerSecond, noise, printIfMain } from './measure.ts';

const k = 6;
const m = 3;

export async function bench(): Promise<Figure[]> {
  const kernel = createKernel(kernelName());
  kernel.memory.set(noise(kernel.memory.length - 8192), 8192);
  const parity = parityMatrix({ k, m });
  const rate = (plan: Plan) => {
    const bytes = 49152;
    const calls = 200;
    const call = () => {
      for (let i = 0; i < calls; i++) kernel.run(plan, bytes);
    };
    return medianGigabytesPerSecond({ bytes: calls * bytes * k, runs: 15, call });
  };
  const encoding = planOf({ inputs: k, rows: m, coefficients: parity });
  const coefficients = rebuildMatrix({ k, parity, have: [1, 3, 5, 6, 7, 8], want: [0, 2, 4] });
  return [
    {
      figure: `${kernel.name} kernel, encode 6+3`,
      value: rate(encoding),
      unit: 'GB/s of data',
      floor: 6,
      aim: 8.5,
    },
    {
      figure: `${kernel.name} kernel, rebuild 3 of 6+3`,
      value: rate(planOf({ inputs: k, rows: m, coefficients })),
      unit: 'GB/s of shards read',
    },
  ];
}

await printIfMain(import.meta.url, bench);
