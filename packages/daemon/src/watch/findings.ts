// What an auditor holds against others until it is cleared up: suspicions waiting to be asked about again, and fragments
// that failed twice, until they are right. Kept over restarts, with a little of the evidence.

import {
  concat,
  type Crypto,
  daemonIdBytes,
  decodeCbor,
  encodeCbor,
  shape,
  type Store,
  toHex,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import type { Log } from '../log.ts';
import { keptOwnRows } from '../own-rows.ts';

/** More are not remembered: whoever lost a whole disk is found again, fragment by fragment, in the next rounds. */
const FINDINGS_MAX = 10_000;
/** So many of them on others' word at most: whoever cries wolf leaves room for what was found here. */
const HEARD_MAX = FINDINGS_MAX / 2;
/** Wrong answers kept, about 17 KB each; of the others the hash. */
const EVIDENCE_MAX = 100;
const ROW_BYTES_MAX = 1_024;
const findingPrefix = utf8('finding/');
const evidencePrefix = utf8('evidence/');

const failure = v.strictObject({ leaf: shape.count(), code: shape.text(40) });
const schema = v.strictObject({
  format: v.literal('vauban/audit-finding/0'),
  holder: shape.text(32),
  segment: shape.bytes(32),
  index: shape.count(255),
  /** `degraded`: failed twice, and said so. */
  stage: v.picklist(['suspect', 'degraded']),
  /** Another auditor's word began it: nothing was found here yet. */
  heard: v.boolean(),
  /** The first answer that was wrong; null while there was none at all. */
  first: v.nullable(failure),
  /** The last one, or what is to be asked for first. */
  last: failure,
  since: shape.time(),
  /** Since when it has been there and has not answered; null when it answered, or was not there, the last time. */
  silentSince: v.nullable(shape.time()),
  dueAt: shape.time(),
  round: shape.count(),
  head: v.nullable(v.strictObject({ origin: shape.text(140), size: shape.count(), root: shape.bytes(32) })),
  /** Leaves asked for that no entry has told of yet. */
  asked: shape.count(),
  /** SHA-256 of the last wrong answer. */
  evidence: v.nullable(shape.bytes(32)),
  /** What is still to be written into the own log. */
  tell: v.nullable(v.picklist(['failed', 'degraded', 'restored'])),
});
export type Finding = Omit<v.InferOutput<typeof schema>, 'format'>;
export type FindingKey = Pick<Finding, 'holder' | 'segment' | 'index'>;

export class Findings {
  readonly #store: Store;
  readonly #crypto: Crypto;
  readonly #known = new Map<string, Finding>();
  /** Which of them have their answer kept. */
  readonly #evidence = new Set<string>();

  private constructor(store: Store, crypto: Crypto) {
    this.#store = store;
    this.#crypto = crypto;
  }

  /** Reads what the last run left; what rotted is found again by asking. */
  static async open(store: Store, crypto: Crypto, log: Log): Promise<Findings> {
    const findings = new Findings(store, crypto);
    const of = { range: { gte: findingPrefix, lt: utf8('finding0') }, what: 'finding', log };
    const rows = await keptOwnRows(store, of, (row) => decodeCbor(schema, row, of.what, ROW_BYTES_MAX));
    for (const [, { format: _, ...finding }] of rows) findings.#known.set(textOf(finding), finding);
    const answers = { range: { gte: evidencePrefix, lt: utf8('evidence0') }, what: 'evidence', log };
    for (const [key] of await keptOwnRows(store, answers, () => undefined))
      findings.#evidence.add(toHex(key.subarray(evidencePrefix.length)));
    return findings;
  }

  get(key: FindingKey): Finding | undefined {
    return this.#known.get(textOf(key));
  }

  all(): readonly Finding[] {
    return [...this.#known.values()];
  }

  due(now: number): Finding[] {
    return this.all().filter(({ dueAt }) => dueAt <= now);
  }

  toTell(): Finding[] {
    return this.all().filter(({ tell }) => tell !== null);
  }

  /** `answer`: what came instead of the leaf. False when there are too many already. */
  async put(finding: Finding, answer?: Uint8Array): Promise<boolean> {
    const text = textOf(finding);
    const most = finding.heard ? HEARD_MAX : FINDINGS_MAX;
    if (!this.#known.has(text) && this.#known.size >= most) return false;
    const evidence = answer === undefined ? finding.evidence : this.#crypto.sha256(answer);
    const known = { ...finding, evidence };
    this.#known.set(text, known);
    const key = keyOf(finding);
    const room = this.#evidence.has(toHex(key)) || this.#evidence.size < EVIDENCE_MAX;
    const kept = answer !== undefined && room;
    if (kept) this.#evidence.add(toHex(key));
    await this.#store.batch(
      [
        {
          put: concat(findingPrefix, key),
          value: encodeCbor({ format: 'vauban/audit-finding/0', ...known }),
        },
        ...(kept ? [{ put: concat(evidencePrefix, key), value: answer }] : []),
      ],
      { sync: false },
    );
    return true;
  }

  async remove(finding: FindingKey): Promise<void> {
    if (!this.#known.delete(textOf(finding))) return;
    const key = keyOf(finding);
    this.#evidence.delete(toHex(key));
    await this.#store.batch([{ del: concat(findingPrefix, key) }, { del: concat(evidencePrefix, key) }], {
      sync: false,
    });
  }

  /** The answer that was wrong, as CBOR; undefined when it was not kept. */
  evidenceOf(finding: FindingKey): Promise<Uint8Array | undefined> {
    return this.#store.get(concat(evidencePrefix, keyOf(finding)));
  }
}

function keyOf({ holder, segment, index }: FindingKey): Uint8Array {
  return concat(daemonIdBytes(holder), segment, Uint8Array.of(index));
}

function textOf({ holder, segment, index }: FindingKey): string {
  return `${holder}/${toHex(segment)}/${index}`;
}
