// What the wires between machines are like: how long a message travels, who cannot reach whom, and what goes wrong on
// the way. Seeded; the network itself decides nothing by chance. Machines are named, as people name them.

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

/** What is counted for each message besides its body: headers and tags. */
export const HEADER_BYTES = 60;

/** How wires misbehave for a while, all of them. */
export interface Roughness {
  /** One message in so many is lost and sent again late; one in ten of those never gets through. */
  readonly lossOneIn?: number;
  /** Every message takes up to so much longer. */
  readonly delayMs?: number;
  /** One request in so many arrives twice. */
  readonly twiceOneIn?: number;
  /** Requests and answers may overtake one another by so much. */
  readonly overtakenMs?: number;
}

/** What befalls one message, by who sends what to whom: nothing (0), so many milliseconds more, or it is lost alone. */
type Fate = (message: { readonly from: string; readonly to: string; readonly what: string }) => number;
export const LOST = Number.POSITIVE_INFINITY;

export class Weather {
  readonly #random: Random;
  readonly #latencyMs = new Map<string, number>();
  /** Ways that are cut, with how many faults cut them: `from to`, and `*` for everybody. */
  readonly #cut = new Map<string, number>();
  readonly #bytesPerMs = new Map<string, number>();
  readonly #rough = new Set<Roughness>();
  readonly #fates = new Set<Fate>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Milliseconds that `bytes` travel now. */
  travelMs(from: string, to: string, bytes: number): number {
    const way = `${from} ${to}`;
    let latencyMs = this.#latencyMs.get(way);
    if (latencyMs === undefined) {
      latencyMs = LATENCY_MS_MIN + this.#draw(LATENCY_MS_SPREAD);
      this.#latencyMs.set(way, latencyMs);
    }
    const lossOneIn = this.#worst('lossOneIn') ?? RESENT_ONE_IN;
    const resent = this.#oneIn(lossOneIn) ? RESENT_MS : 0;
    const late = this.#draw(this.#worst('delayMs') ?? 0);
    const rate = this.#rate(from, to);
    // What slows a machine down to bytes per second is behind its network card: headers cost it nothing.
    const onTheWayMs = rate === BYTES_PER_MS ? bytes / rate : Math.max(0, bytes - HEADER_BYTES) / rate;
    return latencyMs + this.#draw(JITTER_MS) + resent + late + onTheWayMs;
  }

  /** A message that is sent again and again in vain takes its connection with it. */
  get swallows(): boolean {
    const lossOneIn = this.#worst('lossOneIn');
    return lossOneIn !== undefined && this.#oneIn(10 * lossOneIn);
  }

  get doubles(): boolean {
    const twiceOneIn = this.#worst('twiceOneIn');
    return twiceOneIn !== undefined && this.#oneIn(twiceOneIn);
  }

  /** How much later than its turn a request may arrive; undefined while order is kept. */
  get overtakenMs(): number | undefined {
    const spread = this.#worst('overtakenMs');
    return spread === undefined ? undefined : this.#draw(spread);
  }

  /** Bytes per millisecond where one of the two is slow; undefined on an ordinary way. */
  dribble(from: string, to: string): number | undefined {
    const rate = this.#rate(from, to);
    return rate === BYTES_PER_MS ? undefined : rate;
  }

  reaches(from: string, to: string): boolean {
    if (this.#cut.size === 0) return true;
    return ![`${from} ${to}`, `${from} *`, `* ${to}`].some((way) => this.#cut.has(way));
  }

  /** Nothing comes from this machine, and nothing reaches it, until the answer is called. */
  isolate(name: string): () => void {
    const undo = [this.block(name, '*'), this.block('*', name)];
    return () => {
      for (const one of undo) one();
    };
  }

  /** One way only, until the answer is called. */
  block(from: string, to: string): () => void {
    const way = `${from} ${to}`;
    this.#cut.set(way, (this.#cut.get(way) ?? 0) + 1);
    return () => {
      const left = (this.#cut.get(way) ?? 0) - 1;
      if (left > 0) this.#cut.set(way, left);
      else this.#cut.delete(way);
    };
  }

  slow(name: string, bytesPerMs: number): () => void {
    this.#bytesPerMs.set(name, bytesPerMs);
    return () => {
      this.#bytesPerMs.delete(name);
    };
  }

  roughen(how: Roughness): () => void {
    this.#rough.add(how);
    return () => {
      this.#rough.delete(how);
    };
  }

  /** For histories that need one message out of many gone or late, until the answer is called. */
  meddle(fate: Fate): () => void {
    this.#fates.add(fate);
    return () => {
      this.#fates.delete(fate);
    };
  }

  /** The latest that anybody has in mind for it. */
  fate(message: Parameters<Fate>[0]): number {
    let late = 0;
    for (const one of this.#fates) late = Math.max(late, one(message));
    return late;
  }

  #rate(from: string, to: string): number {
    if (this.#bytesPerMs.size === 0) return BYTES_PER_MS;
    return Math.min(this.#bytesPerMs.get(from) ?? BYTES_PER_MS, this.#bytesPerMs.get(to) ?? BYTES_PER_MS);
  }

  /** The newest roughness that says something about it. */
  #worst(what: keyof Roughness): number | undefined {
    let worst: number | undefined;
    for (const one of this.#rough) worst = one[what] ?? worst;
    return worst;
  }

  #draw(bound: number): number {
    return bound === 0 ? 0 : (bound * randomBelow(this.#random, 1_000)) / 1_000;
  }

  #oneIn(times: number): boolean {
    return randomBelow(this.#random, times) === 0;
  }
}
