// Who of the other daemons is there: each is greeted in turn, and its silence is measured. Silence counts only while this
// daemon hears a quorum's worth of hosters itself: whoever is cut off learns nothing about those it cannot hear.

import {
  asFault,
  type Clock,
  type DaemonId,
  decodeCbor,
  encodeCbor,
  findDaemon,
  homeOf,
  quorumOf,
  shape,
  type Startable,
  type Store,
  utf8,
} from '@vauban/core';
import type { CharterChain } from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import * as v from 'valibot';
import type { Log } from './log.ts';
import type { Peers } from './peers.ts';

/** `silent`: longer than the charter's suspectAfterMs. `lost`: longer than its lostAfterMs. */
export type Presence = 'up' | 'silent' | 'lost';

/** Rounds of greeting in the time after which silence makes suspect. */
const ROUNDS_PER_SUSPICION = 3;
const ROUND_MS_MAX = 10_000;
const ROUND_MS_MIN = 200;
/** Silence of one round counts as so many rounds at most. */
const SLOWEST_ROUND = 2;
const lostKey = utf8('lost');
const lostSchema = v.pipe(v.array(shape.text(32)), v.maxLength(5_000));

export interface PeerWatchPorts {
  readonly id: DaemonId;
  readonly charters: CharterChain;
  readonly peers: Pick<Peers, 'daemon'>;
  readonly clock: Clock;
  /** Remembers who was lost, so that a restart does not begin by trusting the dead. */
  readonly store: Store;
  readonly log: Log;
}

interface Heard {
  /** Silence so far, in rounds that counted. */
  silentMs: number;
  presence: Presence;
  answer: AnswerOf<'ping'> | undefined;
  /** In the last round. */
  answers: boolean;
}

export class PeerWatch implements Startable {
  readonly #ports: PeerWatchPorts;
  readonly #abort = new AbortController();
  readonly #heard = new Map<DaemonId, Heard>();
  readonly #listeners: ((changed: readonly DaemonId[]) => void)[] = [];
  #counts = false;
  #running: Promise<void> = Promise.resolve();

  constructor(ports: PeerWatchPorts) {
    this.#ports = ports;
  }

  /** Opens its memory, then goes round until `stop`. */
  async start(): Promise<void> {
    for (const daemon of await this.#lostBefore())
      this.#heard.set(daemon, {
        silentMs: Number.POSITIVE_INFINITY,
        presence: 'lost',
        answer: undefined,
        answers: false,
      });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  /** One this daemon has not met yet counts as there until its silence has lasted. */
  presence(daemon: DaemonId): Presence {
    return daemon === this.#ports.id ? 'up' : (this.#heard.get(daemon)?.presence ?? 'up');
  }

  /** Its last answer, until it is lost; undefined when it never answered. */
  answer(daemon: DaemonId): AnswerOf<'ping'> | undefined {
    const heard = this.#heard.get(daemon);
    return heard?.presence === 'lost' ? undefined : heard?.answer;
  }

  /**
   * What a person is told of it: nobody is said to be up who never answered, or who does not answer now while this daemon
   * hears too few to judge silences by.
   */
  shown(daemon: DaemonId): Presence {
    const presence = this.presence(daemon);
    if (presence !== 'up' || daemon === this.#ports.id) return presence;
    const heard = this.#heard.get(daemon);
    return heard?.answer !== undefined && (this.#counts || heard.answers) ? 'up' : 'silent';
  }

  /** For how long it has been silent, in rounds that counted; null when it is not, or was found lost by an earlier run. */
  silentMs(daemon: DaemonId): number | null {
    const heard = this.#heard.get(daemon);
    return heard !== undefined && heard.silentMs > 0 && Number.isFinite(heard.silentMs)
      ? heard.silentMs
      : null;
  }

  /** Whether it heard enough others in its last round: then it is not the one that is cut off. */
  get heard(): boolean {
    return this.#counts;
  }

  /** Called with the daemons whose presence changed, or who began or ceased to take fragments, to leave, to be read-only. */
  watch(listener: (changed: readonly DaemonId[]) => void): void {
    this.#listeners.push(listener);
  }

  /** Nothing when the row rotted: who is dead is found out again. */
  async #lostBefore(): Promise<readonly DaemonId[]> {
    try {
      const row = await this.#ports.store.get(lostKey);
      return row === undefined ? [] : decodeCbor(lostSchema, row, 'lost daemons', 1_048_576);
    } catch (error) {
      this.#ports.log('warn', 'lost-daemons-unreadable', { code: asFault(error).code });
      return [];
    }
  }

  async #run(): Promise<void> {
    const { clock } = this.#ports;
    const { signal } = this.#abort;
    let before = clock.monotonic();
    while (!signal.aborted) {
      const roundMs = this.#roundMs();
      const changed = await this.#round(clock.monotonic() - before);
      before = clock.monotonic();
      if (changed.length > 0 && !signal.aborted) await this.#tell(changed);
      await clock.sleep(roundMs, signal).catch(() => undefined);
    }
  }

