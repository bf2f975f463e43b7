// Checking the whole ledger: every log of every hoster that answers is pulled and recomputed, the copies are compared,
// and every certified entry is admitted again under the charter of its time. Believes signatures, nothing else.

import {
  asFault,
  type Clock,
  type Crypto,
  equalBytes,
  Fault,
  memoryStore,
  quorumOf,
  type Random,
  type Store,
} from '@vauban/core';
import {
  type CharterChain,
  type Head,
  type HeadsScope,
  type Intake,
  LogStore,
  openCertificate,
  pull,
  readHead,
  type ReaderOptions,
  resolveWriter,
  type StoredHead,
  type Voter,
} from '@vauban/ledger';
import { LedgerAdmission } from './admit-ledger.ts';
import { type Claim, gatherClaims, isSilence, type Tell } from './ledger-claims.ts';
import type { LedgerProcessors } from './ledger-processors.ts';

export interface LedgerProblem {
  /** Whose copy it is; null when all copies agree on it. */
  readonly hoster: string | null;
  readonly origin: string | null;
  readonly index: number | null;
  readonly code: string;
  readonly message: string;
}

export interface LedgerReport {
  /** No problem, and at least one hoster answered. */
  readonly ok: boolean;
  readonly logs: number;
  readonly entries: number;
  /** Entries under a certificate. */
  readonly certified: number;
  /** Entries looked at whose payload was erased under a certified purge. */
  readonly erased: number;
  readonly problems: readonly LedgerProblem[];
  readonly reached: readonly string[];
  readonly silent: readonly string[];
}

export interface VerifyLedgerOptions {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly random: Random;
  readonly charters: CharterChain;
  readonly voters: readonly Voter[];
  /** What may be seen: everything for operators, the own vault and the daemons' logs for a device. */
  readonly scopes: readonly HeadsScope[];
  /**
   * `heads`: each log is pulled once, and of every other hoster the signed heads are compared; whoever differs is pulled
   * too. `all`: every hoster's copy of every log is pulled and recomputed. The default.
   */
  readonly copies?: 'heads' | 'all';
  /** What was verified before: then only what is new is pulled and admitted, and what was certified must still be there. */
  readonly memory?: Store;
  /** Other processors, for entries and signatures; without them everything is checked on this one. */
  readonly processors?: LedgerProcessors;
  readonly onHoster?: (done: number, total: number, hoster: string) => void;
  readonly signal?: AbortSignal;
}

/** Logs pulled side by side where other processors check them: each waits for one of them at a time. */
const LOGS_AT_ONCE = 6;

/** A claim whose bytes were pulled and lead to what was signed. */
interface Copy extends Claim {
  readonly logs: LogStore;
}

export async function verifyLedger(options: VerifyLedgerOptions): Promise<LedgerReport> {
  const problems: LedgerProblem[] = [];
  const tell: Tell = (hoster, origin, error) => {
    const { code, message } = asFault(error);
    problems.push({ hoster, origin, index: null, code, message });
  };
  const { claims, sealed, reached, silent } = await gatherClaims(options, tell);
  const union = await LogStore.open(options.memory ?? memoryStore(), options.crypto);
  const left = new Set<string>();
  const admission = new LedgerAdmission(options);
  const ground = { union, left, admission, certificates: new Map<string, Head>(), tell };
  await eachOf(claims, options.processors === undefined ? 1 : LOGS_AT_ONCE, async ([origin, ofLog]) => {
    const of = { ...ground, origin, claims: ofLog, sealed: sealed.has(origin) };
    await (options.copies === 'heads' ? uniteByHeads : unite)(options, of);
  });
  if (reached.length >= quorumOf(options.charters.current)) problems.push(...rolledBack(union, claims));
  const admitted = await admission.finish(union);
  problems.push(...admitted.problems.map((one) => ({ hoster: null, ...one })));
  const states = union.origins().map((origin) => union.state(origin));
  return {
    ok: problems.length === 0 && reached.length > left.size,
    logs: states.length,
    entries: states.reduce((sum, one) => sum + one.size, 0),
    certified: states.reduce((sum, one) => sum + one.certifiedSize, 0),
    erased: admitted.erased,
    problems,
    reached: reached.filter((hoster) => !left.has(hoster)),
    silent: [...silent, ...left],
  };
}

/**
 * Compares all copies of one log; the longest becomes part of the union. Certified ones come first: it is whoever
 * contradicts a certificate that holds another history.
 */
