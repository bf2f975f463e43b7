// What a voter does unasked: the start-up read before it speaks, finishing heads their writers left, catching up with
// peers, and passing certificates on. Each task is bounded, and a peer's failure only delays it.

import {
  asFault,
  assert,
  type Clock,
  type Crypto,
  equalBytes,
  Fault,
  quorumOf,
  type Random,
  randomBelow,
  type Startable,
} from '@vauban/core';
import {
  type CharterChain,
  type HeadsAnswer,
  isCounterOf,
  type Mirror,
  openHeads,
  pushHead,
  readHead,
  readinessSources,
  shortOf,
  takeOver,
  type Voter,
  type VotingRight,
} from '@vauban/ledger';
import type { Log } from './log.ts';
import { NoteGossip } from './note-gossip.ts';

/** How long a starting voter waits before it asks the others again. */
const START_RETRY_MS = 250;
/** How long the others are waited for once enough have answered: one that is dark takes ten seconds to fail. */
const START_GRACE_MS = 500;
/** How often a voter that entered waits for others to vouch for each log, before it goes without some. */
const SHORT_ATTEMPTS = 40;
/** How often unfinished heads are looked for: half of how long they may stay so. */
const FINISH_EVERY_MS = 5_000;
/** How often one other voter is asked for everything it holds. */
const CATCH_UP_EVERY_MS = 30_000;
/** So often by a daemon that only follows: nobody brings it anything, and it may be the one that repairs. */
const FOLLOW_EVERY_MS = 3_000;
/** Of its time, following takes a tenth at most: a ledger of very many logs is asked for less often. */
const FOLLOW_REST = 9;
/** Then it is another one's turn: one that trickles must not be the only one ever heard. */
const CATCH_UP_MS_MAX = 60_000;
/** One that takes longer to hand out what it showed is not waited for alone. */
const FOLLOW_PATIENCE_MS = 2_000;

export interface LedgerTasksOptions {
  readonly mirror: Mirror;
  readonly charters: CharterChain;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The other voters, under the current charter. */
  readonly others: () => readonly Voter[];
  /** Resolves when a newer charter that answers spoke of is known, or could not be had. Never rejects. */
  readonly newer: () => Promise<void>;
  /** Silences this voter; for good when its vote history is lost or contradicted. */
  readonly keepSilent: (reason: Fault) => Promise<void>;
  /** Writes down what the others say they have voted. */
  readonly keepCounters: () => Promise<void>;
  /** Notes durably that this voter, which had just entered, has read what the voters before it hold. */
  readonly makeReady: (voting: VotingRight, unready: readonly string[]) => Promise<void>;
}

export class LedgerTasks implements Startable {
  readonly #options: LedgerTasksOptions;
  readonly #abort = new AbortController();
  readonly #gossip: NoteGossip;
  #running: Promise<unknown> = Promise.resolve();
  #rung = false;
  #ring: () => void = () => undefined;

  constructor(options: LedgerTasksOptions) {
    this.#options = options;
    this.#gossip = new NoteGossip(options);
  }

  async start(): Promise<void> {
    const loops = [this.#every(FINISH_EVERY_MS, () => this.finishHeads()), this.#keepUp()];
    loops.push(this.#stand());
    this.#running = Promise.all(loops);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.wake();
    await this.#running;
  }

  /** A new epoch may have left this voter with something to read first. */
  wake(): void {
    this.#rung = true;
    this.#ring();
  }

  /** Reads what a voter must have read, whenever it stands somewhere before its vote. */
  async #stand(): Promise<void> {
    const { log, clock, mirror } = this.#options;
    for (let attempt = 0; !this.#abort.signal.aborted; attempt++) {
      const stands = mirror.silent?.code;
      if (stands !== 'VOTER_STARTING' && stands !== 'VOTER_UNREADY') {
        await this.#woken();
        attempt = 0;
        continue;
      }
      try {
        if (await (stands === 'VOTER_STARTING' ? this.startUpRead() : this.becomeReady(attempt))) continue;
      } catch (error) {
        const fault = asFault(error);
        if (attempt % 40 === 0) log('warn', 'start-up-read', { code: fault.code, message: fault.message });
      }
      await clock.sleep(START_RETRY_MS, this.#abort.signal).catch(() => undefined);
    }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#ring = () => {
        this.#rung = false;
        this.#ring = () => undefined;
        resolve();
      };
      if (this.#rung) this.#ring();
    });
  }

