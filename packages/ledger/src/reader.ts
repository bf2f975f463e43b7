// Reading what is in force: heads from a quorum, compared with each other and with what this reader remembers, pulled,
// and finished when nobody has certified them yet. "Not found" may be said only after this (SPEC: reading).

import { asFault, type Clock, type Crypto, equalBytes, Fault, type Random } from '@vauban/core';
import type { CharterChain } from './charter-log.ts';
import { type Head, openCertificate, openCheckpoint, readHead } from './checkpoint.ts';
import { collectHeads } from './collect-heads.ts';
import type { HeadsScope, StoredHead } from './heads.ts';
import { genesisOf, type LogRecord, type LogStore } from './log-store.ts';
import { pushHead, quorumFault } from './push.ts';
import type { Voter } from './voter.ts';
import { type Writer, writerUnder } from './writer.ts';

export interface ReaderOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
  /** One per voting hoster of the charter as it is now: asked again when an epoch opens. */
  readonly voters: () => readonly Voter[];
  /** Resolves when a newer charter that answers spoke of is in `charters`, or could not be had: bounded, never rejects. */
  readonly newer?: () => Promise<void>;
  /** The reader's own copy; what it holds is what it remembers. */
  readonly logs: LogStore;
  readonly signal?: AbortSignal;
}

interface Shown {
  readonly head: Head;
  readonly certificate: string | null;
  readonly checkpoint: string;
  readonly voter: Voter;
}

/**
 * Brings the own copy of every log in scope to the largest head any of q voters shows, certified. Returns their origins.
 * What a log's writer did not sign does not count: one hoster cannot make a log look longer, forked or unreadable.
 * Faults: QUORUM_UNREACHABLE, ROLLBACK, FORKED (integrity), UNFINISHED.
 */
export async function refresh(options: ReaderOptions, scope: HeadsScope): Promise<string[]> {
  const { logs } = options;
  const { answers } = await collectHeads(options, scope);
  const voters = options.voters();
  const shown = new Map<string, Shown[]>();
  for (const answer of answers) {
    const voter = voters.find((one) => one.hoster === answer.hoster);
    for (const stored of answer.heads) {
      const head = headOf(stored);
      if (head === undefined || voter === undefined || !inScope(scope, head.origin)) continue;
      const list = shown.get(head.origin) ?? [];
      const { checkpoint, certificate } = stored;
      list.push({ head, checkpoint, certificate, voter });
      shown.set(head.origin, list);
    }
  }
  const remembered =
    scope.of === 'vault'
      ? await logs.originsOfVault(scope.vault)
      : scope.of === 'all'
        ? logs.origins()
        : scope.origins;
  for (const origin of remembered) {
    const { certifiedSize } = logs.state(origin);
    const signed = await signedByWriter(options, shown.get(origin) ?? []);
    const largest = Math.max(0, ...signed.map(({ head }) => head.size));
    if (largest < certifiedSize) {
      throw new Fault(
        'integrity',
        'ROLLBACK',
        `${answers.length} hosters show ${origin} at size ${largest}, this reader has seen it certified at ${certifiedSize}`,
        { origin, shown: largest, remembered: certifiedSize },
      );
    }
  }
  const found: string[] = [];
  for (const [origin, heads] of shown) {
    if (await follow(options, origin, heads)) found.push(origin);
  }
  return found.sort();
}

function inScope(scope: HeadsScope, origin: string): boolean {
  return scope.of !== 'origins' || scope.origins.includes(origin);
}

/** The head of an answer, when its checkpoint says the same. */
function headOf(stored: StoredHead): Head | undefined {
  try {
    const head = readHead(stored.checkpoint);
    return head.origin === stored.origin && head.size === stored.size && head.size > 0 ? head : undefined;
  } catch {
    return undefined;
  }
}

/** Those that the log's writer signed; all of them while the log is unknown here. */
async function signedByWriter(options: ReaderOptions, shown: readonly Shown[]): Promise<readonly Shown[]> {
  const { logs, crypto } = options;
  const origin = shown[0]?.head.origin;
  const writer =
    origin === undefined
      ? undefined
      : await logs.writer(origin, (...first) => resolveWriter(options, ...first));
  if (writer === undefined) return shown;
  return shown.filter(({ checkpoint }) => {
    try {
      openCheckpoint(crypto, checkpoint, writer.key);
      return true;
    } catch {
      return false;
    }
  });
}

