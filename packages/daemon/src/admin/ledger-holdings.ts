// What the ledger says this daemon holds, segment by segment, and for whom: the first of the three columns of an account.

import type { Crypto, DaemonId } from '@vauban/core';
import {
  type CharterChain,
  type ClaimName,
  claimsOf,
  isReleased,
  fragmentBytesOf,
  holdersNow,
  type LogStore,
  resolveWriter,
  segmentFacts,
  segmentsHeldBy,
} from '@vauban/ledger';

export interface Holding {
  readonly segment: Uint8Array;
  /** Whose claim it is; of several, the first one's. Undefined when every claim was voided. */
  readonly agency: string | undefined;
  /** Of each of its fragments. */
  readonly bytes: number;
  /** Indexes of the fragments that this daemon is a holder of. */
  readonly held: ReadonlySet<number>;
  /** Indexes of those that it has given up, in words of its own log: lost, trimmed, purged. */
  readonly givenUp: ReadonlySet<number>;
  /** Every claim has been released: it will be erased after its grace. */
  readonly released: boolean;
}

export interface HoldingsPorts {
  readonly daemon: DaemonId;
  readonly logs: LogStore;
  readonly crypto: Crypto;
  readonly charters: CharterChain;
}

/** By ascending segment id; only those with something to say of this daemon. */
export async function* holdings(ports: HoldingsPorts): AsyncGenerator<Holding> {
  for await (const segment of segmentsHeldBy(ports.logs.store, ports.daemon)) {
    const holding = await holdingOf(ports, segment);
    if (holding !== undefined && holding.held.size + holding.givenUp.size > 0) yield holding;
  }
}

/** Undefined when the ledger knows no place of this segment. */
export async function holdingOf(ports: HoldingsPorts, segment: Uint8Array): Promise<Holding | undefined> {
  const { daemon, logs } = ports;
  const facts = await segmentFacts(logs, segment);
  const place = (facts.places.find(({ voided }) => !voided) ?? facts.places[0])?.place;
  if (place === undefined) return undefined;
  const held = new Set(
    holdersNow(facts)
      .filter((one) => one.daemon === daemon)
      .map(({ index }) => index),
  );
  const said = [...facts.lost, ...facts.trims].filter((one) => one.daemon === daemon && !one.voided);
  const purged = facts.purges.some((one) => one.daemon === daemon && !one.voided);
  const gone = purged ? Array.from({ length: place.fragments.length }, (_, index) => index) : [];
  const givenUp = new Set([...said.map(({ index }) => index), ...gone].filter((index) => !held.has(index)));
  const [first] = claimsOf(facts);
  return {
    segment,
    agency: first === undefined ? undefined : await agencyOf(ports, first.claim),
    bytes: fragmentBytesOf(place),
    held,
    givenUp,
    released: isReleased(facts, () => true),
  };
}

async function agencyOf(ports: HoldingsPorts, { origin }: ClaimName): Promise<string | undefined> {
  const writer = await ports.logs.writer(origin, (...genesis) => resolveWriter(ports, ...genesis));
  return writer?.kind === 'device' ? writer.delegation.agency : undefined;
}
