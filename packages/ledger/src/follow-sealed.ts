// Reading a sealed log: q hosters' seals, each durable before it was reported, name the branches; any certificate made
// before had a quorum that shares an honest hoster with them. A `sealed` note that q acknowledged names them for good.

import { asFault, type Crypto, equalBytes, Fault, quorumOf } from '@vauban/core';
import { countsOf, historiesOf, type LogCounts } from './branches.ts';
import { collectHeads } from './collect-heads.ts';
import type { HeadsBody } from './heads.ts';
import { isSealed, keepRootNote, noteHashesAbout, originNamed, storedNote } from './note-shelf.ts';
import type { ReaderOptions } from './pull.ts';
import { openNoteUnder, readRootNote, type RootNote, type SealedNote } from './root-note.ts';
import { gather, noCounts, place, remember, shownOf, takeCertificates, writerHere } from './shown-heads.ts';
import type { Voter } from './voter.ts';

const ORIGIN_SCOPE = (origin: string) => ({ of: 'origins' as const, origins: [origin] });

/** The agency that may seal a log; undefined for logs of daemons and operators, which the charter seals. */
async function sealerOf(options: ReaderOptions, origin: string): Promise<string | undefined> {
  const writer = await writerHere(options, origin);
  return writer?.kind === 'device' ? writer.delegation.agency : undefined;
}

/**
 * Whether the log's agency revoked its device, as a note shows that this reader stores or one of the answers leads to.
 * A hoster that speaks of a seal without such a note made it up.
 */
export async function isRevoked(
  options: ReaderOptions,
  origin: string,
  answers: readonly HeadsBody[],
): Promise<boolean> {
  const agency = await sealerOf(options, origin);
  if (agency === undefined) return false;
  await fetchNotes(options, { origin, agency }, answers);
  return isSealed(options.logs.store, { origin, agency });
}

/** Fetches the notes that answers name and this reader lacks. What does not check is only its sender's shame. */
async function fetchNotes(
  options: ReaderOptions,
  log: { readonly origin: string; readonly agency: string },
  answers: readonly HeadsBody[],
): Promise<void> {
  const { logs, crypto, charters, clock } = options;
  const voters = new Map(options.voters().map((one) => [one.hoster, one]));
  for (const { hoster, seals } of answers) {
    for (const hash of seals.find((one) => one.origin === log.origin)?.notes ?? []) {
      if ((await storedNote(logs.store, hash)) !== undefined) continue;
      try {
        const voter = voters.get(hoster);
        const note = voter && (await fetchNote(voter, crypto, hash));
        if (note === undefined) continue;
        const said = openNoteUnder(crypto, charters.versions(), note);
        if (said.agency !== log.agency || originNamed(crypto, said) !== log.origin) continue;
        const write = logs.write.bind(logs);
        await keepRootNote({ crypto, store: logs.store, write }, { said, now: clock.now() }, note);
      } catch (error) {
        if (asFault(error).kind === 'integrity') throw error;
      }
    }
  }
}

/** One note by its hash; undefined when the voter does not list it. */
export async function fetchNote(
  voter: Voter,
  crypto: Crypto,
  hash: Uint8Array,
): Promise<Uint8Array | undefined> {
  const { notes } = await voter.notes(justBefore(hash));
  return notes.find((one) => equalBytes(crypto.sha256(one), hash));
}

/** The hash before: notes are listed after a hash. */
function justBefore(hash: Uint8Array): Uint8Array | null {
  const before = Uint8Array.from(hash);
  for (let at = before.length - 1; at >= 0; at--) {
    before[at] = ((before[at] as number) + 255) % 256;
    if (before[at] !== 255) return before;
  }
  return null;
}

interface StoredNote {
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
  readonly said: RootNote;
}

async function notesAbout(
  options: ReaderOptions,
  log: { readonly origin: string; readonly agency: string },
): Promise<StoredNote[]> {
  const { store } = options.logs;
  const found: StoredNote[] = [];
  for (const hash of await noteHashesAbout(store, log)) {
    const bytes = await storedNote(store, hash);
    if (bytes !== undefined) found.push({ hash, bytes, said: readRootNote(bytes) });
  }
  return found;
}

/** Brings a note to all voters; how many stored it, and whether more refused it than can lie. */
export async function bringNote(
  options: Pick<ReaderOptions, 'voters' | 'charters'>,
  note: Uint8Array,
): Promise<{
  readonly stored: ReadonlySet<string>;
  readonly refusal: Fault | undefined;
  readonly faults: readonly Fault[];
}> {
  const stored = new Set<string>();
  const faults: Fault[] = [];
  await Promise.all(
    options.voters().map(async (voter) => {
      try {
        await voter.putNote(note);
        stored.add(voter.hoster);
      } catch (error) {
        faults.push(asFault(error));
      }
    }),
  );
  const refusals = faults.filter((one) => one.kind === 'refused');
  const refusal = refusals.length > options.charters.current.f ? refusals[0] : undefined;
  return { stored, refusal, faults };
}

