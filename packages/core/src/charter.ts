// The charter: the consortium's one document about itself. Members, sites, daemons, agencies, policies and quorum.
// This file owns its shape and what makes one valid; what may change from one version to the next is `succession`.
// Signatures and the log of versions belong to `ledger`.

import * as v from 'valibot';
import { toHex, utf8 } from './bytes.ts';
import { decodeCbor, encodeCbor, shape } from './cbor.ts';
import { Fault } from './fault.ts';
import { slugPattern } from './ids.ts';
import { codeNames, codingProblem } from './code-shape.ts';
import { CHARTER_BYTES_MAX, SEGMENT_FRAMES_MAX, SHARDS_MAX } from './limits.ts';
import type { Crypto } from './ports/crypto.ts';

const DAY_MS = 86_400_000;
const slug = v.pipe(v.string(), v.regex(slugPattern));
const key = shape.bytes(32);
const country = v.pipe(v.string(), v.regex(/^[A-Z]{2}$/));
const percent = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(100));
const list = <const Item extends v.GenericSchema>(item: Item, max: number) =>
  v.pipe(v.array(item), v.maxLength(max));

const declaration = v.strictObject({
  /** Country of the company's seat, ISO 3166-1. */
  seat: country,
  /** Country whose law applies to the service. */
  law: country,
  /** Country where the data lies. */
  data: country,
  /** Capital held by the largest owner from outside the Union, and by all of them together, in percent. */
  foreignShareLargest: percent,
  foreignShareTotal: percent,
  /** Whether anyone outside the Union can veto decisions. */
  foreignVeto: v.boolean(),
  certifications: list(shape.text(80), 20),
  validFrom: shape.time(),
  validUntil: shape.time(),
  signedBy: shape.text(120),
});

const hoster = v.strictObject({
  id: slug,
  name: shape.text(80),
  /** Signs this hoster's daemons' keys. */
  identityKey: key,
  /** The daemon that mirrors the ledger and votes for this hoster, or null for a member without a vote. */
  voter: v.nullable(shape.text(32)),
  /** The epoch in which this hoster's voter entered the voting set; 0 without a vote. */
  votingSince: shape.count(),
  /** Voting public keys by epoch; a certificate is made of keys of one epoch. */
  votingKeys: list(v.strictObject({ epoch: shape.count(), key }), 1_000),
  declaration,
});

const site = v.strictObject({
  id: slug,
  hoster: slug,
  city: shape.text(80),
  country,
  /** What burns together: sites with one building id share a fate. */
  building: slug,
  address: shape.text(200),
  /** Microdegrees, WGS 84. */
  latitude: v.pipe(v.number(), v.safeInteger(), v.minValue(-90_000_000), v.maxValue(90_000_000)),
  longitude: v.pipe(v.number(), v.safeInteger(), v.minValue(-180_000_000), v.maxValue(180_000_000)),
});

const daemon = v.strictObject({
  id: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
  site: slug,
  /** Signs receipts. */
  receiptKey: key,
  /** Signs this daemon's own log. */
  logKey: key,
  /** Text form of the transport key. */
  peer: shape.text(128),
  addresses: list(shape.text(200), 8),
  capacityBytes: shape.count(),
});

const agency = v.strictObject({
  id: slug,
  name: shape.text(80),
  /** Signs this agency's root notes. */
  rootKey: key,
  quotaBytes: shape.count(),
  suspended: v.boolean(),
  /** Names of the policies its vaults may use. */
  policies: list(slug, 100),
});

const sovereignty = v.strictObject({
  /** Countries where a holder's seat, law and data may be. */
  countries: list(country, 60),
  foreignShareLargestMax: percent,
  foreignShareTotalMax: percent,
  foreignVetoAllowed: v.boolean(),
});

const policy = v.strictObject({
  name: slug,
  code: v.picklist(codeNames),
  k: shape.count(SHARDS_MAX),
  m: shape.count(SHARDS_MAX),
  /** How many sites may be lost together. */
  sitesLost: shape.count(SHARDS_MAX),
  /** Receipts beyond k without which nobody certifies a place. */
  minSurvives: shape.count(SHARDS_MAX),
  cellBytes: shape.count(16_777_216),
  segmentFrames: shape.count(SEGMENT_FRAMES_MAX),
  packObjectBytes: shape.count(16_777_216),
  /** Nothing is erased earlier than this after it was placed. */
  retentionMs: shape.time(),
  sovereignty,
});

