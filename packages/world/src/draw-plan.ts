// What a seed's history is to be: thirty operations and more by three devices, at least five faults at moments where they
// hurt, liars in half of all histories. Never more than the promises bear: what harms for good befalls three hosters at
// most, of whom two may lie; what passes may befall anybody, and then nobody is promised to be served meanwhile.

import type { Crypto, Random } from '@vauban/core';
import { diskTroubles } from './disk.ts';
import { type DeviceName, devices } from './founding.ts';
import { liars } from './liars/index.ts';
import { FAULTY_MAX, hosterNames } from './membership.ts';
import { type PlotName, plotNames, plots } from './plots/index.ts';
import { deviceFlips, hosterFlips, type Operation, type Plan, type PlannedFault } from './plan.ts';
import { seededRandom } from './seeded-random.ts';
import { between, oneIn, pick } from './world.ts';

/** m of the policy: hosters that what lasts may befall. */
const HARMED_MAX = 3;
/** Six more follow when all is well again. */
const OPERATIONS = [25, 28] as const;
const FAULTS = [5, 11] as const;
/** Between two operations of one device. */
const THINK_MS = [0, 2_600] as const;
const TINY_BYTES = [1, 900] as const;
const TREE_FILES = [2, 6] as const;
const TREE_FILE_BYTES = [0, 5_000] as const;
/** Two to four segments. */
const LARGE_BYTES = [50_000, 120_000] as const;
/** Most operations take a few hundred milliseconds: faults strike in the middle of one. */
const AMID_MS = [0, 350] as const;
const PLOT_ONE_IN = 3;
const PASSES_MS = [300, 9_000] as const;
/** Out of reach, and repaired without it meanwhile. */
const LOST_MS = [2_000, 25_000] as const;

type Deed = 'tiny' | 'shared' | 'again' | 'tree' | 'large' | Exclude<Operation['do'], 'put'>;
/** Drawn from in this proportion. */
const deeds: readonly Deed[] = [
  ...(['tiny', 'tiny', 'tiny', 'shared', 'shared', 'again'] as const),
  ...(['get', 'get', 'get', 'list', 'list', 'list', 'remove'] as const),
];
/** In every history once. */
const musts: readonly Deed[] = ['large', 'tree', 'get-all', 'verify', 'remove', 'where'];

export function drawPlan(crypto: Crypto, seed: number): Plan {
  const random = seededRandom(crypto, seed, 'plan');
  const operations = drawOperations(random);
  const plot = oneIn(random, PLOT_ONE_IN) ? pick(random, plotted) : undefined;
  const { harms, helped } = plot === undefined ? noPlot : plots[plot];
  const harmed = draw(random, hosterNames, between(random, 0, HARMED_MAX));
  const liarCount = helped ? FAULTY_MAX : harms || oneIn(random, 2) ? 0 : between(random, 1, FAULTY_MAX);
  const lying = draw(random, hosterNames, liarCount);
  // Who lies is among the harmed: of three at most something is lost for good.
  const weak = [...new Set([...lying, ...harmed])].slice(0, HARMED_MAX);
  const honest = pick(random, harms ? hosterNames.filter((one) => !lying.includes(one)) : ['']);
  const others = weak.filter((one) => !lying.includes(one) && !(harms && one !== honest));
  return {
    seed,
    operations,
    faults: drawFaults(random, {
      operations: operations.length,
      // Whom the plot harms is harmed enough.
      weak: harms ? [] : others,
      honest: lying.length === 0,
      plotted: { plot, hoster: honest },
    }),
    liars: lying.map((hoster) => ({ hoster, liar: helped ? 'double-votes' : pick(random, liars).name })),
  };
}

/** The ring has more to try than it has time for. */
const plotted: readonly PlotName[] = [...plotNames, 'ring', 'ring'];
const noPlot = { harms: false, helped: false };

