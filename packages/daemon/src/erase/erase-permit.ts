// Whether anything may be erased now, and why not: asked before each step, and again between certificate and disk. When in
// doubt nothing goes: disk is cheap, and a copy that was kept can be erased tomorrow.

import {
  CLOCK_SKEW_MS,
  type Clock,
  type Crypto,
  concat,
  type DaemonId,
  decodeCbor,
  encodeCbor,
  Fault,
  findDaemon,
  asFault,
  shape,
  type Store,
  utf8,
} from '@vauban/core';
import { type CharterChain, openCertificate, type LogStore, type Mirror, parseNote } from '@vauban/ledger';
import * as v from 'valibot';
import type { FragmentStore } from '../fragment-store.ts';
import type { Log } from '../log.ts';
import { readOwnRows } from '../own-rows.ts';
import type { OwnStanding } from '../own-standing.ts';
import type { PeerWatch } from '../peer-watch.ts';
import type { ConsortiumStanding } from '../repair/healing-view.ts';

/** More of its fragments gone at a start than this, and a person has to look: a disk that is half there, or another one. */
const GONE_FRACTION_MAX = 0.05;
/** Fewer are rot, whatever part of a small store they are. */
const GONE_MIN = 3;
/** A quorum that answered so lately is there. */
const FRESH_MS = 30_000;
const goneKey = utf8('gone-at-start');
const goneSchema = v.strictTuple([shape.count(), shape.count()]);
type Gone = v.InferOutput<typeof goneSchema>;
/** Too many, and how many cannot be read any more. */
const unknownGone: Gone = [0, 0];

export interface PermitPorts {
  readonly id: DaemonId;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charters: CharterChain;
  readonly standing: Pick<OwnStanding, 'eraseRefusal'>;
  readonly fragments: Pick<FragmentStore, 'missing' | 'failure' | 'totals'>;
  readonly mirror: Pick<Mirror, 'silent'> & { readonly logs: LogStore };
  readonly watch: Pick<PeerWatch, 'presence' | 'answer' | 'heard'>;
  readonly consortium: Pick<ConsortiumStanding, 'isLost'>;
  /** Resolves when a quorum has shown its heads just now, signed over a fresh nonce. Faults: QUORUM_UNREACHABLE. */
  readonly freshHeads: (signal: AbortSignal) => Promise<unknown>;
  /** Remembers that too much was gone at a start, until a person has looked. */
  readonly store: Store;
  readonly log: Log;
}

export class ErasePermit {
  readonly #ports: PermitPorts;
  readonly #clockWatch: CertificateTimes;
  /** Fragments gone and all there were, at a start that lost too many. */
  #gone: Gone | undefined;
  #freshAt = Number.NEGATIVE_INFINITY;
  #said: Fault | undefined;

  private constructor(ports: PermitPorts, gone: Gone | undefined) {
    this.#ports = ports;
    this.#gone = gone;
    this.#clockWatch = new CertificateTimes(ports);
  }

  /** To be opened right after the fragments were recovered: it judges what was gone then. */
  static async open(ports: PermitPorts): Promise<ErasePermit> {
    const { fragments, store, log } = ports;
    const of = {
      range: { gte: goneKey, lt: concat(goneKey, Uint8Array.of(0)) },
      what: 'gone at a start',
      log,
    };
    const { rows, rotted } = await readOwnRows(store, of, (row) =>
      decodeCbor(goneSchema, row, 'gone fragments', 32),
    );
    // That there is such a row is what counts: one that rotted forbids as much as any other.
    let gone = rows[0]?.[1] ?? (rotted.length > 0 ? unknownGone : undefined);
    const missing = fragments.missing.length;
    const all = missing + fragments.totals().fragments;
    if (missing >= GONE_MIN && missing > all * GONE_FRACTION_MAX) {
      gone = [missing, all];
      await store.batch([{ put: goneKey, value: encodeCbor(gone) }], { sync: true });
    }
    return new ErasePermit(ports, gone);
  }

  /** What `demand` last came to; undefined when it let something be erased. */
  get said(): Fault | undefined {
    return this.#said;
  }