const waits = v.pipe(shape.time(), v.minValue(1));
/** How long the network waits before it acts, in milliseconds: one consortium's patience is a charter's business. */
const durations = v.strictObject({
  /** A daemon silent for so long is not counted on for new fragments. */
  suspectAfterMs: waits,
  /** One silent for so long is lost: what it holds is rebuilt elsewhere. */
  lostAfterMs: waits,
  /** Whoever is r-th in line for a fragment waits r times as long. */
  takeoverMs: waits,
  /** A daemon that was away for longer comes back read-only. */
  awayMaxMs: waits,
  /** Nothing is erased earlier than this after its release, its sweep, its trim. */
  eraseGraceMs: waits,
  sweepGraceMs: waits,
  trimGraceMs: waits,
  /** Every fragment is challenged by others, and re-read by its holder, once in each of these. */
  auditPeriodMs: waits,
  scrubPeriodMs: waits,
  /** Between a failed challenge and the next one. */
  recheckMs: waits,
});

const member = v.strictObject({ id: slug, key });

const charterSchema = v.strictObject({
  format: v.literal('vauban/charter/0'),
  name: slug,
  version: v.pipe(shape.count(1_000_000), v.minValue(1)),
  /** Hash of the version before; null for the first. */
  previous: v.nullable(key),
  issued: shape.time(),
  expires: shape.time(),
  /** Voting set number; the voting keys of this epoch count. */
  epoch: shape.count(),
  /** Voting hosters that may lie. */
  f: shape.count(100),
  officers: list(member, 100),
  /** Officers that may lie. */
  officersLying: shape.count(50),
  operators: list(member, 100),
  hosters: list(hoster, 200),
  sites: list(site, 1_000),
  daemons: list(daemon, 5_000),
  agencies: list(agency, 10_000),
  policies: list(policy, 100),
  durations,
});

export type Charter = v.InferOutput<typeof charterSchema>;
export type Hoster = Charter['hosters'][number];
export type Site = Charter['sites'][number];
export type Daemon = Charter['daemons'][number];
export type Agency = Charter['agencies'][number];
export type Policy = Charter['policies'][number];
export type Durations = Charter['durations'];
export type Declaration = Hoster['declaration'];
export type SovereigntyRule = Policy['sovereignty'];

export function encodeCharter(charter: Charter): Uint8Array {
  return encodeCbor(charter);
}

/** Decodes and validates. Faults: TOO_LARGE, MALFORMED, CHARTER_INVALID. */
export function decodeCharter(bytes: Uint8Array): Charter {
  const charter = decodeCbor(charterSchema, bytes, 'charter', CHARTER_BYTES_MAX);
  const wrong = charterProblems(charter);
  if (wrong.length > 0) {
    throw new Fault('refused', 'CHARTER_INVALID', `the charter is not valid: ${wrong[0]}`, {
      problems: wrong,
    });
  }
  return charter;
}

/** What a consortium begins with (design: losing, watching, erasing). */
export const standardDurations: Durations = {
  suspectAfterMs: 30_000,
  lostAfterMs: 900_000,
  takeoverMs: 600_000,
  awayMaxMs: DAY_MS,
  eraseGraceMs: 14 * DAY_MS,
  sweepGraceMs: 7 * DAY_MS,
  trimGraceMs: DAY_MS,
  auditPeriodMs: 30 * DAY_MS,
  scrubPeriodMs: 30 * DAY_MS,
  recheckMs: 3_600_000,
};

/** SHA-256(domain ‖ encoded charter): names one version for ever. */
export function charterHash(crypto: Crypto, encoded: Uint8Array): Uint8Array {
  return crypto.sha256(utf8('vauban/charter-version/0\n'), encoded);
}

/** Hosters with a vote in the charter's epoch, in charter order. */
export function votingHosters(charter: Charter): readonly Hoster[] {
  return charter.hosters.filter((one) => one.voter !== null && votingKey(one, charter.epoch) !== undefined);
}

export function votingKey(one: Hoster, epoch: number): Uint8Array | undefined {
  return one.votingKeys.find((candidate) => candidate.epoch === epoch)?.key;
}

/** q = ⌊(n + f) / 2⌋ + 1: two quorums share at least f + 1 hosters, so one honest (ledger SPEC, quorum). */
export function quorumOf(charter: Charter): number {
  return Math.floor((votingHosters(charter).length + charter.f) / 2) + 1;
}

/** t = ⌊(o + g) / 2⌋ + 1 officers' signatures put a version in force. */
export function officersThreshold(charter: Charter): number {
  return Math.floor((charter.officers.length + charter.officersLying) / 2) + 1;
}

