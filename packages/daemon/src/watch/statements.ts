// What audits have to say, put into the own log: findings as soon as they stand, what passed once a round with a holder is
// through. Nothing is forgotten before a quorum has it, and nothing that was refused is said twice.

import { asFault, type Clock, type DaemonId, daemonIdBytes } from '@vauban/core';
import type { Payload, Payloads } from '@vauban/ledger';
import type { Log } from '../log.ts';
import type { OwnLog } from '../own-log.ts';
import type { AuditPart, AuditParts } from './audit-parts.ts';
import type { CertifiedHead } from './audit-ledger.ts';
import type { Finding, Findings } from './findings.ts';

type Audit = Payloads['audit'];

/** Findings of one entry: two of each fit into a payload. */
const TOGETHER_MAX = 200;
/** What was taken back is said again after so long: each time costs the log an entry and its void. */
const AGAIN_MS = 120_000;

export interface StatementPorts {
  readonly ownLog: Pick<OwnLog, 'append'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

export class Statements {
  readonly #ports: StatementPorts;
  readonly #findings: Findings;
  readonly #parts: AuditParts;
  #telling = false;
  /** Not before this time, by the clock that only grows. */
  #after = Number.NEGATIVE_INFINITY;

  constructor(ports: StatementPorts, of: { readonly findings: Findings; readonly parts: AuditParts }) {
    this.#ports = ports;
    this.#findings = of.findings;
    this.#parts = of.parts;
  }

  /** Begins to tell what there is, unless that is under way; nobody waits for a quorum here. */
  tell(): void {
    const { clock, signal } = this.#ports;
    if (this.#telling || signal.aborted || clock.monotonic() < this.#after) return;
    const work = [
      ...this.#parts.toTell().map((part) => this.#round(part)),
      ...grouped(this.#findings.toTell()).map((findings) => this.#group(findings)),
    ];
    if (work.length === 0) return;
    this.#telling = true;
    void Promise.all(work).finally(() => {
      this.#telling = false;
    });
  }

  async #round(part: AuditPart): Promise<void> {
    const { holder, round, challenged, failed } = part;
    const head = part.head as CertifiedHead;
    const entry = { ...blank(holder, { head, round }), challenged, failed: [...failed] };
    if ((await this.#append(entry)) !== 'waits') await this.#quietly(this.#parts.told(part));
  }

  async #group(findings: readonly Finding[]): Promise<void> {
    const { holder, round, head } = findings[0] as Finding;
    const entry = {
      ...blank(holder, { head: head as CertifiedHead, round }),
      challenged: findings.reduce((sum, { asked }) => sum + asked, 0),
      failed: findings.flatMap((one) =>
        one.tell !== 'restored' && one.first ? [named(one, one.first)] : [],
      ),
      degraded: findings.flatMap((one) => (one.tell === 'degraded' ? [named(one, one.last)] : [])),
      restored: findings.flatMap((one): Audit['restored'] =>
        one.tell === 'restored' ? [[one.segment, one.index]] : [],
      ),
    };
    const outcome = await this.#append(entry);
    if (outcome === 'waits') return;
    if (outcome === 'refused' && findings.length > 1) {
      // A single one takes the others with it: a word that is not said now is never said again.
      const half = Math.ceil(findings.length / 2);
      await this.#group(findings.slice(0, half));
      await this.#group(findings.slice(half));
      return;
    }
    for (const told of findings) await this.#quietly(this.#told(told));
  }

  /** It may have changed while the quorum was waited for. */
  async #told(told: Finding): Promise<void> {
    const now = this.#findings.get(told);
    if (now === undefined) return;
    if (now.tell === 'restored' && told.tell === 'restored') return this.#findings.remove(now);
    const tell = now.tell === told.tell ? null : now.tell;
    await this.#findings.put({ ...now, tell, asked: Math.max(0, now.asked - told.asked) });
  }

  /** `refused`: for good. */
  async #append(entry: Audit): Promise<'said' | 'refused' | 'waits'> {
    const { ownLog, clock, log, signal } = this.#ports;
    try {
      await ownLog.append([entry satisfies Payload]);
      return signal.aborted ? 'waits' : 'said';
    } catch (error) {
      if (signal.aborted) return 'waits';
      const { code, message, kind, facts } = asFault(error);
      log('warn', 'audit-not-told', { code, message });
      // Refused by a few while others were away: a quorum may well sign it another time.
      if (facts['takenBack'] === true) {
        this.#after = clock.monotonic() + AGAIN_MS;
        return 'waits';
      }
      const isOfWords = kind === 'refused' && code !== 'WRITER_STATE_LOST' && code !== 'LOG_SEALED';
      return isOfWords ? 'refused' : 'waits';
    }
  }

  async #quietly(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => {
      this.#ports.log('debug', 'audit-row', { code: asFault(error).code });
    });
  }
}

function blank(
  holder: DaemonId,
  { head, round }: { readonly head: CertifiedHead; readonly round: number },
): Audit {
  const { origin, size, root } = head;
  return {
    kind: 'audit',
    daemon: daemonIdBytes(holder),
    head: { origin, size, root },
    round,
    challenged: 0,
    failed: [],
    degraded: [],
    restored: [],
  };
}

function named(
  { segment, index }: Finding,
  { leaf, code }: Finding['last'],
): readonly [Uint8Array, number, number, string] & Audit['failed'][number] {
  return [segment, index, leaf, code];
}

/** One entry speaks of one holder, one round and one head. */
function grouped(findings: readonly Finding[]): Finding[][] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.head === null) continue;
    const { origin, size } = finding.head;
    const name = `${finding.holder} ${finding.round} ${origin} ${size}`;
    const group = groups.get(name) ?? [];
    if (group.length < TOGETHER_MAX) groups.set(name, [...group, finding]);
  }
  return [...groups.values()];
}
