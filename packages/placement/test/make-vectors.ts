// Writes vectors/rendezvous.json. Run by hand (`node packages/placement/test/make-vectors.ts`) and only when the
// format's version changes: the file is what other programs rely on.

import { writeFileSync } from 'node:fs';
import { utf8 } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { choose } from '../src/index.ts';
import { draw, negativeLog2 } from '../src/rendezvous.ts';
import { daemonId, GB, hex, type SiteSketch, separateSites } from './charters.ts';
import { type ChoiceVector, vectorCase } from './vectors.ts';

const seeds = [new Uint8Array(), utf8('segment 0'), Uint8Array.from({ length: 20 }, (_, i) => i)];
const draws = seeds.flatMap((seed) =>
  ['s1', 's2', 's3'].map((site, at) => {
    const o = { daemon: daemonId(site), weight: (at + 1) * 100 * GB };
    const { cost, order } = draw(nodeCrypto, seed, o);
    return { seed: hex(seed), ...o, cost: cost.toString(), order: order.toString(16).padStart(16, '0') };
  }),
);
const logs = [0n, 1n, 2n, 3n, 1n << 63n, (1n << 64n) - 1n, 0x0123456789abcdefn].map((h) => ({
  h: h.toString(16).padStart(16, '0'),
  cost: negativeLog2(h).toString(),
}));

const nine = separateSites(9, (i) => [(i + 1) * 100 * GB]);
const merged = nine.map((one, i) => (i < 3 ? { ...one, hoster: 'merged' } : one));
const crossed: SiteSketch[] = [
  { id: 's1', hoster: 'wide', building: 'x', daemons: [9_000_000 * GB] },
  { id: 's2', hoster: 'wide', building: 'y', daemons: [GB] },
  { id: 's3', hoster: 'narrow', building: 'x', daemons: [GB] },
  { id: 's4', hoster: 'alone', building: 'z', daemons: [GB] },
];
const cases: readonly [string, readonly SiteSketch[], readonly [number, number, number]][] = [
  ['nine separate sites', nine, [6, 3, 3]],
  ['fourteen separate sites, two daemons each', separateSites(14, (i) => [GB, i * GB]), [6, 3, 3]],
  ['eight sites: k is lowered', nine.slice(0, 8), [6, 3, 3]],
  ['three merged companies: k is lowered', merged, [6, 3, 3]],
  [
    'three merged companies, one loss at a time: k stays, two losses are survived where possible',
    merged,
    [6, 3, 1],
  ],
  ['shared buildings across hosters: the first-ranked site is left out', crossed, [2, 1, 1]],
];
const choices = cases.map(([note, sketch, [k, m, sitesLost]], i) => {
  const daemons = sketch.flatMap((one) =>
    (one.daemons ?? []).map((freeBytes, at) => ({
      daemon: daemonId(one.id, at),
      site: one.id,
      building: one.building ?? `b-${one.id}`,
      hoster: one.hoster,
      freeBytes,
    })),
  );
  const seed = hex(utf8(`segment ${i}`));
  const vector: ChoiceVector = {
    note,
    seed,
    k,
    m,
    sitesLost,
    segmentBytes: 15_000_000,
    daemons,
    chosen: undefined,
  };
  return { ...vector, chosen: choose(vectorCase(vector).options) };
});
const file = { format: 'vauban/rendezvous/0', draws, logs, choices };
writeFileSync(new URL('vectors/rendezvous.json', import.meta.url), `${JSON.stringify(file, null, 2)}\n`);