/** False when the log is nothing but a hoster's invention. */
async function follow(options: ReaderOptions, origin: string, claimed: readonly Shown[]): Promise<boolean> {
  const { logs } = options;
  let shown = await signedByWriter(options, claimed);
  for (const one of shown.toSorted((a, b) => b.head.size - a.head.size)) {
    if (one.head.size <= logs.state(origin).size || !shown.includes(one)) continue;
    try {
      await pull(options, one.voter, origin, one.head.size);
    } catch (error) {
      const fault = asFault(error);
      if (fault.kind === 'integrity') throw fault;
      // It answered, and has no bytes for a log that nobody else could show so far: made up.
      const empty = fault.kind === 'refused' || fault.code === 'UNFINISHED';
      if (empty && !logs.has(origin)) shown = shown.filter((other) => other !== one);
    }
    shown = await signedByWriter(options, shown);
  }
  if (shown.length === 0) return logs.has(origin);
  const { size } = logs.state(origin);
  if (shown.some(({ head }) => head.size > size)) {
    throw new Fault('unreachable', 'UNFINISHED', `the newest entries of ${origin} could not be fetched`, {
      origin,
    });
  }
  // Every head shown must be a prefix of the one held: otherwise its writer signed two histories.
  for (const { head } of shown) {
    const held = await logs.rootAt(origin, head.size);
    if (held === undefined || !equalBytes(held, head.root)) throw forked(origin, head.size);
  }
  for (const { certificate } of shown) if (certificate !== null) await take(options, origin, certificate);
  // A head that some voter holds may be certified. What only this reader holds cannot be: any certificate's quorum
  // shares an honest voter with those who answered. It waits for its writer, and nobody's reading waits for it.
  const { certifiedSize } = logs.state(origin);
  if (shown.some(({ head }) => head.size > certifiedSize)) await finishHead(options, origin);
  return true;
}

/** Remembers a certificate that holds; one that does not is only its sender's shame. */
async function take(options: ReaderOptions, origin: string, certificate: string): Promise<void> {
  const { logs, crypto, charters } = options;
  const writer = await logs.writer(origin, (...first) => resolveWriter(options, ...first));
  let head: Head;
  try {
    ({ head } = openCertificate(crypto, charters, certificate, writer?.key));
  } catch {
    return;
  }
  const held = head.origin === origin ? await logs.rootAt(origin, head.size) : undefined;
  if (held === undefined) return;
  if (!equalBytes(held, head.root)) throw forked(origin, head.size);
  await logs.certify(origin, { size: head.size, certificate });
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
    for (const append of await voter.batches(origin, from)) {
      await logs.alone(origin, async () => {
        if (append.origin !== origin || append.oldSize !== logs.state(origin).size) return;
        const checked = await logs.check(append, options.charters.current, (...first) =>
          resolveWriter(options, ...first),
        );
        const { operations, after } = logs.rows(checked, {
          now: clock.now(),
          admittedSize: 0,
          votedSeconds: null,
        });
        await logs.commit(after, operations);
      });
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

/** Resends a head's bytes until q have cosigned it. Faults: QUORUM_UNREACHABLE, UNFINISHED. */
export async function finishHead(options: ReaderOptions, origin: string): Promise<string> {
  const result = await pushHead({ ...options, origin });
  if (result.certificate === undefined) {
    const why = quorumFault(result.charter, result);
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
    size: readHead(result.certificate).size,
    certificate: result.certificate,
  });
  return result.certificate;
}

/** The writer of a log this reader meets: known to the charter now, or to an earlier version. */
export function resolveWriter(
  options: { readonly crypto: Crypto; readonly charters: CharterChain },
  genesis: LogRecord,
  origin: string,
): Writer {
  return writerUnder(options.crypto, options.charters.versions(), { origin, payload: genesisOf(genesis) });
}

function forked(origin: string, size: number): Fault {
  return new Fault(
    'integrity',
    'FORKED',
    `the writer of ${origin} signed two histories: hosters show different trees of size ${size}`,
    { origin, size },
  );
}