  /**
   * Reads all heads from q − 1 other voters, starting ones counted, adopts what is larger here, then starts voting.
   * False when too few answered. A peer that remembers more votes of this key than it does itself stops it for good.
   */
  async startUpRead(): Promise<boolean> {
    const { mirror, charters, log } = this.#options;
    const voting = mirror.voting;
    assert(voting !== null, 'only a voter reads before voting');
    // A memory in doubt is no q-th beside q − 1 others; what it has to read is read by its healing.
    if (mirror.logs.quarantine.doubt !== null) return false;
    const enough = quorumOf(charters.current) - 1;
    const answers = await this.#ask(this.#options.others(), enough);
    if (answers.length < enough) return false;
    if (await this.#forgot(voting, answers)) return true;
    if (!(await this.#followEnough(answers, enough, (...of) => this.#follow(...of)))) return false;
    // An epoch that opened meanwhile has its own key, and its own read.
    if (mirror.voting !== voting) return false;
    mirror.startVoting();
    log('info', 'voting', { heard: answers.length, logs: mirror.logs.origins().length });
    return true;
  }

  /**
   * A voter that has just entered takes over what q voters of the set before it hold. False when too few answered, or
   * when too few vouch for some log and they may still do.
   */
  async becomeReady(attempt: number): Promise<boolean> {
    const { mirror, charters, log } = this.#options;
    const voting = mirror.voting;
    assert(voting !== null, 'only a voter becomes ready');
    if (mirror.logs.quarantine.doubt !== null) return false;
    const { needed, hosters } = readinessSources(charters, voting.hoster);
    const sources = this.#options.others().filter(({ hoster }) => hosters.has(hoster));
    const heard = await this.#ask(sources, needed);
    const answers = heard
      .filter(({ body }) => !body.starting)
      .sort((a, b) => a.body.unready.length - b.body.unready.length);
    if (answers.length < needed) return false;
    if (await this.#forgot(voting, answers)) return true;
    const forked = new Set<string>();
    const taken: HeadsAnswer[] = [];
    const take = async (answer: HeadsAnswer, stop: () => boolean) => {
      const took = await takeOver(this.#options, answer, { forked, stop });
      if (took) taken.push(answer);
      return took;
    };
    if (!(await this.#followEnough(answers, needed, take)) || mirror.voting !== voting) return false;
    const short = shortOf(taken, needed);
    if (short.length > 0 && attempt < SHORT_ATTEMPTS) return false;
    const unready = [...new Set([...forked, ...short])].sort();
    await this.#options.makeReady(voting, unready);
    for (const origin of unready) log('error', 'log-unready', { origin, forked: forked.has(origin) });
    log('info', 'voting', { heard: taken.length, logs: mirror.logs.origins().length });
    return true;
  }

  /** Whether a peer shows more votes, signed by this voter's key, than its own history has: then the key is stopped. */
  async #forgot(voting: VotingRight, answers: readonly HeadsAnswer[]): Promise<boolean> {
    const { crypto, log } = this.#options;
    for (const { body } of answers) {
      const { yourCounter } = body;
      if (yourCounter === null || yourCounter.counter <= voting.journal.counter) continue;
      const { hoster: own, epoch, cosigner } = voting;
      if (!isCounterOf(crypto, { hoster: own, epoch, key: cosigner.publicKey }, yourCounter)) {
        log('warn', 'counter-forged', { hoster: body.hoster, claimed: yourCounter.counter });
        continue;
      }
      await this.#options.keepSilent(
        new Fault(
          'integrity',
          'VOTE_HISTORY_BEHIND',
          `${body.hoster} remembers ${yourCounter.counter} votes of this hoster, its own history has ${voting.journal.counter}`,
          { hoster: body.hoster, remembered: yourCounter.counter, own: voting.journal.counter },
        ),
      );
      return true;
    }
    return false;
  }

  /** Compares with one other voter, drawn at random, and takes over what it has more of. False when it did not answer. */
  async catchUp(): Promise<boolean> {
    const { clock, random } = this.#options;
    const others = this.#options.others();
    const one = others[randomBelow(random, Math.max(1, others.length))];
    if (one === undefined) return false;
    const end = clock.monotonic() + CATCH_UP_MS_MAX;
    const answers = await this.#ask([one], 1);
    for (const answer of answers) {
      const late = () => clock.monotonic() > end;
      await this.#follow(answer, late);
      await this.#gossip.listen(answer, late);
    }
    return answers.length > 0;
  }

  /** A voter is brought what is written, and catches up with what it missed; whoever only follows begins at once. */
  async #keepUp(): Promise<void> {
    const { clock, mirror } = this.#options;
    while (!this.#abort.signal.aborted) {
      const begun = clock.monotonic();
      const follows = onlyFollows(mirror);
      if (!follows) await this.#pause(CATCH_UP_EVERY_MS);
      if (this.#abort.signal.aborted) return;
      const answered = await this.#told(() => this.catchUp());
      if (!follows) continue;
      // One that is dark took long to fail: the next is not made to wait for that.
      const restMs = answered === true ? (clock.monotonic() - begun) * FOLLOW_REST : 0;
      await this.#pause(Math.min(CATCH_UP_EVERY_MS, Math.max(FOLLOW_EVERY_MS, restMs)));
    }
  }

  /** Brings heads that lack a certificate to the others until q have signed, whoever their writer was. */
  async finishHeads(): Promise<void> {
    const { mirror, charters, log } = this.#options;
    const self = mirror.asVoter();
    if (mirror.silent !== null || self === null) return;
    const voters = () => [self, ...this.#options.others()];
    for (const origin of mirror.unfinished()) {
      const result = await pushHead({
        ...this.#options,
        charters,
        voters,
        logs: mirror.logs,
        origin,
        signal: this.#abort.signal,
      });
      const { certificate } = result;
      if (certificate === undefined) continue;
      log('info', 'head-finished', { size: readHead(certificate).size });
      await Promise.all(voters().map((voter) => voter.certify(origin, certificate).catch(() => undefined)));
    }
  }

  /** All heads of those who answer. Resolves when all have answered or failed, or a while after `enough` have. */
  async #ask(voters: readonly Voter[], enough: number): Promise<readonly HeadsAnswer[]> {
    const { crypto, clock, random, mirror } = this.#options;
    const charter = this.#options.charters.current;
    const nonce = random.bytes(32);
    const scope = { of: 'all' } as const;
    const answers: HeadsAnswer[] = [];
    const one = async (voter: Voter) => {
      const signed = await voter.heads(nonce, scope);
      const body = openHeads(crypto, charter, { hoster: voter.hoster, nonce, scope }, signed);
      mirror.rememberCounter(body);
      answers.push({ voter, body });
    };
    await new Promise<void>((resolve) => {
      let open = voters.length;
      let cancel: (() => void) | undefined;
      const settled = () => {
        open -= 1;
        if (open > 0 && answers.length >= enough) cancel ??= clock.after(START_GRACE_MS, resolve);
        if (open > 0) return;
        cancel?.();
        resolve();
      };
      if (open === 0) resolve();
      for (const voter of voters) one(voter).then(settled, settled);
    });
    await this.#options.keepCounters();
    return [...answers];
  }

  /**
   * Follows answers until `enough` were reachable to the end; each is begun when the one before is done or has kept us
   * waiting. Whoever shows logs that it hands out slowly, or never, keeps nobody from starting. Rejects with what fails
   * on this side.
   */
  #followEnough(
    answers: readonly HeadsAnswer[],
    enough: number,
    follow: (answer: HeadsAnswer, stop: () => boolean) => Promise<boolean>,
  ): Promise<boolean> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      let begun = 0;
      let open = answers.length;
      let followed = 0;
      if (open === 0) resolve(followed >= enough);
      const begin = () => {
        const answer = answers[begun];
        if (answer === undefined) return;
        begun += 1;
        let overtaken = false;
        const cancel = clock.after(FOLLOW_PATIENCE_MS, () => {
          overtaken = true;
          begin();
        });
        void follow(answer, () => followed >= enough || this.#abort.signal.aborted).then((reached) => {
          cancel();
          open -= 1;
          if (reached) followed += 1;
          if (followed >= enough || open === 0) resolve(followed >= enough);
          else if (!overtaken) begin();
        }, reject);
      };
      begin();
    });
  }

