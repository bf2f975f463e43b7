// Heads as voters show them, and bringing what they stand for into a reader's copy: into the history they continue, or
// into one of its own when the writer signed more than one. What the log's writer did not sign does not count.

import { asFault, equalBytes, Fault, isFault } from '@vauban/core';
import {
  countsOf,
  clearSlot,
  countsRow,
  historiesOf,
  keepForkProof,
  type LogCounts,
  slotOf,
} from './branches.ts';
import { type Head, openCertificate, openCheckpoint, readHead } from './checkpoint.ts';
import { BRANCHES_MAX, type HeadsBody, type StoredHead } from './heads.ts';
import type { LogStore } from './log-store.ts';
import { pull, type ReaderOptions, resolveWriter } from './pull.ts';
import type { Voter } from './voter.ts';
import type { Writer } from './writer.ts';

export interface Shown {
  readonly head: Head;
  readonly certificate: string | null;
  readonly checkpoint: string;
  readonly voter: Voter;
}

/** A head with the history that leads to it: its number among `historiesOf`. */
export interface Placed extends Shown {
  readonly slot: number;
}

/** Heads of one log in the answers: those of `heads`, and the branches of its seals. */
export function shownOf(options: ReaderOptions, origin: string, answers: readonly HeadsBody[]): Shown[] {
  const voters = new Map(options.voters().map((one) => [one.hoster, one]));
  const shown: Shown[] = [];
  for (const { hoster, heads, seals } of answers) {
    const voter = voters.get(hoster);
    if (voter === undefined) continue;
    const branches = seals.filter((one) => one.origin === origin).flatMap((one) => one.branches);
    const told: StoredHead[] = heads.filter((one) => one.origin === origin);
    for (const { size, checkpoint } of branches) told.push({ origin, size, checkpoint, certificate: null });
    for (const stored of told) {
      const head = headOf(stored);
      if (head === undefined) continue;
      shown.push({ head, checkpoint: stored.checkpoint, certificate: stored.certificate, voter });
    }
  }
  return shown;
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

/** The writer of a log in this reader's copy; undefined while the log is unknown here. */
export function writerHere(options: ReaderOptions, origin: string): Promise<Writer | undefined> {
  return options.logs.writer(origin, (...first) => resolveWriter(options, ...first));
}

/** Those that the log's writer signed; all of them while the log is unknown here. */
export async function signedByWriter(
  options: ReaderOptions,
  origin: string,
  shown: readonly Shown[],
): Promise<readonly Shown[]> {
  const writer = await writerHere(options, origin);
  if (writer === undefined) return shown;
  return shown.filter(({ checkpoint }) => {
    try {
      openCheckpoint(options.crypto, checkpoint, writer.key);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Pulls what every head shown stands for. A head whose voter does not hand its bytes out is UNFINISHED, unless nobody
 * could show anything of that log: then the voter made it up. Faults: UNFINISHED {origin, hoster}.
 */
export async function gather(
  options: ReaderOptions,
  origin: string,
  claimed: readonly Shown[],
): Promise<Placed[]> {
  let shown = await signedByWriter(options, origin, claimed);
  const failed = new Map<Shown, Fault>();
  const placed: Placed[] = [];
  for (const one of shown.toSorted((a, b) => b.head.size - a.head.size)) {
    if (!shown.includes(one)) continue;
    try {
      placed.push({ ...one, slot: await place(options, origin, one) });
    } catch (error) {
      const fault = asFault(error);
      if (fault.kind === 'integrity') throw fault;
      const { hoster } = one.voter;
      const madeUp = fault.kind === 'refused' || fault.code === 'UNFINISHED';
      if (madeUp && !options.logs.has(origin)) shown = shown.filter((other) => other !== one);
      failed.set(one, unfetched(origin, hoster, fault));
    }
    shown = await signedByWriter(options, origin, shown);
  }
  // Others may have handed the same out; and once the writer is known, it shows who held back what is truly signed.
  const histories = await historiesOf(options.logs, options.crypto, origin);
  for (const one of await signedByWriter(options, origin, [...failed.keys()])) {
    const slot = await slotHolding(histories, origin, one.head);
    if (slot !== undefined) placed.push({ ...one, slot });
    else if (shown.includes(one) || options.logs.has(origin)) throw failed.get(one) as Fault;
  }
  return placed;
}

async function slotHolding(
  histories: readonly LogStore[],
  origin: string,
  head: Head,
): Promise<number | undefined> {
  for (const [slot, logs] of histories.entries()) if (await logs.holds(origin, head)) return slot;
  return undefined;
}

function unfetched(origin: string, hoster: string, cause: Fault): Fault {
  const message = `the newest entries of ${origin} could not be fetched from ${hoster}`;
  return new Fault('unreachable', 'UNFINISHED', message, { origin, hoster, because: cause.code }, cause);
}

/** The history that holds a head, pulled where needed. Faults: those of `pull`, UNFINISHED. */
export async function place(
  options: ReaderOptions,
  origin: string,
  one: Pick<Shown, 'head' | 'voter'>,
): Promise<number> {
  const { head, voter } = one;
  const histories = await historiesOf(options.logs, options.crypto, origin);
  const known = await slotHolding(histories, origin, head);
  if (known !== undefined) return known;
  for (const [slot, logs] of histories.entries()) {
    if (logs.state(origin).size >= head.size) continue;
    try {
      await pull({ ...options, logs }, voter, origin, head.size);
    } catch (error) {
      // Another history than this one, or bytes nobody signed: the next store decides.
      if (isFault(error, 'CHAIN_BROKEN') || isFault(error, 'ROOT_MISMATCH')) continue;
      throw error;
    }
    if (await logs.holds(origin, head)) return slot;
  }
  return ownHistory(options, origin, one);
}

/** A store of its own for a history that continues none at hand. */
async function ownHistory(
  options: ReaderOptions,
  origin: string,
  { head, voter }: Pick<Shown, 'head' | 'voter'>,
): Promise<number> {
  const { logs, crypto } = options;
  const counts = (await countsOf(logs.store, origin)) ?? noCounts;
  const unfinished = (why: string) =>
    new Fault('unreachable', 'UNFINISHED', why, { origin, hoster: voter.hoster });
  if (counts.slots >= BRANCHES_MAX) throw unfinished(`${origin} has more histories than can be kept`);
  // What an attempt that ended early left there is nobody's.
  await clearSlot(logs, { origin, slot: counts.slots });
  const own = await slotOf(logs, crypto, { origin, slot: counts.slots });
  await pull({ ...options, logs: own }, voter, origin, head.size);
  if (!(await own.holds(origin, head))) {
    throw unfinished(`${voter.hoster} hands out other entries of ${origin} than it signed for`);
  }
  await logs.write([countsRow(origin, { ...counts, slots: counts.slots + 1 })]);
  return counts.slots + 1;
}

export const noCounts: LogCounts = { state: 'forked', slots: 0, heads: [], notes: [] };

/** Remembers certificates that hold, each in the history it is of; one that does not is only its sender's shame. */
export async function takeCertificates(
  options: ReaderOptions,
  origin: string,
  shown: readonly Shown[],
): Promise<void> {
  const { crypto, charters } = options;
  const writer = await writerHere(options, origin);
  const histories = await historiesOf(options.logs, crypto, origin);
  for (const certificate of new Set(shown.map((one) => one.certificate))) {
    if (certificate === null) continue;
    let head: Head;
    try {
      ({ head } = openCertificate(crypto, charters, certificate, writer?.key));
    } catch {
      continue;
    }
    if (head.origin !== origin) continue;
    for (const logs of histories) {
      if (await logs.holds(origin, head)) {
        await logs.certify(origin, { size: head.size, certificate });
      }
    }
  }
  await refuseContradiction(histories, origin);
}

/** Two certified histories mean that more hosters lie than the charter reckons with: nothing can be answered. */
async function refuseContradiction(histories: readonly LogStore[], origin: string): Promise<void> {
  const [first] = histories.toSorted((a, b) => b.state(origin).certifiedSize - a.state(origin).certifiedSize);
  for (const other of histories) {
    const { certifiedSize: size } = other.state(origin);
    const [one, two] = [await first?.rootAt(origin, size), await other.rootAt(origin, size)];
    if (size === 0 || (one !== undefined && two !== undefined && equalBytes(one, two))) continue;
    const message = `two histories of ${origin} are certified: more hosters lie than the charter reckons with`;
    throw new Fault('integrity', 'CERTIFICATES_CONTRADICT', message, { origin, size });
  }
}

/**
 * Remembers up to which heads a log counts, and says that it is forked, with a proof, when it has several histories.
 */
export async function remember(
  options: ReaderOptions,
  origin: string,
  counts: Pick<LogCounts, 'state' | 'heads' | 'notes'>,
): Promise<void> {
  const { logs, crypto } = options;
  const histories = await historiesOf(logs, crypto, origin);
  const row = { ...counts, slots: histories.length - 1, heads: distinct(counts.heads) };
  await logs.write([countsRow(origin, row)]);
  const [main, ...others] = histories;
  const writer = await writerHere(options, origin);
  for (const other of others) {
    if (main === undefined || writer === undefined) break;
    const of = { origin, writer: writer.key, histories: [main, other] } as const;
    if ((await keepForkProof(logs.store, crypto, of)) === undefined) continue;
    if (counts.state === 'sealed') break;
    const message = `the writer of ${origin} signed two histories: what either says counts until its device is revoked`;
    options.onNotice?.(new Fault('integrity', 'FORKED', message, { origin, histories: others.length + 1 }));
    break;
  }
}

function distinct(heads: LogCounts['heads']): LogCounts['heads'] {
  return heads
    .filter(
      (one, nth) =>
        heads.findIndex((other) => other.size === one.size && equalBytes(other.root, one.root)) === nth,
    )
    .slice(0, 2 * BRANCHES_MAX);
}
