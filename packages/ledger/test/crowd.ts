// Four voters, one of them a liar that signs anything, and writers whose appends reach whom chance says: what can be
// certified at all. Used by the properties of erasing.

import { type Charter, quorumOf } from '@vauban/core';
import {
  type Append,
  type CharterChain,
  cosign,
  makeCertificate,
  type Payload,
  readHead,
} from '../src/index.ts';
import { type TestClock, TestHoster, testClock } from './memory-hosters.ts';
import { chainOf, cosignerOf, crypto, hosterName, NOW, sampleCharter } from './sample-charter.ts';
import { Pen, voidOf } from './samples.ts';

/** The voters that check what they sign; the fourth signs everything. */
export const HONEST = 3;

/** A log as its writer knows it. */
interface Told {
  readonly pen: Pen;
  readonly payloads: Payload[];
  certified: number;
  certificate: string | null;
  /** The writer's checkpoint of its certified size, and of its size. */
  certifiedCheckpoint: string;
  checkpoint: string;
}

export class Crowd {
  readonly charters: CharterChain;
  readonly clock: TestClock;
  readonly voters: readonly TestHoster[];
  readonly #logs = new Map<string, Told>();

  private constructor(charters: CharterChain, clock: TestClock, voters: readonly TestHoster[]) {
    this.charters = charters;
    this.clock = clock;
    this.voters = voters;
  }

  static async open(change: Partial<Charter> = {}): Promise<Crowd> {
    const charters = chainOf(sampleCharter(HONEST + 1, change));
    const clock = testClock();
    const voters = [];
    for (let at = 1; at <= HONEST; at++) {
      voters.push(await TestHoster.create({ id: hosterName(at), charters, clock }));
    }
    return new Crowd(charters, clock, voters);
  }

  get charter(): Charter {
    return this.charters.current;
  }

  #log(key: string): Told {
    const known = this.#logs.get(key);
    if (known !== undefined) return known;
    const pen = new Pen(key);
    const made = {
      pen,
      payloads: [],
      certified: 0,
      certificate: null,
      certifiedCheckpoint: '',
      checkpoint: '',
    };
    this.#logs.set(key, made);
    return made;
  }

  originOf(key: string): string {
    return this.#log(key).pen.origin;
  }

  /** Whether all that this writer wrote is certified. */
  idle(key: string): boolean {
    const log = this.#log(key);
    return log.certified === log.pen.size;
  }

  /** Writes; whoever has something pending voids that first, with this in the same append. */
  write(key: string, ...payloads: Payload[]): void {
    const log = this.#log(key);
    const voids = log.payloads
      .map((payload, index) => ({ payload, index }))
      .filter(({ payload, index }) => index >= log.certified && index > 0 && payload.kind !== 'void')
      .filter(({ index }) => !log.payloads.some((one) => one.kind === 'void' && one.index === index))
      .map(({ index }) => voidOf(index));
    const all = [...voids, ...payloads];
    log.checkpoint = log.pen.write(all, this.clock.time).checkpoint;
    log.payloads.push(...all);
  }

  /**
   * Brings a writer's log to these voters, and the certificate, when there is one then, to those. The liar always signs.
   * Resolves to whether everything is certified.
   */
  async bring(key: string, to: readonly number[], certificateTo: readonly number[]): Promise<boolean> {
    const log = this.#log(key);
    if (log.pen.size === 0) return true;
    const signers = [HONEST + 1];
    for (const at of to) if (await this.#tell(log, at)) signers.push(at + 1);
    if (log.certified < log.pen.size && signers.length >= quorumOf(this.charter)) {
      const head = readHead(log.checkpoint);
      const lines = signers.map((at) => cosign(crypto, head, cosignerOf(hosterName(at)), NOW / 1_000));
      log.certificate = makeCertificate(this.charter, log.checkpoint, lines);
      log.certified = log.pen.size;
      log.certifiedCheckpoint = log.checkpoint;
    }
    if (log.certificate !== null) {
      for (const at of certificateTo) {
        await this.#catchUp(log, at);
        await this.voters[at]?.mirror.certify(log.pen.origin, log.certificate);
      }
    }
    return log.certified === log.pen.size;
  }

  async #tell(log: Told, at: number): Promise<boolean> {
    await this.#catchUp(log, at);
    const voter = this.voters[at] as TestHoster;
    const { size } = voter.mirror.logs.state(log.pen.origin);
    // The same head again, when the voter has all of it.
    const from = size === log.pen.size ? log.certified : size;
    const append = log.pen.appendFrom(Math.min(from, log.pen.size - 1));
    const reply = await voter.append(append, null);
    return reply.result === 'cosigned';
  }

  /** What is certified travels under its certificate. */
  async #catchUp(log: Told, at: number): Promise<void> {
    const voter = this.voters[at] as TestHoster;
    const { size } = voter.mirror.logs.state(log.pen.origin);
    if (log.certificate === null || size >= log.certified) return;
    const { records } = log.pen.appendFrom(size);
    const append: Append = {
      origin: log.pen.origin,
      oldSize: size,
      checkpoint: log.certifiedCheckpoint,
      records: records.slice(0, log.certified - size),
    };
    await voter.append(append, log.certificate);
  }

  /** Everything certified that its writer did not void, by every writer. */
  certified(): { readonly origin: string; readonly index: number; readonly payload: Payload }[] {
    return [...this.#logs.values()].flatMap(({ pen, payloads, certified }) => {
      const voided = new Set(
        payloads.slice(0, certified).map((one) => (one.kind === 'void' ? one.index : -1)),
      );
      return payloads
        .slice(0, certified)
        .map((payload, index) => ({ origin: pen.origin, index, payload }))
        .filter(({ index }) => !voided.has(index));
    });
  }
}