  #roundMs(): number {
    const wanted = this.#ports.charters.current.durations.suspectAfterMs / ROUNDS_PER_SUSPICION;
    return Math.max(ROUND_MS_MIN, Math.min(ROUND_MS_MAX, Math.floor(wanted)));
  }

  /** Greets everybody at once; answers whose standing is another than before. */
  async #round(elapsedMs: number): Promise<DaemonId[]> {
    const { id, charters, peers } = this.#ports;
    const charter = charters.current;
    const { suspectAfterMs, lostAfterMs } = charter.durations;
    const others = charter.daemons.filter((one) => one.id !== id);
    const startedAt = this.#ports.clock.monotonic();
    const deadlineMs = Math.max(ROUND_MS_MIN, Math.min(5_000, suspectAfterMs));
    const answers = await Promise.all(
      others.map(async (daemon) => {
        const asked = peers.daemon(daemon.id)?.ask('ping', {}, { deadlineMs, signal: this.#abort.signal });
        return { daemon, answer: await asked?.catch(() => undefined) };
      }),
    );
    if (this.#abort.signal.aborted) return [];
    const hosters = new Set(
      answers.filter(({ answer }) => answer).map(({ daemon }) => homeOf(charter, daemon).hoster.id),
    );
    // It counts for its own hoster already.
    const self = findDaemon(charter, id);
    if (self !== undefined) hosters.delete(homeOf(charter, self).hoster.id);
    this.#counts = hosters.size >= Math.min(quorumOf(charter) - 1, charter.hosters.length - 1);
    const tookMs = elapsedMs + this.#ports.clock.monotonic() - startedAt;
    // A machine that stood still for an hour has not listened to anybody for an hour.
    const silenceMs = this.#counts ? Math.min(tookMs, SLOWEST_ROUND * (this.#roundMs() + deadlineMs)) : 0;
    const changed: DaemonId[] = [];
    for (const { daemon, answer } of answers) {
      const known = this.#heard.get(daemon.id) ?? { silentMs: 0, presence: 'up', answer: undefined };
      const silentMs = answer === undefined ? known.silentMs + silenceMs : 0;
      const presence = silentMs >= lostAfterMs ? 'lost' : silentMs >= suspectAfterMs ? 'silent' : 'up';
      const heard: Heard = {
        silentMs,
        presence,
        answer: answer ?? known.answer,
        answers: answer !== undefined,
      };
      this.#heard.set(daemon.id, heard);
      if (presence !== known.presence || differs(known.answer, answer)) changed.push(daemon.id);
    }
    return changed;
  }

  async #tell(changed: readonly DaemonId[]): Promise<void> {
    const { log, store } = this.#ports;
    for (const daemon of changed) log('info', 'peer', { daemon, presence: this.presence(daemon) });
    const lost = [...this.#heard].filter(([, { presence }]) => presence === 'lost').map(([daemon]) => daemon);
    await store
      .batch([{ put: lostKey, value: encodeCbor(lost.sort()) }], { sync: false })
      .catch(() => undefined);
    for (const listener of this.#listeners) listener(changed);
  }
}

/** What somebody who plans by it would have to know. */
function differs(before: AnswerOf<'ping'> | undefined, now: AnswerOf<'ping'> | undefined): boolean {
  if (now === undefined) return false;
  return (
    before === undefined ||
    before.takes !== now.takes ||
    before.readOnly !== now.readOnly ||
    before.draining !== now.draining
  );
}
