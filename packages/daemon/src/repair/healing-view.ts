// What healing is planned by: how each daemon stands, by what the ledger says of its site and by what was heard of it.

import type { Charter, Crypto, DaemonId } from '@vauban/core';
import { findDaemon } from '@vauban/core';
import { type Holder, type HealingPlan, planHealing, type Standing } from '@vauban/placement';
import type { PeerWatch } from '../peer-watch.ts';
import type { PlacedSegment } from './placed-segment.ts';

export interface HealingGround {
  readonly id: DaemonId;
  readonly crypto: Crypto;
  readonly charter: () => Charter;
  readonly now: () => number;
  readonly watch: Pick<PeerWatch, 'presence' | 'answer'>;
  /** What the ledger says of sites. */
  readonly consortium: ConsortiumStanding;
  /** How this daemon itself stands. */
  readonly self: () => {
    readonly leaving: boolean;
    readonly takes: { readonly freeBytes: number } | undefined;
  };
}

export interface ConsortiumStanding {
  /** Declared lost, and not readmitted since. */
  isLost(daemon: DaemonId): boolean;
  /** Announced to be away for a while that is not over. */
  inMaintenance(site: string): boolean;
}

/** Sites that may still be lost: with fewer than half of m, a segment does not wait for a maintenance to end. */
const floorOf = (m: number): number => Math.ceil(m / 2);

/** The plan for one segment. `holders`: all that the ledger names but those found wanting. */
export function healingPlan(
  ground: HealingGround,
  placed: PlacedSegment,
  holders: readonly Holder[] = placed.holders,
): HealingPlan {
  const charter = ground.charter();
  const { segment, place, policy, fragmentBytes } = placed;
  const plan = (waits: boolean) =>
    planHealing({
      charter,
      crypto: ground.crypto,
      now: ground.now(),
      segment,
      k: place.k,
      m: place.m,
      policy,
      fragmentBytes,
      holders,
      // Voters know nothing of silence and doubt: a home that they would refuse is no home.
      get counted() {
        return placed.holders.filter(({ daemon }) => !ground.consortium.isLost(daemon));
      },
      standing: (daemon) => standingOf(ground, charter, daemon, waits),
      takes: (daemon) => takesOf(ground, daemon),
    });
  const patient = plan(true);
  const waitsFor = holders.some(({ daemon }) => isAwaited(ground, charter, daemon));
  if (!waitsFor) return patient;
  // What is lost besides is gone as well, and two fragments on one site go together.
  const impatient = plan(false);
  return impatient.margin.sites < floorOf(place.m) ? impatient : patient;
}

/** Whether a daemon can be asked for what it holds. */
export function isThere(ground: Pick<HealingGround, 'id' | 'watch'>, daemon: DaemonId): boolean {
  return daemon !== ground.id && ground.watch.presence(daemon) === 'up';
}

/** Silent, and on a site that said it would be. */
function isAwaited(ground: HealingGround, charter: Charter, daemon: DaemonId): boolean {
  const site = findDaemon(charter, daemon)?.site;
  const away = daemon !== ground.id && ground.watch.presence(daemon) !== 'up';
  return away && site !== undefined && ground.consortium.inMaintenance(site);
}

function standingOf(ground: HealingGround, charter: Charter, daemon: DaemonId, waits: boolean): Standing {
  const { id, watch, consortium, self } = ground;
  if (findDaemon(charter, daemon) === undefined || consortium.isLost(daemon)) return 'lost';
  if (daemon === id) return self().leaving ? 'leaving' : 'up';
  if (isAwaited(ground, charter, daemon)) return waits ? 'silent' : 'lost';
  // One that is merely suspect keeps its place in line: were it left out, those who hear it and those who do not would plan
  // differently, and the same would be rebuilt twice. Whoever is next waits its turn.
  if (watch.presence(daemon) === 'lost') return 'lost';
  return watch.answer(daemon)?.draining === true ? 'leaving' : 'up';
}

function takesOf({ id, watch, self }: HealingGround, daemon: DaemonId): { freeBytes: number } | undefined {
  if (daemon === id) return self().takes;
  const answer = watch.answer(daemon);
  return answer?.takes === true && !answer.readOnly && !answer.draining
    ? { freeBytes: answer.freeBytes }
    : undefined;
}
