// Storing one segment so that it survives what its policy promises: choose, code, send, and when daemons fall out,
// substitute, or code again for those that are left, until every fragment has a receipt or no placement exists.

import {
  assert,
  type Charter,
  type Clock,
  codingOf,
  type Crypto,
  type DaemonId,
  daemonIdBytes,
  equalBytes,
  type Fault,
  findDaemon,
  isCodedBy,
  isFault,
  orAborted,
  type Policy,
  toHex,
} from '@vauban/core';
import { createErasureCode, type ErasureCode, layoutOf } from '@vauban/erasure';
import type { PlacedFragment, SegmentDescriptor } from '@vauban/ledger';
import { choose, type Choice } from '@vauban/placement';
import { type CodedSegment, codeSegment } from './coded-segment.ts';
import type { DaemonLinks, LiveDaemon } from './daemon-links.ts';
import { checkReceipt, type Receipt } from './fragment-transfer.ts';
import { fillPlaces, Outs, type StoreProblem } from './segment-plan.ts';
import { SegmentUpload } from './segment-upload.ts';
import type { SlabPool } from './slab-pool.ts';

/** A fresh receipt needs no disk: who has not answered by then gets the bytes again, or somebody else does. */
const RECEIPT_DEADLINE_MS = 3_000;

/** Longer than going through the largest file once more takes, which would meet the same holder again. */
const AVOIDED_MS = 3_600_000;

/** A receipt, and whose it is. */
export interface NamedReceipt extends Receipt {
  readonly index: number;
  readonly daemon: DaemonId;
}

export interface StoreSegment {
  readonly vault: Uint8Array;
  readonly policy: Policy;
  /** The segment's ciphertext; untouched until the promise settles. */
  readonly sealed: Uint8Array;
  /** Any bytes that name the segment before its id exists, such as content id and segment index. */
  readonly seed: Uint8Array;
  /** From a journal, such as an earlier result: its holders are asked for fresh receipts before anything is sent. Ignored
   * when the ciphertext is another. */
  readonly known?: Pick<WrittenSegment, 'descriptor' | 'fragments'>;
  /** For the journal. The descriptor changes when the segment had to be coded again; older receipts are void then. */
  readonly onReceipt?: (of: {
    readonly segment: Uint8Array;
    readonly descriptor: SegmentDescriptor;
    readonly receipt: NamedReceipt;
  }) => void;
  readonly signal?: AbortSignal;
}

export interface WrittenSegment {
  readonly segment: Uint8Array;
  readonly descriptor: SegmentDescriptor;
  readonly k: number;
  readonly m: number;
  /** As `place` entries have them. */
  readonly fragments: readonly PlacedFragment[];
  /** Fragment bytes handed to the network, those of abandoned forms included. */
  readonly sentBytes: number;
  /** Daemons that fell out on the way, and why. */
  readonly problems: readonly StoreProblem[];
}

export interface SegmentWriterOptions {
  readonly links: DaemonLinks;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly slabs: SlabPool;
}

type Live = ReadonlyMap<DaemonId, LiveDaemon>;

/** What one `store` knows throughout. */
interface Job {
  readonly o: StoreSegment;
  readonly charter: Charter;
  readonly outs: Outs;
  live: Live;
  sentBytes: number;
}

interface Avoided {
  readonly daemon: DaemonId;
  readonly fault: Fault;
  /** Monotonic, ms. */
  readonly until: number;
}

export class SegmentWriter {
  readonly #o: SegmentWriterOptions;
  readonly #codes = new Map<string, ErasureCode>();
  readonly #avoided = new Set<Avoided>();

  constructor(options: SegmentWriterOptions) {
    this.#o = options;
  }

