// The first charter of a local network, composed as consortium officers would: from the hosters' public lines.
// Owns which sizes of network make sense, and what is suggested in place of those that do not.

import {
  CELL_BYTES,
  type Charter,
  CHARTER_VALIDITY_MS,
  type CodeName,
  type CodeShape,
  codingProblem,
  type Crypto,
  type Durations,
  Fault,
  LEAF_BYTES,
  PACK_OBJECT_BYTES,
  type Policy,
  SEGMENT_FRAMES,
  standardDurations,
  subChunksOf,
} from '@vauban/core';
import { type DaemonFacts, FIRST_EPOCH, openPublicLine } from '@vauban/daemon';
import { cities } from './cities.ts';

export interface NetworkSize {
  readonly sites: number;
  readonly k: number;
  readonly m: number;
  /** Left out: clay, where there is one of k + m whose stripe fits a segment, otherwise rs. */
  readonly code?: CodeName;
}

/** Two data shards, so that nobody holds all of a segment, and one to lose. */
const SITES_MIN = 3;
export const STANDARD_POLICY = 'standard';

/** Member states of the European Union, ISO 3166-1. */
const union = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ');

/** A code that fits the sites: about two thirds data, one third to lose. 9 → 6 + 3, 5 → 3 + 2, 3 → 2 + 1. */
export function suggestCode(sites: number): { readonly k: number; readonly m: number } {
  const m = Math.max(1, Math.round(sites / 3));
  return { k: sites - m, m };
}

/** The code of the standard policy: a fragment is rebuilt with far fewer bytes under clay. */
export function standardCode(k: number, m: number): CodeName {
  return codingProblem(codingOf({ code: 'clay', k, m })) === undefined ? 'clay' : 'rs';
}

/** Cells of clay in sub-chunks of one leaf each, so that a repair reads whole leaves and no more. */
function codingOf(shape: CodeShape) {
  const cellBytes = shape.code === 'clay' ? LEAF_BYTES * (subChunksOf(shape) ?? 1) : CELL_BYTES;
  return { ...shape, cellBytes, segmentFrames: SEGMENT_FRAMES };
}

/**
 * Faults (usage): SITES_FEW, SITES_MANY, CODE_TOO_WIDE, CODE_IMPOSSIBLE, CODE_MISSING, each with the facts of what would do.
 */
export function checkSize({ sites, k, m, code }: NetworkSize): void {
  const facts = { sites, k, m };
  if (!Number.isSafeInteger(sites) || sites < SITES_MIN) {
    throw new Fault(
      'usage',
      'SITES_FEW',
      `a network has at least ${SITES_MIN} sites: --sites 3 -k 2 -m 1`,
      facts,
    );
  }
  if (sites > cities.length) {
    throw new Fault('usage', 'SITES_MANY', `a local network has at most ${cities.length} sites`, {
      ...facts,
      sitesMax: cities.length,
    });
  }
  const fit = suggestCode(sites);
  const suggestion = { suggestedK: fit.k, suggestedM: fit.m };
  const instead = `for --sites ${sites}, use for example -k ${fit.k} -m ${fit.m}`;
  if (![k, m].every((one) => Number.isSafeInteger(one) && one >= 1) || k < 2 || k < m) {
    throw new Fault(
      'usage',
      'CODE_IMPOSSIBLE',
      `-k ${k} -m ${m} is no usable code: k is at least 2 and at least m, m at least 1; ${instead}`,
      { ...facts, ...suggestion },
    );
  }
  if (k + m > sites) {
    throw new Fault(
      'usage',
      'CODE_TOO_WIDE',
      `-k ${k} -m ${m} needs ${k + m} sites, one per fragment, and there are ${sites}; ${instead}`,
      { ...facts, ...suggestion },
    );
  }
  const problem = code === undefined ? undefined : codingProblem(codingOf({ code, k, m }));
  if (problem !== undefined) {
    throw new Fault('usage', 'CODE_MISSING', `${problem}: use --code rs, or another -k and -m`, {
      ...facts,
      code: code ?? null,
    });
  }
}

export interface Founding {
  readonly name: string;
  readonly publicLines: readonly string[];
  readonly officers: Charter['officers'];
  readonly operators: Charter['operators'];
  readonly k: number;
  readonly m: number;
  readonly code?: CodeName;
  /** What differs from the standard. */
  readonly durations?: Partial<Durations>;
  /** ms since 1970. */
  readonly now: number;
  readonly crypto: Crypto;
}

/** Version 1, not signed yet. Faults: those of openPublicLine. */
export function foundCharter(of: Founding): Charter {
  const members = of.publicLines.map((line) => openPublicLine(of.crypto, line));
  const voters = members.filter((one) => one.voting !== null).length;
  return {
    format: 'vauban/charter/0',
    name: of.name,
    version: 1,
    previous: null,
    issued: of.now,
    expires: of.now + CHARTER_VALIDITY_MS,
    epoch: FIRST_EPOCH,
    f: Math.floor((voters - 1) / 3),
    officers: of.officers,
    officersLying: Math.floor((of.officers.length - 1) / 3),
    operators: of.operators,
    hosters: members.map(hosterOf),
    sites: members.map(({ site, hoster }) => ({ ...site, hoster: hoster.id })),
    daemons: members.map(({ daemon, site }) => ({ ...daemon, site: site.id })),
    agencies: [],
    policies: [standardPolicy(of)],
    durations: { ...standardDurations, ...of.durations },
  };
}

function hosterOf({ hoster, voting, daemon, declaration }: DaemonFacts): Charter['hosters'][number] {
  return {
    ...hoster,
    voter: voting === null ? null : daemon.id,
    votingSince: voting === null ? 0 : voting.epoch,
    votingKeys: voting === null ? [] : [voting],
    declaration,
  };
}

function standardPolicy({ k, m, code = standardCode(k, m) }: Pick<Founding, 'k' | 'm' | 'code'>): Policy {
  return {
    name: STANDARD_POLICY,
    ...codingOf({ code, k, m }),
    sitesLost: m,
    minSurvives: m,
    packObjectBytes: PACK_OBJECT_BYTES,
    retentionMs: 0,
    sovereignty: {
      countries: union,
      // The thresholds of the national rules for trusted clouds: 24 % for one owner, 39 % for all together.
      foreignShareLargestMax: 24,
      foreignShareTotalMax: 39,
      foreignVetoAllowed: false,
    },
  };
}
