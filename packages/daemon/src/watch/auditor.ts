// Audits: every daemon challenges what competitors hold for random leaves, each fragment once in a round, two rounds in the
// charter's audit period. Owns who is asked when; what follows from an answer is `consequences`. A holder that is away is
// asked when it is back; a daemon that was stopped goes on where it was.

import {
  asFault,
  type Charter,
  type Clock,
  type Crypto,
  type DaemonId,
  findDaemon,
  fromHex,
  homeOf,
  type Startable,
  type Store,
  toHex,
} from '@vauban/core';
import { auditLeaves } from '@vauban/ledger';
import { auditorOf } from '@vauban/placement';
import type { PeerClient } from '@vauban/wire';
import type { Log } from '../log.ts';
import type { OwnLog } from '../own-log.ts';
import type { PeerWatch } from '../peer-watch.ts';
import type { Foreground } from '../repair/pace.ts';
import { leavesOf } from '../repair/placed-segment.ts';
import type { HelperTrouble } from '../repair/rebuild.ts';
import type { AuditedSegment, AuditLedger } from './audit-ledger.ts';
import { type AuditPart, AuditParts } from './audit-parts.ts';
import { Consequences } from './consequences.ts';
import { Examiner, type ExaminerCounts } from './examiner.ts';
import { type Finding, Findings } from './findings.ts';
import { Statements } from './statements.ts';

/** A fragment that its first auditor passed over, or lied about, has another one in the same period. */
const ROUNDS_PER_PERIOD = 2;
/**
 * Leaves of one holder that all its auditors ask for in a round, at least: 460 in a period, so that whoever has not got one
 * in a hundred passes with 0.99⁴⁶⁰ < 0.01 (each fragment is asked for its part of them, so it does not matter which are gone).
 */
const LEAVES_PER_ROUND = 230;
/** Segments of one holder gone through before others have their turn. */
const SEGMENTS_AT_ONCE = 64;
/** Who keeps silent is not asked for other fragments at once. */
const NAP_MS_MAX = 60_000;
const TICK_MS_MIN = 20;
const TICK_MS_MAX = 5_000;
/** Segments heard of and not looked at; when there are more, all are looked at. */
const HEARD_MAX = 10_000;
/** The counting makes a pause every so often: it is in no hurry. */
const COUNT_AT_ONCE = 256;

export interface AuditorPorts {
  readonly id: DaemonId;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charter: () => Charter;
  readonly ledger: AuditLedger;
  readonly watch: Pick<PeerWatch, 'presence' | 'heard'>;
  readonly consortium: { isLost(daemon: DaemonId): boolean };
  readonly client: (daemon: DaemonId) => Pick<PeerClient, 'ask'> | undefined;
  readonly ownLog: Pick<OwnLog, 'append'>;
  readonly foreground: Pick<Foreground, 'busy'>;
  /** Asked and received, at most. */
  readonly bytesPerSecond: number;
  /** How far it has come, and what it found. */
  readonly store: Store;
  readonly log: Log;
}

export interface AuditProgress extends ExaminerCounts {
  /** When the round under way began; `ROUNDS_PER_PERIOD` of them make a period. */
  readonly periodStartedAt: number;
  /** Of the fragments that fell to this daemon in the round, how many it asked about. */
  readonly coveredFragments: number;
  readonly totalFragments: number;
  /** Fragments under suspicion, and those that failed twice and are not right yet. */
  readonly suspects: number;
  readonly degraded: number;
}

/** What there is to audit, counted at the beginning of a round. */
interface Census {
  readonly round: number;
  readonly leaves: ReadonlyMap<DaemonId, number>;
  /** Fragments that fall to this daemon, as things stood. */
  readonly own: number;
}

interface Parts {
  readonly findings: Findings;
  readonly parts: AuditParts;
  readonly consequences: Consequences;
  readonly statements: Statements;
}