  /** Its operator has looked: what was gone at the start was gone. */
  async readmitted(): Promise<void> {
    if (this.#gone === undefined) return;
    await this.#ports.store.batch([{ del: goneKey }], { sync: true });
    this.#gone = undefined;
  }

  /**
   * Resolves when something may be erased now. Faults (refused, class `later`): READ_ONLY, CLOCK_BEHIND, DISK_FAILED,
   * DISK_HALF_EMPTY, LOSSES_UNCERTIFIED, LEDGER_HEALING, MIRROR_NOT_READY, NETWORK_UNHEALTHY.
   */
  async demand(signal: AbortSignal): Promise<void> {
    this.#said = this.refusal() ?? (await this.#heads(signal)) ?? this.refusal();
    if (this.#said !== undefined) throw this.#said;
  }

  /** The same without asking anybody. */
  refusal(): Fault | undefined {
    const { standing, fragments, mirror } = this.#ports;
    const own = standing.eraseRefusal() ?? fragments.failure;
    if (own !== undefined) return own;
    if (this.#gone !== undefined) {
      const [gone, all] = this.#gone;
      return refused(
        'DISK_HALF_EMPTY',
        `${all === 0 ? 'too many' : `${gone} of ${all}`} fragments were gone when this daemon started: is it the right disk, and all of it? Nothing is erased until its operator has looked and runs vauban daemon readmit`,
        { gone, all },
      );
    }
    const missing = fragments.missing.length;
    if (missing > 0) {
      return refused(
        'LOSSES_UNCERTIFIED',
        `${missing} fragments are missing from this disk and the ledger does not say so yet: nothing is erased before it does`,
        { missing },
      );
    }
    const { quarantine } = mirror.logs;
    const damaged = quarantine.doubt ?? quarantine.entries()[0]?.[1];
    if (damaged !== undefined) {
      return refused(
        'LEDGER_HEALING',
        'this daemon is getting damaged logs back from the others: nothing is erased before it has them',
        { because: damaged.code, logs: quarantine.size },
      );
    }
    // Not to have a vote is no trouble: the mirror follows those that have.
    if (mirror.silent !== null && mirror.silent.code !== 'VOTER_NONE') {
      return refused(
        'MIRROR_NOT_READY',
        `this daemon does not vote now, so its mirror may lack something: ${mirror.silent.message}`,
        { because: mirror.silent.code },
      );
    }
    return this.#clockWatch.refusal() ?? this.#networkRefusal();
  }

  /** What lies with it is still there to be counted on: it is of the charter, and its site was not given up. */
  isMember(daemon: DaemonId): boolean {
    const { charters, consortium } = this.#ports;
    return findDaemon(charters.current, daemon) !== undefined && !consortium.isLost(daemon);
  }

  /** Everybody in the charter is there, or declared lost. */
  #networkRefusal(): Fault | undefined {
    const { id, charters, watch, consortium } = this.#ports;
    if (!watch.heard)
      return unhealthy(
        'this daemon does not hear enough other hosters: it may be the one that is cut off',
        {},
      );
    for (const { id: daemon, site } of charters.current.daemons) {
      if (daemon === id || consortium.isLost(daemon)) continue;
      const presence = watch.presence(daemon);
      if (presence === 'up' && watch.answer(daemon) !== undefined) continue;
      const how = presence === 'up' ? 'has not been heard yet' : 'is silent';
      return unhealthy(
        `a daemon of the site ${site} ${how}; erasing goes on once it is back, or, if it was drained and stopped for good, once the officers drop it from the charter or an operator declares the whole site lost (vauban site declare-lost ${site})`,
        { site, daemon, presence },
      );
    }
    return undefined;
  }

  async #heads(signal: AbortSignal): Promise<Fault | undefined> {
    const { clock, freshHeads } = this.#ports;
    const before = clock.monotonic();
    if (before - this.#freshAt < FRESH_MS) return undefined;
    try {
      await freshHeads(signal);
      this.#freshAt = before;
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      const { code, message } = asFault(error);
      return unhealthy(`no quorum of hosters shows its heads now: ${message}`, { because: code });
    }
  }
}

/** What voters' clocks say, by their certificates in the mirror: each is looked at once. */
class CertificateTimes {
  readonly #ports: Pick<PermitPorts, 'crypto' | 'clock' | 'charters' | 'mirror'>;
  readonly #looked = new Map<string, string>();
  /** The latest time all cosigners of one certificate had reached, in milliseconds. */
  #latest = 0;

  constructor(ports: Pick<PermitPorts, 'crypto' | 'clock' | 'charters' | 'mirror'>) {
    this.#ports = ports;
  }

  refusal(): Fault | undefined {
    const { clock, mirror } = this.#ports;
    const now = clock.now();
    for (const origin of mirror.logs.origins()) {
      const { certificate } = mirror.logs.state(origin);
      if (certificate === null || this.#looked.get(origin) === certificate) continue;
      this.#looked.set(origin, certificate);
      // A signature says little before it is checked, and few certificates are worth that.
      if (namedTime(certificate) <= Math.max(now + CLOCK_SKEW_MS, this.#latest)) continue;
      this.#latest = Math.max(this.#latest, this.#checkedTime(certificate));
    }
    const behindMs = this.#latest - now;
    if (behindMs <= CLOCK_SKEW_MS) return undefined;
    return refused(
      'CLOCK_BEHIND',
      `this machine's clock is ${Math.round(behindMs / 60_000)} minutes behind what a quorum of hosters signed: set it right, nothing is erased meanwhile`,
      { behindMs },
    );
  }

  #checkedTime(certificate: string): number {
    try {
      const { crypto, charters } = this.#ports;
      return openCertificate(crypto, charters, certificate, undefined).timeSeconds * 1_000;
    } catch {
      return 0;
    }
  }
}

/** The latest time that any of its cosignatures claims. */
function namedTime(certificate: string): number {
  let latest = 0;
  for (const { signature } of parseNote(certificate).signatures) {
    if (signature.length !== 72) continue;
    const seconds = new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0);
    if (seconds <= BigInt(Number.MAX_SAFE_INTEGER)) latest = Math.max(latest, Number(seconds) * 1_000);
  }
  return latest;
}

function unhealthy(message: string, facts: Fault['facts']): Fault {
  return refused('NETWORK_UNHEALTHY', `nothing is erased while the network is not whole: ${message}`, facts);
}

function refused(code: string, message: string, facts: Fault['facts']): Fault {
  return new Fault('refused', code, message, { class: 'later', ...facts });
}
