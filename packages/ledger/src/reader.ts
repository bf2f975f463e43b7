// Reading what is in force: heads from a quorum, compared with each other and with what this reader remembers, pulled,
// and finished when nobody has certified them yet. "Not found" may be said only after this (SPEC: reading).

import { concat, Fault, fromUtf8, isFault, quorumOf, utf8 } from '@vauban/core';
import { areParted, countsOf, historiesOf } from './branches.ts';
import { openCertificate } from './checkpoint.ts';
import { collectHeads } from './collect-heads.ts';
import { followSealed, isRevoked, isSettled } from './follow-sealed.ts';
import type { HeadsBody, HeadsScope } from './heads.ts';
import { finishHead, type ReaderOptions } from './pull.ts';
import {
  gather,
  type Placed,
  remember,
  type Shown,
  shownOf,
  signedByWriter,
  takeCertificates,
  writerHere,
} from './shown-heads.ts';
import { isListed } from './writer.ts';

/**
 * Brings the own copy of every log in scope to the largest head any of q voters shows, certified. Returns their origins.
 * What a log's writer did not sign does not count: one hoster cannot make a log look longer, forked or unreadable. Of a
 * forked or sealed log it brings all branches (`partsOf`); a fork is told by `onNotice`.
 * Faults: QUORUM_UNREACHABLE, ROLLBACK, CERTIFICATES_CONTRADICT (integrity), UNFINISHED.
 */
export async function refresh(options: ReaderOptions, scope: HeadsScope): Promise<string[]> {
  const { logs } = options;
  // Before anyone is asked: what grows meanwhile is no rollback.
  const seen = await seenSizes(options);
  let { answers } = await collectHeads(options, scope);
  const shown = () =>
    new Set(answers.flatMap(({ heads, seals }) => [...heads, ...seals].map(({ origin }) => origin)));
  const remembered =
    scope.of === 'vault'
      ? await logs.originsOfVault(scope.vault)
      : scope.of === 'all'
        ? logs.origins()
        : scope.origins;
  const found: string[] = [];
  const followed = new Set<string>();
  /** Who showed what it does not hand out. One of these with a thousand logs costs as much as with one. */
  const idle = new Set<string>();
  for (let open: readonly string[] = [...new Set([...remembered, ...shown()])]; open.length > 0; ) {
    const before = idle.size;
    for (const origin of open) {
      followed.add(origin);
      if (!(await inScope(options, scope, origin))) continue;
      const heard = await countedFor(options, origin, answers);
      const asked = { origin, seen: seen.get(origin) ?? 0 };
      // One reading at a time: histories are made here.
      if (await logs.alone(`follow ${origin}`, () => follow(options, asked, heard, idle))) found.push(origin);
      if (idle.size > before) break;
    }
    if (idle.size > before) answers = (await heardWithout(options, scope, idle)) ?? answers;
    open = [...new Set([...remembered, ...shown()])].filter((origin) => !followed.has(origin));
  }
  return found.sort();
}

/** Answers of q others; undefined when there are not so many. */
async function heardWithout(
  options: ReaderOptions,
  scope: HeadsScope,
  out: ReadonlySet<string>,
): Promise<readonly HeadsBody[] | undefined> {
  const voters = () => options.voters().filter(({ hoster }) => !out.has(hoster));
  if (voters().length < quorumOf(options.charters.current)) return undefined;
  return collectHeads({ ...options, voters }, scope).then(
    (heard) => heard.answers,
    () => undefined,
  );
}

/** Whether a log belongs to what was asked for, as far as is known: a hoster may show anything. */
async function inScope({ logs }: ReaderOptions, scope: HeadsScope, origin: string): Promise<boolean> {
  if (scope.of === 'origins') return scope.origins.includes(origin);
  // The logs of a vault are known by their first entry; one that is not known yet may be of it.
  return scope.of === 'all' || !logs.has(origin) || (await logs.originsOfVault(scope.vault)).includes(origin);
}

/** Answers of q voters that vouch for this log: who calls it unready is made up for by others. */
async function countedFor(
  options: ReaderOptions,
  origin: string,
  answers: readonly HeadsBody[],
): Promise<readonly HeadsBody[]> {
  const counts = ({ unready }: HeadsBody) => !unready.includes(origin);
  if (answers.every(counts)) return answers;
  return (await collectHeads({ ...options, counts }, { of: 'origins', origins: [origin] })).answers;
}

/** Follows a log; a voter that does not hand out what it shows is left out, while q others can be asked. */
async function follow(
  options: ReaderOptions,
  asked: Asked,
  answers: readonly HeadsBody[],
  idle: Set<string>,
): Promise<boolean> {
  const { origin } = asked;
  const out = new Set<string>();
  for (let heard = answers; ; ) {
    try {
      return await followOnce(options, asked, heard);
    } catch (error) {
      if (!isFault(error, 'UNFINISHED') || typeof error.facts['hoster'] !== 'string') throw error;
      if (out.has(error.facts['hoster'])) throw error;
      out.add(error.facts['hoster']);
      idle.add(error.facts['hoster']);
      const voters = () => options.voters().filter(({ hoster }) => !out.has(hoster));
      if (voters().length < quorumOf(options.charters.current)) throw error;
      const counts = ({ unready }: HeadsBody) => !unready.includes(origin);
      const others = collectHeads({ ...options, voters, counts }, { of: 'origins', origins: [origin] });
      heard = await others.then(
        (found) => found.answers,
        () => {
          throw error;
        },
      );
    }
  }
}

