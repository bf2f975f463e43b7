// What follows from an answer that was wrong, or from none: a suspicion, a second question after a pause, and only then a
// word in the ledger. Never more than a word: that repair no longer counts on a fragment takes hosters who agree.

import {
  asFault,
  type Charter,
  type Clock,
  type Crypto,
  type DaemonId,
  findDaemon,
  homeOf,
} from '@vauban/core';
import { auditLeaves, doubted, type DoubtFact } from '@vauban/ledger';
import { confirmersOf } from '@vauban/placement';
import type { Log } from '../log.ts';
import { leavesOf } from '../repair/placed-segment.ts';
import type { HelperTrouble } from '../repair/rebuild.ts';
import type { AuditedSegment, AuditLedger, CertifiedHead } from './audit-ledger.ts';
import type { AuditParts } from './audit-parts.ts';
import type { Examiner } from './examiner.ts';
import type { Finding, FindingKey, Findings } from './findings.ts';
import { codeOf, type LeafOutcome } from './leaf-challenge.ts';

/** Asked again besides the leaf that was wrong: a fragment is not right because one leaf of it is. */
const FRESH_LEAVES = 7;
const DAY_MS = 86_400_000;
/** Questions asked again before the walk goes on. */
const RECHECKS_AT_ONCE = 32;

export interface ConsequencePorts {
  readonly id: DaemonId;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charter: () => Charter;
  readonly ledger: AuditLedger;
  readonly examiner: Examiner;
  /** Greeted and heard of late. */
  readonly isUp: (daemon: DaemonId) => boolean;
  /** Declared lost with its site. */
  readonly isLost: (daemon: DaemonId) => boolean;
  readonly log: Log;
}

interface Round {
  readonly round: number;
  readonly head: CertifiedHead | null;
}

export class Consequences {
  readonly #ports: ConsequencePorts;
  readonly #findings: Findings;
  readonly #parts: AuditParts;

  constructor(ports: ConsequencePorts, of: { readonly findings: Findings; readonly parts: AuditParts }) {
    this.#ports = ports;
    this.#findings = of.findings;
    this.#parts = of.parts;
  }

  /** The first answer that was wrong, or is missing. */
  async suspect(
    key: FindingKey,
    { outcome, round, head }: Round & { readonly outcome: LeafOutcome },
  ): Promise<void> {
    if (outcome.result === 'passed' || this.#findings.get(key) !== undefined) return;
    const { clock, log } = this.#ports;
    const now = clock.now();
    const seen = { leaf: outcome.leaf, code: outcome.code };
    const failed = outcome.result === 'failed';
    log('debug', 'audit-suspect', { daemon: key.holder, code: outcome.code });
    const finding: Finding = {
      ...nothingYet(key, now),
      first: failed ? seen : null,
      last: seen,
      silentSince: failed ? null : now,
      dueAt: now + this.#durations.recheckMs,
      round,
      head,
    };
    await this.#findings.put(finding, failed ? outcome.evidence : undefined);
  }

  /** Something that was read for a repair was not what its root says, or its holder admits that it has not got it. */
  async accuse(
    { daemon, segment, index, fault, lied }: HelperTrouble,
    { round, head }: Round,
  ): Promise<void> {
    const code = codeOf(fault);
    const admitted = code === 'FRAGMENT_MISSING' || code === 'FRAGMENT_DAMAGED';
    const key = { holder: daemon, segment, index };
    if (!(lied || admitted) || !this.#mayJudge(daemon) || this.#findings.get(key) !== undefined) return;
    const { leaf } = fault.facts;
    const seen = {
      leaf: typeof leaf === 'number' && Number.isSafeInteger(leaf) && leaf >= 0 ? leaf : 0,
      code,
    };
    const now = this.#ports.clock.now();
    await this.#findings.put({
      ...nothingYet(key, now),
      first: seen,
      last: seen,
      dueAt: now + this.#durations.recheckMs,
      round,
      head,
      tell: lied ? 'failed' : null,
    });
  }

