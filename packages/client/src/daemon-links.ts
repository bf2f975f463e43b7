// The daemons of the charter as this client sees them: one PeerClient each, kept across charter versions, what is
// believed of each, and who answers now. Liveness and free space are hints; a wrong one costs time, never data.

import {
  asFault,
  type Charter,
  type Clock,
  type Crypto,
  type DaemonId,
  Fault,
  findDaemon,
  homeOf,
  type Hoster,
  type Network,
  type Peer,
  type Site,
  orAborted,
} from '@vauban/core';
import { type AnswerOf, type Identity, PeerClient } from '@vauban/wire';
import { Bell } from './bell.ts';
import { DaemonHealth } from './daemon-health.ts';

/** Who has not said how it is by then counts as silent: seconds where milliseconds are usual. */
const STATUS_DEADLINE_MS = 3_000;
/** A round waits so long for the last when half have answered: first handshakes on a busy machine, not a stopped daemon. */
const ROUND_GRACE_MS = 750;
/** Answers this old still serve, while new ones are asked for without waiting. */
const STATUS_FRESH_MS = 3_000;
/** Older answers say nothing about who is live. */
const STATUS_AGE_MS_MAX = 30_000;
/** A last-resort question whose outcome is shared by everyone who needs that daemon at the same time. */
const REVIVE_DEADLINE_MS = 1_000;
const REVIVE_SHARED_MS = 1_000;

export interface DaemonLinksOptions {
  readonly network: Network;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charter: Charter;
  readonly identity: Identity;
  /** A daemon knows a later charter version than this client. */
  readonly onNewerCharter?: (peer: Peer, version: number) => void;
}

export interface LiveDaemon {
  readonly freeBytes: number;
  readonly status: AnswerOf<'status'>;
}

interface Link {
  client: PeerClient;
  readonly health: DaemonHealth;
  live: (LiveDaemon & { readonly at: number }) | undefined;
  asking: Promise<boolean> | undefined;
  revived: { readonly at: number; readonly outcome: Promise<boolean> } | undefined;
}

export class DaemonLinks {
  readonly #options: DaemonLinksOptions;
  readonly #links = new Map<DaemonId, Link>();
  #charter: Charter;
  /** When the last round ended. */
  #roundAt: number | undefined;
  /** The round everybody shares who is in no hurry for a newer one. */
  #underWay: Promise<void> | undefined;

  constructor(options: DaemonLinksOptions) {
    this.#options = options;
    this.#charter = options.charter;
    this.update(options.charter);
  }

  get charter(): Charter {
    return this.#charter;
  }

