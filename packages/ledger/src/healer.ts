// What a mirror does about damage, without a person: looks through everything when it cannot tell which logs are meant,
// asks the other hosters what there is, gets each damaged log back from them, and lets it vote again. In quiet times it
// re-reads one log after the other. Whoever runs it decides when; a round that fails is tried again.

import {
  asFault,
  isFault,
  type Clock,
  type Crypto,
  Fault,
  quorumOf,
  type Random,
  readableRows,
  utf8,
} from '@vauban/core';
import { type CharterChain, isCharterOrigin } from './charter-log.ts';
import { type HeadsBody, type HeadsScope, openHeads } from './heads.ts';
import { isHint } from './holder-index.ts';
import { healLog } from './log-healing.ts';
import { mendHints, scrubLog, sweepUnreadable } from './log-scrub.ts';
import type { ResolveWriter } from './held-logs.ts';
import type { Mirror } from './mirror.ts';
import type { NotesPage } from './note-shelf.ts';
import { resolveWriter } from './pull.ts';
import type { Voter } from './voter.ts';

/** Logs asked about at once: what one scope may name. */
const ORIGINS_AT_ONCE = 500;
/** A row costs about what so many bytes cost, however short it is. */
const ROW_BYTES = 256;

export interface HealerOptions {
  readonly mirror: Mirror;
  readonly crypto: Crypto;
  readonly charters: CharterChain;
  readonly clock: Clock;
  readonly random: Random;
  /** The other voters, under the current charter. */
  readonly others: () => readonly Voter[];
  readonly log: (
    level: 'info' | 'warn' | 'error',
    event: string,
    facts: { readonly [name: string]: string | number },
  ) => void;
}

interface Answer {
  readonly voter: Voter;
  readonly body: HeadsBody;
}

export class Healer {
  readonly #options: HealerOptions;
  /** Logs that are nothing this store remembers by itself: only q others know how far they go. */
  readonly #unknown = new Set<string>();
  #scrubbed = '';
  #cycles = 0;
  #healed = 0;
  #doubted = false;

  constructor(options: HealerOptions) {
    this.#options = options;
  }

  /** How often everything was re-read. */
  get cycles(): number {
    return this.#cycles;
  }

  /** Something in the store is not to be relied on. */
  get needed(): boolean {
    const { quarantine } = this.#options.mirror.logs;
    return quarantine.doubt !== null || quarantine.size > 0;
  }