/**
 * Follows a log whose device was revoked. False when the hosters do not take the revocation (its key was replaced): then
 * the log is followed like any other. Faults: UNFINISHED.
 */
export async function followSealed(
  options: ReaderOptions,
  origin: string,
  heard: readonly HeadsBody[],
): Promise<boolean> {
  const { logs, charters } = options;
  const agency = (await sealerOf(options, origin)) as string;
  const needed = quorumOf(charters.current);
  let reports = sealing(heard, origin);
  const known = await countsOf(logs.store, origin);
  if (reports.length < needed) {
    const revocations = (await notesAbout(options, { origin, agency })).filter(
      ({ said }) => said.format === 'vauban/revoke/0',
    );
    for (const { bytes } of revocations) {
      const { refusal } = await bringNote(options, bytes);
      if (refusal !== undefined) return false;
    }
    reports = await askSealed(options, origin);
  }
  await fetchNotes(options, { origin, agency }, reports);
  const shown = shownOf(options, origin, [...heard, ...reports]);
  const placed = await gather(options, origin, shown);
  await takeCertificates(options, origin, shown);
  const notes = await notesAbout(options, { origin, agency });
  const named = await acknowledged(options, notes, reports);
  const heads = named.flatMap(({ branches }) => branches);
  for (const head of heads) await placeNamed(options, { origin, ...head });
  const before = known?.heads ?? noCounts.heads;
  await remember(options, origin, {
    state: named.length > 0 ? 'sealed' : 'sealing',
    heads:
      named.length > 0 ? heads : [...before, ...placed.map(({ head: { size, root } }) => ({ size, root }))],
    notes: notes.map(({ hash }) => hash),
  });
  return true;
}

/** Whether it is known for good what of a sealed log counts, and nobody speaks of another note. */
export async function isSettled(
  options: ReaderOptions,
  origin: string,
  heard: readonly HeadsBody[],
): Promise<boolean> {
  const known = await countsOf(options.logs.store, origin);
  return known?.state === 'sealed' && sealing(heard, origin).every((one) => namesOnly(one, origin, known));
}

function sealing(answers: readonly HeadsBody[], origin: string): readonly HeadsBody[] {
  return answers.filter(({ seals }) => seals.some((one) => one.origin === origin));
}

function namesOnly({ seals }: HeadsBody, origin: string, known: LogCounts): boolean {
  const named = seals.find((one) => one.origin === origin)?.notes ?? [];
  return named.every((hash) => known.notes.some((one) => equalBytes(one, hash)));
}

async function askSealed(options: ReaderOptions, origin: string): Promise<readonly HeadsBody[]> {
  try {
    const counts = (body: HeadsBody) => sealing([body], origin).length > 0 && !body.unready.includes(origin);
    return (await collectHeads({ ...options, counts }, ORIGIN_SCOPE(origin))).answers;
  } catch (error) {
    const fault = asFault(error);
    const message = `too few hosters have sealed ${origin} for its end to be known: ${fault.message}`;
    throw new Fault('unreachable', 'UNFINISHED', message, { origin, because: fault.code }, fault);
  }
}

/** The `sealed` notes that q voters store; one that fewer report is brought to the others first. */
async function acknowledged(
  options: ReaderOptions,
  notes: readonly StoredNote[],
  reports: readonly HeadsBody[],
): Promise<SealedNote[]> {
  const needed = quorumOf(options.charters.current);
  const found: SealedNote[] = [];
  for (const { hash, bytes, said } of notes) {
    if (said.format !== 'vauban/sealed/0') continue;
    const listing = reports.filter(({ seals }) =>
      seals.some((one) => one.origin === said.origin && one.notes.some((other) => equalBytes(other, hash))),
    );
    if (listing.length >= needed || (await bringNote(options, bytes)).stored.size >= needed) found.push(said);
  }
  return found;
}

/** A branch that a note names is fetched from whoever holds it. Faults: UNFINISHED. */
async function placeNamed(
  options: ReaderOptions,
  head: { readonly origin: string; readonly size: number; readonly root: Uint8Array },
): Promise<void> {
  const { origin } = head;
  for (const logs of await historiesOf(options.logs, options.crypto, origin)) {
    if (await logs.holds(origin, head)) return;
  }
  for (const voter of options.voters()) {
    try {
      await place(options, origin, { head, voter });
      return;
    } catch (error) {
      if (asFault(error).kind === 'integrity') throw error;
    }
  }
  const message = `a branch of ${origin} that its agency named cannot be fetched from any hoster`;
  throw new Fault('unreachable', 'UNFINISHED', message, { origin, size: head.size });
}