  /** Others call fragments of this segment degraded: one daemon of each hoster looks for itself, some before others. */
  async hear(placed: AuditedSegment, { round, head }: Round): Promise<void> {
    if (placed.facts.doubts.length === 0) return;
    const { id, clock, crypto, charter: current, ledger } = this.#ports;
    const charter = current();
    const agreed = doubted(placed.facts, charter);
    for (const { index, daemon: holder } of placed.holders) {
      const key = { holder, segment: placed.segment, index };
      const against = standingDoubts(placed, key);
      const [first] = against;
      if (first === undefined || !this.#mayJudge(holder) || this.#findings.get(key) !== undefined) continue;
      const mine = against.find(({ auditor }) => auditor === id);
      const isAgreed = agreed.some((one) => one.index === index && one.daemon === holder);
      let waitMs = 0;
      if (mine === undefined) {
        if (isAgreed) continue;
        const spoken = new Set(against.map(({ auditor }) => this.#hosterOf(auditor)));
        const eligible = (daemon: DaemonId) =>
          daemon === id || (this.#ports.isUp(daemon) && !this.#ports.isLost(daemon));
        const of = { crypto, charter, segment: placed.segment, index, holder, eligible };
        const turns = confirmersOf(of).filter((daemon) => !spoken.has(this.#hosterOf(daemon)));
        const turn = turns.indexOf(id);
        if (turn < 0) continue;
        const wanted = charter.f + 1 - spoken.size;
        waitMs = Math.max(0, turn - wanted + 1) * this.#durations.recheckMs;
      }
      const said = await ledger.degraded((mine ?? first).by, key);
      const now = clock.now();
      await this.#findings.put({
        ...nothingYet(key, now),
        stage: mine === undefined ? 'suspect' : 'degraded',
        heard: mine === undefined,
        last: said ?? { leaf: 0, code: 'HEARD' },
        dueAt: now + waitMs,
        round,
        head,
      });
    }
  }

  /** Asks again where it is time. Answers whether more are due. */
  async recheck(roundOf: (holder: DaemonId) => Promise<Round>, signal: AbortSignal): Promise<boolean> {
    const due = this.#findings.due(this.#ports.clock.now());
    for (const finding of due.slice(0, RECHECKS_AT_ONCE)) {
      signal.throwIfAborted();
      try {
        await this.#again(finding, await roundOf(finding.holder), signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#ports.log('debug', 'audit-recheck', { code: asFault(error).code });
        // What cannot be read now is asked about later, and holds up nothing else.
        await this.#findings.put({ ...finding, dueAt: this.#ports.clock.now() + this.#durations.recheckMs });
      }
    }
    return due.length > RECHECKS_AT_ONCE;
  }

  async #again(finding: Finding, { round, head }: Round, signal: AbortSignal): Promise<void> {
    const { ledger, charter, examiner, isUp, isLost, clock } = this.#ports;
    const { holder, segment, index } = finding;
    const placed = await ledger.placed(segment);
    const holds = placed?.holders.some((one) => one.index === index && one.daemon === holder) === true;
    if (placed === undefined || !holds || isLost(holder) || !this.#mayJudge(holder))
      return this.#findings.remove(finding);
    const settled = doubted(placed.facts, charter()).some(
      (one) => one.index === index && one.daemon === holder,
    );
    // Enough others have said it meanwhile.
    if (finding.heard && settled) return this.#findings.remove(finding);
    const now = clock.now();
    const next = { ...finding, round, head, dueAt: now + this.#durations.recheckMs };
    if (!isUp(holder)) return this.#away(next, now);
    const leaves = this.#leavesFor(placed, finding, head);
    const outcome = await examiner.examine({ placed, holder, index, leaves, signal });
    return this.#follow({ ...next, asked: next.asked + outcome.asked }, outcome);
  }

  /** Whoever is not there at all is repair's business: after a day nothing is held against it. */
  async #away(finding: Finding, now: number): Promise<void> {
    if (finding.stage === 'suspect' && now - finding.since >= this.#patienceMs)
      await this.#findings.remove(finding);
    else await this.#findings.put({ ...finding, silentSince: null });
  }

  async #follow(finding: Finding, outcome: LeafOutcome): Promise<void> {
    const { clock, log } = this.#ports;
    const { holder, stage, heard, first } = finding;
    if (outcome.result === 'passed') {
      if (stage === 'degraded') {
        log('info', 'audit-restored', { daemon: holder });
        return this.#put({ ...finding, tell: 'restored', silentSince: null });
      }
      if (first !== null && finding.tell === null) {
        const { segment, index } = finding;
        await this.#parts.failedOnce(holder, [segment, index, first.leaf, first.code]);
      }
      return this.#findings.remove(finding);
    }
    const last = { leaf: outcome.leaf, code: outcome.code };
    if (outcome.result === 'failed') {
      const seen = { ...finding, last, silentSince: null };
      if (stage === 'degraded')
        return this.#put({ ...seen, tell: this.#stillDegraded(finding) }, outcome.evidence);
      if (heard || first !== null) return this.#degrade(seen, outcome.evidence);
      return this.#put({ ...seen, first: last }, outcome.evidence);
    }
    const silentSince = finding.silentSince ?? clock.now();
    // It greets, day and night, and of this it says nothing.
    const long = clock.now() - silentSince >= this.#patienceMs;
    if (stage === 'suspect' && long)
      return this.#degrade({ ...finding, silentSince, last: first ?? { ...last, code: 'UNANSWERED' } });
    return this.#put({ ...finding, silentSince });
  }

  /** A restoring that was not written down yet, and is not true any more, is not written down. */
  #stillDegraded({ tell }: Finding): Finding['tell'] {
    return tell === 'restored' ? null : tell;
  }

  async #degrade(finding: Finding, evidence?: Uint8Array): Promise<void> {
    this.#ports.log('warn', 'audit-degraded', { daemon: finding.holder, code: finding.last.code });
    await this.#put({ ...finding, stage: 'degraded', heard: false, tell: 'degraded' }, evidence);
  }

  async #put(finding: Finding, evidence?: Uint8Array): Promise<void> {
    await this.#findings.put(finding, evidence);
  }

  #leavesFor(placed: AuditedSegment, finding: Finding, head: CertifiedHead | null): number[] {
    const { id, crypto } = this.#ports;
    const { holder, segment, index, last } = finding;
    const leaves = leavesOf(placed.fragmentBytes);
    const count = FRESH_LEAVES;
    const fresh =
      head === null ? [] : auditLeaves({ crypto, head, auditor: id, holder, segment, index, leaves, count });
    return [...new Set([Math.min(last.leaf, leaves - 1), ...fresh])];
  }

