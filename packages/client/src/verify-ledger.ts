// Checking the whole ledger: every log of every hoster that answers is pulled and recomputed, the copies are compared,
// and every certified entry is admitted again under the charter of its time. Believes signatures, nothing else.

import {
  asFault,
  type Charter,
  type Clock,
  type Crypto,
  equalBytes,
  Fault,
  memoryStore,
  type Random,
} from '@vauban/core';
import {
  type AdmissionView,
  admit,
  type CharterChain,
  type HeadsScope,
  isVoided,
  LogStore,
  openCertificate,
  openEntry,
  openHeads,
  pull,
  readHead,
  type ReaderOptions,
  resolveWriter,
  segmentFacts,
  type StoredHead,
  type Voter,
} from '@vauban/ledger';

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
  readonly onHoster?: (done: number, total: number, hoster: string) => void;
  readonly signal?: AbortSignal;
}

/** Entries read at once. */
const PAGE = 256;

export async function verifyLedger(options: VerifyLedgerOptions): Promise<LedgerReport> {
  const problems: LedgerProblem[] = [];
  const reached: string[] = [];
  const silent: string[] = [];
  const union = await LogStore.open(memoryStore(), options.crypto);
  const tell = (hoster: string, origin: string | null, error: unknown) => {
    const { code, message } = asFault(error);
    problems.push({ hoster, origin, index: null, code, message });
  };
  for (const [nth, voter] of options.voters.entries()) {
    options.signal?.throwIfAborted();
    options.onHoster?.(nth, options.voters.length, voter.hoster);
    let heads: readonly StoredHead[];
    try {
      heads = await headsOf(options, voter);
      reached.push(voter.hoster);
    } catch (error) {
      if (asFault(error).kind === 'unreachable') silent.push(voter.hoster);
      else tell(voter.hoster, null, error);
      continue;
    }
    const copy = await LogStore.open(memoryStore(), options.crypto);
    for (const head of heads) {
      try {
        await checkCopy(options, { voter, head, copy });
        await compare(options, { voter, head, union });
      } catch (error) {
        if (options.signal?.aborted === true) throw options.signal.reason;
        tell(voter.hoster, head.origin, error);
      }
    }
  }
  problems.push(...(await admitAll(options, union)));
  const states = union.origins().map((origin) => union.state(origin));
  return {
    ok: problems.length === 0 && reached.length > 0,
    logs: states.length,
    entries: states.reduce((sum, one) => sum + one.size, 0),
    certified: states.reduce((sum, one) => sum + one.certifiedSize, 0),
    problems,
    reached,
    silent,
  };
}

async function headsOf(options: VerifyLedgerOptions, voter: Voter): Promise<StoredHead[]> {
  const { crypto, random, charters } = options;
  const heads: StoredHead[] = [];
  for (const scope of options.scopes) {
    const nonce = random.bytes(32);
    const signed = await voter.heads(nonce, scope);
    const body = openHeads(crypto, charters.current, { hoster: voter.hoster, nonce, scope }, signed);
    heads.push(...body.heads);
  }
  return heads;
}

/** One hoster's copy of one log: its bytes recomputed up to the head it signed for, its certificate checked. */
async function checkCopy(
  options: VerifyLedgerOptions,
  { voter, head, copy }: { readonly voter: Voter; readonly head: StoredHead; readonly copy: LogStore },
): Promise<void> {
  const reader = readerOf(options, voter, copy);
  await pull(reader, voter, head.origin, head.size);
  const state = copy.state(head.origin);
  if (
    state.size !== head.size ||
    !equalBytes(readHead(state.checkpoint).root, readHead(head.checkpoint).root)
  ) {
    throw new Fault(
      'integrity',
      'COPY_DIFFERS',
      `${voter.hoster} signed a head of ${head.origin} at size ${head.size} that its own entries do not lead to`,
      { hoster: voter.hoster, origin: head.origin },
    );
  }
  if (head.certificate === null) return;
  const writer = await copy.writer(head.origin, (genesis) => resolveWriter(options, genesis, head.origin));
  const { head: certified } = openCertificate(
    options.crypto,
    options.charters.current,
    head.certificate,
    writer?.key,
  );
  const held = await copy.checkpointAt(head.origin, certified.size);
  if (held === undefined || !equalBytes(readHead(held).root, certified.root)) {
    throw new Fault(
      'integrity',
      'CERTIFICATE_OTHER',
      `the certificate ${voter.hoster} shows is of another history`,
      {
        hoster: voter.hoster,
        origin: head.origin,
      },
    );
  }
}

/** Copies of equal sizes must be equal; the longest becomes part of the union. */
async function compare(
  options: VerifyLedgerOptions,
  { voter, head, union }: { readonly voter: Voter; readonly head: StoredHead; readonly union: LogStore },
): Promise<void> {
  const known = await union.checkpointAt(head.origin, head.size);
  if (known !== undefined && !equalBytes(readHead(known).root, readHead(head.checkpoint).root)) {
    throw new Fault(
      'integrity',
      'FORKED',
      `${voter.hoster} holds another history of ${head.origin} than others`,
      {
        hoster: voter.hoster,
        origin: head.origin,
        size: head.size,
      },
    );
  }
  if (union.state(head.origin).size < head.size) {
    await pull(readerOf(options, voter, union), voter, head.origin, head.size);
  }
  if (head.certificate !== null) {
    const { size } = readHead(head.certificate);
    await union.certify(head.origin, { size, certificate: head.certificate });
  }
}

function readerOf(options: VerifyLedgerOptions, voter: Voter, logs: LogStore): ReaderOptions {
  const { crypto, clock, random, charters } = options;
  return { crypto, clock, random, charters, voters: [voter], logs };
}

/** Admission of every certified entry that no void cancels, as it had to hold when it was written. */
async function admitAll(options: VerifyLedgerOptions, logs: LogStore): Promise<LedgerProblem[]> {
  const problems: LedgerProblem[] = [];
  for (const origin of logs.origins()) {
    const { certifiedSize } = logs.state(origin);
    const writer = await logs.writer(origin, (genesis) => resolveWriter(options, genesis, origin));
    if (writer === undefined) continue;
    for (let from = 0; from < certifiedSize; from += PAGE) {
      options.signal?.throwIfAborted();
      const records = await logs.records(origin, from, Math.min(certifiedSize, from + PAGE));
      for (const [nth, record] of records.entries()) {
        const index = from + nth;
        if (await isVoided(logs.store, { origin, index })) continue;
        try {
          const open = openEntry(options.crypto, record.entry, record);
          // What was certified later does not matter to a void of its time.
          await admit(
            viewAt(options, logs, open.entry.time),
            { origin, index, writer, certifiedSize: 0 },
            open,
          );
        } catch (error) {
          const { code, message } = asFault(error);
          problems.push({ hoster: null, origin, index, code, message });
        }
      }
    }
  }
  return problems;
}

function viewAt(options: VerifyLedgerOptions, logs: LogStore, time: number): AdmissionView {
  const { charters, crypto } = options;
  return {
    crypto,
    now: time,
    current: charterAt(charters, time),
    charterVersion: (version) => charters.version(version),
    generationOf: async () => 0,
    segment: (id) => segmentFacts(logs, id),
    certifiedSizeOf: async (origin) => logs.state(origin).certifiedSize,
  };
}

/** The version in force at a time; the first one for whatever is older. */
function charterAt(charters: CharterChain, time: number): Charter {
  let found = charters.version(1) as Charter;
  for (let version = 2; version <= charters.current.version; version++) {
    const next = charters.version(version) as Charter;
    if (next.issued <= time) found = next;
  }
  return found;
}
