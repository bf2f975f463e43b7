// What a network stores and who is there, as a forecast begins with it: the ledger's segments, those that stand alike counted
// together, and each daemon that does not answer. Changes nothing.

import type { Charter, DaemonId } from '@vauban/core';
import { consortiumFacts, isLostDaemon, type LogStore } from '@vauban/ledger';
import { ledgerSegments, type LedgerSegment } from '../ledger-segments.ts';
import { NetworkSession } from './network-session.ts';
import { daemonPlaces } from './layout.ts';
import { readLedger } from './read-ledger.ts';

/** Segments that stand on the same daemons, by index. */
export interface HeldSegments {
  readonly code: LedgerSegment['code'];
  readonly k: number;
  readonly m: number;
  /** By fragment index; null where nobody has it whom fewer than f + 1 hosters doubt. */
  readonly holders: readonly (DaemonId | null)[];
  readonly segments: number;
  /** Of all their fragments together, n of each segment. */
  readonly bytes: number;
}

export interface NetworkHoldings {
  readonly charter: Charter;
  readonly placements: readonly HeldSegments[];
  /** `lost`: burnt, or silent and its site declared lost; `silent`: it does not answer. Others do. */
  readonly standing: readonly { readonly daemon: DaemonId; readonly is: 'silent' | 'lost' }[];
  /** Why the ledger may go on beyond what was read. */
  readonly gap: string | null;
}

const ASK_MS = 3_000;

/** Undefined when no hoster answers. Faults: NETWORK_MISSING, NO_KEYS, integrity faults of the ledger. */
export async function networkHoldings(
  directory: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<NetworkHoldings | undefined> {
  const places = await daemonPlaces(directory);
  const session = await NetworkSession.open(directory, { as: 'operator', deadlineMs: ASK_MS, ...options });
  try {
    await session.catchUp();
    const burnt = new Set(places.filter((place) => place.burnt).map(({ id }) => id));
    const answers = new Set<DaemonId>();
    await Promise.all(
      session.charter.daemons.map(async ({ id }) => {
        const answered =
          !burnt.has(id) &&
          (await session.ask(id, 'status', {}).then(
            () => true,
            () => false,
          ));
        if (answered) answers.add(id);
      }),
    );
    const read = await readLedger(session, { answers, ...options });
    if (read === undefined) return undefined;
    const { logs, gap = null } = read;
    const { charter } = session;
    const declared = await consortiumFacts(logs);
    const losses = declared.losses.filter(({ certified }) => certified);
    const readmits = declared.readmits.filter(({ certified }) => certified);
    const standing = charter.daemons.flatMap(({ id }) => {
      if (answers.has(id)) return [];
      const isLost = burnt.has(id) || isLostDaemon({ losses, readmits }, charter, id);
      return [{ daemon: id, is: isLost ? ('lost' as const) : ('silent' as const) }];
    });
    return { charter, placements: await counted(logs, { charter, answers, burnt }), standing, gap };
  } finally {
    await session.close();
  }
}

/** Of several daemons that hold one fragment, one that answers counts first, and one that is burnt last. */
async function counted(
  logs: LogStore,
  of: {
    readonly charter: Charter;
    readonly answers: ReadonlySet<DaemonId>;
    readonly burnt: ReadonlySet<DaemonId>;
  },
): Promise<readonly HeldSegments[]> {
  const rank = (daemon: DaemonId) => (of.answers.has(daemon) ? 0 : of.burnt.has(daemon) ? 2 : 1);
  const alike = new Map<string, { -readonly [key in keyof HeldSegments]: HeldSegments[key] }>();
  for await (const { code, k, m, bytes, holders } of ledgerSegments(logs, of.charter)) {
    const best: (DaemonId | null)[] = Array.from({ length: k + m }, () => null);
    for (const { index, daemon } of holders) {
      const known = best[index];
      if (known === null || (known !== undefined && rank(daemon) < rank(known))) best[index] = daemon;
    }
    const key = `${code} ${k} ${m} ${best.join()}`;
    const known = alike.get(key) ?? { code, k, m, holders: best, segments: 0, bytes: 0 };
    known.segments += 1;
    known.bytes += bytes * (k + m);
    alike.set(key, known);
  }
  return [...alike.values()];
}
