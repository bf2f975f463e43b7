// How long a proof of one segment over nine hosters takes to check, and one of a thousand segments per segment; and the
// audit paths out of a log of 100,000 entries.

import { utf8 } from '@vauban/core';
import { checkProof } from '../src/index.ts';
import { AuditPaths } from '../src/proof-paths.ts';
import { ProofWorld } from '../test/proof-world.ts';
import { chainOf, crypto, sampleCharter } from '../test/sample-charter.ts';
import { deviceGenesis, objects, placeOf } from '../test/samples.ts';

export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  readonly floor?: number;
  readonly aim?: number;
}

const LAPTOP = 'device laptop';
const RUNS = 51;
const MANY = 200;
const LEAVES = 100_000;

export async function bench(): Promise<Figure[]> {
  const charters = chainOf(sampleCharter(9));
  const world = await ProofWorld.of(charters);
  const places = Array.from({ length: MANY }, (_, nth) =>
    placeOf(charters.current, { name: `segment ${nth}` }),
  );
  await world.write(LAPTOP, [deviceGenesis('laptop'), ...places.slice(0, 1), objects('sealed')]);
  await world.certify(LAPTOP);
  await world.write(LAPTOP, places.slice(1));
  await world.certify(LAPTOP);
  const ids = places.map(({ segment }) => segment);
  const one = utf8(await world.proof(ids.slice(0, 1)));
  const many = utf8(await world.proof(ids));
  const oneMs = await medianMs(RUNS, () => checkProof(crypto, one, charters.root));
  const manyMs = await medianMs(3, () => checkProof(crypto, many, charters.root));
  const leaves = new Uint8Array(LEAVES * 32).map((_, at) => at % 251);
  const pathsMs = await medianMs(3, async () => new AuditPaths(crypto, leaves).of(LEAVES - 1));
  return [
    { figure: 'proof of one segment, nine hosters, check', value: oneMs, unit: 'ms', floor: 20, aim: 8 },
    { figure: 'proof of one segment, size', value: one.length / 1_000, unit: 'kB' },
    {
      figure: 'proof of 200 segments, check per segment',
      value: manyMs / MANY,
      unit: 'ms',
      floor: 10,
      aim: 4,
    },
    { figure: 'audit paths of a log of 100,000 entries', value: pathsMs, unit: 'ms', floor: 2_000, aim: 500 },
  ];
}

async function medianMs(runs: number, work: () => Promise<unknown>): Promise<number> {
  await work();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}
