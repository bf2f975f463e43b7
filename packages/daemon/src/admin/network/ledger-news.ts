// What members said of late in their logs that a person wants to see: audits, and drills that are under way. Reads each log
// from where it stopped; only what is certified.

import { type Charter, type Crypto, findDaemon, toHex } from '@vauban/core';
import { type CharterChain, type LogState, type LogStore, resolveWriter, type Writer } from '@vauban/ledger';
import type { AuditView, HeadView, NetworkFacts } from './network-view.ts';

/** Of each log, the first time. */
const ENTRIES_MAX = 200;
const AUDITS_MAX = 10;
const HEADS_MAX = 12;
/** A drill that nobody ended is no longer under way after so long. */
const DRILL_MS_MAX = 86_400_000;

export interface NewsPorts {
  readonly logs: LogStore;
  readonly crypto: Crypto;
  readonly charters: CharterChain;
}

interface Drill {
  readonly scenario: string;
  readonly since: number;
}

export class LedgerNews {
  readonly #ports: NewsPorts;
  readonly #readTo = new Map<string, number>();
  readonly #drills = new Map<string, Drill>();
  #audits: readonly AuditView[] = [];

  constructor(ports: NewsPorts) {
    this.#ports = ports;
  }

  /** Never rejects: a log that cannot be read is passed over, and others say that it is damaged. */
  async read(now: number): Promise<Pick<NetworkFacts, 'drills'> & { readonly audits: readonly AuditView[] }> {
    for (const origin of this.#ports.logs.origins()) {
      await this.#readLog(origin).catch(() => undefined);
    }
    const drills = [...this.#drills.values()].filter(({ since }) => since + DRILL_MS_MAX > now);
    return { audits: this.#audits, drills };
  }

  /** Those that grew last, newest first. */
  async heads(): Promise<readonly HeadView[]> {
    const { logs } = this.#ports;
    const states = logs.origins().map((origin) => logs.state(origin));
    const newest = states.sort((a, b) => b.storedAt - a.storedAt || (a.origin < b.origin ? -1 : 1));
    return Promise.all(newest.slice(0, HEADS_MAX).map((state) => this.#head(state)));
  }

  async #head({ origin, size, certifiedSize, storedAt }: LogState): Promise<HeadView> {
    const writer = await this.#writer(origin).catch(() => undefined);
    const told = nameOf(this.#ports.charters.current, writer);
    return { origin, ...told, entries: size, certified: Math.min(size, certifiedSize), storedAt };
  }

  async #readLog(origin: string): Promise<void> {
    const { logs, charters } = this.#ports;
    const { certifiedSize, size } = logs.state(origin);
    const to = Math.min(size, certifiedSize);
    const from = Math.max(this.#readTo.get(origin) ?? 0, to - ENTRIES_MAX);
    if (from >= to) return;
    // Once only, whatever becomes of it: agencies' logs are of no interest here, and large.
    this.#readTo.set(origin, to);
    const writer = await this.#writer(origin);
    if (writer === undefined || writer.kind === 'device') return;
    for (const { entry, payload } of await logs.storedRange(origin, from, to)) {
      if (payload?.kind === 'audit' && writer.kind === 'daemon') {
        const siteOf = (id: string) => findDaemon(charters.current, id)?.site ?? id;
        const audit: AuditView = {
          time: entry.time,
          by: siteOf(writer.daemon),
          of: siteOf(toHex(payload.daemon)),
          challenged: payload.challenged,
          failed: payload.failed.length,
          degraded: payload.degraded.length,
        };
        this.#audits = [audit, ...this.#audits].sort((a, b) => b.time - a.time).slice(0, AUDITS_MAX);
      }
      if (payload?.kind === 'drill') {
        const drill = toHex(payload.drill);
        if (payload.phase === 'begun')
          this.#drills.set(drill, { scenario: payload.scenario, since: entry.time });
        else this.#drills.delete(drill);
      }
    }
  }

  #writer(origin: string): Promise<Writer | undefined> {
    const { logs } = this.#ports;
    return logs.writer(origin, (...genesis) => resolveWriter(this.#ports, ...genesis));
  }
}

function nameOf(charter: Charter, writer: Writer | undefined): Pick<HeadView, 'writer' | 'name'> {
  switch (writer?.kind) {
    case 'device': {
      const { agency } = writer.delegation;
      return { writer: 'agency', name: charter.agencies.find(({ id }) => id === agency)?.name ?? agency };
    }
    case 'daemon':
      return { writer: 'daemon', name: findDaemon(charter, writer.daemon)?.site ?? writer.daemon };
    case 'operator':
      return { writer: 'operator', name: writer.operator };
    case undefined:
      break;
  }
  return { writer: 'unknown', name: '' };
}
