// What the wires between machines are like: how long a message travels, and who cannot reach whom. Seeded; the network
// itself decides nothing by chance.

import { type Random, randomBelow } from '@vauban/core';

/** One way between two machines of a region, and how much it varies from message to message. */
const LATENCY_MS_MIN = 1;
const LATENCY_MS_SPREAD = 9;
const JITTER_MS = 2;
/** A lost packet is sent again by the transport: the message is late, and what follows it too. */
const RESENT_ONE_IN = 200;
const RESENT_MS = 210;
/** 1 Gbit/s. */
const BYTES_PER_MS = 125_000;

export class Weather {
  readonly #random: Random;
  readonly #latencyMs = new Map<string, number>();
  readonly #cut = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds that `bytes` travel now. */
  travelMs(from: string, to: string, bytes: number): number {
    const way = `${from} ${to}`;
    const draw = (bound: number) => (bound * randomBelow(this.#random, 1_000)) / 1_000;
    const latencyMs = this.#latencyMs.get(way) ?? LATENCY_MS_MIN + draw(LATENCY_MS_SPREAD);
    this.#latencyMs.set(way, latencyMs);
    const resent = randomBelow(this.#random, RESENT_ONE_IN) === 0 ? RESENT_MS : 0;
    return latencyMs + draw(JITTER_MS) + resent + bytes / BYTES_PER_MS;
  }

  /** Nothing comes from this machine, and nothing reaches it, until `rejoin`. */
  isolate(peer: string): void {
    this.#cut.add(peer);
  }

  rejoin(peer: string): void {
    this.#cut.delete(peer);
  }

  reaches(from: string, to: string): boolean {
    return !this.#cut.has(from) && !this.#cut.has(to);
  }
}
