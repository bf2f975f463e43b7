// Sending the fragments of one coded segment, all at once, until each has a holder's checked receipt or no daemon at
// hand can take what is left. Who stops taking bytes is dropped here; what to do then is decided above.

import {
  asFault,
  assert,
  type Charter,
  type Clock,
  type Crypto,
  type DaemonId,
  Fault,
  findDaemon,
  tiedController,
} from '@vauban/core';
import type { Policy } from '@vauban/core';
import type { LiveHint } from '@vauban/placement';
import { isLie } from '@vauban/wire';
import { Bell } from './bell.ts';
import type { CodedSegment } from './coded-segment.ts';
import type { DaemonLinks } from './daemon-links.ts';
import { putFragment, type Receipt } from './fragment-transfer.ts';
import { fillPlaces, type Holder, type Outs } from './segment-plan.ts';

/** How often transfers are looked at. */
const LOOK_MS = 250;
/** A daemon that lets nothing happen for so long while most others have finished is given up: an fsync on a loaded
 * spinning disk takes a second or two. */
const STALL_MS = 4_000;
/** On a slow line all receipts come late: a straggler has this many times what the median needed. */
const STALL_FACTOR = 3;
/** When most are silent the line is slow, or they are all stopped: nothing is decided before this. */
const ALL_SILENT_MS = 15_000;

/** A fragment with its holder. */
export interface Held extends Receipt {
  readonly daemon: DaemonId;
}

export interface UploadOptions {
  readonly links: DaemonLinks;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charter: Charter;
  readonly policy: Policy;
  readonly coded: CodedSegment;
  readonly outs: Outs;
  readonly signal: AbortSignal | undefined;
  readonly onReceipt: (index: number, held: Held) => void;
}

/** Who may be sent fragments, and who first. */
interface Takers {
  readonly live: ReadonlyMap<DaemonId, LiveHint>;
  readonly preferred: readonly DaemonId[];
}

interface Transfer extends Holder {
  readonly controller: AbortController;
  readonly settled: Promise<void>;
  readonly startedAt: number;
  progressAt: number;
}

export class SegmentUpload {
  readonly held = new Map<number, Held>();
  readonly #o: UploadOptions;
  readonly #bell: Bell;
  readonly #running = new Map<number, Transfer>();
  readonly #durations: number[] = [];
  #sentBytes = 0;

  constructor(options: UploadOptions) {
    this.#o = options;
    this.#bell = new Bell(options.clock);
  }

  /** Fragment bytes handed to the network so far. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  get complete(): boolean {
    return this.held.size === this.#o.coded.fragments.length;
  }

  /** Notes a receipt from an earlier run. */
  keep(index: number, held: Held): void {
    this.held.set(index, held);
    this.#o.onReceipt(index, held);
  }

  /** Whether the daemons at hand can take what nobody has. */
  canGoOn(at: Takers): boolean {
    return this.#placesLeft(at) !== undefined;
  }

