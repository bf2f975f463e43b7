// Shocks that strike each of many with a small chance of its own: what matters is that several of one placement are struck at
// once. Where weights may change, half of the shocks aim at one placement, drawn; the weight is divided by the density of
// that mixture, so a shock never more than doubles it (defensive mixture: Hesterberg, Technometrics 1995).

import type { Future } from './future.ts';
import type { Dice } from './random.ts';

export interface Shock {
  /** Daemons struck through one chance: those of a site, those of a hoster. */
  readonly groups: readonly (readonly number[])[];
  readonly groupChance: number;
  /** Of each daemon in a group that is struck. */
  readonly daemonChance: number;
}

/** How much a holder within a shock's reach counts when one placement is aimed at, and all of them at most. */
const EXPOSED_EACH = 8;
const EXPOSED_MOST = 1e6;

interface Raised {
  readonly group: number;
  readonly daemon: number;
}

/** Daemons struck. */
export function strike(
  shock: Shock,
  o: { readonly future: Future; readonly dice: Dice; readonly isBiased: boolean },
): number[] {
  const { future: f, dice, isBiased } = o;
  const { groups, groupChance, daemonChance } = shock;
  const raised = raisedFor(shock, f);
  const aiming = isBiased ? aimingAt(f, groups) : undefined;
  const aim = aiming !== undefined && dice.unit() < 0.5 ? aimed(aiming, dice) : -1;
  const aims = new Set(aim < 0 ? [] : holdersOf(f, aim));
  const struckGroup: boolean[] = [];
  const struck = new Set<number>();
  for (const daemons of groups) {
    const isAimed = aims.size > 0 && daemons.some((one) => aims.has(one));
    const strikes = dice.unit() < (isAimed ? raised.group : groupChance);
    struckGroup.push(strikes);
    if (!strikes) continue;
    for (const one of daemons)
      if (dice.unit() < (aims.has(one) ? raised.daemon : daemonChance)) struck.add(one);
  }
  if (aiming !== undefined)
    f.logWeight -= Math.log(0.5 + 0.5 * meanRatio(f, shock, { raised, struckGroup, struck, aiming }));
  return [...struck];
}

/** Chances that strike about as many holders as cost the segment. */
function raisedFor({ groupChance, daemonChance }: Shock, f: Future): Raised {
  const { n, k } = f.model;
  const wanted = Math.min(0.9, (n - k + 1) / n);
  if (daemonChance >= 1) return { group: raise(groupChance, wanted), daemon: 1 };
  return { group: raise(groupChance, Math.sqrt(wanted)), daemon: raise(daemonChance, Math.sqrt(wanted)) };
}

function raise(chance: number, wanted: number): number {
  return chance >= 1 ? 1 : Math.max(chance, wanted);
}

/** Chance of each placement to be aimed at: by its share, and far more the more of its holders the shock may strike. */
function aimingAt(f: Future, groups: Shock['groups']): Float64Array {
  const { n } = f.model;
  const exposed = new Uint8Array(f.dead.length);
  for (const daemons of groups) for (const one of daemons) exposed[one] = 1;
  const aiming = Float64Array.from(f.placements, ({ share }, at) => {
    let holders = 0;
    for (let i = at * n; i < (at + 1) * n; i++) holders += exposed[f.holders[i] as number] as number;
    return share * Math.min(EXPOSED_MOST, EXPOSED_EACH ** holders);
  });
  const sum = aiming.reduce((a, b) => a + b, 0);
  return aiming.map((one) => one / sum);
}

function aimed(aiming: Float64Array, dice: Dice): number {
  let left = dice.unit();
  for (const [at, chance] of aiming.entries()) {
    left -= chance;
    if (left < 0) return at;
  }
  return aiming.length - 1;
}

function holdersOf(f: Future, placement: number): Int32Array {
  const { n } = f.model;
  return f.holders.subarray(placement * n, (placement + 1) * n);
}

/** How much likelier what was struck is when aimed at, over all placements that might have been. */
function meanRatio(
  f: Future,
  { groups, groupChance, daemonChance }: Shock,
  o: {
    readonly raised: Raised;
    readonly struckGroup: readonly boolean[];
    readonly struck: ReadonlySet<number>;
    readonly aiming: Float64Array;
  },
): number {
  const groupOf = new Int32Array(f.dead.length).fill(-1);
  for (const [at, daemons] of groups.entries()) for (const one of daemons) groupOf[one] = at;
  const ratio = (happens: boolean, raised: number, chance: number) =>
    happens ? raised / chance : chance >= 1 ? 1 : (1 - raised) / (1 - chance);
  let mean = 0;
  for (const [placement, chance] of o.aiming.entries()) {
    const holders = new Set(holdersOf(f, placement));
    const seen = new Set<number>();
    let product = 1;
    for (const one of holders) {
      const group = groupOf[one] as number;
      if (group < 0) continue;
      const strikes = o.struckGroup[group] as boolean;
      if (!seen.has(group)) product *= ratio(strikes, o.raised.group, groupChance);
      seen.add(group);
      if (strikes) product *= ratio(o.struck.has(one), o.raised.daemon, daemonChance);
    }
    mean += chance * product;
  }
  return mean;
}
