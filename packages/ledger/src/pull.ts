// What a reader does with one log and one voter: takes its bytes after checking them, and gets its head certified.

import { asFault, type Clock, type Crypto, Fault, isFault, type Random } from '@vauban/core';
import { canTake, type TakenAppends, type TakingGround } from './append-taking.ts';
import type { CharterChain } from './charter-log.ts';
import { openCertificate, readHead } from './checkpoint.ts';
import { openHeads } from './heads.ts';
import { genesisOf } from './held-logs.ts';
import type { LogRecord } from './log-record.ts';
import type { Append, LogStore } from './log-store.ts';
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
  readonly intake?: Intake;
  readonly signal?: AbortSignal;
  /** What a person should know and what stops no reading: FORKED. */
  readonly onNotice?: (fault: Fault) => void;
}

/** How whoever takes very much takes it in. */
export interface Intake {
  /** False where what was taken may be lost with the power, because it can be pulled again. */
  readonly sync: boolean;
  /** Does what `takeAppends` does, on other processors. Undefined for what is not worth the way there. */
  readonly check?: (ground: TakingGround, appends: readonly Append[]) => Promise<TakenAppends> | undefined;
  /** Told what was stored, from which index on. */
  readonly taken?: (
    of: { readonly origin: string; readonly from: number; readonly writer: Writer },
    entries: Pick<TakenAppends, 'kinds' | 'times'>,
  ) => void;
}

/** Pulls batches from one voter up to `size`, checking bytes, chain, root and log signature of each. */
export async function pull(
  options: ReaderOptions,
  voter: Voter,
  origin: string,
  size: number,
): Promise<void> {
  const { logs } = options;
  while (logs.state(origin).size < size) {
    const from = logs.state(origin).size;
    const appends = await handedOut(voter, origin, from);
    const elsewhere = await logs.alone(origin, () => takeElsewhere(options, origin, appends));
    for (const append of elsewhere ? [] : appends) {
      const take = () => logs.alone(origin, () => takeHere(options, origin, append));
      await take().catch(async (error: unknown) => {
        const purge = isFault(error, 'PAYLOAD_WITHHELD') ? error.facts['purge'] : undefined;
        if (typeof purge !== 'string' || purge === origin) throw error;
        await pullCertified(options, voter, purge);
        await take();
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

async function takeHere(options: ReaderOptions, origin: string, append: Append): Promise<void> {
  const { logs, clock, intake } = options;
  const { size: from } = logs.state(origin);
  if (append.origin !== origin || append.oldSize !== from) return;
  const checked = await logs.check(append, options.charters.current, (...first) =>
    resolveWriter(options, ...first),
  );
  const at = { now: clock.now(), admittedSize: 0, votedSeconds: null };
  const { operations, after } = logs.rows(checked, at);
  await logs.commit(after, operations, { sync: intake?.sync !== false });
  const entries = checked.opened.map(({ entry }) => entry);
  intake?.taken?.(
    { origin, from, writer: checked.writer },
    { kinds: entries.map(({ kind }) => kind), times: entries.map(({ time }) => time) },
  );
}

/** False when they are to be taken here: there is nobody else, or something is wrong with them, and here it is told what. */
async function takeElsewhere(
  options: ReaderOptions,
  origin: string,
  appends: readonly Append[],
): Promise<boolean> {
  const { logs, clock, intake, charters } = options;
  const before = logs.state(origin);
  const [first] = appends;
  if (intake?.check === undefined || first === undefined || !canTake(before, appends)) return false;
  let taken: TakenAppends | undefined;
  let writer: Writer;
  try {
    writer = await logs.writerOf(first, (...of) => resolveWriter(options, ...of));
    const ground = { charterName: charters.current.name, before, writer, now: clock.now() };
    taken = await intake.check(ground, appends);
  } catch (error) {
    if (!isFault(error)) throw error;
    return false;
  }
  if (taken === undefined) return false;
  await logs.commit(taken.after, taken.operations, { sync: intake.sync });
  intake.taken?.({ origin, from: before.size, writer }, taken);
  return true;
}

/** A log that another one's erased payloads name: what lists them has to be certified here first. */
async function pullCertified(options: ReaderOptions, voter: Voter, origin: string): Promise<void> {
  const { crypto, charters, logs, random } = options;
  const nonce = random.bytes(32);
  const scope = { of: 'origins' as const, origins: [origin] };
  const signed = await voter.heads(nonce, scope);
  const { heads } = openHeads(crypto, charters.current, { hoster: voter.hoster, nonce, scope }, signed);
  const [head] = heads;
  if (head?.origin !== origin || head.certificate === null) return;
  await pull(options, voter, origin, head.size);
  const writer = await logs.writer(origin, (...first) => resolveWriter(options, ...first));
  const { head: certified } = openCertificate(crypto, charters, head.certificate, writer?.key);
  if (certified.origin !== origin || !(await logs.holds(origin, certified))) return;
  await logs.certify(origin, { size: certified.size, certificate: head.certificate });
}

/** What a voter says is wrong with its own copy is its trouble: it must not look like ours. */
async function handedOut(voter: Voter, origin: string, from: number) {
  try {
    return await voter.batches(origin, from);
  } catch (error) {
    const fault = asFault(error);
    if (fault.kind !== 'integrity') throw fault;
    const message = `${voter.hoster} cannot hand out ${origin}: ${fault.message}`;
    throw new Fault('unreachable', 'UNFINISHED', message, { hoster: voter.hoster, origin, from }, fault);
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
