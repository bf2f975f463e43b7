// Every certified place keeps its promise on the day it was made: receipts that their holders signed, as many more than k
// as the policy wants, and no sites, buildings or hosters that could take too many with them. Recomputed from the
// specification, with the rule counted out instead of the code's own.

import { type Charter, encodeCbor, equalBytes, type Policy, utf8 } from '@vauban/core';
import type { Checker } from '../checker.ts';
import { bytesOf, type Cbor, field, listOf, numberOf, textOf } from './cbor.ts';
import { type CertifiedEntry, certifiedLogs, delegationOf } from './certified-entries.ts';
import { daemonText, type Evidence } from './evidence.ts';

export interface PlacedFragment {
  readonly index: number;
  readonly root: Uint8Array;
  /** Hex id. */
  readonly daemon: string;
  readonly generation: number;
  readonly receipt: Uint8Array;
}

export interface JudgedPlace {
  readonly segment: Uint8Array;
  readonly k: number;
  readonly m: number;
  /** Of each fragment. */
  readonly bytes: number;
  readonly charter: number;
  readonly held: readonly PlacedFragment[];
}

export function places(evidence: Evidence): Checker {
  return {
    name: 'places',
    judge(end) {
      for (const log of certifiedLogs(evidence, end)) {
        for (const entry of log.entries) {
          if (entry.kind !== 'place' || entry.voided || entry.payload === undefined) continue;
          const wrong = placeProblem(evidence, entry, textOf(field(delegationOf(log.genesis), 'policy')));
          if (wrong !== undefined)
            throw new Error(`the place at ${entry.origin} ${entry.index} is certified, and ${wrong}`);
        }
      }
    },
  };
}

/** What a place entry says; undefined when it is malformed. */
export function judgedPlace(payload: Cbor): JudgedPlace | undefined {
  const segment = bytesOf(field(payload, 'segment'));
  const [k, m, charter, cell, stripes, last] = [
    'k',
    'm',
    'charter',
    'cellBytes',
    'stripes',
    'lastCellBytes',
  ].map((key) => numberOf(field(payload, key)));
  if (segment === undefined || k === undefined || m === undefined || charter === undefined) return undefined;
  if (cell === undefined || stripes === undefined || last === undefined) return undefined;
  const held = listOf(field(payload, 'fragments')).flatMap((one, index) => {
    const [root, daemon, generation, receipt] = listOf(one);
    if (!(root instanceof Uint8Array) || !(receipt instanceof Uint8Array)) return [];
    return [{ index, root, daemon: daemonText(daemon), generation: numberOf(generation) ?? -1, receipt }];
  });
  return { segment, k, m, charter, held, bytes: (stripes - 1) * cell + last };
}

/** Why this place should not have been certified; undefined when it is in order. */
function placeProblem(
  evidence: Evidence,
  { payload, time }: CertifiedEntry,
  policyName: string | undefined,
): string | undefined {
  const place = payload === undefined ? undefined : judgedPlace(payload);
  if (place === undefined) return 'cannot be read';
  const charter = evidence.charters.find((one) => one.version === place.charter);
  const policy = charter?.policies.find((one) => one.name === policyName);
  if (charter === undefined || policy === undefined) return 'names a charter or policy that nobody knows';
  const { k, m, held } = place;
  if (m !== policy.m || k > policy.k || k < m) return `its code ${k} + ${m} is not the policy's`;
  const keys = ['vault', 'code', 'k', 'm', 'cellBytes', 'stripes', 'lastCellBytes'];
  const roots = listOf(field(payload, 'fragments')).map((one) => listOf(one)[0]);
  const named = encodeCbor([...keys.map((key) => field(payload, key)), roots]);
  const id = evidence.crypto.sha256(utf8('vauban/segment/0\n'), named);
  if (!equalBytes(id, place.segment)) return 'its segment id is of other fragments';
  for (const one of held) {
    const wrong = receiptProblem(evidence, charter, { place, one });
    if (wrong !== undefined) return wrong;
  }
  if (held.length - k < policy.minSurvives)
    return `has ${held.length} receipts for k = ${k}: it bears the loss of too few`;
  return domainProblem(charter, policy, place) ?? declarationProblem(charter, place, time);
}

function receiptProblem(
  { crypto }: Evidence,
  charter: Charter,
  of: { readonly place: JudgedPlace; readonly one: PlacedFragment },
): string | undefined {
  const { index, root, daemon, generation, receipt } = of.one;
  const holder = charter.daemons.find(({ id }) => id === daemon);
  if (holder === undefined) return `fragment ${index} is held by a daemon of no charter`;
  const id = Uint8Array.from(daemon.match(/../g) ?? [], (hex) => Number.parseInt(hex, 16));
  const said = [charter.name, of.place.segment, index, root, of.place.bytes, id, generation];
  const message = crypto.sha256(utf8('vauban/receipt/0\n'), encodeCbor(said));
  return crypto.ed25519Verify(receipt, message, holder.receiptKey)
    ? undefined
    : `the receipt of fragment ${index} is not signed by ${holder.site}`;
}

/** Any `sitesLost` sites, buildings or hosters at once take m fragments with them at most; no hoster has k. */
function domainProblem(charter: Charter, policy: Policy, { k, m, held }: JudgedPlace): string | undefined {
  const siteOf = (daemon: string) => {
    const site = charter.daemons.find(({ id }) => id === daemon)?.site;
    return charter.sites.find(({ id }) => id === site);
  };
  for (const kind of ['id', 'building', 'hoster'] as const) {
    const loads = new Map<string, number>();
    for (const { daemon } of held) {
      const name = siteOf(daemon)?.[kind] ?? '';
      loads.set(name, (loads.get(name) ?? 0) + 1);
    }
    const heaviest = [...loads.values()].toSorted((a, b) => b - a);
    const lost = heaviest.slice(0, policy.sitesLost).reduce((sum, one) => sum + one, 0);
    if (lost > m) return `${policy.sitesLost} places together hold ${lost} of its fragments, m is ${m}`;
    if (kind === 'hoster' && (heaviest[0] ?? 0) >= k) return 'one hoster holds enough to read it alone';
  }
  return undefined;
}

function declarationProblem(charter: Charter, { held }: JudgedPlace, time: number): string | undefined {
  for (const { daemon } of held) {
    const site = charter.daemons.find(({ id }) => id === daemon)?.site;
    const hoster = charter.sites.find(({ id }) => id === site)?.hoster;
    const declaration = charter.hosters.find(({ id }) => id === hoster)?.declaration;
    // Clocks of honest machines differ by a quarter of an hour at most.
    if (declaration === undefined || declaration.validUntil < time - 900_000)
      return `the declaration of ${hoster ?? 'nobody'} had expired`;
  }
  return undefined;
}
