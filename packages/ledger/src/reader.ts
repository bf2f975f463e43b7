// Reading what is in force: heads from a quorum, compared with each other and with what this reader remembers, pulled,
// and finished when nobody has certified them yet. "Not found" may be said only after this (SPEC: reading).

import {
  asFault,
  type Charter,
  type Clock,
  CompactRange,
  type Crypto,
  equalBytes,
  Fault,
  quorumOf,
  type Random,
} from '@vauban/core';
import type { CharterChain } from './charter-log.ts';
import { openCertificate, readHead } from './checkpoint.ts';
import { type HeadsBody, type HeadsScope, openHeads, type StoredHead } from './heads.ts';
import { genesisOf, type LogRecord, type LogStore } from './log-store.ts';
import { leafHashOf } from './entry.ts';
import { pushHead, quorumFault } from './push.ts';
import type { Voter } from './voter.ts';
import { storedWriterOf, type Writer, writerOf } from './writer.ts';

export interface ReaderOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
  readonly voters: readonly Voter[];
  /** The reader's own copy; what it holds is what it remembers. */
  readonly logs: LogStore;
  readonly signal?: AbortSignal;
}

export interface HeadsAnswers {
  readonly answers: readonly HeadsBody[];
  readonly unreachable: ReadonlyMap<string, Fault>;
}

/**
 * Signed heads of the scope from as many voters as answer; resolves with at least q that are not starting.
 * Faults: QUORUM_UNREACHABLE.
 */
export async function collectHeads(options: ReaderOptions, scope: HeadsScope): Promise<HeadsAnswers> {
  const charter = options.charters.current;
  const needed = quorumOf(charter);
  const nonce = options.random.bytes(32);
  const answers: HeadsBody[] = [];
  const unreachable = new Map<string, Fault>();
  await new Promise<void>((resolve) => {
    let open = options.voters.length;
    if (open === 0) resolve();
    for (const voter of options.voters) {
      voter
        .heads(nonce, scope)
        .then((signed) => {
          const body = openHeads(options.crypto, charter, { hoster: voter.hoster, nonce, scope }, signed);
          if (body.starting)
            throw new Fault('unreachable', 'VOTER_STARTING', `${voter.hoster} is starting`, {});
          answers.push(body);
        })
        .catch((error: unknown) => unreachable.set(voter.hoster, asFault(error)))
        .finally(() => {
          open -= 1;
          if (open === 0 || answers.length >= needed) resolve();
        });
    }
  });
  if (answers.length < needed) {
    throw quorumFault(charter, {
      certificate: undefined,
      refusals: new Map(),
      unreachable,
      ahead: undefined,
    });
  }
  return { answers, unreachable };
}

/**
 * Brings the own copy of every log in scope to the largest head any of q voters shows, certified. Returns their origins.
 * Faults: QUORUM_UNREACHABLE, ROLLBACK, FORKED (integrity), UNFINISHED.
 */
export async function refresh(options: ReaderOptions, scope: HeadsScope): Promise<string[]> {
  const { answers } = await collectHeads(options, scope);
  const shown = new Map<string, { readonly head: StoredHead; readonly hoster: string }[]>();
  for (const answer of answers) {
    for (const head of answer.heads) {
      const list = shown.get(head.origin) ?? [];
      list.push({ head, hoster: answer.hoster });
      shown.set(head.origin, list);
    }
  }
  const remembered =
    scope.of === 'vault'
      ? await options.logs.originsOfVault(scope.vault)
      : scope.of === 'all'
        ? options.logs.origins()
        : scope.origins;
  for (const origin of remembered) {
    const { certifiedSize } = options.logs.state(origin);
    const largest = Math.max(0, ...(shown.get(origin) ?? []).map(({ head }) => head.size));
    if (largest < certifiedSize) {
      throw new Fault(
        'integrity',
        'ROLLBACK',
        `${answers.length} hosters show ${origin} at size ${largest}, this reader has seen it certified at ${certifiedSize}`,
        { origin, shown: largest, remembered: certifiedSize },
      );
    }
  }
  for (const [origin, heads] of shown) await follow(options, origin, heads);
  return [...shown.keys()].sort();
}