  /** Stores nothing more there for an hour, or until what is returned is called. */
  avoid(daemon: DaemonId, fault: Fault): () => void {
    const avoided = { daemon, fault, until: this.#o.clock.monotonic() + AVOIDED_MS };
    this.#avoided.add(avoided);
    return () => void this.#avoided.delete(avoided);
  }

  #avoidedNow(): ReadonlyMap<DaemonId, Fault> {
    const now = this.#o.clock.monotonic();
    for (const one of this.#avoided) if (one.until <= now) this.#avoided.delete(one);
    return new Map([...this.#avoided].map(({ daemon, fault }) => [daemon, fault]));
  }

  /**
   * Resolves when every fragment has a checked receipt; with fewer (at least k + minSurvives) only when nobody is left to
   * take the others. Faults: TOO_FEW_SITES {wanted, found, missing, tried}, POLICY_UNPLACEABLE, a refusal that more than
   * m daemons share (such as a quota), or the signal's reason. Afterwards nothing of it runs, and no memory is held.
   */
  async store(o: StoreSegment): Promise<WrittenSegment> {
    assert(o.sealed.length > 0, 'a segment has bytes');
    const { links } = this.#o;
    const live = await links.live(tied(o));
    const job: Job = { o, charter: links.charter, outs: new Outs(this.#avoidedNow()), live, sentBytes: 0 };
    let resumed = this.#codeKnown(job);
    let choice = resumed ? this.#chooseIfAny(job) : await this.#firstChoice(job);
    for (;;) {
      const coded = resumed ?? this.#code(job, choice as Choice);
      const upload = this.#upload(job, coded);
      try {
        if (resumed) await this.#askAgain(job, upload, coded);
        resumed = undefined;
        const next = await this.#send(job, upload, { coded, preferred: choice?.daemons ?? [] });
        if (next === undefined) return stored(job, upload, coded);
        choice = next;
      } finally {
        await upload.cancel();
        job.sentBytes += upload.sentBytes;
        coded.release();
      }
    }
  }

  /**
   * Resolves with undefined when the segment is stored, or with the choice it has to be coded again for. The choice may
   * be of the same code, with other daemons: then those that have their fragment already answer with a receipt at once.
   */
  async #send(
    job: Job,
    upload: SegmentUpload,
    { coded, preferred }: { readonly coded: CodedSegment; readonly preferred: readonly DaemonId[] },
  ): Promise<Choice | undefined> {
    const { policy } = job.o;
    const refused = () => job.outs.commonRefusal(policy.m);
    while (!(await upload.run({ live: job.live, preferred }))) {
      const refusal = refused();
      if (refusal) throw refusal;
      job.live = await this.#o.links.live({ patient: true, ...tied(job.o) });
      job.outs.readmit(job.live);
      if (upload.canGoOn({ live: job.live, preferred })) continue;
      try {
        return this.#choose(job);
      } catch (error) {
        if (!isFault(error, 'TOO_FEW_SITES')) throw error;
        await upload.settle();
        if (upload.held.size - coded.descriptor.k >= policy.minSurvives) return undefined;
        throw refused() ?? job.outs.explain(error, job.charter);
      }
    }
    return undefined;
  }

  /** Waits for the slowest before it settles for a smaller code than the policy's. */
  async #firstChoice(job: Job): Promise<Choice> {
    const { links } = this.#o;
    const first = this.#chooseIfAny(job);
    if (first?.k === job.o.policy.k) return first;
    if (links.undecided) job.live = await links.live({ patient: true, ...tied(job.o) });
    return this.#choose(job);
  }

  #chooseIfAny(job: Job): Choice | undefined {
    try {
      return this.#choose(job);
    } catch (error) {
      if (isFault(error, 'TOO_FEW_SITES')) return undefined;
      throw error;
    }
  }

  /** Faults: TOO_FEW_SITES, POLICY_UNPLACEABLE. */
  #choose(job: Job): Choice {
    const { crypto, clock } = this.#o;
    const { policy, sealed, seed } = job.o;
    return choose({
      charter: job.charter,
      policy,
      live: job.live,
      fragmentBytesOf: (k, m) => {
        const coding = codingOf(policy, { k, bytes: sealed.length });
        return layoutOf({ ...coding, k, m, segmentBytes: sealed.length }).fragmentBytes;
      },
      seed,
      now: clock.now(),
      crypto,
      avoid: job.outs.daemons,
    });
  }

  #code(job: Job, { k, m }: Pick<Choice, 'k' | 'm'>): CodedSegment {
    const { crypto, slabs } = this.#o;
    const { policy, vault, sealed } = job.o;
    const { code: codeName, cellBytes } = codingOf(policy, { k, bytes: sealed.length });
    const name = `${codeName} ${k}+${m}`;
    const code = this.#codes.get(name) ?? createErasureCode(codeName, k, m);
    this.#codes.set(name, code);
    return codeSegment({ crypto, slabs, code, cellBytes, vault, sealed });
  }