/** A log, and how far it had been seen certified before anyone was asked. */
interface Asked {
  readonly origin: string;
  readonly seen: number;
}

/** False when the log is nothing but a hoster's invention. */
async function followOnce(
  options: ReaderOptions,
  asked: Asked,
  answers: readonly HeadsBody[],
): Promise<boolean> {
  const { logs, crypto } = options;
  const { origin } = asked;
  await refuseRollback(options, asked, answers);
  const shown = shownOf(options, origin, answers);
  if (await isSettled(options, origin, answers)) {
    await takeCertificates(options, origin, shown);
    return true;
  }
  const placed = await gather(options, origin, shown);
  if (!logs.has(origin)) return false;
  await takeCertificates(options, origin, shown);
  await rememberCertified(options, origin, shown);
  if ((await isRevoked(options, origin, answers)) && (await followSealed(options, origin, answers))) {
    return true;
  }
  if (placed.length === 0) return false;
  const forked = await areParted(await historiesOf(logs, crypto, origin), origin);
  if (forked) await followFork(options, origin, placed);
  else await finish(options, origin, { placed, answers });
  return true;
}

/** A head that some voter holds may be certified. What only this reader holds cannot be: any certificate's quorum shares
 * an honest voter with those who answered. It waits for its writer, and nobody's reading waits for it. */
async function finish(
  options: ReaderOptions,
  origin: string,
  { placed, answers }: { readonly placed: readonly Placed[]; readonly answers: readonly HeadsBody[] },
): Promise<void> {
  const { certifiedSize } = options.logs.state(origin);
  if (!placed.some(({ head }) => head.size > certifiedSize)) return;
  try {
    await finishHead(options, origin);
  } catch (error) {
    // The charter that drops a daemon's or operator's key seals its log: nobody who knows it cosigns more.
    const { current } = options.charters;
    const writer = await writerHere(options, origin);
    const sealed = writer !== undefined && !isListed(current, writer);
    if (!sealed || answers.some(({ version }) => version < current.version)) throw error;
  }
}

/** Every branch counts, finished or not: whatever is certified is in one that q answers showed. */
async function followFork(options: ReaderOptions, origin: string, placed: readonly Placed[]): Promise<void> {
  const known = await countsOf(options.logs.store, origin);
  for (const [slot, history] of (await historiesOf(options.logs, options.crypto, origin)).entries()) {
    const { certifiedSize } = history.state(origin);
    const open = placed.some((one) => one.slot === slot && one.head.size > certifiedSize);
    if (open) await finishHead({ ...options, logs: history }, origin).catch(() => undefined);
  }
  const heads = placed.map(({ head: { size, root } }) => ({ size, root }));
  await remember(options, origin, {
    state: 'forked',
    heads: [...(known?.heads ?? []), ...heads],
    notes: known?.notes ?? [],
  });
}

const seenPrefix = utf8('A/');

function seenKey(origin: string): Uint8Array {
  return concat(seenPrefix, utf8(origin));
}

/** How far this reader has seen a log certified, whether or not it could fetch it. */
async function seenSize(options: ReaderOptions, origin: string): Promise<number> {
  const row = await options.logs.store.get(seenKey(origin));
  const seen = row === undefined ? 0 : Number(fromUtf8(row));
  return Math.max(seen, options.logs.state(origin).certifiedSize);
}

async function rememberCertified(
  options: ReaderOptions,
  origin: string,
  shown: readonly Shown[],
): Promise<void> {
  const { logs, crypto, charters } = options;
  const writer = await writerHere(options, origin);
  const seen = await seenSize(options, origin);
  let largest = seen;
  for (const { certificate } of shown) {
    try {
      if (certificate === null) continue;
      const { head } = openCertificate(crypto, charters, certificate, writer?.key);
      if (head.origin === origin) largest = Math.max(largest, head.size);
    } catch {
      // Its sender's shame.
    }
  }
  if (largest > seen) await logs.write([{ put: seenKey(origin), value: utf8(`${largest}`) }]);
}

/** `seenSize` of every log there is. */
async function seenSizes({ logs }: ReaderOptions): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map(logs.origins().map((origin) => [origin, logs.state(origin).certifiedSize]));
  for await (const [key, row] of logs.store.range({ gte: seenPrefix, lt: utf8('A0') })) {
    const origin = fromUtf8(key.subarray(seenPrefix.length));
    sizes.set(origin, Math.max(sizes.get(origin) ?? 0, Number(fromUtf8(row))));
  }
  return sizes;
}

/** No quorum may show less than was once seen certified. Faults: ROLLBACK. */
async function refuseRollback(
  options: ReaderOptions,
  { origin, seen }: Asked,
  answers: readonly HeadsBody[],
): Promise<void> {
  const signed = await signedByWriter(options, origin, shownOf(options, origin, answers));
  const largest = Math.max(0, ...signed.map(({ head }) => head.size));
  if (largest >= seen) return;
  throw new Fault(
    'integrity',
    'ROLLBACK',
    `${answers.length} hosters show ${origin} at size ${largest}, this reader has seen it certified at ${seen}`,
    { origin, shown: largest, remembered: seen },
  );
}