async function unite(
  options: VerifyLedgerOptions,
  of: {
    readonly origin: string;
    readonly claims: readonly Claim[];
    /** The log of a revoked device. */
    readonly sealed: boolean;
    readonly union: LogStore;
    readonly admission: LedgerAdmission;
    readonly tell: Tell;
    /** Takes those who answered at first, and then fell silent: that is no problem of the ledger's. */
    readonly left: Set<string>;
  },
): Promise<void> {
  const { origin, union, left, sealed } = of;
  const tell: Tell = (hoster, about, error) => {
    if (isSilence(error)) left.add(hoster);
    else of.tell(hoster, about, error);
  };
  let longest: Copy | undefined;
  const good: Claim[] = [];
  for (const claim of of.claims.toSorted(certifiedFirst)) {
    try {
      const copy = { ...claim, logs: await LogStore.open(memoryStore(), options.crypto) };
      await checkCopy(options, copy);
      if (longest !== undefined && !(await compare(longest, copy, sealed))) continue;
      if (longest === undefined || copy.head.size > longest.head.size) longest = copy;
      good.push(claim);
    } catch (error) {
      if (options.signal?.aborted === true) throw options.signal.reason;
      tell(claim.voter.hoster, origin, error);
    }
  }
  // Whose copy was good may fail or lie the next time it is asked: then it is taken from the next.
  for (const { voter, head } of good.toSorted((a, b) => b.head.size - a.head.size)) {
    if (union.state(origin).size >= head.size) break;
    try {
      await pull(unionOf(options, voter, of), voter, origin, head.size);
    } catch (error) {
      if (options.signal?.aborted === true) throw options.signal.reason;
      tell(voter.hoster, origin, error);
    }
  }
  // The last certificate that covers nothing which could not be had: what is certified is judged.
  const certified = good
    .toSorted(certifiedFirst)
    .find((one) => certifiedSizeOf(one.head) <= union.state(origin).size);
  const certificate = certified?.head.certificate ?? null;
  if (certificate !== null) await union.certify(origin, { size: readHead(certificate).size, certificate });
}

/** One log, pulled once: whoever shows the same history is believed to hold it, whoever shows another is pulled too. */
async function uniteByHeads(
  options: VerifyLedgerOptions,
  of: {
    readonly origin: string;
    readonly claims: readonly Claim[];
    /** The log of a revoked device. */
    readonly sealed: boolean;
    readonly union: LogStore;
    readonly admission: LedgerAdmission;
    readonly tell: Tell;
    readonly left: Set<string>;
    readonly certificates: Map<string, Head>;
  },
): Promise<void> {
  const { origin, union, left, sealed } = of;
  for (const claim of of.claims.toSorted(certifiedFirst)) {
    const { voter, head } = claim;
    try {
      await pull(unionOf(options, voter, of), voter, origin, head.size);
      await checkHead(options, { ...claim, logs: union }, of.certificates);
      await takeCertificate(union, head, of.certificates);
    } catch (error) {
      if (options.signal?.aborted === true) throw options.signal.reason;
      if (isSilence(error)) {
        left.add(voter.hoster);
        continue;
      }
      try {
        // Its own copy says better what is wrong with it.
        const copy = { ...claim, logs: await LogStore.open(memoryStore(), options.crypto) };
        await checkCopy(options, copy);
        const { size, certificate } = union.state(origin);
        const known = { ...claim, head: { ...head, size, certificate }, logs: union };
        if (await compare(known, copy, sealed)) of.tell(voter.hoster, origin, error);
      } catch (own) {
        of.tell(voter.hoster, origin, own);
      }
    }
  }
}

async function takeCertificate(
  union: LogStore,
  { origin, certificate }: StoredHead,
  checked: ReadonlyMap<string, Head>,
): Promise<void> {
  const certified = certificate === null ? undefined : checked.get(certificate);
  if (certificate === null || certified === undefined) return;
  await union.certify(origin, { size: certified.size, certificate });
}

/** What was certified once and a quorum no longer shows. */
function rolledBack(union: LogStore, claims: ReadonlyMap<string, readonly Claim[]>): LedgerProblem[] {
  return union.origins().flatMap((origin) => {
    const { certifiedSize } = union.state(origin);
    const shown = Math.max(0, ...(claims.get(origin) ?? []).map(({ head }) => head.size));
    if (shown >= certifiedSize) return [];
    const message = `the hosters show ${origin} at size ${shown}, it was certified at ${certifiedSize}`;
    return [{ hoster: null, origin, index: null, code: 'ROLLBACK', message }];
  });
}

