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
  const aim = isBiased && dice.unit() < 0.5 ? aimed(f, dice) : -1;
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
  if (isBiased) f.logWeight -= Math.log(0.5 + 0.5 * meanRatio(f, shock, { raised, struckGroup, struck }));
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

function aimed(f: Future, dice: Dice): number {
  let left = dice.unit();
  for (const [at, { share }] of f.placements.entries()) {
    left -= share;
    if (left < 0) return at;
  }
  return f.placements.length - 1;
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
  },
): number {
  const groupOf = new Int32Array(f.dead.length).fill(-1);
  for (const [at, daemons] of groups.entries()) for (const one of daemons) groupOf[one] = at;
  const ratio = (happens: boolean, raised: number, chance: number) =>
    happens ? raised / chance : chance >= 1 ? 1 : (1 - raised) / (1 - chance);
  let mean = 0;
  for (const [placement, { share }] of f.placements.entries()) {
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
    mean += share * product;
  }
  return mean;
}
