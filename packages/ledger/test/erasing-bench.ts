// A bench on which a segment's life can be led to its end: placed, released, purged.

import type { AppendReply, ClaimName, Payload, Payloads, Place } from '../src/index.ts';
import { RuleBench } from './rule-bench.ts';
import { DAY_MS, NOW } from './sample-charter.ts';
import { custodyOf, daemonGenesis, Pen, placeOf, purgeOf, releaseOf } from './samples.ts';

/** When the sample place may be released, and when it may be purged after a release at that time. */
export const RELEASABLE = NOW + 9 * DAY_MS;
export const PURGEABLE = RELEASABLE + 14 * DAY_MS;

export class ErasingBench {
  readonly bench: RuleBench;
  readonly place: Place;
  /** The claim that the place is. */
  readonly claim: ClaimName;
  /** Logs of other daemons. */
  readonly pens = new Map<string, Pen>();

  private constructor(bench: RuleBench, place: Place) {
    this.bench = bench;
    this.place = place;
    this.claim = { origin: bench.device.origin, index: 1 };
  }

  /** A device that may delete; its place on h1 … h9 is certified. */
  static async open(of: Parameters<typeof RuleBench.open>[0] = {}): Promise<ErasingBench> {
    const delegation = { rights: ['write' as const, 'delete' as const], ...of.delegation };
    const bench = await RuleBench.open({ ...of, delegation });
    const it = new ErasingBench(bench, placeOf(bench.charter));
    await bench.mustWrite(bench.device, [it.place]);
    await bench.certify(bench.device);
    return it;
  }

  /** The same, with its only claim released and the release certified; the clock stands where a purge is in time. */
  static async released(of: Parameters<typeof RuleBench.open>[0] = {}): Promise<ErasingBench> {
    const it = await ErasingBench.open(of);
    await it.release(it.claim);
    it.at(PURGEABLE);
    return it;
  }

  get segment(): Uint8Array {
    return this.place.segment;
  }

  at(time: number): void {
    this.bench.clock.time = time;
  }

  /** Releases claims at the first moment allowed, certified. */
  async release(...claims: ClaimName[]): Promise<void> {
    this.at(RELEASABLE);
    await this.bench.mustWrite(this.bench.device, [releaseOf(claims)]);
    await this.bench.certify(this.bench.device);
  }

  purge(generation = 1, segment = this.segment): Promise<AppendReply> {
    return this.ask(this.bench.daemon, [purgeOf(generation, [segment])]);
  }

  /** The reply to what is written next; refused, it leaves the log as it was. */
  async ask(pen: Pen, payloads: readonly Payload[]): Promise<AppendReply> {
    const reply = await this.bench.append(pen.copy().write(payloads));
    // Pens draw nothing: the same payloads are the same bytes.
    if (reply.result === 'cosigned') pen.write(payloads);
    return reply;
  }

  /** The log of another daemon, begun here. */
  async pen(name: string): Promise<Pen> {
    if (name === 'h1') return this.bench.daemon;
    const known = this.pens.get(name);
    if (known !== undefined) return known;
    const pen = new Pen(`log ${name}`);
    await this.bench.mustWrite(pen, [daemonGenesis(name)]);
    this.pens.set(name, pen);
    return pen;
  }

  custody(holder: string, index: number, generation = 0): Payloads['custody'] {
    return custodyOf(this.place, { holder, index, claim: this.claim, size: 2, generation });
  }

  /** The daemon of `name` writes, and a certificate covers it. */
  async certified(name: string, ...payloads: Payload[]): Promise<void> {
    const pen = await this.pen(name);
    await this.bench.mustWrite(pen, payloads);
    await this.bench.certify(pen);
  }
}