/** By the certificates' sizes as claimed: a claim that is false ends when its copy is checked. */
function certifiedFirst(a: Claim, b: Claim): number {
  return certifiedSizeOf(b.head) - certifiedSizeOf(a.head) || b.head.size - a.head.size;
}

function certifiedSizeOf({ certificate }: StoredHead): number {
  try {
    return certificate === null ? 0 : readHead(certificate).size;
  } catch {
    return 0;
  }
}

/** One hoster's copy of one log: its bytes recomputed up to the head it signed for, its certificate checked. */
async function checkCopy(options: VerifyLedgerOptions, copy: Copy): Promise<void> {
  const { voter, head, logs } = copy;
  await pull(readerOf(options, voter, logs), voter, head.origin, head.size);
  await checkHead(options, copy, new Map());
}

/** The entries in `logs` lead to the head, and its certificate is of the same history. `checked`: certificates known to hold. */
async function checkHead(
  options: VerifyLedgerOptions,
  { voter, head, logs }: Copy,
  checked: Map<string, Head>,
): Promise<void> {
  const { origin, size } = head;
  const { hoster } = voter;
  const claimed = readHead(head.checkpoint);
  // Its writer may have written on since the head was asked for, and then more than that came.
  if (claimed.size !== size || !(await logs.holds(origin, claimed))) {
    const message = `${hoster} signed a head of ${origin} at size ${size} that its own entries do not lead to`;
    throw new Fault('integrity', 'COPY_DIFFERS', message, { hoster, origin });
  }
  if (head.certificate === null) return;
  const certified =
    checked.get(head.certificate) ?? (await certifiedHead(options, logs, head.certificate, origin));
  if (certified.origin !== origin || !(await logs.holds(origin, certified))) {
    const message = `the certificate ${hoster} shows is of another history`;
    throw new Fault('integrity', 'CERTIFICATE_OTHER', message, { hoster, origin });
  }
  checked.set(head.certificate, certified);
}

async function certifiedHead(
  options: VerifyLedgerOptions,
  logs: LogStore,
  certificate: string,
  origin: string,
): Promise<Head> {
  const { crypto, charters } = options;
  const writer = await logs.writer(origin, (genesis) => resolveWriter(options, genesis, origin));
  return openCertificate(crypto, charters, certificate, writer?.key).head;
}

/**
 * Whether one is the beginning of the other. A revoked device may have signed both: that is settled, unless both are
 * certified. Faults: FORKED.
 */
async function compare(known: Copy, { voter, head, logs }: Copy, sealed: boolean): Promise<boolean> {
  const { hoster } = voter;
  const { origin } = head;
  const size = Math.min(known.head.size, head.size);
  const [one, other] = [await known.logs.rootAt(origin, size), await logs.rootAt(origin, size)];
  if (one !== undefined && other !== undefined && equalBytes(one, other)) return true;
  if (sealed && (await holdsCertified(known.logs, head))) return false;
  if (sealed && (await holdsCertified(logs, known.head))) return false;
  const message = `${hoster} holds another history of ${origin} than others`;
  throw new Fault('integrity', 'FORKED', message, { hoster, origin, size });
}

async function holdsCertified(logs: LogStore, { origin, certificate }: StoredHead): Promise<boolean> {
  return certificate === null || logs.holds(origin, readHead(certificate));
}

function readerOf(options: VerifyLedgerOptions, voter: Voter, logs: LogStore): ReaderOptions {
  const { crypto, clock, random, charters, processors } = options;
  // What the power takes is pulled again.
  const intake: Intake = {
    sync: false,
    ...(processors && { check: (...of) => processors.takeAppends(...of) }),
  };
  return { crypto, clock, random, charters, voters: () => [voter], logs, intake };
}

/** What is pulled here is what will be judged. */
function unionOf(
  options: VerifyLedgerOptions,
  voter: Voter,
  { union, admission }: { readonly union: LogStore; readonly admission: LedgerAdmission },
): ReaderOptions {
  const reader = readerOf(options, voter, union);
  return { ...reader, intake: { sync: false, ...reader.intake, taken: (...of) => admission.take(...of) } };
}

/** Does something with each, so many at a time. Rejects with the first failure, when nothing is under way any more. */
async function eachOf<Item>(
  items: Iterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const failed: unknown[] = [];
  const lane = async () => {
    for (let next = waiting.next(); next.done !== true && failed.length === 0; next = waiting.next()) {
      await work(next.value).catch((error: unknown) => failed.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  if (failed.length > 0) throw failed[0];
}
