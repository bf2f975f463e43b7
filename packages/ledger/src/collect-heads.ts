// Asking all voters what they hold, until a quorum of one epoch has answered. Answers of two epochs are never added up:
// when an epoch opened meanwhile, everyone is asked again (SPEC: reading, epochs).

import { asFault, type Charter, type Clock, type Crypto, Fault, quorumOf, type Random } from '@vauban/core';
import type { CharterChain } from './charter-log.ts';
import { type HeadsBody, type HeadsScope, openHeads } from './heads.ts';
import { quorumFault } from './push.ts';
import type { Voter } from './voter.ts';

/** Whoever asks is no device of its agency any more: it was revoked, or its agency's root key was replaced. */
const NO_SESSION: ReadonlySet<string> = new Set(['DEVICE_REVOKED', 'DELEGATION_FORGED']);

/** Voters between two epochs have no word for a moment: they are asked again this often, with growing pauses. */
const OPENING_RETRIES_MAX = 6;
const OPENING_RETRY_MS = 100;

export interface CollectOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
  readonly voters: () => readonly Voter[];
  readonly newer?: () => Promise<void>;
  /** Which answers count; all unless said. */
  readonly counts?: (body: HeadsBody) => boolean;
  readonly signal?: AbortSignal;
}

export interface HeadsAnswers {
  readonly answers: readonly HeadsBody[];
  readonly unreachable: ReadonlyMap<string, Fault>;
}

/**
 * Signed heads of the scope from as many voters as answer; resolves with at least q of one epoch that are not starting.
 * Faults: QUORUM_UNREACHABLE; DEVICE_REVOKED, DELEGATION_FORGED when more than can lie say so to who asks.
 */
export async function collectHeads(options: CollectOptions, scope: HeadsScope): Promise<HeadsAnswers> {
  const { charters } = options;
  // Ends: an epoch is in force only with a certificate by the one before, and each round was overtaken by one.
  for (let retries = 0; ; ) {
    const charter = charters.current;
    const round = await askAll(options, charter, scope);
    if (round.answers.length < quorumOf(charter)) await options.newer?.();
    if (charters.current.epoch !== charter.epoch) continue;
    if (round.answers.length >= quorumOf(charter)) return round;
    const opening = [...round.unreachable.values()].filter(({ code }) => code === 'EPOCH_OPENING');
    if (round.answers.length + opening.length >= quorumOf(charter) && retries < OPENING_RETRIES_MAX) {
      await options.clock.sleep(OPENING_RETRY_MS * 2 ** retries, options.signal);
      retries += 1;
      continue;
    }
    // More than can lie: that is an answer, not silence.
    const shutOut = [...round.unreachable.values()].filter(({ code }) => NO_SESSION.has(code));
    const [first] = shutOut;
    if (first !== undefined && shutOut.length > charter.f) throw first;
    throw quorumFault(charter, {
      certificate: undefined,
      refusals: new Map(),
      unreachable: round.unreachable,
      ahead: [],
    });
  }
}

/** One round under one charter; ends early when an epoch opens. */
async function askAll(options: CollectOptions, charter: Charter, scope: HeadsScope): Promise<HeadsAnswers> {
  const { crypto, charters } = options;
  const needed = quorumOf(charter);
  const nonce = options.random.bytes(32);
  const answers: HeadsBody[] = [];
  const unreachable = new Map<string, Fault>();
  const ask = async (voter: Voter) => {
    try {
      const signed = await voter.heads(nonce, scope);
      const body = openHeads(crypto, charter, { hoster: voter.hoster, nonce, scope }, signed);
      if (body.starting) throw new Fault('unreachable', 'VOTER_STARTING', `${voter.hoster} is starting`, {});
      if (options.counts?.(body) === false) {
        throw new Fault('unreachable', 'ANSWER_UNCOUNTED', `${voter.hoster} does not vouch for it`, {});
      }
      answers.push(body);
    } catch (error) {
      const fault = asFault(error);
      unreachable.set(voter.hoster, fault);
      if (fault.code === 'EPOCH_OTHER') await options.newer?.();
    }
  };
  await new Promise<void>((resolve) => {
    const voters = options.voters();
    let open = voters.length;
    if (open === 0) resolve();
    for (const voter of voters) {
      void ask(voter).finally(() => {
        open -= 1;
        if (open === 0 || answers.length >= needed || charters.current.epoch !== charter.epoch) resolve();
      });
    }
  });
  return { answers, unreachable };
}
