// What thousands of histories must have tried: each kind of fault and liar, and each state that is hard to reach. One
// that stays at zero means that the plans, not the code, are at fault.

import { diskTroubles } from './disk.ts';
import { liars } from './liars/index.ts';
import { deviceFlips, hosterFlips } from './plan.ts';
import { plotNames } from './plots/index.ts';

const faults = (
  'kill power blackout burn epoch stale-hoster stale-device kill-device power-device ' +
  'isolate slow-peer partition one-way half-open loss twice delay overtake clock-off clock-stops ' +
  'site-lost maintenance away drain pause leap late-leap fire leave'
).split(' ');
const states = [
  'conflict',
  'catch-up',
  'stale backup noticed',
  'recovered',
  'client crashed',
  'quarantine',
  'epoch change',
  'epoch entered',
  'device revoked',
  'seal',
  'fork',
  'readmitted away',
  'readmitted site-lost',
  'drained',
];
/** What daemons say that they have done to fragments. */
const deeds = [
  'repaired',
  'fragment-mended',
  'purged',
  'swept',
  'trimmed',
  'audit-degraded',
  'helper-failed',
  'helper-lied',
  'erases-nothing',
  'loss-certified',
];

export const required: readonly string[] = [
  ...faults.map((kind) => `fault ${kind}`),
  ...diskTroubles.map((kind) => `fault disk ${kind}`),
  ...[...hosterFlips, ...deviceFlips].map((at) => `flipped ${at}`),
  ...liars.map(({ name }) => `liar ${name}`),
  ...plotNames.map((name) => `fault plot ${name}`),
  ...states.map((state) => `state ${state}`),
  ...deeds.map((deed) => `daemon ${deed}`),
];

/** Those that are missing from these counters. */
export function untried(counters: Readonly<Record<string, number>>): string[] {
  return required.filter((name) => (counters[name] ?? 0) === 0);
}