function drawOperations(random: Random): Operation[] {
  const count = between(random, ...OPERATIONS);
  const chosen: Deed[] = Array.from({ length: count - musts.length }, () => pick(random, deeds));
  if (oneIn(random, 8)) chosen.splice(between(random, 4, chosen.length), 0, 'revoke');
  for (const must of musts) chosen.splice(between(random, 1, chosen.length), 0, must);
  const at = new Map<DeviceName, number>();
  const own = new Map<DeviceName, string[]>();
  const operations: Operation[] = [];
  for (const [nth, deed] of chosen.entries()) {
    const by = pick(random, devices);
    const begins = at.get(by) ?? 0;
    at.set(by, begins + between(random, ...THINK_MS));
    const paths = own.get(by) ?? [];
    own.set(by, paths);
    const common = { by, at: begins };
    const put = (path: string, files: number[]): Operation => {
      // Of a tree one file is read and removed on its own.
      const single = files.length === 1 ? path : `${path}/0`;
      if (!paths.includes(single)) paths.push(single);
      return { do: 'put', ...common, path, files };
    };
    const sizes = (length: number, range: readonly [number, number]) =>
      Array.from({ length }, () => between(random, ...range));
    const known = paths.length === 0 ? undefined : pick(random, paths);
    if (deed === 'large') operations.push(put(`${by}/${nth}`, sizes(1, LARGE_BYTES)));
    else if (deed === 'tree')
      operations.push(put(`${by}/tree-${nth}`, sizes(between(random, ...TREE_FILES), TREE_FILE_BYTES)));
    else if (deed === 'revoke')
      operations.push({ do: deed, by: 'town-1', at: at.get('town-1') ?? 0, device: 'town-2' });
    // Two devices write it, perhaps at once.
    else if (deed === 'shared')
      operations.push({ do: 'put', ...common, path: 'shared', files: sizes(1, TINY_BYTES) });
    else if (deed === 'tiny' || known === undefined)
      operations.push(put(`${by}/${nth}`, sizes(1, TINY_BYTES)));
    else if (deed === 'again' && !known.includes('tree')) operations.push(put(known, sizes(1, TINY_BYTES)));
    else if (deed === 'again') operations.push({ do: 'get', ...common, path: 'shared' });
    else if (deed === 'get' || deed === 'remove' || deed === 'where')
      operations.push({ do: deed, ...common, path: oneIn(random, 6) && deed === 'get' ? 'shared' : known });
    else operations.push({ do: deed, ...common });
  }
  return operations;
}

type Kind = PlannedFault['fault'];
const passing: readonly Kind[] = [
  ...(['kill', 'kill', 'power', 'power', 'isolate', 'partition', 'one-way', 'half-open'] as const),
  ...(['loss', 'delay', 'twice', 'overtake', 'slow-peer', 'disk', 'disk', 'disk'] as const),
  ...([
    'clock-off',
    'clock-stops',
    'kill-device',
    'kill-device',
    'power-device',
    'stale-device',
    'flip',
  ] as const),
  ...(['site-lost', 'maintenance', 'away', 'drain', 'pause', 'leap'] as const),
];
const harming: readonly Kind[] = ['burn', 'stale-hoster', 'flip', 'flip', 'fire', 'fire'];
/** One that goes in order, where nobody else keeps it from doing so. */
const harmingAlone: readonly Kind[] = [...harming, 'leave', 'leave'];

