// Bytes on the lines by the daemons' own counters, which end with each daemon.

import type { Readings } from '@vauban/fleet';
import { expect, it } from 'vitest';
import { Meters } from '../src/index.ts';

/** Sites with the counters of their daemons; undefined where the daemon does not answer. */
function stageOf(counters: Map<string, { sent: number; from: { [site: string]: number } } | undefined>) {
  const running = new Set(counters.keys());
  const sites = [...running];
  return {
    running,
    stage: {
      sites,
      look: async () => ({ running, burnt: new Set<string>() }),
      meter: async (site: string, wanted: readonly { readonly label?: string }[]) => {
        const said = counters.get(site);
        if (said === undefined) return undefined;
        return wanted.map(
          ({ label }): Readings =>
            new Map(label === undefined ? [['', said.sent]] : Object.entries(said.from)),
        );
      },
    },
  };
}

it('counts what daemons did since the beginning, those that were killed up to their last reading', async () => {
  const metz = { sent: 1_000, from: { nancy: 50 } };
  const nancy = { sent: 5_000, from: {} };
  const counters = new Map([
    ['metz', metz],
    ['nancy', nancy],
  ]);
  const { stage, running } = stageOf(counters);
  const meters = new Meters(stage);
  await meters.begin();
  counters.set('metz', { sent: 1_400, from: { nancy: 80 } });
  counters.set('nancy', { sent: 5_700, from: { metz: 9 } });
  await meters.beforeStop(['nancy']);
  running.delete('nancy');
  // Started again, it counts from nothing, and may have passed its earlier count.
  running.add('nancy');
  counters.set('nancy', { sent: 6_000, from: { metz: 11 } });
  counters.set('metz', { sent: 1_500, from: { nancy: 100, reims: 7 } });
  expect(await meters.end()).toEqual({
    sentBytes: 500 + 700 + 6_000,
    repairBytesFrom: { metz: 20, nancy: 50, reims: 7 },
    unread: [],
  });
});

it('counts a daemon that began anew by itself from nothing, and names those that did not answer', async () => {
  const counters = new Map<string, { sent: number; from: { [site: string]: number } } | undefined>([
    ['metz', { sent: 900, from: {} }],
    ['nancy', { sent: 900, from: {} }],
    ['reims', { sent: 900, from: {} }],
  ]);
  const { stage, running } = stageOf(counters);
  const meters = new Meters(stage);
  await meters.begin();
  counters.set('metz', { sent: 300, from: {} });
  counters.set('nancy', undefined);
  running.delete('reims');
  expect(await meters.end()).toEqual({ sentBytes: 300, repairBytesFrom: {}, unread: ['nancy'] });
});
