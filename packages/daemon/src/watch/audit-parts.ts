// How far this daemon has come with each holder: which round, up to which segment, what was asked. Kept over restarts, and
// until the own log says what came of it.

import {
  concat,
  type DaemonId,
  daemonIdBytes,
  decodeCbor,
  encodeCbor,
  shape,
  type Store,
  u64be,
  utf8,
} from '@vauban/core';
import * as v from 'valibot';
import type { Log } from '../log.ts';
import { keptOwnRows } from '../own-rows.ts';
import type { CertifiedHead } from './audit-ledger.ts';

const partPrefix = utf8('part/');
const ROW_BYTES_MAX = 131_072;
/** As many as one entry takes. */
const FAILED_MAX = 500;

const schema = v.strictObject({
  format: v.literal('vauban/audit-part/0'),
  holder: shape.text(32),
  round: shape.count(),
  roundMs: shape.count(),
  /** The last segment that was looked at; null at the beginning. */
  after: v.nullable(shape.bytes(32)),
  done: v.boolean(),
  /** A later round has begun. */
  closed: v.boolean(),
  /** From which the leaves asked for are derived; null until the first is. */
  head: v.nullable(v.strictObject({ origin: shape.text(140), size: shape.count(), root: shape.bytes(32) })),
  /** Fragments asked about. */
  covered: shape.count(),
  /** Leaves asked for, and those that failed once and were right when asked again: what no entry has told of yet. */
  challenged: shape.count(),
  failed: v.pipe(
    v.array(v.strictTuple([shape.bytes(32), shape.count(255), shape.count(), shape.text(40)])),
    v.maxLength(FAILED_MAX),
  ),
});
type Row = v.InferOutput<typeof schema>;
export type Failure = Row['failed'][number];

export interface AuditPart extends Omit<Readonly<Row>, 'format' | 'head'> {
  readonly head: CertifiedHead | null;
}

export class AuditParts {
  readonly #store: Store;
  readonly #open = new Map<DaemonId, AuditPart>();
  /** Of earlier rounds, until told. */
  #closed: AuditPart[] = [];

  private constructor(store: Store) {
    this.#store = store;
  }

  /** What rotted is asked for again. */
  static async open(store: Store, log: Log): Promise<AuditParts> {
    const parts = new AuditParts(store);
    const of = { range: { gte: partPrefix, lt: utf8('part0') }, what: 'audit part', log };
    const rows = await keptOwnRows(store, of, (row) => decodeCbor(schema, row, of.what, ROW_BYTES_MAX));
    for (const [, { format: _, ...part }] of rows) {
      if (part.closed) parts.#closed.push(part);
      else parts.#open.set(part.holder, part);
    }
    return parts;
  }

  get(holder: DaemonId): AuditPart | undefined {
    return this.#open.get(holder);
  }

  all(): readonly AuditPart[] {
    return [...this.#open.values()];
  }

  /**
   * A new round with a holder; what the last one found is still to be told. A round that comes again, since the clock was put
   * back, goes on with what it found before: there is one part for a round.
   */
  async begin(of: Pick<AuditPart, 'holder' | 'round' | 'roundMs'>): Promise<AuditPart> {
    await this.close(of.holder);
    const again = this.#closed.find(({ holder, round }) => holder === of.holder && round === of.round);
    this.#closed = this.#closed.filter((one) => one !== again);
    const fresh = {
      after: null,
      done: false,
      closed: false,
      head: again?.head ?? null,
      covered: 0,
      challenged: again?.challenged ?? 0,
      failed: again?.failed ?? [],
    };
    return this.save({ ...of, ...fresh });
  }

  /** No more of this round. */
  async close(holder: DaemonId): Promise<void> {
    const before = this.#open.get(holder);
    if (before === undefined) return;
    this.#open.delete(holder);
    if (before.challenged + before.failed.length === 0) {
      await this.#store.batch([{ del: keyOf(before) }], { sync: false });
      return;
    }
    const closed = { ...before, closed: true };
    this.#closed.push(closed);
    await this.#write(closed);
  }

  async save(part: AuditPart): Promise<AuditPart> {
    this.#open.set(part.holder, part);
    await this.#write(part);
    return part;
  }

  /** A holder was wrong once and right when asked again. */
  async failedOnce(holder: DaemonId, failure: Failure): Promise<void> {
    const part = this.#open.get(holder);
    if (part === undefined || part.failed.length >= FAILED_MAX) return;
    await this.save({ ...part, failed: [...part.failed, failure] });
  }

  /** Rounds with a holder that are through, and have something to tell. */
  toTell(): AuditPart[] {
    const done = this.all().filter((part) => part.done && part.challenged + part.failed.length > 0);
    return [...this.#closed, ...done].filter(({ head }) => head !== null);
  }

  /** The own log says it now, or never will: what came since stays. */
  async told({ holder, round, challenged, failed }: AuditPart): Promise<void> {
    const same = (one: AuditPart | undefined) => one?.holder === holder && one.round === round;
    const open = this.#open.get(holder);
    const now = same(open) ? open : this.#closed.find(same);
    if (now === undefined) return;
    const rest = { ...now, challenged: now.challenged - challenged, failed: now.failed.slice(failed.length) };
    if (!now.closed) {
      await this.save(rest);
      return;
    }
    this.#closed = this.#closed.filter((one) => one !== now);
    if (rest.challenged + rest.failed.length > 0) {
      this.#closed.push(rest);
      await this.#write(rest);
    } else await this.#store.batch([{ del: keyOf(now) }], { sync: false });
  }

  #write(part: AuditPart): Promise<void> {
    const row = { format: 'vauban/audit-part/0', ...part };
    return this.#store.batch([{ put: keyOf(part), value: encodeCbor(row) }], { sync: false });
  }
}

function keyOf({ holder, round }: Pick<AuditPart, 'holder' | 'round'>): Uint8Array {
  return concat(partPrefix, daemonIdBytes(holder), u64be(round));
}
