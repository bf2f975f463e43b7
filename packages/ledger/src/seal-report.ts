// What a hoster says of sealed logs and of forks it can prove. A seal is listed only when its row is durable; the row is
// what stops the vote, so the branch reported is the one that stays.

import { fromUtf8, type Store, utf8 } from '@vauban/core';
import { BRANCHES_MAX, type HeadsBody, type HeadsScope, type SealReport } from './heads.ts';
import { genesisOf, type HeldLogs } from './held-logs.ts';
import type { LogRecord } from './log-record.ts';
import { isSealed, noteHashesAbout, originsNamed, sealersOf } from './note-shelf.ts';
import { readDelegation } from './root-note.ts';

/** Proofs told in one answer: enough to act on, small enough for a message. */
const FORKS_TOLD_MAX = 64;

/** The agency whose device writes a log, as its first record claims; undefined for daemons and operators. */
function agencyOf(genesis: LogRecord | undefined): string | undefined {
  if (genesis === undefined) return undefined;
  const payload = genesisOf(genesis);
  return payload.writer === 'device' ? readDelegation(payload.note).agency : undefined;
}

/** Whether this store sealed a log: its own agency revoked its writer. `genesis` stands in for a log not stored yet. */
export async function isLogSealed(logs: HeldLogs, origin: string, genesis?: LogRecord): Promise<boolean> {
  // Hardly any log is ever spoken of: one look decides for all others.
  if ((await sealersOf(logs.store, origin)).length === 0) return false;
  const agency = agencyOf((await logs.record(origin, 0)) ?? genesis);
  return agency !== undefined && isSealed(logs.store, { origin, agency });
}

/** Seals of the logs in scope: what this store holds of each, or nothing for a log it never saw. */
export async function sealReports(
  logs: HeldLogs,
  of: { readonly scope: HeadsScope; readonly origins: readonly string[] },
): Promise<SealReport[]> {
  const { scope } = of;
  const known = new Set(of.origins);
  const reports: SealReport[] = [];
  for (const origin of await originsNamed(logs.store)) {
    const unseen = !logs.has(origin);
    const asked = scope.of === 'all' || (scope.of === 'origins' && scope.origins.includes(origin));
    if (!known.has(origin) && !(unseen && asked)) continue;
    const own = agencyOf(await logs.record(origin, 0));
    const agencies = unseen ? await sealersOf(logs.store, origin) : own === undefined ? [] : [own];
    const notes: Uint8Array[] = [];
    for (const agency of agencies) {
      if (await isSealed(logs.store, { origin, agency }))
        notes.push(...(await noteHashesAbout(logs.store, { origin, agency })));
    }
    if (notes.length === 0) continue;
    const { size, checkpoint } = logs.state(origin);
    const branches = size === 0 ? [] : [{ size, checkpoint }];
    reports.push({ origin, notes: notes.slice(0, BRANCHES_MAX), branches });
  }
  return reports;
}

/** Proofs this store keeps about logs in scope. */
export async function forkReports(store: Store, inScope: ReadonlySet<string>): Promise<HeadsBody['forks']> {
  const found: { origin: string; proof: Uint8Array }[] = [];
  for await (const [key, proof] of store.range({ gte: utf8('F/'), lt: utf8('F0') })) {
    const origin = fromUtf8(key.subarray(2));
    if (inScope.has(origin)) found.push({ origin, proof });
    if (found.length >= FORKS_TOLD_MAX) break;
  }
  return found;
}

/** How many logs this store can prove to be forked: what wants a human. */
export async function forkedOrigins(store: Store): Promise<string[]> {
  const found: string[] = [];
  for await (const [key] of store.range({ gte: utf8('F/'), lt: utf8('F0') })) {
    found.push(fromUtf8(key.subarray(2)));
    if (found.length >= FORKS_TOLD_MAX) break;
  }
  return found;
}
