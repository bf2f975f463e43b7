// Bringing a head to the voters until q of them have signed it. The writer does it for its own appends, a reader for
// heads it found unfinished, a hoster for heads whose writer went silent: the bytes are the same, so is the code.

import {
  APPEND_BYTES_MAX,
  asFault,
  type Charter,
  type Clock,
  type Crypto,
  Fault,
  quorumOf,
  votingHosters,
} from '@vauban/core';
import type { CharterChain } from './charter-log.ts';
import { checkCosignature, makeCertificate, readHead } from './checkpoint.ts';
import type { Append, LogStore } from './log-store.ts';
import { type NoteSignature, parseSignature } from './note.ts';
import type { AppendReply, Voter } from './voter.ts';

/** One message's worth of a log: an append of the largest size together with the voids of all its entries. */
const BATCH_BYTES = 2 * APPEND_BYTES_MAX;
/** A voter that answers conflict this often is playing, or two writers share a key. */
const CONFLICTS_MAX = 8;
/** `later` refusals are retried this often, with growing pauses from RETRY_MS. */
const RETRIES_MAX = 5;
const RETRY_MS = 100;

type Refusal = Extract<AppendReply, { result: 'refused' }>;

export interface PushResult {
  /** q cosignatures; undefined when they could not be had. */
  readonly certificate: string | undefined;
  readonly refusals: ReadonlyMap<string, Refusal>;
  readonly unreachable: ReadonlyMap<string, Fault>;
  /** The charter under which replies were counted. */
  readonly charter: Charter;
  /** What voters say they hold beyond ours: a checkpoint that the writer signed is proof, the rest is talk. */
  readonly ahead: readonly { readonly hoster: string; readonly checkpoint: string | null }[];
}

export interface PushOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly charters: CharterChain;
  /** One per voting hoster of the charter as it is now. */
  readonly voters: () => readonly Voter[];
  /** Resolves when a newer charter that replies spoke of is known, or could not be had. Never rejects. */
  readonly newer?: () => Promise<void>;
  readonly logs: LogStore;
  readonly origin: string;
  /** The log's newest append, as it was just stored: it need not be read again. */
  readonly newest?: Append | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Resolves as soon as q cosignatures of one epoch are in, or when every voter has answered or failed. When an epoch opened
 * meanwhile, the same bytes are brought again, for the new keys to sign.
 */
export async function pushHead(options: PushOptions): Promise<PushResult> {
  const { charters } = options;
  for (;;) {
    const charter = charters.current;
    const result = await pushUnder(options, charter);
    if (result.certificate === undefined) await options.newer?.();
    if (result.certificate !== undefined || charters.current.epoch === charter.epoch) return result;
  }
}

function pushUnder(options: PushOptions, charter: Charter): Promise<PushResult> {
  const { crypto, charters, logs, origin } = options;
  const state = logs.state(origin);
  const head = readHead(state.checkpoint);
  const needed = quorumOf(charter);
  const lines = new Map<string, NoteSignature>();
  const refusals = new Map<string, Refusal>();
  const unreachable = new Map<string, Fault>();
  const ahead: { readonly hoster: string; readonly checkpoint: string | null }[] = [];
  return new Promise((resolve) => {
    const voters = options.voters();
    let open = voters.length;
    const finish = (certificate: string | undefined) =>
      resolve({ certificate, refusals, unreachable, ahead, charter });
    const take = async (voter: Voter, reply: AppendReply) => {
      if (reply.result === 'refused') refusals.set(voter.hoster, reply);
      if (reply.result === 'conflict') ahead.push({ hoster: voter.hoster, checkpoint: reply.checkpoint });
      // Those that come after the quorum are not needed, and checking costs more than all the rest.
      if (reply.result !== 'cosigned' || lines.size >= needed) return;
      const line = parseSignature(reply.cosignature);
      const vote = checkCosignature(crypto, charter, head, line);
      if (vote?.hoster === voter.hoster) lines.set(voter.hoster, line);
      else {
        unreachable.set(
          voter.hoster,
          new Fault(
            'integrity',
            'COSIGNATURE_FORGED',
            `${voter.hoster} sent a cosignature that does not check`,
            { hoster: voter.hoster },
          ),
        );
        // Or it signs with the key of an epoch that this side is about to hear of.
        await options.newer?.();
      }
      if (lines.size === needed) finish(makeCertificate(charter, state.checkpoint, [...lines.values()]));
    };
    if (open === 0) finish(undefined);
    const batches = batchesOnce(options);
    for (const voter of voters) {
      bring({ ...options, batches }, voter, state.size)
        .then((reply) => take(voter, reply))
        .catch((error: unknown) => unreachable.set(voter.hoster, asFault(error)))
        .finally(() => {
          open -= 1;
          if (open === 0 || charters.current.epoch !== charter.epoch) finish(undefined);
        });
    }
  });
}

type Batches = (from: number) => Promise<readonly Append[]>;

/** Most voters lack the same bytes: they are read from the store once. */
function batchesOnce({ logs, origin, newest }: PushOptions): Batches {
  const read = new Map<number, Promise<readonly Append[]>>();
  if (newest !== undefined && newest.origin === origin && endOf(newest) === logs.state(origin).size)
    read.set(newest.oldSize, Promise.resolve([newest]));
  return (from) => {
    const known = read.get(from) ?? logs.batches(origin, from, BATCH_BYTES);
    read.set(from, known);
    return known;
  };
}

