// What daemons' own counters say went over the lines during a drill: sent in all, and read for repair from each site. Counters
// begin anew with a daemon, so each is read right before the drill stops it, and in the end.

import { nodeClock } from '@vauban/core/node';
import type { Metered, Readings, Stage } from '@vauban/fleet';

const wanted: readonly Metered[] = [
  { name: 'vauban_network_sent_bytes_total' },
  { name: 'vauban_repair_received_bytes_total', label: 'peer_site' },
];
/** A step of the drill is not held up for longer. */
const ANSWER_MS = 2_000;

export interface Metering {
  readonly sentBytes: number;
  /** By the site it came from. */
  readonly repairBytesFrom: { readonly [site: string]: number };
  /** Sites whose daemons ran and did not answer when they were to be read: what they did since is in no sum. */
  readonly unread: readonly string[];
}

export class Meters {
  readonly #stage: Pick<Stage, 'sites' | 'look' | 'meter'>;
  /** By site, what its daemons said last. */
  readonly #last = new Map<string, readonly Readings[]>();
  readonly #unread = new Set<string>();
  #sent = 0;
  readonly #repair = new Map<string, number>();

  constructor(stage: Pick<Stage, 'sites' | 'look' | 'meter'>) {
    this.#stage = stage;
  }

  /** What was counted before is none of the drill's. */
  async begin(): Promise<void> {
    for (const [site, readings] of await this.#ask(this.#stage.sites)) {
      if (readings !== undefined) this.#last.set(site, readings);
    }
  }

  /** Right before these are stopped, or their daemons killed: when they count again, it is from nothing. */
  async beforeStop(sites: readonly string[]): Promise<void> {
    await this.#add(sites);
    for (const site of sites) this.#last.delete(site);
  }

  async end(): Promise<Metering> {
    await this.#add(this.#stage.sites);
    return {
      sentBytes: this.#sent,
      repairBytesFrom: Object.fromEntries([...this.#repair].sort(([a], [b]) => (a < b ? -1 : 1))),
      unread: this.#stage.sites.filter((site) => this.#unread.has(site)),
    };
  }

  async #add(sites: readonly string[]): Promise<void> {
    for (const [site, now] of await this.#ask(sites)) {
      if (now === undefined) {
        this.#unread.add(site);
        continue;
      }
      const before = this.#last.get(site);
      this.#last.set(site, now);
      const [sent, repair] = wanted.map((_, nth) => grown(before?.[nth], now[nth]));
      this.#sent += sent?.get('') ?? 0;
      for (const [from, bytes] of repair ?? []) {
        if (bytes > 0) this.#repair.set(from, (this.#repair.get(from) ?? 0) + bytes);
      }
    }
  }

  /** Of those that run. */
  async #ask(
    sites: readonly string[],
  ): Promise<readonly (readonly [string, readonly Readings[] | undefined])[]> {
    const { running } = await this.#stage.look();
    return Promise.all(
      sites
        .filter((site) => running.has(site))
        .map(async (site) => {
          const late = nodeClock.sleep(ANSWER_MS).then(() => undefined);
          return [site, await Promise.race([this.#stage.meter(site, wanted), late])] as const;
        }),
    );
  }
}

/** A counter that is lower than before has begun anew. */
function grown(before: Readings | undefined, now: Readings | undefined): Readings {
  return new Map(
    [...(now ?? [])].map(([of, value]) => {
      const earlier = before?.get(of) ?? 0;
      return [of, value >= earlier ? value - earlier : value];
    }),
  );
}
