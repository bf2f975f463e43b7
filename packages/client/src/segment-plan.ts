// Which daemons take the fragments that nobody holds yet, and which daemons are out of one segment's upload. Pure.

import { type Charter, type DaemonId, Fault, findDaemon, homeOf, type Policy } from '@vauban/core';
import { checkDeclaration, checkDomainRule, type LiveHint } from '@vauban/placement';

export interface Holder {
  readonly index: number;
  readonly daemon: DaemonId;
}

export interface FillOptions {
  readonly charter: Charter;
  readonly policy: Policy;
  readonly k: number;
  readonly m: number;
  /** Who holds or is being sent a fragment. */
  readonly kept: readonly Holder[];
  /** Indices nobody has. */
  readonly free: readonly number[];
  readonly live: ReadonlyMap<DaemonId, LiveHint>;
  readonly out: (daemon: DaemonId) => boolean;
  /** Taken first, in this order: the placement rule's own choice. */
  readonly preferred: readonly DaemonId[];
  readonly fragmentBytes: number;
  /** ms since 1970. */
  readonly now: number;
}

/**
 * A daemon for every free index such that all holders together keep the domain rule, each on a site of its own; or
 * undefined when the daemons at hand do not allow it without moving those kept.
 */
export function fillPlaces(o: FillOptions): readonly Holder[] | undefined {
  const { charter, policy, k, m } = o;
  const holders = [...o.kept];
  const spares = sparesOf(o);
  const added: Holder[] = [];
  for (const index of o.free) {
    const daemon = spares.find((one) => {
      const sites = holders.map((holder) => findDaemon(charter, holder.daemon)?.site);
      if (sites.includes(findDaemon(charter, one)?.site)) return false;
      const rule = { k, m, sitesLost: policy.sitesLost, holders: [...holders, { index, daemon: one }] };
      return checkDomainRule(charter, rule) === undefined;
    });
    if (daemon === undefined) return undefined;
    holders.push({ index, daemon });
    added.push({ index, daemon });
  }
  return added;
}

function sparesOf(o: FillOptions): DaemonId[] {
  const { charter, policy, live } = o;
  const order = new Map(o.preferred.map((daemon, at) => [daemon, at]));
  const rank = (daemon: DaemonId) => order.get(daemon) ?? order.size;
  return charter.daemons
    .filter((one) => {
      const hint = live.get(one.id);
      if (hint === undefined || hint.freeBytes < o.fragmentBytes || o.out(one.id)) return false;
      return checkDeclaration(homeOf(charter, one).hoster, policy.sovereignty, o.now) === undefined;
    })
    .map((one) => ({ id: one.id, freeBytes: (live.get(one.id) as LiveHint).freeBytes }))
    .sort((a, b) => rank(a.id) - rank(b.id) || b.freeBytes - a.freeBytes || (a.id < b.id ? -1 : 1))
    .map((one) => one.id);
}

/** Why a daemon takes no fragment of this segment. */
export interface StoreProblem {
  readonly daemon: DaemonId;
  readonly index: number;
  readonly fault: Fault;
}

/** Uploads to one daemon that may break off before it is out for good: a restart is forgiven once. */
const TRIES_MAX = 2;

/** Who is out of one segment's upload, and why; some are from the beginning. */
export class Outs {
  readonly #avoided: ReadonlyMap<DaemonId, Fault>;
  readonly #out: Set<DaemonId>;
  readonly #tries = new Map<DaemonId, number>();
  readonly problems: StoreProblem[] = [];

  constructor(avoided: ReadonlyMap<DaemonId, Fault> = new Map()) {
    this.#avoided = avoided;
    this.#out = new Set(avoided.keys());
  }

  has(daemon: DaemonId): boolean {
    return this.#out.has(daemon);
  }

  get daemons(): ReadonlySet<DaemonId> {
    return this.#out;
  }

  add(problem: StoreProblem): void {
    this.problems.push(problem);
    this.#out.add(problem.daemon);
    const tries =
      problem.fault.kind === 'unreachable' ? (this.#tries.get(problem.daemon) ?? 0) + 1 : TRIES_MAX;
    this.#tries.set(problem.daemon, tries);
  }

  /** Those that only broke off, and answer now, may be tried again. */
  readmit(live: ReadonlyMap<DaemonId, LiveHint>): void {
    for (const daemon of this.#out) {
      if (this.#avoided.has(daemon)) continue;
      if (live.has(daemon) && (this.#tries.get(daemon) ?? 0) < TRIES_MAX) this.#out.delete(daemon);
    }
  }

  /** A refusal that more daemons give than may lie or fail is about the request, not about them. */
  commonRefusal(m: number): Fault | undefined {
    const refused = this.problems.filter(
      ({ fault }) => fault.kind === 'refused' && fault.code !== 'DISK_FULL',
    );
    for (const { fault } of refused) {
      const daemons = new Set(
        refused.filter((one) => one.fault.code === fault.code).map((one) => one.daemon),
      );
      if (daemons.size > m) return fault;
    }
    return undefined;
  }

  /** TOO_FEW_SITES with what happened to each daemon that was tried. */
  explain(fault: Fault, charter: Charter): Fault {
    const avoided = [...this.#avoided].map(([daemon, why]) => ({ daemon, fault: why }));
    const problems = [...avoided, ...this.problems];
    if (problems.length === 0) return fault;
    const tried = problems.map(({ daemon, fault: why }) => {
      const found = findDaemon(charter, daemon);
      return { daemon, site: found?.site ?? null, code: why.code, message: why.message };
    });
    const words = tried.map((one) => `${one.site ?? one.daemon}: ${one.code}`).join(', ');
    return new Fault(
      fault.kind,
      fault.code,
      `${fault.message} Tried: ${words}.`,
      { ...fault.facts, tried },
      fault,
    );
  }
}