/** Sends one voter what it lacks, batch by batch, up to `size`. Its last answer is the result. */
async function bring(
  options: PushOptions & { readonly batches: Batches },
  voter: Voter,
  size: number,
): Promise<AppendReply> {
  const { logs, origin, clock, signal } = options;
  const { certifiedSize, certificate } = logs.state(origin);
  let from = certifiedSize < size ? certifiedSize : await logs.lastBoundary(origin, size);
  let retries = 0;
  for (let conflicts = 0; conflicts < CONFLICTS_MAX; ) {
    signal?.throwIfAborted();
    let reply: AppendReply = { result: 'conflict', size: from, checkpoint: null };
    const batches = (await options.batches(from)).filter((one) => endOf(one) <= size);
    for (const append of joined(batches, certifiedSize)) {
      const end = endOf(append);
      // What a certificate covers is stored without judging; the head itself is to be signed.
      reply = await voter.append(append, end <= certifiedSize && end < size ? certificate : null);
      if (reply.result !== 'cosigned' && reply.result !== 'stored') break;
      from = end;
    }
    if (reply.result === 'conflict') {
      if (reply.size > size) return reply;
      conflicts += 1;
      from = reply.size === size ? await logs.lastBoundary(origin, size) : reply.size;
    } else if (reply.result === 'refused' && reply.class === 'later' && retries < RETRIES_MAX) {
      if (reply.fault.code === 'EVIDENCE_MISSING' && certificate !== null) {
        await voter.certify(origin, certificate).catch(() => undefined);
      }
      await clock.sleep(RETRY_MS * 2 ** retries, signal);
      retries += 1;
    } else if (reply.result === 'refused' || from === size) {
      return reply;
    }
  }
  throw new Fault('failure', 'CONFLICTS_MANY', `${voter.hoster} keeps naming other sizes of ${origin}`, {
    hoster: voter.hoster,
    origin,
  });
}

function endOf(append: Append): number {
  return append.oldSize + append.records.length;
}

/**
 * What lies above the certificate goes in one append: a voter admits a refused entry only when the same append voids
 * it, and the writer could only sign the void later, in a batch of its own.
 */
function joined(batches: readonly Append[], certifiedSize: number): readonly Append[] {
  const above = batches.filter((append) => endOf(append) > certifiedSize);
  const [first] = above;
  const last = above.at(-1);
  if (first === undefined || last === undefined || first === last) return batches;
  const tail = { ...last, oldSize: first.oldSize, records: above.flatMap(({ records }) => records) };
  return [...batches.slice(0, batches.length - above.length), tail];
}

/**
 * Why a push did not reach a quorum, as one fault. `refused` when those who refuse are enough to prevent it; its fact
 * `class` is `later` when waiting may still help, because fewer refuse for good than it takes; `agreed` says whether
 * more hosters than may lie give this reason. The order in which they answered changes nothing.
 */
export function quorumFault(charter: Charter, result: Omit<PushResult, 'charter'>): Fault {
  const voters = votingHosters(charter).length;
  const needed = quorumOf(charter);
  const spare = voters - needed;
  const refusedBy = [...result.refusals.keys()].toSorted();
  const refusals = refusedBy.flatMap((hoster) => result.refusals.get(hoster) ?? []);
  const firm = refusals.filter((one) => one.class !== 'later');
  const passing = refusals.filter((one) => one.class === 'later');
  const silent = [...result.unreachable.keys()];
  const commonest = mostGiven(firm.length > spare ? firm : refusals.length > spare ? passing : []);
  if (commonest !== undefined) {
    const { refusal, times } = commonest;
    return new Fault(
      'refused',
      refusal.fault.code,
      `refused by ${refusedBy.join(', ')}: ${refusal.fault.message}`,
      { ...refusal.fault.facts, class: refusal.class, agreed: times > charter.f, refusedBy, silent },
    );
  }
  return new Fault(
    'unreachable',
    'QUORUM_UNREACHABLE',
    `${needed} of ${voters} hosters must sign, ${silent.length} did not answer: ${silent.join(', ') || 'none'}`,
    {
      needed,
      silent,
      refusedBy,
      firm: firm.length,
      why: [...firm, ...passing].map((one) => one.fault.code),
    },
  );
}

/**
 * The refusal whose code, and daemon where it names one, most hosters give; the first of those that as many give. What
 * more give than may lie, some honest hoster gives: whoever answers first must not choose what the writer does next.
 */
function mostGiven(
  refusals: readonly Refusal[],
): { readonly refusal: Refusal; readonly times: number } | undefined {
  const given = new Map<string, { readonly refusal: Refusal; readonly times: number }>();
  for (const refusal of refusals) {
    const { code, facts } = refusal.fault;
    const { daemon } = facts;
    const reason = typeof daemon === 'string' ? `${code} ${daemon}` : code;
    const before = given.get(reason);
    given.set(reason, { refusal: before?.refusal ?? refusal, times: (before?.times ?? 0) + 1 });
  }
  const counted = [...given.values()];
  const most = Math.max(0, ...counted.map(({ times }) => times));
  return counted.find(({ times }) => times === most);
}