  /**
   * Pulls what the other holds beyond us, then takes its certificates, until `stop`. False when it could not be reached
   * any more; what it shows and does not have, or what does not check, is only told.
   */
  async #follow({ voter, body }: HeadsAnswer, stop: () => boolean): Promise<boolean> {
    const { mirror, log } = this.#options;
    for (const head of body.heads) {
      if (stop() || this.#abort.signal.aborted) return false;
      // Its healing is somebody else's, and asks more than one.
      if (mirror.logs.quarantine.of(head.origin) !== null) continue;
      try {
        while (mirror.logs.state(head.origin).size < head.size && !stop()) {
          const from = mirror.logs.state(head.origin).size;
          const { certificate } = head;
          const sealed = certificate !== null && (await mirror.isSealedLog(head.origin));
          for (const batch of await voter.batches(head.origin, from)) {
            if (sealed) await mirror.append(batch, certificate);
            else await mirror.adopt(batch);
          }
          if (mirror.logs.state(head.origin).size === from) break;
        }
        const state = mirror.logs.state(head.origin);
        if (head.certificate !== null && state.certifiedSize < head.size) {
          await mirror.certify(head.origin, head.certificate);
        }
        const held = await mirror.logs.checkpointAt(head.origin, head.size);
        if (held !== undefined && !equalBytes(readHead(held).root, readHead(head.checkpoint).root)) {
          log('error', 'fork-seen', { hoster: body.hoster, size: head.size });
        }
      } catch (error) {
        const fault = asFault(error);
        log('warn', 'catch-up', { hoster: body.hoster, code: fault.code, message: fault.message });
        if (fault.kind === 'unreachable') return false;
      }
    }
    return true;
  }

  async #every(ms: number, work: () => Promise<void>): Promise<void> {
    while (!this.#abort.signal.aborted) {
      await this.#pause(ms);
      if (this.#abort.signal.aborted) return;
      await this.#told(work);
    }
  }

  #pause(ms: number): Promise<void> {
    return this.#options.clock.sleep(ms, this.#abort.signal).catch(() => undefined);
  }

  /** Undefined when it failed, which is logged. */
  async #told<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      const fault = asFault(error);
      this.#options.log('warn', 'ledger-task', { code: fault.code, message: fault.message });
      return undefined;
    }
  }
}

/** Without a vote, or silenced: what writers bring to voters passes it by. Whoever is still starting reads by itself. */
export function onlyFollows({ silent }: Pick<Mirror, 'silent'>): boolean {
  return silent !== null && silent.code !== 'VOTER_STARTING' && silent.code !== 'VOTER_UNREADY';
}