async function follow(
  options: ReaderOptions,
  origin: string,
  shown: readonly { readonly head: StoredHead; readonly hoster: string }[],
): Promise<void> {
  const { logs, crypto } = options;
  const charter = options.charters.current;
  const largest = shown.toSorted((a, b) => b.head.size - a.head.size);
  for (const { head, hoster } of largest) {
    if (head.size <= logs.state(origin).size) break;
    const voter = options.voters.find((one) => one.hoster === hoster);
    if (voter !== undefined) await pull(options, voter, origin, head.size).catch(ignoreUnreachable);
  }
  const state = logs.state(origin);
  if (state.size < (largest[0]?.head.size ?? 0)) {
    throw new Fault('unreachable', 'UNFINISHED', `the newest entries of ${origin} could not be fetched`, {
      origin,
    });
  }
  await compare(
    options,
    origin,
    shown.map(({ head }) => head),
  );
  for (const { head } of largest) {
    if (head.certificate === null || logs.state(origin).certifiedSize === state.size) continue;
    const writer = await logs.writer(origin, (genesis) => resolveWriter(options, genesis));
    const certified = openCertificate(crypto, charter, head.certificate, writer?.key);
    const held = await logs.checkpointAt(origin, certified.head.size);
    if (held === undefined || !equalBytes(readHead(held).root, certified.head.root))
      throw forked(origin, certified.head.size);
    await logs.certify(origin, { size: certified.head.size, certificate: head.certificate });
  }
  if (logs.state(origin).certifiedSize < logs.state(origin).size) await finishHead(options, origin);
}

/** Pulls batches from one voter up to `size`, checking bytes, chain, root and log signature of each. */
export async function pull(
  options: ReaderOptions,
  voter: Voter,
  origin: string,
  size: number,
): Promise<void> {
  const { logs, clock } = options;
  while (logs.state(origin).size < size) {
    const from = logs.state(origin).size;
    const batches = await voter.batches(origin, from);
    for (const append of batches) {
      if (append.origin !== origin || append.oldSize !== logs.state(origin).size) break;
      const checked = await logs.check(append, options.charters.current, (genesis) =>
        resolveWriter(options, genesis),
      );
      const { operations, after } = logs.rows(checked, {
        now: clock.now(),
        admittedSize: 0,
        votedSeconds: null,
      });
      await logs.commit(after, operations);
    }
    if (logs.state(origin).size === from) {
      throw new Fault(
        'unreachable',
        'UNFINISHED',
        `${voter.hoster} does not hand out ${origin} from ${from} on`,
        {
          hoster: voter.hoster,
          origin,
          from,
        },
      );
    }
  }
}

/** Every head shown must be a prefix of the one held: otherwise its writer signed two histories. */
async function compare(options: ReaderOptions, origin: string, heads: readonly StoredHead[]): Promise<void> {
  for (const head of heads) {
    const signed = readHead(head.checkpoint);
    const held = await options.logs.checkpointAt(origin, signed.size);
    if (held !== undefined && !equalBytes(readHead(held).root, signed.root))
      throw forked(origin, signed.size);
    if (held === undefined && !equalBytes(await rootAt(options, origin, signed.size), signed.root)) {
      throw forked(origin, signed.size);
    }
  }
}

async function rootAt(options: ReaderOptions, origin: string, size: number): Promise<Uint8Array> {
  const range = new CompactRange(options.crypto);
  for (const { entry } of await options.logs.records(origin, 0, size))
    range.append(leafHashOf(options.crypto, entry));
  return range.root();
}

/** Resends a head's bytes until q have cosigned it. Faults: QUORUM_UNREACHABLE, UNFINISHED. */
export async function finishHead(options: ReaderOptions, origin: string): Promise<string> {
  const charter = options.charters.current;
  const result = await pushHead({ ...options, charter, origin });
  if (result.certificate === undefined) {
    const why = quorumFault(charter, result);
    throw new Fault(
      'unreachable',
      'UNFINISHED',
      `the newest entries of ${origin} are not certified: ${why.message}`,
      {
        origin,
        because: why.code,
      },
      why,
    );
  }
  await options.logs.certify(origin, {
    size: options.logs.state(origin).size,
    certificate: result.certificate,
  });
  return result.certificate;
}

/** The writer of a log this reader meets: known to the charter now, or to an earlier version. */
export function resolveWriter(
  options: { readonly crypto: Crypto; readonly charters: CharterChain },
  genesis: LogRecord,
): Writer {
  const payload = genesisOf(genesis);
  const charter: Charter = options.charters.current;
  if (payload.writer === 'device') return writerOf(options.crypto, charter, payload);
  const versions = Array.from(
    { length: charter.version },
    (_, nth) => options.charters.version(nth + 1) ?? charter,
  );
  const writer = storedWriterOf(versions, payload);
  if (writer === undefined)
    throw new Fault('refused', 'WRITER_UNKNOWN', 'no charter version knows this writer', {});
  return writer;
}

function forked(origin: string, size: number): Fault {
  return new Fault(
    'integrity',
    'FORKED',
    `the writer of ${origin} signed two histories: hosters show different trees of size ${size}`,
    { origin, size },
  );
}

function ignoreUnreachable(error: unknown): void {
  const fault = asFault(error);
  if (fault.kind === 'integrity') throw fault;
}