  /** Nobody judges its own house, nor a daemon that is no member. */
  #mayJudge(holder: DaemonId): boolean {
    const hoster = this.#hosterOf(holder);
    return hoster !== undefined && hoster !== this.#hosterOf(this.#ports.id);
  }

  #hosterOf(daemon: DaemonId): string | undefined {
    const charter = this.#ports.charter();
    const found = findDaemon(charter, daemon);
    return found && homeOf(charter, found).hoster.id;
  }

  get #durations() {
    return this.#ports.charter().durations;
  }

  /** How long who is asked may keep silent. */
  get #patienceMs(): number {
    return Math.min(DAY_MS, this.#durations.awayMaxMs);
  }
}

function nothingYet(key: FindingKey, now: number): Finding {
  return {
    holder: key.holder,
    segment: key.segment.slice(),
    index: key.index,
    stage: 'suspect',
    heard: false,
    first: null,
    last: { leaf: 0, code: 'NONE' },
    since: now,
    silentSince: null,
    dueAt: now,
    round: 0,
    head: null,
    asked: 0,
    evidence: null,
    tell: null,
  };
}

/** Auditors whose last word on the fragment is that it is degraded, later than its holder's last custody. */
function standingDoubts({ facts }: AuditedSegment, { holder, index }: FindingKey): DoubtFact[] {
  const about = (one: { readonly daemon: string; readonly index: number; readonly voided: boolean }) =>
    !one.voided && one.daemon === holder && one.index === index;
  const since = Math.max(-1, ...facts.custody.filter(about).map(({ time }) => time));
  const last = new Map<DaemonId, DoubtFact>();
  for (const doubt of facts.doubts.filter(about)) {
    const known = last.get(doubt.auditor);
    const later =
      known === undefined ||
      (known.by.origin === doubt.by.origin ? known.by.index < doubt.by.index : known.time < doubt.time);
    if (later) last.set(doubt.auditor, doubt);
  }
  return [...last.values()].filter(({ degraded, time }) => degraded && time > since);
}