export class Auditor implements Startable {
  readonly #ports: AuditorPorts;
  readonly #abort = new AbortController();
  readonly #examiner: Examiner;
  readonly #heard = new Set<string>();
  /** Until when a holder that kept silent is left alone, by the clock that only grows. */
  readonly #naps = new Map<DaemonId, number>();
  /** What each holder has next behind `after`, as last looked up: until that is due, or something is heard, nothing is. */
  readonly #nexts = new Map<DaemonId, { readonly after: Uint8Array | null; readonly due: number }>();
  #hearings = 0;
  #opened: Parts | undefined;
  #census: Census | undefined;
  #unwatch: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(ports: AuditorPorts) {
    this.#ports = ports;
    this.#examiner = new Examiner(ports);
  }

  /** Reads what the last run left, then goes on with it until `stop`. */
  async start(): Promise<void> {
    const { store, crypto, watch, consortium, ledger, log } = this.#ports;
    const [findings, parts] = [await Findings.open(store, crypto, log), await AuditParts.open(store, log)];
    const of = { findings, parts };
    const consequences = new Consequences(
      {
        ...this.#ports,
        examiner: this.#examiner,
        isUp: (daemon) => watch.presence(daemon) === 'up',
        isLost: (daemon) => consortium.isLost(daemon),
      },
      of,
    );
    const statements = new Statements({ ...this.#ports, signal: this.#abort.signal }, of);
    this.#opened = { ...of, consequences, statements };
    this.#unwatch = ledger.watch((segments) => {
      for (const segment of segments) this.#hear(segment);
    });
    this.#running = this.#run(this.#opened);
  }

  async stop(): Promise<void> {
    this.#unwatch();
    this.#abort.abort();
    await this.#running;
  }

  /** A helper of a repair failed: `Repair`'s port `trouble`. */
  accuse(of: HelperTrouble): void {
    const opened = this.#opened;
    if (opened === undefined) return;
    const part = opened.parts.get(of.daemon);
    const round = { round: part?.round ?? this.#roundNow().round, head: part?.head ?? null };
    void opened.consequences.accuse(of, round).catch((error: unknown) => this.#failed(error));
  }

  progress(): AuditProgress {
    const { round, roundMs } = this.#roundNow();
    const current = this.#opened?.parts.all().filter((part) => part.round === round) ?? [];
    const coveredFragments = current.reduce((sum, { covered }) => sum + covered, 0);
    const findings = this.findings();
    const degraded = findings.filter(({ stage }) => stage === 'degraded').length;
    return {
      ...this.#examiner.counts,
      periodStartedAt: round * roundMs,
      coveredFragments,
      totalFragments: Math.max(coveredFragments, this.#census?.own ?? 0),
      suspects: findings.length - degraded,
      degraded,
    };
  }

  /** What is held against others now. */
  findings(): readonly Finding[] {
    return this.#opened?.findings.all() ?? [];
  }

  /** The wrong answer that a finding rests on, as CBOR; undefined when it was not kept. */
  async evidenceOf(finding: Finding): Promise<Uint8Array | undefined> {
    return this.#opened?.findings.evidenceOf(finding);
  }

  async #run(opened: Parts): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#abort;
    while (!signal.aborted) {
      const more = await this.#turn(opened).catch((error: unknown) => this.#failed(error));
      if (more !== true) await clock.sleep(this.#tickMs(), signal).catch(() => undefined);
    }
  }

  /** Answers whether there is more to do at once. */
  async #turn(opened: Parts): Promise<boolean> {
    const { watch, consortium } = this.#ports;
    const { signal } = this.#abort;
    // Whoever is cut off itself learns nothing from the silence of others.
    if (!watch.heard) return false;
    if (this.#census?.round !== this.#roundNow().round) this.#census = await this.#count(opened);
    await this.#listen(opened);
    let more = await opened.consequences.recheck((holder) => this.#withHead(opened, holder), signal);
    for (const holder of this.#competitors()) {
      if (signal.aborted) return false;
      const there = watch.presence(holder) === 'up' && !consortium.isLost(holder);
      if (there && !this.#isNapping(holder)) more = (await this.#walk(opened, holder)) || more;
    }
    opened.statements.tell();
    return more;
  }

  /** Goes on with one holder, as far as it is time for. Answers whether there is more of it. */
  async #walk(opened: Parts, holder: DaemonId): Promise<boolean> {
    const { ledger, crypto, charter } = this.#ports;
    let part = await this.#withHead(opened, holder);
    if (part.done || part.head === null) return false;
    const due = this.#dueOf(part);
    const known = this.#nexts.get(holder);
    if (known?.after === part.after && due < known.due) return false;
    this.#nexts.delete(holder);
    const heard = this.#hearings;
    const batch: Uint8Array[] = [];
    let ended = true;
    let next = 1;
    for await (const segment of ledger.heldBy(holder, part.after ?? undefined)) {
      const position = positionOf(segment);
      const isDue = position < due;
      if (isDue) batch.push(segment.slice());
      else next = position;
      ended = isDue && batch.length < SEGMENTS_AT_ONCE;
      if (!ended) break;
    }
    if (batch.length === 0 && due < 1 && heard === this.#hearings)
      this.#nexts.set(holder, { after: part.after, due: next });
    const eligible = (daemon: DaemonId) => this.#isEligible(daemon);
    for (const segment of batch) {
      if (this.#abort.signal.aborted || this.#isNapping(holder)) break;
      const { round } = part;
      const chosen = auditorOf({ crypto, charter: charter(), segment, holder, round, eligible });
      if (chosen === this.#ports.id) part = await this.#audit(opened, part, segment);
      part = { ...part, after: segment };
    }
    const done = ended && due >= 1 && !this.#isNapping(holder);
    if (done !== part.done || batch.length > 0) await opened.parts.save({ ...part, done });
    return batch.length === SEGMENTS_AT_ONCE && !this.#isNapping(holder);
  }

  /** Challenges what the holder has of one segment. */
  async #audit(opened: Parts, before: AuditPart, segment: Uint8Array): Promise<AuditPart> {
    const { crypto, id } = this.#ports;
    const { holder, round, head } = before;
    const placed = await this.#placed(segment);
    let part = before;
    if (placed === undefined || head === null) return part;
    for (const { index, daemon } of placed.holders) {
      const key = { holder, segment, index };
      if (daemon !== holder || opened.findings.get(key) !== undefined) continue;
      const leaves = leavesOf(placed.fragmentBytes);
      const ofAll = Math.max(leaves, this.#census?.leaves.get(holder) ?? 0);
      const count = Math.max(1, Math.ceil((LEAVES_PER_ROUND * leaves) / ofAll));
      const asked = auditLeaves({ crypto, head, auditor: id, holder, segment, index, leaves, count });
      const { signal } = this.#abort;
      const outcome = await this.#examiner.examine({ placed, holder, index, leaves: asked, signal });
      part = { ...part, covered: part.covered + 1, challenged: part.challenged + outcome.asked };
      await opened.consequences.suspect(key, { outcome, round, head });
      if (outcome.result === 'unanswered') this.#nap(holder);
      await opened.parts.save(part);
    }
    return part;
  }

  /** This daemon's part in the round with a holder: the one it is in, or the next when that is through. */
  async #partOf({ parts }: Parts, holder: DaemonId): Promise<AuditPart> {
    const { round, roundMs } = this.#roundNow();
    const part = parts.get(holder);
    const goesOn =
      part !== undefined &&
      part.roundMs === roundMs &&
      (part.done ? part.round === round : part.round <= round);
    return goesOn ? part : parts.begin({ holder, round, roundMs });
  }

  /** Which part of all segment ids is to be gone through by now: everybody is at the same place, and makes way for no burst. */
  #dueOf({ round, roundMs }: AuditPart): number {
    return (this.#ports.clock.now() - round * roundMs) / roundMs;
  }

  async #withHead(opened: Parts, holder: DaemonId): Promise<AuditPart> {
    const part = await this.#partOf(opened, holder);
    if (part.head !== null) return part;
    return opened.parts.save({ ...part, head: await this.#headFor(part) });
  }

  async #headFor({ holder, round, roundMs }: AuditPart): Promise<AuditPart['head']> {
    const since = (round - 1) * roundMs;
    return (await this.#ports.ledger.head({ holder, round, since })) ?? null;
  }

  /** Goes once through all there is: how much each holder has, and which doubts are not followed up yet. */
  async #count(opened: Parts): Promise<Census> {
    const { ledger, clock, crypto, charter, id } = this.#ports;
    const { round } = this.#roundNow();
    const eligible = (daemon: DaemonId) => this.#isEligible(daemon);
    const leaves = new Map<DaemonId, number>();
    let own = 0;
    let counted = 0;
    for await (const segment of ledger.segments()) {
      const placed = await this.#placed(segment);
      if (placed === undefined) continue;
      const each = leavesOf(placed.fragmentBytes);
      for (const { daemon: holder } of placed.holders) {
        leaves.set(holder, (leaves.get(holder) ?? 0) + each);
        const chosen = auditorOf({
          crypto,
          charter: charter(),
          segment: placed.segment,
          holder,
          round,
          eligible,
        });
        if (chosen === id) own++;
      }
      await this.#follow(opened, placed);
      if (++counted % COUNT_AT_ONCE === 0) await clock.sleep(1, this.#abort.signal);
    }
    return { round, leaves, own };
  }

  /** Undefined when nobody claims it any more; and when it cannot be read now, for that must not hold up the others. */
  async #placed(segment: Uint8Array): Promise<AuditedSegment | undefined> {
    try {
      return await this.#ports.ledger.placed(segment);
    } catch (error) {
      return this.#failed(error);
    }
  }

  #hear(segment: Uint8Array): void {
    this.#hearings += 1;
    this.#nexts.clear();
    if (this.#heard.size < HEARD_MAX) this.#heard.add(toHex(segment));
    else this.#census = undefined;
  }

  async #listen(opened: Parts): Promise<void> {
    for (const hex of this.#heard) {
      this.#heard.delete(hex);
      const placed = await this.#placed(fromHex(hex) as Uint8Array);
      if (placed !== undefined) await this.#follow(opened, placed);
    }
  }

  async #follow(opened: Parts, placed: AuditedSegment): Promise<void> {
    const { round } = this.#roundNow();
    await opened.consequences.hear(placed, { round, head: null });
  }

  #isEligible(daemon: DaemonId): boolean {
    const { id, watch, consortium } = this.#ports;
    return daemon === id || (watch.presence(daemon) === 'up' && !consortium.isLost(daemon));
  }

  #competitors(): DaemonId[] {
    const charter = this.#ports.charter();
    const self = findDaemon(charter, this.#ports.id);
    if (self === undefined) return [];
    const own = homeOf(charter, self).hoster.id;
    return charter.daemons.filter((one) => homeOf(charter, one).hoster.id !== own).map(({ id }) => id);
  }

  #nap(holder: DaemonId): void {
    const napMs = Math.min(NAP_MS_MAX, this.#ports.charter().durations.recheckMs);
    this.#naps.set(holder, this.#ports.clock.monotonic() + napMs);
  }

  #isNapping(holder: DaemonId): boolean {
    return (this.#naps.get(holder) ?? 0) > this.#ports.clock.monotonic();
  }

  #roundNow(): { readonly round: number; readonly roundMs: number } {
    const { auditPeriodMs } = this.#ports.charter().durations;
    const roundMs = Math.max(1, Math.floor(auditPeriodMs / ROUNDS_PER_PERIOD));
    return { round: Math.floor(this.#ports.clock.now() / roundMs), roundMs };
  }

  /** Often enough for the round and for what is asked again. */
  #tickMs(): number {
    const { recheckMs } = this.#ports.charter().durations;
    const wanted = Math.min(this.#roundNow().roundMs / 200, recheckMs / 8);
    return Math.max(TICK_MS_MIN, Math.min(TICK_MS_MAX, Math.floor(wanted)));
  }

  #failed(error: unknown): undefined {
    if (this.#abort.signal.aborted) return;
    const { code, message } = asFault(error);
    this.#ports.log('debug', 'audit', { code, message });
  }
}

/** Where among all segment ids this one stands, from 0 to 1: they are hashes, so equally many in each stretch. */
function positionOf(segment: Uint8Array): number {
  return new DataView(segment.buffer, segment.byteOffset).getUint32(0) / 2 ** 32;
}