  /**
   * Resolves with true when every fragment has a holder, with false as soon as none of the daemons at hand can take one
   * that is left (the other transfers go on). Faults: the signal's reason.
   */
  async run(at: Takers): Promise<boolean> {
    const { signal } = this.#o;
    const ring = () => this.#bell.ring();
    signal?.addEventListener('abort', ring, { once: true });
    try {
      for (;;) {
        signal?.throwIfAborted();
        if (this.complete) return true;
        if (!this.#startTransfers(at)) return false;
        await this.#bell.wait(LOOK_MS);
        this.#dropStalled();
      }
    } finally {
      signal?.removeEventListener('abort', ring);
    }
  }

  /** Waits until no transfer is under way. Faults: the signal's reason. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) {
      this.#o.signal?.throwIfAborted();
      await this.#bell.wait(LOOK_MS);
      this.#dropStalled();
    }
  }

  /** Stops every transfer; the coded bytes may be reused when it resolves. */
  async cancel(): Promise<void> {
    const running = [...this.#running.values()];
    for (const { controller } of running)
      controller.abort(new Error('the segment is not needed in this form'));
    await Promise.all(running.map((one) => one.settled));
  }

  #startTransfers(at: Takers): boolean {
    const places = this.#placesLeft(at);
    for (const place of places ?? []) this.#start(place);
    return places !== undefined;
  }

  #placesLeft(at: Takers): readonly Holder[] | undefined {
    const { charter, policy, coded, clock, outs } = this.#o;
    const free = [...coded.fragments.keys()].filter((one) => !this.held.has(one) && !this.#running.has(one));
    if (free.length === 0) return [];
    const kept = [
      ...[...this.held].map(([index, { daemon }]) => ({ index, daemon })),
      ...[...this.#running.values()].map(({ index, daemon }) => ({ index, daemon })),
    ];
    const { k, m } = coded.descriptor;
    const out = (daemon: DaemonId) => outs.has(daemon);
    const { fragmentBytes } = coded;
    return fillPlaces({ charter, policy, k, m, kept, free, out, fragmentBytes, now: clock.now(), ...at });
  }

  #start(place: Holder): void {
    const { clock, signal } = this.#o;
    const { controller, release } = tiedController(signal);
    const now = clock.monotonic();
    const settled = this.#send(place, controller)
      .catch((error: unknown) => this.#failed(transfer, error))
      .finally(() => {
        release();
        this.#running.delete(place.index);
        this.#bell.ring();
      });
    const transfer: Transfer = { ...place, controller, settled, startedAt: now, progressAt: now };
    this.#running.set(place.index, transfer);
  }

  async #send({ index, daemon: id }: Holder, { signal }: AbortController): Promise<void> {
    const { links, crypto, clock, charter, coded } = this.#o;
    const daemon = findDaemon(charter, id);
    assert(daemon !== undefined, 'fragments are placed on daemons of the charter');
    const startedAt = clock.monotonic();
    const receipt = await putFragment({
      client: links.client(id),
      crypto,
      clock,
      charterName: charter.name,
      daemon,
      segment: coded.segment,
      descriptor: coded.descriptor,
      index,
      bytes: coded.fragments[index] as Uint8Array,
      signal,
      onProgress: (sentBytes) => {
        this.#sentBytes += sentBytes;
        const transfer = this.#running.get(index);
        if (transfer) transfer.progressAt = clock.monotonic();
      },
    });
    links.health(id).succeeded();
    this.#durations.push(clock.monotonic() - startedAt);
    this.held.set(index, { daemon: id, ...receipt });
    this.#o.onReceipt(index, { daemon: id, ...receipt });
  }

  #failed(transfer: Transfer, error: unknown): void {
    const { links, outs } = this.#o;
    const { index, daemon, controller } = transfer;
    const { reason } = controller.signal;
    if (controller.signal.aborted && !(reason instanceof Fault)) return;
    const fault = asFault(controller.signal.aborted ? reason : error);
    outs.add({ daemon, index, fault });
    if (fault.code === 'DISK_FULL') links.full(daemon);
    if (fault.kind === 'unreachable') links.suspect(daemon, fault);
    if (isLie(fault) && links.has(daemon)) links.health(daemon).lied(fault);
  }

  #dropStalled(): void {
    const now = this.#o.clock.monotonic();
    const durations = this.#durations.toSorted((a, b) => a - b);
    const most = durations.length >= this.#o.coded.descriptor.k;
    const median = durations[Math.floor(durations.length / 2)] ?? 0;
    const patienceMs = most ? Math.max(STALL_MS, STALL_FACTOR * median) : ALL_SILENT_MS;
    for (const { daemon, progressAt, controller } of this.#running.values()) {
      const silentMs = Math.round(now - progressAt);
      if (silentMs <= patienceMs || controller.signal.aborted) continue;
      const message = `Daemon ${daemon} let nothing happen for ${silentMs} ms in mid-upload.`;
      controller.abort(new Fault('unreachable', 'STALLED', message, { daemon, silentMs }));
    }
  }
}
