// Whether a report is the one that the ledger knows: sealed by an operator of the charter, unchanged, and its hash in that
// operator's own log, certified by a quorum.

import { type Charter, equalBytes, Fault, toHex } from '@vauban/core';
import { nodeCrypto } from '@vauban/core/node';
import { type OperatorDesk, readLedger } from '@vauban/fleet';
import { isVoided, type LogStore, originOf, type Payloads } from '@vauban/ledger';
import { type OpenedReport, openSealedReport } from '../seal.ts';

export interface VerifiedReport {
  readonly operator: string;
  /** Hex. */
  readonly drill: string;
  readonly scenario: string;
  readonly phase: 'ended' | 'aborted';
  /** SHA-256 of the file, hex. */
  readonly digest: string;
  /** Of the ledger's entry. */
  readonly entry: { readonly origin: string; readonly index: number };
  /** When the operator says that it ended, ms since 1970. */
  readonly time: number;
}

/**
 * Faults: those of openSealedReport, NETWORK_SILENT, QUORUM_UNREACHABLE; REPORT_UNRECORDED (integrity) when no certified entry has
 * its hash.
 */
export async function verifyReport(
  desk: OperatorDesk,
  file: Uint8Array,
  signal: AbortSignal,
): Promise<VerifiedReport> {
  const versions = desk.session.chain.versions();
  const opened = openUnder(versions, file);
  const read = await readLedger(desk.session, {
    answers: new Set(desk.charter.daemons.map(({ id }) => id)),
    signal,
  });
  if (read === undefined) {
    throw new Fault('unreachable', 'NETWORK_SILENT', 'no hoster answers: the ledger cannot be read', {});
  }
  for (const origin of originsOf(versions, opened.operator)) {
    const found = await entryWith(read.logs, origin, opened.digest);
    if (found !== undefined) return { ...found, operator: opened.operator, digest: toHex(opened.digest) };
  }
  if (read.gap !== undefined) throw new Fault('unreachable', 'QUORUM_UNREACHABLE', read.gap, {});
  const message = `the report is sealed by ${opened.operator}, and no certified entry of the ledger has its hash: it is not the report of a drill of this network, or that drill never ended`;
  throw new Fault('integrity', 'REPORT_UNRECORDED', message, { digest: toHex(opened.digest) });
}

/** An operator may have left the charter since: any version that lists the key will do. */
function openUnder(versions: readonly Charter[], file: Uint8Array): OpenedReport {
  let first: unknown;
  for (const { operators } of versions.toReversed()) {
    try {
      return openSealedReport(nodeCrypto, { file, operators });
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

function originsOf(versions: readonly Charter[], operator: string): ReadonlySet<string> {
  return new Set(
    versions.flatMap(({ name, operators }) =>
      operators.filter(({ id }) => id === operator).map(({ key }) => originOf(nodeCrypto, name, key)),
    ),
  );
}

async function entryWith(
  logs: LogStore,
  origin: string,
  digest: Uint8Array,
): Promise<Omit<VerifiedReport, 'operator' | 'digest'> | undefined> {
  const { certifiedSize } = logs.state(origin);
  for (let index = certifiedSize - 1; index > 0; index--) {
    const { entry, payload } = await logs.entry(origin, index);
    if (payload.kind !== 'drill' || payload.phase === 'begun') continue;
    const said: Payloads['drill'] = payload;
    if (said.report === null || !equalBytes(said.report, digest)) continue;
    if (await isVoided(logs.store, { origin, index })) continue;
    const { drill, scenario } = said;
    return {
      drill: toHex(drill),
      scenario,
      phase: payload.phase,
      entry: { origin, index },
      time: entry.time,
    };
  }
  return undefined;
}
