// What the tests of audits and scrubbing share: a clock that jumps to the next timer, and a consortium whose ledger is a
// list in memory, whose holders answer as a test wants them to.

import {
  type Charter,
  type Clock,
  type DaemonId,
  daemonIdBytes,
  Fault,
  LEAF_BYTES,
  memoryStore,
  merkleProof,
  merkleRoot,
  type Store,
  toHex,
  u64be,
} from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import {
  decodePayload,
  type DoubtFact,
  encodePayload,
  noFacts,
  type Payload,
  type Payloads,
  type Place,
} from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import { sampleCharter } from '../../core/test/sample-charter.ts';
import type { AuditedSegment, AuditLedger, CertifiedHead } from '../src/watch/audit-ledger.ts';
import { Auditor, type AuditorPorts } from '../src/watch/auditor.ts';
import { seededRandom } from './fragment-setup.ts';

export const crypto = nodeCrypto;
type Audit = Payloads['audit'];
type LeafAnswer = AnswerOf<'leaf'>;

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

/** Stands still while anything can happen. */
export class JumpingClock implements Clock {
  readonly #timers = new Set<Timer>();
  readonly #startedAt: number;
  #passedMs = 0;

  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  now(): number {
    return this.#startedAt + this.#passedMs;
  }

  monotonic(): number {
    return this.#passedMs;
  }

  after(ms: number, ring: () => void): () => void {
    const timer = { at: this.#passedMs + Math.max(0, ms), ring };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stop = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
    });
  }

  async pass(ms: number): Promise<void> {
    const until = this.#passedMs + ms;
    await quiet();
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers) if (next === undefined || timer.at < next.at) next = timer;
      if (next === undefined || next.at > until) break;
      this.#timers.delete(next);
      this.#passedMs = next.at;
      next.ring();
      await quiet();
    }
    this.#passedMs = until;
  }
}

/** All promise callbacks that can run have run. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** One fragment of one segment, with one holder. */
export interface HeldFragment {
  readonly segment: Uint8Array;
  readonly index: number;
  readonly holder: DaemonId;
  readonly data: Uint8Array;
  readonly hashes: Uint8Array;
  readonly root: Uint8Array;
}

export const DURATIONS = {
  auditPeriodMs: 200_000,
  recheckMs: 4_000,
  awayMaxMs: 60_000,
} as const;
/** A round's beginning. */
export const START = 17_672_256_000_000;

export interface Question {
  readonly auditor: DaemonId;
  readonly holder: DaemonId;
  readonly segment: Uint8Array;
  readonly index: number;
  readonly leaf: number;
  readonly at: number;
}

export type Behaviour = (asked: Question, honest: () => LeafAnswer) => LeafAnswer | Promise<LeafAnswer>;

export class AuditWorld {
  readonly clock = new JumpingClock(START);
  readonly charter: Charter;
  readonly ids: readonly DaemonId[];
  readonly fragments: HeldFragment[] = [];
  readonly asked: Question[] = [];
  readonly entries: { readonly by: DaemonId; readonly entry: Audit }[] = [];
  readonly down = new Set<DaemonId>();
  readonly stores = new Map<DaemonId, Store>();
  /** How a daemon answers; honestly unless said otherwise. */
  readonly behaviour = new Map<DaemonId, Behaviour>();
  readonly #seed: number;
  readonly #listeners = new Set<(segments: readonly Uint8Array[]) => void>();
  readonly #doubts = new Map<string, DoubtFact[]>();

  constructor(of: {
    readonly hosters: number;
    readonly seed?: number;
    readonly durations?: Partial<Charter['durations']>;
  }) {
    const { hosters, seed = 1, durations = {} } = of;
    const charter = sampleCharter({ crypto, hosters });
    this.charter = { ...charter, durations: { ...charter.durations, ...DURATIONS, ...durations } };
    this.ids = charter.daemons.map(({ id }) => id);
    this.#seed = seed;
  }

  place(fragment: HeldFragment): void {
    this.fragments.push(fragment);
  }