  /** Connections and beliefs are kept for daemons whose peer and addresses stay the same. */
  update(charter: Charter): void {
    this.#charter = charter;
    const { network, crypto, clock, identity, onNewerCharter } = this.#options;
    const common = {
      network,
      crypto,
      identity,
      charterName: charter.name,
      charterVersion: () => this.#charter.version,
      ...(onNewerCharter && { onNewerCharter }),
    };
    for (const { id, peer, addresses } of charter.daemons) {
      const link = this.#links.get(id);
      if (link === undefined) {
        const client = new PeerClient({ peer, addresses }, common);
        const health = new DaemonHealth(clock);
        this.#links.set(id, { client, health, live: undefined, asking: undefined, revived: undefined });
      } else if (!samePeer(link.client.peer, { peer, addresses })) {
        link.client = new PeerClient({ peer, addresses }, common);
        link.live = undefined;
      }
    }
    const named = new Set(charter.daemons.map((one) => one.id));
    for (const id of this.#links.keys()) if (!named.has(id)) this.#links.delete(id);
  }

  has(daemon: DaemonId): boolean {
    return this.#links.has(daemon);
  }

  /** Faults: DAEMON_UNKNOWN. */
  client(daemon: DaemonId): PeerClient {
    return this.#link(daemon).client;
  }

  /** Faults: DAEMON_UNKNOWN. */
  health(daemon: DaemonId): DaemonHealth {
    return this.#link(daemon).health;
  }

  /** Where it stands, or undefined when the charter does not list it. */
  home(daemon: DaemonId): { readonly site: Site; readonly hoster: Hoster } | undefined {
    const found = findDaemon(this.#charter, daemon);
    return found && homeOf(this.#charter, found);
  }

  /** Up, and not known as a liar. One that is down long enough is asked again meanwhile, which nobody waits for. */
  usable(daemon: DaemonId): boolean {
    const link = this.#links.get(daemon);
    if (link === undefined) return false;
    if (link.health.retryDue) void this.#ask(link, STATUS_DEADLINE_MS);
    return !link.health.down && !link.health.avoided;
  }

  /** When nothing better is left: whether a daemon that is down answers after all. Takes a second at most. */
  revive(daemon: DaemonId): Promise<boolean> {
    const link = this.#links.get(daemon);
    if (link === undefined) return Promise.resolve(false);
    if (!link.health.down) return Promise.resolve(true);
    const now = this.#options.clock.monotonic();
    if (link.revived === undefined || now - link.revived.at > REVIVE_DEADLINE_MS + REVIVE_SHARED_MS) {
      link.revived = { at: now, outcome: this.#within(this.#ask(link, REVIVE_DEADLINE_MS)) };
    }
    return link.revived.outcome;
  }

  /** A transfer with it broke off or fell silent: it is not used until it has answered again, and is asked at once. */
  suspect(daemon: DaemonId, fault: Fault): void {
    const link = this.#links.get(daemon);
    if (link === undefined) return;
    link.health.suspected(fault);
    void this.#ask(link, STATUS_DEADLINE_MS);
  }

  /** Whether somebody who is not known to be dead has yet to answer: a patient call of `live` may find more. */
  get undecided(): boolean {
    return [...this.#links.values()].some(
      ({ health, live }) => !health.confirmedDown && (health.down || live === undefined),
    );
  }

  /**
   * Who answers now, with the free space each believes to have. The first call asks everyone and waits until all have
   * answered, or most have and ROUND_GRACE_MS passed; later calls take recent answers and ask again without waiting. A
   * `fresh` call waits like the first; a `patient` one for the slowest not known to be dead, 3 s at most. Faults: what nearly
   * everyone refuses (such as an expired delegation) is thrown when nobody is live.
   */
  async live(
    how: { readonly fresh?: boolean; readonly patient?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<ReadonlyMap<DaemonId, LiveDaemon>> {
    how.signal?.throwIfAborted();
    const now = this.#options.clock.monotonic();
    const age = this.#roundAt === undefined ? Number.POSITIVE_INFINITY : now - this.#roundAt;
    if (how.patient) await orAborted(this.#round(true), how.signal);
    else if (how.fresh || age > STATUS_FRESH_MS) {
      this.#underWay ??= this.#round(false).finally(() => {
        this.#underWay = undefined;
      });
      if (how.fresh || age > STATUS_AGE_MS_MAX) await orAborted(this.#underWay, how.signal);
    }
    const live = this.#liveNow();
    if (live.size === 0) this.#throwRefusal();
    return live;
  }

  /** It has no room: believed until it says otherwise. */
  full(daemon: DaemonId): void {
    const link = this.#links.get(daemon);
    if (link?.live) link.live = { ...link.live, freeBytes: 0 };
  }

  /** Medians over the daemons read from lately: what is normal now. Undefined before the first read. */
  get typical(): { readonly latencyMs: number; readonly msPerByte: number } | undefined {
    const known = [...this.#links.values()].flatMap(({ health }) => health.estimate ?? []);
    if (known.length === 0) return undefined;
    return {
      latencyMs: median(known.map((one) => one.latencyMs)),
      msPerByte: median(known.map((one) => one.msPerByte)),
    };
  }

  #link(daemon: DaemonId): Link {
    const link = this.#links.get(daemon);
    if (link !== undefined) return link;
    const { version } = this.#charter;
    throw new Fault('refused', 'DAEMON_UNKNOWN', `Charter version ${version} lists no daemon ${daemon}.`, {
      daemon,
      version,
    });
  }

  async #round(patient: boolean): Promise<void> {
    const { clock } = this.#options;
    const startedAt = clock.monotonic();
    const bell = new Bell(clock);
    const count = { asked: 0, settled: 0, answered: 0 };
    for (const link of this.#links.values()) {
      if (link.health.confirmedDown) {
        if (link.health.retryDue) void this.#ask(link, STATUS_DEADLINE_MS);
        continue;
      }
      count.asked += 1;
      void this.#ask(link, STATUS_DEADLINE_MS).then((well) => {
        count.settled += 1;
        if (well) count.answered += 1;
        bell.ring();
      });
    }
    while (count.settled < count.asked) {
      const waitedMs = clock.monotonic() - startedAt;
      const enough = !patient && count.answered * 2 >= count.asked && waitedMs >= ROUND_GRACE_MS;
      if (enough || waitedMs >= STATUS_DEADLINE_MS) break;
      await bell.wait(waitedMs < ROUND_GRACE_MS ? ROUND_GRACE_MS - waitedMs : STATUS_DEADLINE_MS - waitedMs);
    }
    this.#roundAt = clock.monotonic();
  }

  /** Asks once at a time; the answer and the failure are noted. Never rejects. */
  #ask(link: Link, deadlineMs: number): Promise<boolean> {
    link.asking ??= this.#askStatus(link, deadlineMs).finally(() => {
      link.asking = undefined;
    });
    return link.asking;
  }

  async #askStatus(link: Link, deadlineMs: number): Promise<boolean> {
    try {
      const status = await link.client.ask('status', {}, { deadlineMs });
      const at = this.#options.clock.monotonic();
      link.live = { freeBytes: status.freeBytes, status, at };
      link.health.succeeded();
      return true;
    } catch (error) {
      link.live = undefined;
      link.health.failed(asFault(error));
      return false;
    }
  }

  #within(outcome: Promise<boolean>): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(REVIVE_DEADLINE_MS, () => resolve(false));
      void outcome.then((well) => {
        cancel();
        resolve(well);
      });
    });
  }

  #liveNow(): ReadonlyMap<DaemonId, LiveDaemon> {
    const now = this.#options.clock.monotonic();
    const live = new Map<DaemonId, LiveDaemon>();
    for (const [id, link] of this.#links) {
      if (link.live && !link.health.down && now - link.live.at <= STATUS_AGE_MS_MAX) live.set(id, link.live);
    }
    return live;
  }

  #throwRefusal(): void {
    const refused = [...this.#links.values()].flatMap(({ health: { fault } }) =>
      fault?.kind === 'refused' ? [fault] : [],
    );
    const [first] = refused;
    if (first && refused.filter((one) => one.code === first.code).length * 2 > this.#links.size) throw first;
  }
}

function samePeer(a: Peer, b: Peer): boolean {
  return a.peer === b.peer && a.addresses.join(' ') === b.addresses.join(' ');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] as number;
}
