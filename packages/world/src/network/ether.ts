// All the wires of the world: who listens where, which machines are without power, and what each message costs.

import type { Scheduler } from '../scheduler.ts';
import type { Trace } from '../trace.ts';
import { Connection } from './connection.ts';
import type { Party } from './party.ts';
import { refusalOf } from './request-name.ts';
import type { Weather } from './weather.ts';
import type { Message } from '../checker.ts';

/** When a connection attempt that nobody answers is made again, counted from the first (RFC 6298 back-off). */
const KNOCKS_MS = [0, 1_000, 3_000, 7_000];

/** Sees every message that arrives, before the receiver does. */
export type Tap = (message: Message) => void;

export interface EtherOptions {
  readonly scheduler: Scheduler;
  readonly weather: Weather;
  readonly trace: Trace;
  readonly checksum: (bytes: Uint8Array) => number;
  readonly tap: Tap;
}

export class Ether {
  readonly #options: EtherOptions;
  readonly #listening = new Map<string, Party>();
  readonly #unpowered = new Set<string>();
  /** Names of machines by peer id: of all that ever listened. */
  readonly #names = new Map<string, string>();

  constructor(options: EtherOptions) {
    this.#options = options;
  }

  get nowMs(): number {
    return this.#options.scheduler.nowMs;
  }

  get weather(): Weather {
    return this.#options.weather;
  }

  listen(party: Party): void {
    this.#names.set(party.self, party.name);
    this.#listening.set(party.self, party);
    this.#unpowered.delete(party.self);
  }

  deafen(party: Party): void {
    if (this.#listening.get(party.self) === party) this.#listening.delete(party.self);
  }

  /** From here on nobody even refuses: the machine is dark until something listens there again. */
  darken(peer: string): void {
    this.#unpowered.add(peer);
    this.#listening.delete(peer);
  }

  /** Whether another program than this one answers at its address by now. */
  startedAnew(party: Party): boolean {
    const now = this.#listening.get(party.self);
    return now !== undefined && now !== party;
  }

  reaches(from: Party, to: Party): boolean {
    return this.#options.weather.reaches(from.name, to.name) && !this.#unpowered.has(to.self);
  }

  travelMs(from: Party, to: Party, bytes: number): number {
    return this.#options.weather.travelMs(from.name, to.name, bytes);
  }

  note(from: Party, to: Party, message: { readonly body: Uint8Array; readonly what: string }): void {
    const { trace, checksum, tap } = this.#options;
    const { body, what } = message;
    const digest =
      body.length === 0 ? '' : ` ${body.length} B ${checksum(body).toString(16).padStart(8, '0')}`;
    const refusal = what.startsWith('answer ') ? refusalOf(body) : '';
    trace.note(`${from.name} → ${to.name}`, `${what}${refusal}${digest}`);
    tap({ from: from.name, to: to.name, body, what });
  }

  /** Knocks until someone answers. Resolves with undefined when it is refused, or when nobody is there to refuse. */
  dial(from: Party, peer: string, given: { up: boolean }): Promise<Connection | undefined> {
    const { weather } = this.#options;
    const name = this.#names.get(peer) ?? peer;
    return new Promise((resolve) => {
      let settled = false;
      const settle = (connection: Connection | undefined) => {
        settled = true;
        resolve(connection);
      };
      KNOCKS_MS.forEach((waitMs, nth) => {
        from.program.after(waitMs, () => {
          if (settled) return;
          if (given.up) return settle(undefined);
          const heard =
            weather.reaches(from.name, name) &&
            weather.reaches(name, from.name) &&
            !this.#unpowered.has(peer);
          if (!heard) {
            if (nth === KNOCKS_MS.length - 1) settle(undefined);
            return;
          }
          const roundMs = weather.travelMs(from.name, name, 60) + weather.travelMs(name, from.name, 60);
          from.program.after(roundMs, () => {
            if (settled) return;
            const to = this.#listening.get(peer);
            if (to === undefined || !to.program.alive || given.up) return settle(undefined);
            const connection = new Connection(this, from, to);
            to.accept(connection);
            settle(connection);
          });
        });
      });
    });
  }
}