/** Everything that makes a charter unusable, in words; empty when it is valid. */
export function charterProblems(charter: Charter): string[] {
  const problems: string[] = [];
  const say = (condition: boolean, problem: string) => {
    if (!condition) problems.push(problem);
  };
  const unique = (what: string, names: readonly string[]) => {
    const seen = new Set<string>();
    for (const name of names) {
      say(!seen.has(name), `two ${what} are called ${name}`);
      seen.add(name);
    }
    return seen;
  };
  const hosters = unique(
    'hosters',
    charter.hosters.map((one) => one.id),
  );
  const sites = unique(
    'sites',
    charter.sites.map((one) => one.id),
  );
  unique(
    'daemons',
    charter.daemons.map((one) => one.id),
  );
  unique(
    'peers',
    charter.daemons.map((one) => one.peer),
  );
  unique(
    'agencies',
    charter.agencies.map((one) => one.id),
  );
  unique(
    'officers',
    charter.officers.map((one) => one.id),
  );
  unique(
    'operators',
    charter.operators.map((one) => one.id),
  );
  const policies = unique(
    'policies',
    charter.policies.map((one) => one.name),
  );
  unique('keys', allKeys(charter));
  say((charter.version === 1) === (charter.previous === null), 'only version 1 has no version before it');
  say(charter.expires > charter.issued, 'it expires before it is issued');
  for (const one of charter.sites)
    say(hosters.has(one.hoster), `site ${one.id} belongs to no hoster of the charter`);
  for (const one of charter.daemons)
    say(sites.has(one.site), `daemon ${one.id} stands on no site of the charter`);
  for (const one of charter.agencies) {
    for (const name of one.policies)
      say(policies.has(name), `agency ${one.id} uses the unknown policy ${name}`);
  }
  for (const one of charter.hosters) {
    if (one.voter === null) {
      say(one.votingSince === 0, `${one.id} has no vote, but says it votes since epoch ${one.votingSince}`);
      continue;
    }
    say(
      charter.version === 1 ? one.votingSince === charter.epoch : one.votingSince <= charter.epoch,
      `${one.id} cannot vote since epoch ${one.votingSince} in version ${charter.version} of epoch ${charter.epoch}`,
    );
    say(
      one.votingKeys.every((candidate) => candidate.epoch <= charter.epoch),
      `${one.id} lists a voting key of an epoch after ${charter.epoch}`,
    );
    const voter = charter.daemons.find((candidate) => candidate.id === one.voter);
    const home = charter.sites.find((candidate) => candidate.id === voter?.site);
    say(home?.hoster === one.id, `the voter of ${one.id} is not one of its daemons`);
    say(
      votingKey(one, charter.epoch) !== undefined,
      `${one.id} has no voting key for epoch ${charter.epoch}`,
    );
    unique(
      `epochs of ${one.id}`,
      one.votingKeys.map((candidate) => String(candidate.epoch)),
    );
  }
  const n = votingHosters(charter).length;
  say(
    n >= 3 * charter.f + 1,
    `${n} voters cannot bear ${charter.f} liars (at least ${3 * charter.f + 1} are needed)`,
  );
  const officers = charter.officers.length;
  say(
    officers >= 3 * charter.officersLying + 1,
    `${officers} officers cannot bear ${charter.officersLying} liars`,
  );
  for (const one of charter.policies) problems.push(...policyProblems(one));
  const { suspectAfterMs, lostAfterMs } = charter.durations;
  say(suspectAfterMs <= lostAfterMs, 'durations: a daemon is suspect before it is lost, not after');
  return problems;
}

function policyProblems(of: Policy): string[] {
  const problems: string[] = [];
  const { name, k, m } = of;
  if (k < 2 || m < 1 || k + m > SHARDS_MAX) problems.push(`policy ${name}: k = ${k}, m = ${m} is no code`);
  if (k < m) problems.push(`policy ${name}: k = ${k} is less than m = ${m}`);
  if (of.sitesLost < 1 || of.sitesLost > m) problems.push(`policy ${name}: sitesLost must be 1 to m`);
  if (of.minSurvives > m) problems.push(`policy ${name}: minSurvives exceeds m`);
  const coding = codingProblem(of);
  if (coding !== undefined) problems.push(`policy ${name}: ${coding}`);
  if (of.segmentFrames < 1) problems.push(`policy ${name}: a segment needs at least one frame`);
  return problems;
}

/** Keys of different roles are different keys; the list repeats a key when the charter does. */
function allKeys(charter: Charter): string[] {
  return [
    ...charter.officers.map((one) => one.key),
    ...charter.operators.map((one) => one.key),
    ...charter.hosters.map((one) => one.identityKey),
    ...charter.hosters.flatMap((one) => one.votingKeys.map((candidate) => candidate.key)),
    ...charter.daemons.flatMap((one) => [one.receiptKey, one.logKey]),
    ...charter.agencies.map((one) => one.rootKey),
  ].map(toHex);
}

export function findDaemon(charter: Charter, id: string): Daemon | undefined {
  return charter.daemons.find((one) => one.id === id);
}

/** Site and hoster of a daemon; the charter is valid, so both exist. */
export function homeOf(charter: Charter, one: Daemon): { readonly site: Site; readonly hoster: Hoster } {
  const home = charter.sites.find((candidate) => candidate.id === one.site) as Site;
  return { site: home, hoster: charter.hosters.find((candidate) => candidate.id === home.hoster) as Hoster };
}
