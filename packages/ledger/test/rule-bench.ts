// One voting hoster of a nine-voter charter, and pens that write to it: where rules are tried one at a time.

import { asFault, type Charter, Fault, quorumOf } from '@vauban/core';
import {
  type Append,
  type AppendReply,
  type BudgetLimits,
  type CharterChain,
  cosign,
  makeCertificate,
  type Payload,
  type Place,
  type RefusalClass,
  readHead,
} from '../src/index.ts';
import { type HosterOptions, type TestClock, TestHoster, testClock } from './memory-hosters.ts';
import { chainOf, cosignerOf, crypto, hosterName, NOW, sampleCharter } from './sample-charter.ts';
import { daemonGenesis, deviceGenesis, Pen, placeOf, voidOf } from './samples.ts';

/** One rule broken: what is done, and how it has to be answered. */
export interface Row {
  readonly name: string;
  readonly code: string;
  /** Undefined when the call fails instead of being answered. */
  readonly class?: RefusalClass;
  readonly sabotage: () => Promise<unknown>;
}

export class RuleBench {
  readonly charters: CharterChain;
  readonly clock: TestClock;
  readonly hoster: TestHoster;
  readonly device = new Pen('device laptop');
  readonly daemon = new Pen('log h1');

  private constructor(charters: CharterChain, clock: TestClock, hoster: TestHoster) {
    this.charters = charters;
    this.clock = clock;
    this.hoster = hoster;
  }

  /** The device's log and the log of h1's daemon are there, each with its genesis. */
  static async open(
    of: {
      charter?: Partial<Charter>;
      budgets?: BudgetLimits;
      delegation?: Parameters<typeof deviceGenesis>[1];
      hoster?: Partial<HosterOptions>;
    } = {},
  ): Promise<RuleBench> {
    const charters = chainOf(sampleCharter(9, of.charter));
    const clock = testClock();
    const { budgets } = of;
    const hoster = await TestHoster.create({
      id: 'h1',
      charters,
      clock,
      ...(budgets && { budgets }),
      ...of.hoster,
    });
    const bench = new RuleBench(charters, clock, hoster);
    await bench.must(bench.device.write([deviceGenesis('laptop', of.delegation)]));
    await bench.must(bench.daemon.write([daemonGenesis('h1')]));
    return bench;
  }

  get charter(): Charter {
    return this.charters.current;
  }

  append(append: Append, certificate: string | null = null): Promise<AppendReply> {
    return this.hoster.append(append, certificate);
  }

  /** The reply to what is written next. */
  write(pen: Pen, payloads: readonly Payload[], time = NOW): Promise<AppendReply> {
    return this.append(pen.write(payloads, time));
  }

  device1(payload: Payload, time = NOW): Promise<AppendReply> {
    return this.write(this.device, [payload], time);
  }

  /** The same, and it must be cosigned. */
  async must(append: Append): Promise<void> {
    const reply = await this.append(append);
    if (reply.result === 'refused') throw reply.fault;
    if (reply.result !== 'cosigned') throw new Error(reply.result);
  }

  /** Resolves to the size that is then stored. */
  async mustWrite(pen: Pen, payloads: readonly Payload[], time = NOW): Promise<number> {
    await this.must(pen.write(payloads, time));
    return this.hoster.mirror.logs.state(pen.origin).size;
  }

  /** A place of the device, at index 1, that it voided in its next append; all is certified. */
  async voidedPlace(): Promise<Place> {
    const place = placeOf(this.charter);
    await this.mustWrite(this.device, [place]);
    await this.mustWrite(this.device, [voidOf(1)]);
    await this.certify(this.device);
    return place;
  }

  certificateOf(checkpoint: string, cosigners = quorumOf(this.charter)): string {
    const head = readHead(checkpoint);
    const lines = Array.from({ length: cosigners }, (_, at) =>
      cosign(crypto, head, cosignerOf(hosterName(at + 1)), NOW / 1_000),
    );
    return makeCertificate(this.charter, checkpoint, lines);
  }

  /** Everything the pen wrote is certified, and the hoster knows it. */
  async certify(pen: Pen): Promise<void> {
    await this.hoster.certify(pen.origin, this.certificateOf(pen.checkpoint()));
  }
}

export interface Outcome {
  readonly code: string;
  /** Of a refusal; undefined when the call failed instead. */
  readonly class?: RefusalClass;
  readonly entry?: number | null;
}

/** What became of it, when it did not go well. */
export async function outcomeOf(tried: Promise<unknown>): Promise<Outcome> {
  try {
    const reply = (await tried) as AppendReply | undefined;
    if (reply?.result === 'refused')
      return { code: reply.fault.code, class: reply.class, entry: reply.index };
    return { code: reply?.result ?? 'nothing' };
  } catch (error) {
    if (error instanceof Fault) return { code: error.code };
    return { code: asFault(error).message };
  }
}