  /**
   * One attempt at all that is wrong. True when nothing is any more. Rejects only for what is no damage: the store
   * cannot be written, or not be read at all.
   */
  async round(signal: AbortSignal): Promise<boolean> {
    const { mirror, log } = this.#options;
    const { quarantine } = mirror.logs;
    if (quarantine.doubt !== null && !(await this.#lookThrough(signal))) return false;
    const damaged = quarantine.entries().map(([origin]) => origin);
    for (let at = 0; at < damaged.length; at += ORIGINS_AT_ONCE) {
      await this.#heal(damaged.slice(at, at + ORIGINS_AT_ONCE), signal);
    }
    if (this.needed) return false;
    if (this.#healed > 0 || this.#doubted) {
      const removed = await sweepUnreadable(mirror.logs);
      log('warn', 'ledger-healed', { logs: this.#healed, removed });
      this.#healed = 0;
      this.#doubted = false;
    }
    return true;
  }

  /**
   * Re-reads the next log, in turn, and after the last one every row there is; what is wrong is in quarantine
   * afterwards.
   */
  async scrubNext(pace: (bytes: number) => Promise<void>): Promise<void> {
    const { mirror } = this.#options;
    const { logs } = mirror;
    const next = logs.origins().find((origin) => origin > this.#scrubbed);
    this.#scrubbed = next ?? '';
    if (next !== undefined) return this.#scrub(next, pace);
    const hints: Uint8Array[] = [];
    const damaged = (key: Uint8Array, fault: Fault) =>
      isHint(key) ? void hints.push(key) : logs.found(key, fault);
    for await (const [, value] of readableRows(logs.raw, {}, damaged)) await pace(value.length + ROW_BYTES);
    // What is in quarantine may be why a hint looks wrong.
    if (!this.needed) await mendHints(logs, hints);
    if (logs.quarantine.doubt === null) await this.#keepSeals();
    this.#cycles += 1;
  }

  async #scrub(origin: string, pace: (bytes: number) => Promise<void>): Promise<void> {
    const { mirror, crypto, clock, log } = this.#options;
    const { logs } = mirror;
    const options = { crypto, logs, resolve: this.#writer, now: clock.now(), pace };
    // What lies below a size once reached never changes: appends may go on meanwhile.
    const fault = await scrubLog(options, origin);
    if (fault === undefined) return;
    if (logs.quarantine.of(origin) === null) log('error', 'log-damaged', { origin, why: fault.message });
    logs.quarantine.put(origin, fault);
  }

  readonly #writer: ResolveWriter = (...of) => resolveWriter(this.#options, ...of);

  /**
   * Nobody knows which rows are wrong or missing: every log is re-read, and q others say what there is. False when too
   * few of them answered.
   */
  async #lookThrough(signal: AbortSignal): Promise<boolean> {
    const { mirror, charters, log } = this.#options;
    const { logs, voting } = mirror;
    const { doubt } = logs.quarantine;
    const answers = await this.#ask({ of: 'all' });
    // With its own memory in doubt it is not among those who know: q others are a quorum by themselves.
    if (answers.length < quorumOf(charters.current)) return false;
    log('error', 'ledger-doubted', { why: doubt?.message ?? '', heard: answers.length });
    for (const origin of logs.origins()) {
      signal.throwIfAborted();
      await this.#scrub(origin, async () => undefined);
    }
    for (const { body } of answers) {
      for (const { origin, size } of body.heads) {
        if (logs.state(origin).size < size) this.#missing(origin);
      }
    }
    for (const vote of voting?.journal.votes() ?? []) {
      if (isCharterOrigin(vote.origin)) continue;
      if (!(await logs.holds(vote.origin, vote).catch(() => false))) this.#missing(vote.origin);
    }
    for (const { voter } of answers) await this.#keepNotes(voter.hoster, (after) => voter.notes(after));
    await this.#keepSeals();
    for (const [origin] of logs.quarantine.entries()) this.#unknown.add(origin);
    this.#doubted = true;
    logs.quarantine.trust();
    return true;
  }

  #missing(origin: string): void {
    const { quarantine } = this.#options.mirror.logs;
    quarantine.put(
      origin,
      new Fault('integrity', 'STORE_CORRUPT', `entries of ${origin} that were held here are gone`, {
        origin,
      }),
    );
  }

  /** Seals must not be forgotten: with the notes the right to vote on a sealed log goes too. */
  async #keepNotes(from: string, pageAfter: (after: Uint8Array | null) => Promise<NotesPage>): Promise<void> {
    const { mirror, crypto, log } = this.#options;
    try {
      for (let after: Uint8Array | null = null; ; ) {
        const { notes, more } = await pageAfter(after);
        for (const note of notes) await mirror.putNote(note).catch(notStored);
        const last = notes.at(-1);
        if (!more || last === undefined) return;
        after = crypto.sha256(last);
      }
    } catch (error) {
      log('warn', 'notes-not-kept', { from, code: asFault(error).code });
      throw error;
    }
  }

  /** Writes again what the own notes say and is no longer there. */
  async #keepSeals(): Promise<void> {
    const { mirror } = this.#options;
    const notes = readableRows(mirror.logs.raw, { gte: utf8('N/'), lt: utf8('N0') }, () => undefined);
    for await (const [, note] of notes) await mirror.putNote(note).catch(notStored);
  }

  async #heal(origins: readonly string[], signal: AbortSignal): Promise<void> {
    const { mirror, crypto, charters, clock, log } = this.#options;
    const { logs } = mirror;
    const answers = await this.#ask({ of: 'origins', origins: [...origins] });
    for (const origin of origins) {
      signal.throwIfAborted();
      const vouching = answers.filter(({ body }) => !body.unready.includes(origin));
      const known = logs.has(origin) && !this.#unknown.has(origin);
      if (vouching.length < (known ? 1 : quorumOf(charters.current))) continue;
      const sources = vouching.flatMap(({ voter, body }) => {
        const head = body.heads.find((one) => one.origin === origin);
        return head === undefined ? [] : [{ voter, head }];
      });
      const vote = mirror.voting?.journal.last(origin);
      const options = { crypto, logs, charters, now: clock.now(), vote, signal };
      try {
        await logs.alone(origin, async () => {
          const state = await healLog(options, origin, sources);
          log('warn', 'log-healed', { origin, size: state.size });
        });
        for (const { head } of sources) {
          if (head.certificate !== null)
            await mirror.certify(origin, head.certificate).catch(() => undefined);
        }
        this.#unknown.delete(origin);
        logs.quarantine.lift(origin);
        this.#healed += 1;
      } catch (error) {
        this.#failed(origin, asFault(error));
      }
    }
  }

  #failed(origin: string, fault: Fault): void {
    const { quarantine } = this.#options.mirror.logs;
    if (fault.kind === 'failure') throw fault;
    if (quarantine.of(origin)?.code === fault.code) return;
    this.#options.log('warn', 'log-not-healed', { origin, code: fault.code, message: fault.message });
    if (fault.kind === 'integrity') quarantine.put(origin, fault);
  }

  /** Those who answer. A voter that is starting says what it holds as well as any. */
  async #ask(scope: HeadsScope): Promise<readonly Answer[]> {
    const { crypto, charters, random } = this.#options;
    const nonce = random.bytes(32);
    const asked = this.#options.others().map(async (voter): Promise<Answer[]> => {
      try {
        const signed = await voter.heads(nonce, scope);
        return [
          {
            voter,
            body: openHeads(crypto, charters.current, { hoster: voter.hoster, nonce, scope }, signed),
          },
        ];
      } catch {
        return [];
      }
    });
    return (await Promise.all(asked)).flat();
  }
}

/** A note that no longer holds is left out; a disk that fails is not. */
function notStored(error: unknown): void {
  const { kind } = asFault(error);
  if (kind === 'failure' || isFault(error, 'STORE_CORRUPT')) throw error;
}