  /** The journal's form of the segment, when the policy still allows it and the ciphertext is the same. */
  #codeKnown(job: Job): CodedSegment | undefined {
    const { known, policy, vault } = job.o;
    if (known === undefined) return undefined;
    const { k, m, roots } = known.descriptor;
    const allowed = m === policy.m && k <= policy.k && k >= m && isCodedBy(policy, known.descriptor);
    if (!allowed || !equalBytes(known.descriptor.vault, vault)) return undefined;
    const coded = this.#code(job, { k, m });
    const same = roots.every((root, i) => equalBytes(root, coded.descriptor.roots[i] ?? NO_ROOT));
    if (same && roots.length === coded.fragments.length) return coded;
    coded.release();
    return undefined;
  }

  /** Fresh receipts of the journal's holders, as far as they answer and may still hold together. */
  async #askAgain(job: Job, upload: SegmentUpload, coded: CodedSegment): Promise<void> {
    const { links, crypto } = this.#o;
    const { charter } = job;
    const { segment, descriptor } = coded;
    const answers = (job.o.known?.fragments ?? []).map(async ([, holder], index) => {
      if (holder === undefined) return undefined;
      const id = toHex(holder);
      const daemon = findDaemon(charter, id);
      if (daemon === undefined || !links.usable(id) || index >= coded.fragments.length) return undefined;
      if (job.outs.has(id)) return undefined;
      const body = { segment: { ...descriptor, roots: [...descriptor.roots] }, index };
      const deadline = { deadlineMs: RECEIPT_DEADLINE_MS, ...tied(job.o) };
      const { generation, receipt } = await links.client(id).ask('receipt', body, deadline);
      checkReceipt(
        { crypto, charterName: charter.name, daemon, segment, descriptor, index },
        { generation, receipt },
      );
      return { index, held: { daemon: id, generation, receipt } };
    });
    for (const answer of await orAborted(Promise.allSettled(answers), job.o.signal)) {
      if (answer.status === 'rejected' || answer.value === undefined) continue;
      const { index, held } = answer.value;
      if (!upload.held.has(index) && this.#mayHold(job, upload, { coded, index, daemon: held.daemon })) {
        upload.keep(index, held);
      }
    }
  }

  #mayHold(
    job: Job,
    upload: SegmentUpload,
    of: { coded: CodedSegment; index: number; daemon: DaemonId },
  ): boolean {
    const { charter } = job;
    const { policy } = job.o;
    const { k, m } = of.coded.descriptor;
    const kept = [...upload.held].map(([index, { daemon }]) => ({ index, daemon }));
    const live = new Map([[of.daemon, { freeBytes: of.coded.fragmentBytes }]]);
    const now = this.#o.clock.now();
    const rest = { preferred: [], fragmentBytes: of.coded.fragmentBytes, out: () => false };
    return fillPlaces({ charter, policy, k, m, kept, free: [of.index], live, now, ...rest }) !== undefined;
  }

  #upload(job: Job, coded: CodedSegment): SegmentUpload {
    const { links, crypto, clock } = this.#o;
    const { charter, outs } = job;
    const { policy, signal, onReceipt } = job.o;
    const { segment, descriptor } = coded;
    return new SegmentUpload({
      links,
      crypto,
      clock,
      charter,
      policy,
      coded,
      outs,
      signal,
      onReceipt: (index, held) => onReceipt?.({ segment, descriptor, receipt: { index, ...held } }),
    });
  }
}

const NO_ROOT = new Uint8Array(0);

function tied({ signal }: StoreSegment): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

function stored(job: Job, upload: SegmentUpload, { segment, descriptor }: CodedSegment): WrittenSegment {
  const fragments = descriptor.roots.map((root, index): PlacedFragment => {
    const held = upload.held.get(index);
    return held ? [root, daemonIdBytes(held.daemon), held.generation, held.receipt] : [root];
  });
  const { k, m } = descriptor;
  const sentBytes = job.sentBytes + upload.sentBytes;
  return { segment, descriptor, k, m, fragments, sentBytes, problems: job.outs.problems };
}