  /** An auditor as it starts; with the store that the last one of this daemon left. */
  auditor(id: DaemonId, change: Partial<AuditorPorts> = {}): Auditor {
    const store = this.stores.get(id) ?? memoryStore();
    this.stores.set(id, store);
    return new Auditor({
      id,
      crypto,
      clock: this.clock,
      charter: () => this.charter,
      ledger: this.ledger(),
      watch: { heard: true, presence: (daemon) => (this.down.has(daemon) ? 'silent' : 'up') },
      consortium: { isLost: () => false },
      client: (holder) => ({
        ask: (_: unknown, asked: unknown) =>
          this.#answer({ ...(asked as Question), auditor: id, holder, at: this.clock.now() }),
      }),
      ownLog: { append: (payloads) => this.#append(id, payloads) as Promise<never> },
      foreground: { busy: false },
      bytesPerSecond: 1e12,
      store,
      log: () => undefined,
      ...change,
    });
  }

  ledger(): AuditLedger {
    const sorted = (holder: DaemonId | null) => {
      const wanted = this.fragments.filter((one) => holder === null || one.holder === holder);
      const found = new Map(wanted.map((one) => [toHex(one.segment), one.segment]));
      return [...found].sort(([a], [b]) => (a < b ? -1 : 1));
    };
    let known = new Map<DaemonId | null, readonly (readonly [string, Uint8Array])[]>();
    let count = 0;
    /** Sorted once: it is asked for all the time. */
    const listed = (holder: DaemonId | null) => {
      if (count !== this.fragments.length) known = new Map();
      count = this.fragments.length;
      const list = known.get(holder) ?? sorted(holder);
      known.set(holder, list);
      return list;
    };
    return {
      segments: async function* () {
        for (const [, segment] of listed(null)) yield segment;
      },
      heldBy: async function* (daemon, after) {
        const from = after === undefined ? '' : toHex(after);
        for (const [hex, segment] of listed(daemon)) if (hex > from) yield segment;
      },
      placed: async (segment) => this.placed(segment),
      head: async ({ round }) => this.headOf(round),
      degraded: async ({ index: at }, { segment, index }) => {
        const found = this.entries[at]?.entry.degraded.find(
          ([other, nth]) => nth === index && toHex(other) === toHex(segment),
        );
        return found && { leaf: found[2], code: found[3] };
      },
      watch: (heard) => {
        this.#listeners.add(heard);
        return () => this.#listeners.delete(heard);
      },
    };
  }

  /** Another one in each round. */
  headOf(round: number): CertifiedHead {
    const root = crypto.sha256(u64be(this.#seed), u64be(round));
    return { origin: 'sample/device', size: 7, root };
  }

  placed(segment: Uint8Array): AuditedSegment | undefined {
    const own = this.fragments.filter((one) => toHex(one.segment) === toHex(segment));
    const [first] = own;
    if (first === undefined) return undefined;
    const fragments: Place['fragments'][number][] = [];
    for (const { index, root, holder } of own)
      fragments[index] = [root, daemonIdBytes(holder), 0, new Uint8Array(64)];
    const place = { fragments } as unknown as Place;
    const claim = { origin: 'sample/device', index: 1 };
    return {
      segment,
      place,
      fragmentBytes: first.data.length,
      holders: own.map(({ index, holder }) => ({ index, daemon: holder })),
      facts: {
        ...noFacts,
        places: [{ claim, place, policy: 'standard', voided: false }],
        doubts: this.#doubts.get(toHex(segment)) ?? [],
      },
    };
  }

  entriesOf(by: DaemonId): Audit[] {
    return this.entries.filter((one) => one.by === by).map(({ entry }) => entry);
  }

  async #answer(asked: Question): Promise<LeafAnswer> {
    this.asked.push(asked);
    const { segment, index, leaf, holder } = asked;
    const found = this.fragments.find(
      (one) => one.index === index && one.holder === holder && toHex(one.segment) === toHex(segment),
    );
    if (found === undefined) throw new Fault('refused', 'FRAGMENT_MISSING', 'not here', {});
    const honest = () => ({
      bytes: found.data.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES),
      leaves: found.hashes.length / 32,
      proof: proofOf(found, leaf),
    });
    return (await this.behaviour.get(holder)?.(asked, honest)) ?? honest();
  }

  /** Certified at once, and heard of by everybody. Refuses what the ledger could not hold. */
  async #append(by: DaemonId, payloads: readonly Payload[]): Promise<void> {
    for (const payload of payloads) {
      const entry = decodePayload('audit', encodePayload(payload));
      const at = { origin: `sample/${by}`, index: this.entries.length };
      this.entries.push({ by, entry });
      const daemon = toHex(entry.daemon);
      const doubt = (segment: Uint8Array, index: number, degraded: boolean) => {
        const fact = { by: at, time: this.clock.now(), auditor: by, daemon, index, degraded, voided: false };
        this.#doubts.set(toHex(segment), [...(this.#doubts.get(toHex(segment)) ?? []), fact]);
      };
      for (const [segment, index] of entry.degraded) doubt(segment, index, true);
      for (const [segment, index] of entry.restored) doubt(segment, index, false);
      const segments = [...entry.degraded, ...entry.restored].map(([segment]) => segment);
      if (segments.length > 0) for (const heard of this.#listeners) heard(segments);
    }
  }
}

const proofs = new WeakMap<HeldFragment, Map<number, Uint8Array[]>>();

/** Made once: the same leaf is asked for in many tests. */
function proofOf(fragment: HeldFragment, leaf: number): Uint8Array[] {
  const known = proofs.get(fragment) ?? new Map<number, Uint8Array[]>();
  const proof = known.get(leaf) ?? merkleProof(crypto, fragment.hashes, leaf);
  proofs.set(fragment, known.set(leaf, proof));
  return proof;
}

/** A fragment of so many leaves, the last one short; another one for each name. */
export function heldFragment(
  name: string,
  of: { readonly holder: DaemonId; readonly leaves: number; readonly index?: number },
): HeldFragment {
  const { holder, leaves, index = 0 } = of;
  const segment = crypto.sha256(new TextEncoder().encode(name));
  const data = seededRandom(segment[0] as number).bytes(256);
  const bytes = new Uint8Array(leaves * LEAF_BYTES - 1_000);
  for (let leaf = 0; leaf < leaves; leaf++) {
    bytes.set(data, leaf * LEAF_BYTES);
    bytes[leaf * LEAF_BYTES] = leaf;
  }
  const hashes = crypto.leafHashes(bytes, LEAF_BYTES);
  return { segment, index, holder, data: bytes, hashes, root: merkleRoot(crypto, hashes) };
}