function drawFaults(
  random: Random,
  of: {
    readonly operations: number;
    readonly weak: readonly string[];
    /** Nobody lies. */
    readonly honest: boolean;
    readonly plotted: { readonly plot: PlotName | undefined; readonly hoster: string };
  },
): PlannedFault[] {
  const count = between(random, ...FAULTS);
  const faults: PlannedFault[] = [];
  const { plot, hoster } = of.plotted;
  if (plot !== undefined) {
    const when = { op: between(random, 0, of.operations - 1), plusMs: between(random, ...AMID_MS) };
    faults.push({ fault: 'plot', ...when, plot, hoster });
  }
  const kinds = of.weak.length === 1 && plot === undefined && of.honest ? harmingAlone : harming;
  for (const one of of.weak) faults.push(drawFault(random, pick(random, kinds), of.operations, one));
  if (oneIn(random, 8)) faults.push(drawFault(random, 'blackout', of.operations));
  if (oneIn(random, 6)) faults.push(drawFault(random, 'epoch', of.operations));
  if (oneIn(random, 3)) faults.push(drawFault(random, 'late-leap', of.operations));
  while (faults.length < count) faults.push(drawFault(random, pick(random, passing), of.operations));
  return faults.toSorted((a, b) => a.op - b.op || a.plusMs - b.plusMs);
}

/** `weak`: the hoster that something lasting befalls; other faults choose for themselves. */
function drawFault(random: Random, kind: Kind, operations: number, weak?: string): PlannedFault {
  const when = { op: between(random, 0, operations - 1), plusMs: between(random, ...AMID_MS) };
  const lasting = { ...when, forMs: between(random, ...PASSES_MS) };
  const hoster = weak ?? pick(random, hosterNames);
  const device = pick(random, devices);
  const machine = oneIn(random, 4) ? device : hoster;
  switch (kind) {
    case 'kill':
    case 'power':
    case 'stale-hoster':
    case 'isolate':
    case 'slow-peer':
    case 'maintenance':
    case 'away':
    case 'drain':
      return { fault: kind, ...lasting, hoster };
    case 'site-lost':
      return { fault: kind, ...lasting, forMs: between(random, ...LOST_MS), hoster };
    case 'blackout':
    case 'pause':
      return { fault: kind, ...lasting };
    case 'epoch':
    case 'leap':
    case 'late-leap':
      return { fault: kind, ...when };
    case 'fire':
      return { fault: kind, ...when, hoster, declared: oneIn(random, 2) };
    case 'burn':
    case 'leave':
      return { fault: kind, ...when, hoster };
    case 'stale-device':
      return { fault: kind, ...lasting, device };
    case 'kill-device':
    case 'power-device':
      return { fault: kind, ...when, device };
    case 'partition':
      return {
        fault: kind,
        ...lasting,
        group: draw(random, [...hosterNames, ...devices], between(random, 2, 6)),
      };
    case 'one-way': {
      const [from = hoster, to = device] = draw(random, [...hosterNames, ...devices], 2);
      return { fault: kind, ...lasting, from, to };
    }
    case 'half-open': {
      const [forgets, other] = oneIn(random, 2) ? [hoster, device] : [device, hoster];
      return { fault: kind, ...when, forgets, other };
    }
    case 'loss':
      return { fault: kind, ...lasting, oneIn: between(random, 4, 30) };
    case 'twice':
      return { fault: kind, ...lasting, oneIn: between(random, 2, 6) };
    case 'delay':
      return { fault: kind, ...lasting, byMs: between(random, 20, 1_500) };
    case 'overtake':
      return { fault: kind, ...lasting, byMs: between(random, 5, 200) };
    case 'disk':
      return { fault: kind, ...lasting, machine, trouble: pick(random, diskTroubles) };
    case 'flip':
      if (weak === undefined) return { fault: kind, ...when, machine: device, at: pick(random, deviceFlips) };
      return { fault: kind, ...when, machine: weak, at: pick(random, hosterFlips) };
    case 'clock-off':
      return { fault: kind, ...lasting, machine, offMs: between(random, -3_600_000, 3_600_000) };
    case 'clock-stops':
      return { fault: kind, ...lasting, machine };
    default:
      return { fault: 'lying-disks', ...when };
  }
}

/** So many of them, each once. */
function draw<Item>(random: Random, items: readonly Item[], count: number): Item[] {
  const left = [...items];
  const drawn: Item[] = [];
  while (drawn.length < count && left.length > 0) {
    drawn.push(...left.splice(between(random, 0, left.length - 1), 1));
  }
  return drawn;
}
