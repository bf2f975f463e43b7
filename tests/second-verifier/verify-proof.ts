// Long: a whole second verifier in one file, on purpose: CBOR, notes, Merkle trees, charter, admission, words.
// Written from packages/ledger/PROOF.md and SPEC.md and packages/placement/SPEC.md alone; imports nothing of this project.
// Where it and the first one disagree, one of them or a page is wrong.

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';

/** Throws an Error that says what does not hold. */
export function verifyProof(file: Uint8Array, root: string): void {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file);
  must(file.length <= 67_108_864, 'size');
  const begins = text.indexOf('\n\nvauban/proof/0 evidence\n');
  must(begins >= 0, 'no evidence');
  const evidence = readEvidence(text.slice(begins + 2));
  must(rewrite(evidence) === text.slice(begins + 2), 'the evidence is not in its one form');
  const charters = openCharters(evidence.charters, root);
  const heads = openHeads(evidence, charters);
  const words = inWords(evidence, charters, heads);
  must(`${words}\n${rewrite(evidence)}` === text, 'the words are not those of the evidence');
  must(Buffer.from(text, 'utf8').equals(file), 'the bytes are not those of the text');
}

// Small things

type Bytes = Uint8Array;

function must(condition: unknown, why: string): asserts condition {
  if (!condition) throw new Error(why);
}

const hex = (bytes: Bytes) => Buffer.from(bytes).toString('hex');
const base64 = (bytes: Bytes) => Buffer.from(bytes).toString('base64');
const same = (a: Bytes, b: Bytes) => Buffer.compare(a, b) === 0;
const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function unbase64(text: string): Bytes {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  must(base64(bytes) === text, 'base64');
  return bytes;
}

function sha256(...parts: (Bytes | string)[]): Bytes {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

const publicKeys = new Map<string, KeyObject>();

function signed(message: Bytes | string, signature: Bytes, key: Bytes): boolean {
  if (signature.length !== 64) return false;
  let known = publicKeys.get(hex(key));
  if (known === undefined) {
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
    known = createPublicKey({ key: der, format: 'der', type: 'spki' });
    publicKeys.set(hex(key), known);
  }
  return verify(null, Buffer.from(message), known, signature);
}

// Deterministic CBOR: maps with text keys, lists, texts, bytes, whole numbers, booleans, null

type Value = number | string | boolean | null | Bytes | Value[] | { [key: string]: Value };

function encode(value: Value): Buffer {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4);
  if (value === null) return Buffer.of(0xf6);
  if (typeof value === 'string')
    return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([cborHead(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([cborHead(4, value.length), ...value.map(encode)]);
  // Shorter keys first, then bytewise (DAG-CBOR).
  const keys = Object.keys(value).sort((a, b) => Buffer.byteLength(a) - Buffer.byteLength(b) || order(a, b));
  const pairs = keys.flatMap((key) => [encode(key), encode(value[key] as Value)]);
  return Buffer.concat([cborHead(5, keys.length), ...pairs]);
}

function cborHead(major: number, n: number): Buffer {
  if (n < 24) return Buffer.of((major << 5) | n);
  if (n < 0x100) return Buffer.of((major << 5) | 24, n);
  const out = Buffer.alloc(9);
  out.writeBigUInt64BE(BigInt(n), 1);
  if (n < 0x10000) return Buffer.concat([Buffer.of((major << 5) | 25), out.subarray(7)]);
  if (n < 0x100000000) return Buffer.concat([Buffer.of((major << 5) | 26), out.subarray(5)]);
  out[0] = (major << 5) | 27;
  return out;
}

function decode(bytes: Bytes): Value {
  const view = Buffer.from(bytes);
  let at = 0;
  const take = (length: number) => {
    must(at + length <= view.length, 'CBOR ends early');
    at += length;
    return view.subarray(at - length, at);
  };
  const count = (low: number) => {
    if (low < 24) return low;
    must(low <= 27, 'CBOR length');
    const n = take(2 ** (low - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
    must(Number.isSafeInteger(n), 'CBOR number');
    return n;
  };
  const value = (depth: number): Value => {
    must(depth < 20, 'CBOR depth');
    const first = (take(1)[0] as number) | 0;
    const [major, low] = [first >> 5, first & 31];
    if (major === 7) {
      must(low === 20 || low === 21 || low === 22, 'CBOR simple value');
      return low === 22 ? null : low === 21;
    }
    const n = count(low);
    if (major === 0) return n;
    if (major === 1) return -1 - n;
    if (major === 2) return new Uint8Array(take(n));
    if (major === 3) return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(take(n));
    must(n <= view.length, 'CBOR count');
    if (major === 4) return Array.from({ length: n }, () => value(depth + 1));
    must(major === 5, 'CBOR kind');
    const map: { [key: string]: Value } = Object.create(null);
    for (let pair = 0; pair < n; pair++) {
      const key = value(depth + 1);
      must(typeof key === 'string' && !(key in map), 'CBOR key');
      map[key] = value(depth + 1);
    }
    return map;
  };
  const decoded = value(0);
  must(at === view.length && encode(decoded).equals(view), 'CBOR is not in its one form');
  return decoded;
}

// Shapes: a decoded value is what a page says, or the proof is refused

type Check<T> = (value: Value | undefined) => T;

const bytesOf =
  (length?: number): Check<Bytes> =>
  (value) => {
    must(value instanceof Uint8Array && (length === undefined || value.length === length), 'bytes');
    return value;
  };
const key = bytesOf(32);
const count: Check<number> = (value) => {
  must(typeof value === 'number' && value >= 0, 'a count');
  return value;
};
const text: Check<string> = (value) => {
  must(typeof value === 'string', 'a text');
  return value;
};
const slug: Check<string> = (value) => {
  must(typeof value === 'string' && /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/.test(value), 'a slug');
  return value;
};
const flag: Check<boolean> = (value) => {
  must(typeof value === 'boolean', 'a flag');
  return value;
};
const orNull =
  <T>(of: Check<T>): Check<T | null> =>
  (value) =>
    value === null ? null : of(value);
const listOf =
  <T>(of: Check<T>): Check<T[]> =>
  (value) => {
    must(Array.isArray(value), 'a list');
    return value.map((one) => of(one));
  };
const mapOf =
  <T extends { [key: string]: Check<unknown> }>(of: T): Check<{ [K in keyof T]: ReturnType<T[K]> }> =>
  (value) => {
    must(
      value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array),
      'a map',
    );
    must(Object.keys(value).length === Object.keys(of).length, 'a key more or less');
    const made = Object.entries(of).map(([name, check]) => [name, check(value[name])]);
    return Object.fromEntries(made);
  };

const member = mapOf({ id: slug, key });
const charterShape = mapOf({
  format: text,
  name: slug,
  version: count,
  previous: orNull(key),
  issued: count,
  expires: count,
  epoch: count,
  f: count,
  officers: listOf(member),
  officersLying: count,
  operators: listOf(member),
  hosters: listOf(
    mapOf({
      id: slug,
      name: text,
      identityKey: key,
      voter: orNull(text),
      votingSince: count,
      votingKeys: listOf(mapOf({ epoch: count, key })),
      declaration: mapOf({
        seat: text,
        law: text,
        data: text,
        foreignShareLargest: count,
        foreignShareTotal: count,
        foreignVeto: flag,
        certifications: listOf(text),
        validFrom: count,
        validUntil: count,
        signedBy: text,
      }),
    }),
  ),
  sites: listOf(
    mapOf({
      id: slug,
      hoster: slug,
      city: text,
      country: text,
      building: slug,
      address: text,
      latitude: (value) => {
        must(typeof value === 'number', 'a latitude');
        return value;
      },
      longitude: (value) => {
        must(typeof value === 'number', 'a longitude');
        return value;
      },
    }),
  ),
  daemons: listOf(
    mapOf({
      id: text,
      site: slug,
      receiptKey: key,
      logKey: key,
      peer: text,
      addresses: listOf(text),
      capacityBytes: count,
    }),
  ),
  agencies: listOf(
    mapOf({ id: slug, name: text, rootKey: key, quotaBytes: count, suspended: flag, policies: listOf(slug) }),
  ),
  policies: listOf(
    mapOf({
      name: slug,
      code: text,
      k: count,
      m: count,
      sitesLost: count,
      minSurvives: count,
      cellBytes: count,
      segmentFrames: count,
      packObjectBytes: count,
      retentionMs: count,
      sovereignty: mapOf({
        countries: listOf(text),
        foreignShareLargestMax: count,
        foreignShareTotalMax: count,
        foreignVetoAllowed: flag,
      }),
    }),
  ),
  durations: mapOf({
    suspectAfterMs: count,
    lostAfterMs: count,
    takeoverMs: count,
    awayMaxMs: count,
    eraseGraceMs: count,
    sweepGraceMs: count,
    trimGraceMs: count,
    auditPeriodMs: count,
    scrubPeriodMs: count,
    recheckMs: count,
  }),
});
type Charter = ReturnType<typeof charterShape>;

// The evidence as text (PROOF 2)

interface Version {
  body: Bytes;
  officers: { id: string; signature: Bytes }[];
  certificate: string | null;
}

interface ProofEntry {
  index: number;
  entry: Bytes;
  open: { salt: Bytes; payload: Bytes } | null;
  path: Bytes[] | null;
}

interface Evidence {
  at: string;
  label: string | null;
  segments: string[];
  charters: Version[];
  heads: { note: string; entries: ProofEntry[] }[];
}

function readEvidence(from: string): Evidence {
  const lines = from.split('\n');
  let at = 0;
  const ahead = (start: string) => (lines[at] ?? '').startsWith(start) && at < lines.length;
  const rest = (start: string) => {
    must(ahead(start), `«${start}» expected`);
    at += 1;
    return (lines[at - 1] as string).slice(start.length);
  };
  const bytes = () => {
    let joined = '';
    while (ahead('  ')) joined += rest('  ');
    return unbase64(joined);
  };
  const note = () => {
    const start = at;
    while (at < lines.length && lines[at] !== '') at += 1;
    at += 1;
    while (ahead('— ')) at += 1;
    return `${lines.slice(start, at).join('\n')}\n`;
  };
  must(rest('vauban/proof/0 evidence') === '', 'evidence');
  const time = rest('at ');
  const label = ahead('label ') ? rest('label ') : null;
  must(label === null || (label.length >= 1 && label.length <= 300), 'label');
  const segments: string[] = [];
  while (ahead('segment ')) segments.push(rest('segment '));
  must(
    segments.every((id) => /^[0-9a-f]{64}$/.test(id)),
    'segment',
  );
  must(
    segments.length >= 1 && segments.length <= 100_000 && new Set(segments).size === segments.length,
    'segments',
  );
  const charters: Version[] = [];
  while (ahead('charter ')) {
    must(rest('charter ') === String(charters.length + 1), 'charter');
    const version: Version = { body: bytes(), officers: [], certificate: null };
    while (ahead('officer ')) {
      const [id = '', signature = '', more] = rest('officer ').split(' ');
      must(more === undefined, 'officer');
      version.officers.push({ id, signature: unbase64(signature) });
    }
    if (charters.length > 0) {
      must(rest('certificate') === '', 'certificate');
      version.certificate = note();
    }
    charters.push(version);
  }
  const heads: Evidence['heads'] = [];
  while (ahead('log')) {
    must(rest('log') === '', 'log');
    const head: Evidence['heads'][0] = { note: note(), entries: [] };
    while (ahead('entry ')) {
      const index = rest('entry ');
      must(/^(0|[1-9][0-9]{0,15})$/.test(index), 'index');
      const one: ProofEntry = { index: Number(index), entry: bytes(), open: null, path: null };
      if (ahead('salt ')) {
        const salt = unbase64(rest('salt '));
        must(rest('payload') === '', 'payload');
        one.open = { salt, payload: bytes() };
      }
      if (ahead('path')) {
        must(rest('path') === '', 'path');
        one.path = [];
        while (ahead('  ')) one.path.push(unbase64(rest('  ')));
      }
      head.entries.push(one);
    }
    heads.push(head);
  }
  must(at === lines.length - 1 && lines[at] === '', 'what follows the evidence');
  must(charters.length > 0 && heads.length > 0, 'no charter or no log');
  return { at: time, label, segments, charters, heads };
}

function rewrite({ at, label, segments, charters, heads }: Evidence): string {
  const wrapped = (bytes: Bytes) =>
    (base64(bytes).match(/.{1,72}/g) ?? []).map((line) => `  ${line}\n`).join('');
  let out = `vauban/proof/0 evidence\nat ${at}\n`;
  if (label !== null) out += `label ${label}\n`;
  for (const id of segments) out += `segment ${id}\n`;
  for (const [nth, { body, officers, certificate }] of charters.entries()) {
    out += `charter ${nth + 1}\n${wrapped(body)}`;
    for (const { id, signature } of officers) out += `officer ${id} ${base64(signature)}\n`;
    if (certificate !== null) out += `certificate\n${certificate}`;
  }
  for (const { note, entries } of heads) {
    out += `log\n${note}`;
    for (const { index, entry, open, path } of entries) {
      out += `entry ${index}\n${wrapped(entry)}`;
      if (open !== null) out += `salt ${base64(open.salt)}\npayload\n${wrapped(open.payload)}`;
      if (path !== null) out += `path\n${path.map((hash) => `  ${base64(hash)}\n`).join('')}`;
    }
  }
  return out;
}

function milliseconds(iso: string): number {
  const ms = Date.parse(iso);
  must(/^\d{4}-/.test(iso) && new Date(ms).toISOString() === iso && ms >= 0, 'time');
  return ms;
}

// Notes, checkpoints, certificates (C2SP; SPEC 2)

export interface Note {
  text: string;
  lines: { name: string; id: Bytes; signature: Bytes }[];
}

export function parseNote(note: string): Note {
  must(note.length <= 8_192, 'note size');
  const split = note.lastIndexOf('\n\n');
  must(split >= 0 && note.endsWith('\n'), 'note');
  const lines = note
    .slice(split + 2, -1)
    .split('\n')
    .map((line) => {
      const match = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line);
      must(match !== null, 'signature line');
      const bytes = unbase64(match[2] as string);
      must(bytes.length >= 5, 'signature');
      return { name: match[1] as string, id: bytes.subarray(0, 4), signature: bytes.subarray(4) };
    });
  return { text: note.slice(0, split + 1), lines };
}

export function noteKeyId(of: { name: string; type: number; key: Bytes }): Bytes {
  return sha256(of.name, Uint8Array.of(10, of.type), of.key).subarray(0, 4);
}

/** A plain Ed25519 signature of the note's text. */
export function lineSigned(note: Note, line: Note['lines'][0], by: Bytes): boolean {
  return (
    same(line.id, noteKeyId({ name: line.name, type: 1, key: by })) && signed(note.text, line.signature, by)
  );
}

/** A cosignature: its time in seconds, or undefined when it does not hold. */
export function lineCosigned(note: Note, line: Note['lines'][0], by: Bytes): bigint | undefined {
  if (line.signature.length !== 72 || !same(line.id, noteKeyId({ name: line.name, type: 4, key: by })))
    return undefined;
  const seconds = Buffer.from(line.signature).readBigUInt64BE(0);
  const message = `cosignature/v1\ntime ${seconds}\n${note.text}`;
  return signed(message, line.signature.subarray(8), by) ? seconds : undefined;
}

interface Head {
  origin: string;
  size: number;
  root: Bytes;
}

function headOf(note: Note): Head {
  const [origin = '', size = '', root = '', end, more] = note.text.split('\n');
  must(end === '' && more === undefined, 'checkpoint lines');
  must(/^(0|[1-9][0-9]{0,15})$/.test(size) && Number.isSafeInteger(Number(size)), 'checkpoint size');
  const bytes = unbase64(root);
  must(bytes.length === 32, 'checkpoint root');
  return { origin, size: Number(size), root: bytes };
}

const votersOf = (charter: Charter) =>
  charter.hosters.flatMap((one) => {
    const found = one.votingKeys.find(({ epoch }) => epoch === charter.epoch);
    return one.voter === null || found === undefined ? [] : [{ ...one, key: found.key }];
  });
const quorumOf = (charter: Charter) => Math.floor((votersOf(charter).length + charter.f) / 2) + 1;

/** Exactly q lines of the charter's epoch, in order of key name. */
function cosignersOf(note: Note, lines: Note['lines'], charter: Charter) {
  must(lines.length === quorumOf(charter), 'not exactly a quorum');
  const names = lines.map(({ name }) => name);
  must(
    names.every((name, nth) => nth === 0 || order(names[nth - 1] as string, name) < 0),
    'order of cosigners',
  );
  return lines.map((line) => {
    const voter = votersOf(charter).find(({ id }) => `${charter.name}/${id}/${charter.epoch}` === line.name);
    must(voter !== undefined, 'a stranger cosigned');
    const seconds = lineCosigned(note, line, voter.key);
    must(seconds !== undefined && seconds <= BigInt(Number.MAX_SAFE_INTEGER), 'a cosignature does not hold');
    return { id: voter.id, name: voter.name, seconds: Number(seconds) };
  });
}

// RFC 6962

const parent = (left: Bytes, right: Bytes) => sha256(Uint8Array.of(1), left, right);
const leafOf = (bytes: Bytes) => sha256(Uint8Array.of(0), bytes);

/** The root that a path leads to from a leaf: by the recursion of section 2.1.1, read backwards. */
function rootOfPath(leaf: Bytes, of: { index: number; size: number; path: readonly Bytes[] }): Bytes {
  const { index, size, path } = of;
  if (size === 1) {
    must(path.length === 0, 'path too long');
    return leaf;
  }
  const sibling = path.at(-1);
  must(sibling?.length === 32, 'path too short');
  let split = 1;
  while (split * 2 < size) split *= 2;
  const below = path.slice(0, -1);
  return index < split
    ? parent(rootOfPath(leaf, { index, size: split, path: below }), sibling)
    : parent(sibling, rootOfPath(leaf, { index: index - split, size: size - split, path: below }));
}

function rootOf(leaves: readonly Bytes[]): Bytes {
  if (leaves.length === 1) return leaves[0] as Bytes;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return parent(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

// The charter (SPEC 9)

const thresholdOf = (charter: Charter) =>
  Math.floor((charter.officers.length + charter.officersLying) / 2) + 1;

function openCharters(versions: readonly Version[], root: string): Charter[] {
  const charters: Charter[] = [];
  const hashes: Bytes[] = [];
  for (const [nth, version] of versions.entries()) {
    must(version.body.length <= 1_048_576, 'charter size');
    const charter = charterShape(decode(version.body));
    const before = charters[nth - 1];
    checkCharter(charter);
    must(charter.version === nth + 1, 'charter version');
    const hash = hashes[nth - 1];
    must(
      hash === undefined
        ? charter.previous === null
        : charter.previous !== null && same(charter.previous, hash),
      'charter chain',
    );
    if (before !== undefined) checkFollows(charters, before, charter);
    checkOfficers(version, before === undefined ? [charter] : [before, charter]);
    if (before !== undefined) {
      const note = parseNote(version.certificate as string);
      const head = headOf(note);
      const leaves = versions.slice(0, nth + 1).map(({ body }) => leafOf(body));
      must(head.origin === `${charter.name}/charter` && head.size === nth + 1, 'charter head');
      must(same(head.root, rootOf(leaves)), 'charter tree');
      cosignersOf(note, note.lines, before);
    }
    charters.push(charter);
    hashes.push(sha256('vauban/charter-version/0\n', version.body));
  }
  must(
    root === `${(charters[0] as Charter).name}+charter0+${hex(hashes[0] as Bytes)}`,
    'another charter root',
  );
  return charters;
}

function checkCharter(charter: Charter): void {
  must(charter.format === 'vauban/charter/0' && charter.expires > charter.issued, 'charter');
  for (const list of [charter.hosters, charter.sites, charter.daemons, charter.agencies, charter.officers]) {
    must(new Set(list.map(({ id }) => id)).size === list.length, 'ids');
  }
  for (const { hoster } of charter.sites)
    must(
      charter.hosters.some(({ id }) => id === hoster),
      'site',
    );
  for (const { site } of charter.daemons)
    must(
      charter.sites.some(({ id }) => id === site),
      'daemon',
    );
  must(votersOf(charter).length >= 3 * charter.f + 1, 'voters');
  must(charter.officers.length >= 3 * charter.officersLying + 1, 'officers');
  for (const { voter, votingSince, votingKeys } of charter.hosters) {
    must(
      votingKeys.every(({ epoch }) => epoch <= charter.epoch),
      'a voting key of a later epoch',
    );
    must(voter !== null || votingSince === 0, 'votes since, without a vote');
    must(
      charter.version > 1 || voter === null || votingSince === charter.epoch,
      'voting since before the first version',
    );
  }
}

function checkFollows(earlier: readonly Charter[], before: Charter, next: Charter): void {
  must(before.name === next.name, 'charter name');
  if (next.epoch !== before.epoch) return checkEpoch(earlier, before, next);
  const votes = (charter: Charter) =>
    JSON.stringify([
      charter.f,
      ...votersOf(charter).map((one) => [one.id, one.voter, one.votingSince, hex(one.key)]),
    ]);
  must(votes(before) === votes(next), 'voters changed within an epoch');
}

/** Fresh keys for all; one voter enters and one leaves at most; quorums before and after share an honest hoster. */
function checkEpoch(earlier: readonly Charter[], before: Charter, next: Charter): void {
  must(next.epoch === before.epoch + 1, 'an epoch is skipped');
  const used = new Set(
    earlier.flatMap(({ hosters }) =>
      hosters.flatMap((one) => one.votingKeys.map(({ key: old }) => hex(old))),
    ),
  );
  must(
    votersOf(next).every((one) => !used.has(hex(one.key))),
    'a voting key is used again',
  );
  const stays = (one: Charter['hosters'][0], was: Charter['hosters'][0]) =>
    one.id === was.id && one.voter === was.voter && one.votingSince === was.votingSince;
  const enter = votersOf(next).filter((one) => !votersOf(before).some((was) => stays(one, was)));
  const leave = votersOf(before).filter((was) => !votersOf(next).some((one) => stays(one, was)));
  must(
    enter.every((one) => one.votingSince === next.epoch),
    'a new voter says it is old',
  );
  must(enter.length <= 1 && leave.length <= 1, 'too many voters move');
  const shared = quorumOf(before) + quorumOf(next) - votersOf(before).length;
  must(shared > next.f, 'quorums of two epochs may share no honest hoster');
}

function checkOfficers({ body, officers }: Version, under: readonly Charter[]): void {
  const message = Buffer.concat([Buffer.from('vauban/charter-signature/0\n'), body]);
  const valid = officers.map((one, nth) => {
    const last = officers[nth - 1];
    must(
      last === undefined || (order(last.id, one.id) || Buffer.compare(last.signature, one.signature)) < 0,
      'order of officers',
    );
    return under.map((charter) => {
      const officer = charter.officers.find(({ id }) => id === one.id);
      return officer !== undefined && signed(message, one.signature, officer.key);
    });
  });
  const enough = (without: number) =>
    under.every((charter, at) => {
      const good = officers.filter((_, nth) => nth !== without && valid[nth]?.[at]).map(({ id }) => id);
      return new Set(good).size >= thresholdOf(charter);
    });
  must(enough(-1), 'officers short');
  must(
    officers.every((_, nth) => valid[nth]?.includes(true) && !enough(nth)),
    'a signature too many',
  );
}

// Logs and entries (SPEC 3; PROOF 3)

type Writer =
  | { kind: 'device'; key: Bytes; note: Delegation }
  | { kind: 'daemon'; key: Bytes; daemon: string };
type Payload = { [key: string]: Value };

interface OpenHead {
  head: Head;
  writer: Writer;
  cosigners: { id: string; name: string; seconds: number }[];
  epoch: Charter;
  entries: { index: number; kind: string; time: number; payload: Payload | undefined }[];
}

const delegationShape = mapOf({
  format: text,
  charter: slug,
  agency: slug,
  deviceKey: key,
  peer: text,
  vault: key,
  policy: slug,
  rights: listOf(text),
  issued: count,
  until: count,
});
type Delegation = ReturnType<typeof delegationShape>;

function openEntryBytes(bytes: Bytes) {
  must(bytes.length <= 300, 'entry size');
  const fields = decode(bytes);
  must(Array.isArray(fields) && fields.length === 5 && fields[0] === 'vauban/entry/0', 'entry');
  return { kind: text(fields[1]), previous: key(fields[2]), time: count(fields[3]), commit: key(fields[4]) };
}

function openHeads(evidence: Evidence, charters: readonly Charter[]): OpenHead[] {
  const at = milliseconds(evidence.at);
  const opened: OpenHead[] = [];
  for (const { note: noteText, entries } of evidence.heads) {
    const note = parseNote(noteText);
    const head = headOf(note);
    const last = opened.at(-1);
    const follows = last?.head.origin === head.origin;
    must(
      last === undefined || (order(last.head.origin, head.origin) || last.head.size - head.size) < 0,
      'order of heads',
    );
    const open = entries.map((one, nth) =>
      openOne(head, one, { next: entries[nth + 1], from: follows ? last.head.size : 0 }),
    );
    must(open.length > 0, 'a head for nothing');
    const writer = follows ? last.writer : writerOf(charters, head, open[0]);
    const [own, ...others] = note.lines;
    must(own?.name === head.origin && lineSigned(note, own, writer.key), 'log signature');
    const number = Number(others[0]?.name.split('/').at(-1));
    const epoch = charters.findLast((charter) => charter.epoch === number);
    must(epoch !== undefined, 'no such epoch');
    opened.push({ head, writer, cosigners: cosignersOf(note, others, epoch), epoch, entries: open });
  }
  for (const one of opened) checkPresence(one, new Set(evidence.segments), at);
  return opened;
}

function openOne(head: Head, one: ProofEntry, of: { next: ProofEntry | undefined; from: number }) {
  const { next } = of;
  must(
    one.index >= of.from && one.index < head.size && (next === undefined || next.index > one.index),
    'order of entries',
  );
  const { kind, time, commit } = openEntryBytes(one.entry);
  must((kind === 'genesis') === (one.index === 0), 'genesis');
  let payload: Payload | undefined;
  if (one.open !== null) {
    const { salt, payload: bytes } = one.open;
    must(salt.length === 32 && bytes.length <= 65_536, 'payload');
    must(same(sha256('vauban/commit/0\n', salt, bytes), commit), 'commitment');
    payload = decode(bytes) as Payload;
    must(payload['kind'] === kind, 'payload kind');
  }
  const leaf = leafOf(one.entry);
  const followed = next?.index === one.index + 1;
  if (followed) must(same(openEntryBytes(next.entry).previous, leaf), 'chain');
  must((one.path !== null) === (one.open !== null || !followed), 'path');
  if (one.path !== null) {
    must(
      same(rootOfPath(leaf, { index: one.index, size: head.size, path: one.path }), head.root),
      'inclusion',
    );
  }
  return { index: one.index, kind, time, payload };
}

function writerOf(
  charters: readonly Charter[],
  head: Head,
  first: OpenHead['entries'][0] | undefined,
): Writer {
  must(first?.index === 0 && first.payload !== undefined, 'a log begins with its genesis');
  const { payload } = first;
  for (const charter of charters.toReversed()) {
    const writer = payload['writer'] === 'device' ? deviceOf(charter, payload) : daemonOf(charter, payload);
    if (writer !== undefined && `${charter.name}/${hex(sha256(writer.key))}` === head.origin) return writer;
  }
  throw new Error('no charter version confirms the writer');
}

function deviceOf(charter: Charter, payload: Payload): Writer | undefined {
  const parts = decode(bytesOf()(payload['note']));
  must(Array.isArray(parts) && parts.length === 2, 'root note');
  const body = bytesOf()(parts[0]);
  const note = delegationShape(decode(body));
  const agency = charter.agencies.find(({ id }) => id === note.agency);
  if (note.format !== 'vauban/delegate/0' || note.charter !== charter.name || agency === undefined)
    return undefined;
  const message = Buffer.concat([Buffer.from('vauban/root-note/0\n'), body]);
  return signed(message, bytesOf(64)(parts[1]), agency.rootKey)
    ? { kind: 'device', key: note.deviceKey, note }
    : undefined;
}

function daemonOf(charter: Charter, payload: Payload): Writer | undefined {
  must(payload['writer'] === 'daemon', 'writer');
  const id = hex(bytesOf(16)(payload['daemon']));
  const daemon = charter.daemons.find((one) => one.id === id);
  return daemon && { kind: 'daemon', key: daemon.logKey, daemon: id };
}

const isOpenPlace = ({ kind, payload }: OpenHead['entries'][0]) =>
  payload !== undefined && (kind === 'place' || (kind === 'adopt' && adoptedKind(payload) === 'place'));

/** No entry without a reason (PROOF 3, step 5), and no place that is cancelled. */
function checkPresence({ head, writer, entries }: OpenHead, segments: ReadonlySet<string>, at: number): void {
  const first = entries.find(isOpenPlace)?.index ?? head.size;
  const whole = entries.filter(({ index }) => index > first).length === head.size - 1 - first;
  for (const { index, kind, time, payload } of entries) {
    if (payload === undefined) {
      must(whole && index > first && kind !== 'void', 'an entry for nothing');
      continue;
    }
    if (kind === 'genesis') continue;
    if (kind === 'void') {
      must(whole && index > first, 'a void for nothing');
      must(
        !entries.some((one) => isOpenPlace(one) && one.index === payload['index']),
        'the place is cancelled',
      );
      continue;
    }
    must(time <= at, 'an entry of a later date');
    must(
      writer.kind === (kind === 'place' || kind === 'adopt' ? 'device' : 'daemon'),
      'the writer may not write this',
    );
    must(
      segmentsOf(kind, payload).some((id) => segments.has(id)),
      'an entry about other segments',
    );
  }
}

function segmentsOf(kind: string, payload: Payload): string[] {
  if (kind === 'place' || kind === 'custody' || kind === 'trim') return [hex(key(payload['segment']))];
  if (kind === 'adopt') {
    const { entry, payload: taken } = adoptShape(payload).record;
    must(openEntryBytes(entry).kind === 'place', 'nothing placed is taken over');
    return [hex(key((decode(taken) as Payload)['segment']))];
  }
  if (kind === 'lost') return listOf((pair) => hex(key((pair as Value[])[0])))(payload['fragments']);
  if (kind === 'purge') return listOf(key)(payload['segments']).map(hex);
  throw new Error(`an entry of kind ${kind}`);
}

// Places taken over from a sealed log (SPEC 3)

const adoptShape = mapOf({
  kind: text,
  origin: text,
  index: count,
  branch: key,
  checkpoint: text,
  proof: listOf(key),
  note: bytesOf(),
  record: mapOf({ entry: bytesOf(), salt: key, payload: bytesOf() }),
});

function adoptedKind(payload: Payload): string {
  return openEntryBytes(adoptShape(payload).record.entry).kind;
}

/** The place, its date and its writer, after the evidence that an `adopt` carries with it. */
function takeOver(payload: Payload, by: { writer: Writer; origin: string; charters: readonly Charter[] }) {
  const { origin, index, branch, checkpoint, proof, note, record } = adoptShape(payload);
  const genesis: Payload = { note };
  const writer = by.charters
    .map((charter) => deviceOf(charter, genesis))
    .findLast((one) => one !== undefined);
  must(
    writer?.kind === 'device' && by.writer.kind === 'device' && origin !== by.origin,
    'taken over from nobody',
  );
  must(
    writer.note.agency === by.writer.note.agency && same(writer.note.vault, by.writer.note.vault),
    'taken over from others',
  );
  must(`${writer.note.charter}/${hex(sha256(writer.key))}` === origin, 'taken over from another log');
  const signedNote = parseNote(checkpoint);
  const head = headOf(signedNote);
  const own = signedNote.lines.find(
    (line) => line.name === origin && lineSigned(signedNote, line, writer.key),
  );
  must(own !== undefined && head.origin === origin, 'the head of what is taken over');
  const { commit, time } = openEntryBytes(record.entry);
  must(
    same(sha256('vauban/commit/0\n', record.salt, record.payload), commit),
    'commitment of what is taken over',
  );
  const leaf = leafOf(record.entry);
  must(index < head.size && same(leaf, branch), 'branch');
  must(
    same(rootOfPath(leaf, { index, size: head.size, path: proof }), head.root),
    'inclusion of what is taken over',
  );
  return { place: placeShape(decode(record.payload)), time, writer };
}

// Places and holders (SPEC 6; placement SPEC 1)

const fragmentOf: Check<{
  root: Bytes;
  held: { daemon: string; generation: number; receipt: Bytes } | null;
}> = (value) => {
  must(Array.isArray(value) && (value.length === 1 || value.length === 4), 'fragment');
  const [root, daemon, generation, receipt] = value;
  if (value.length === 1) return { root: key(root), held: null };
  return {
    root: key(root),
    held: { daemon: hex(bytesOf(16)(daemon)), generation: count(generation), receipt: bytesOf(64)(receipt) },
  };
};
const placeShape = mapOf({
  kind: text,
  segment: key,
  charter: count,
  vault: key,
  code: text,
  k: count,
  m: count,
  cellBytes: count,
  stripes: count,
  lastCellBytes: count,
  retainUntil: count,
  fragments: listOf(fragmentOf),
});
type Place = ReturnType<typeof placeShape>;

const fragmentBytes = (place: Place) => (place.stripes - 1) * place.cellBytes + place.lastCellBytes;

function receiptHolds(
  charter: Charter,
  of: {
    segment: Bytes;
    index: number;
    root: Bytes;
    bytes: number;
    daemon: string;
    generation: number;
    receipt: Bytes;
  },
): boolean {
  const daemon = charter.daemons.find(({ id }) => id === of.daemon);
  const fields = [
    charter.name,
    of.segment,
    of.index,
    of.root,
    of.bytes,
    Buffer.from(of.daemon, 'hex'),
    of.generation,
  ];
  const message = sha256('vauban/receipt/0\n', encode(fields));
  return daemon !== undefined && signed(message, of.receipt, daemon.receiptKey);
}

function checkPlace(place: Place, of: { time: number; writer: Writer; charter: Charter }): void {
  const { k, m, cellBytes, stripes, lastCellBytes, fragments } = place;
  const { charter, writer } = of;
  must(
    writer.kind === 'device' && writer.note.rights.includes('write') && same(writer.note.vault, place.vault),
    'writer',
  );
  const now = Math.max(of.time, charter.issued);
  const agency = charter.agencies.find(({ id }) => id === writer.note.agency);
  must(writer.note.until > now && charter.expires > now, 'expired');
  must(agency !== undefined && !agency.suspended && agency.policies.includes(writer.note.policy), 'agency');
  const policy = charter.policies.find(({ name }) => name === writer.note.policy);
  must(policy !== undefined, 'policy');
  must(k >= 1 && m >= 1 && k + m <= 255 && fragments.length === k + m && stripes >= 1, 'shape');
  must(cellBytes >= 16_384 && cellBytes % 16_384 === 0, 'cells');
  must(place.code === 'rs' || (place.code === 'clay' && m >= 2), 'code');
  const parts = place.code === 'clay' ? m ** Math.ceil((k + m) / m) : 1;
  must(parts <= 256 && cellBytes % (16 * parts) === 0, 'parts of a cell');
  must(lastCellBytes >= 16 && lastCellBytes <= cellBytes && lastCellBytes % (16 * parts) === 0, 'last cell');
  const fields = [
    place.vault,
    place.code,
    k,
    m,
    cellBytes,
    stripes,
    lastCellBytes,
    fragments.map(({ root }) => root),
  ];
  must(same(sha256('vauban/segment/0\n', encode(fields)), place.segment), 'segment id');
  must(m === policy.m && m <= k && k <= policy.k, 'counts');
  if (policy.code === 'clay' && place.code === 'rs')
    must(cellBytes === 147_456 && (stripes - 1) * 147_456 < policy.cellBytes, 'code of a short segment');
  else {
    must(place.code === policy.code && cellBytes === policy.cellBytes, 'code');
    must(place.code === 'rs' || stripes > 1 || lastCellBytes === cellBytes, 'a whole stripe');
  }
  must((stripes - 1) * k * cellBytes < policy.segmentFrames * 49_152, 'segment too large');
  must(place.retainUntil >= of.time + policy.retentionMs, 'retention');
  const loads = {
    site: new Map<string, number>(),
    building: new Map<string, number>(),
    hoster: new Map<string, number>(),
  };
  let receipts = 0;
  for (const [index, { root, held }] of fragments.entries()) {
    if (held === null) continue;
    receipts += 1;
    must(
      receiptHolds(charter, { ...held, segment: place.segment, index, root, bytes: fragmentBytes(place) }),
      'receipt',
    );
    const home = homeOf(charter, held.daemon);
    must(home !== undefined, 'holder');
    const { declaration: said, id } = home.hoster;
    const rule = policy.sovereignty;
    must(said.validFrom <= now && now < said.validUntil, 'declaration expired');
    must(
      [said.seat, said.law, said.data].every((country) => rule.countries.includes(country)),
      'country',
    );
    must(
      said.foreignShareLargest <= rule.foreignShareLargestMax &&
        said.foreignShareTotal <= rule.foreignShareTotalMax,
      'shares',
    );
    must(!said.foreignVeto || rule.foreignVetoAllowed, 'veto');
    for (const [kind, name] of [
      ['site', home.site.id],
      ['building', home.site.building],
      ['hoster', id],
    ] as const) {
      loads[kind].set(name, (loads[kind].get(name) ?? 0) + 1);
    }
  }
  must(receipts - k >= policy.minSurvives, 'margin');
  for (const load of Object.values(loads)) {
    const worst = [...load.values()].sort((a, b) => b - a).slice(0, policy.sitesLost);
    must(worst.reduce((sum, one) => sum + one, 0) <= m, 'domain rule');
  }
  must(
    [...loads.hoster.values()].every((one) => one < k),
    'a hoster holds k',
  );
}

function homeOf(charter: Charter, daemon: string) {
  const found = charter.daemons.find(({ id }) => id === daemon);
  const site = charter.sites.find(({ id }) => id === found?.site);
  const hoster = charter.hosters.find(({ id }) => id === site?.hoster);
  return site === undefined || hoster === undefined ? undefined : { site, hoster };
}

// Holdings (PROOF 3)

interface Named {
  log: number;
  index: number;
  time: number;
}

interface Event extends Named {
  kind: string;
  daemon: string;
  fragment: number | null;
}

interface Segment {
  place: Place;
  places: (Named & { place: Place; excluded: boolean })[];
  holdings: { since: Event; end: Event | null }[][];
}

function segmentOf(id: string, heads: readonly OpenHead[], charters: readonly Charter[]): Segment {
  const places: Segment['places'] = [];
  const events: Event[] = [];
  for (const [nth, { head, writer, entries }] of heads.entries()) {
    for (const { index, kind, time, payload } of entries) {
      if (
        payload === undefined ||
        kind === 'genesis' ||
        kind === 'void' ||
        !segmentsOf(kind, payload).includes(id)
      )
        continue;
      const named = { log: nth + 1, index, time };
      if (kind === 'place' || kind === 'adopt') {
        const by = { writer, origin: head.origin, charters };
        const made = kind === 'place' ? { place: placeShape(payload), time, writer } : takeOver(payload, by);
        const { place } = made;
        const charter = charters[place.charter - 1];
        must(charter !== undefined, 'the version a place names');
        checkPlace(place, { ...made, charter });
        const later = entries.filter((one) => one.index > index).length;
        places.push({ ...named, place, excluded: later === head.size - 1 - index });
        for (const [fragment, { held }] of place.fragments.entries()) {
          if (held !== null) events.push({ ...named, kind, daemon: held.daemon, fragment });
        }
        continue;
      }
      must(writer.kind === 'daemon', 'writer');
      const { daemon } = writer;
      if (kind === 'lost') {
        for (const pair of payload['fragments'] as [Bytes, number][]) {
          if (hex(pair[0]) === id) events.push({ ...named, kind, daemon, fragment: count(pair[1]) });
        }
      } else
        events.push({ ...named, kind, daemon, fragment: kind === 'purge' ? null : count(payload['index']) });
    }
  }
  const first = places[0];
  must(first !== undefined, 'a segment without a place');
  checkCustody(id, { place: first.place, places, heads, charters });
  const holdings = first.place.fragments.map((_, fragment) =>
    holdingsOf(
      events.filter((one) => one.fragment === fragment || one.fragment === null),
      heads,
    ),
  );
  return { place: first.place, places, holdings };
}

function checkCustody(
  id: string,
  of: { place: Place; places: Segment['places']; heads: readonly OpenHead[]; charters: readonly Charter[] },
): void {
  const { place, places, heads, charters } = of;
  for (const { writer, entries } of heads) {
    for (const { kind, payload } of entries) {
      if (kind !== 'custody' || payload === undefined || hex(key(payload['segment'])) !== id) continue;
      must(writer.kind === 'daemon', 'writer');
      const {
        root,
        bytes,
        index,
        generation,
        receipt,
        place: named,
      } = mapOf({
        kind: text,
        segment: key,
        index: count,
        root: key,
        bytes: count,
        generation: count,
        receipt: bytesOf(64),
        place: mapOf({ origin: text, index: count }),
        size: count,
      })(payload);
      must(
        places.some((one) => one.index === named.index && heads[one.log - 1]?.head.origin === named.origin),
        'custody of another place',
      );
      must(
        same(root, place.fragments[index]?.root ?? new Uint8Array(0)) && bytes === fragmentBytes(place),
        'custody of another fragment',
      );
      const charter = charters.findLast(({ daemons }) => daemons.some((one) => one.id === writer.daemon));
      const claim = {
        segment: place.segment,
        index,
        root,
        bytes,
        daemon: writer.daemon,
        generation,
        receipt,
      };
      must(charter !== undefined && receiptHolds(charter, claim), 'receipt of a custody');
    }
  }
}

function holdingsOf(events: readonly Event[], heads: readonly OpenHead[]): Segment['holdings'][0] {
  const origin = ({ log }: Event) => (heads[log - 1] as OpenHead).head.origin;
  const genesis = (one: Event) =>
    heads.find(({ head, entries }) => head.origin === origin(one) && entries[0]?.index === 0)?.entries[0]
      ?.time ?? 0;
  const byTime = (a: Named, b: Named) => a.time - b.time || a.log - b.log || a.index - b.index;
  const own = (a: Event, b: Event) =>
    origin(a) === origin(b) ? a.index - b.index : genesis(a) - genesis(b) || order(origin(a), origin(b));
  const isPlace = ({ kind }: Event) => kind === 'place' || kind === 'adopt';
  const placed = events.filter(isPlace).sort(byTime);
  const said = events.filter((one) => !isPlace(one)).sort(own);
  const open = new Map<string, Event>();
  const held: Segment['holdings'][0] = [];
  for (const event of [...placed, ...said]) {
    const since = open.get(event.daemon);
    if (isPlace(event) || event.kind === 'custody') {
      if (since === undefined) open.set(event.daemon, event);
    } else if (since !== undefined) {
      held.push({ since, end: event });
      open.delete(event.daemon);
    }
  }
  for (const since of open.values()) held.push({ since, end: null });
  return held.sort((a, b) => byTime(a.since, b.since));
}

// Words (PROOF 4)

const iso = (ms: number) => (ms > 253_402_300_799_999 ? 'after the year 9999' : new Date(ms).toISOString());

/** Code points that are written as \u{hex}, from and to. */
const HIDDEN = [
  [0, 0x1f],
  [0x5c, 0x5c],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f],
] as const;

function plain(words: string): string {
  const points = Array.from(words, (one) => one.codePointAt(0) ?? 0);
  const hidden = (point: number) => HIDDEN.some(([from, to]) => point >= from && point <= to);
  return points
    .map((point) => (hidden(point) ? `\\u{${point.toString(16)}}` : String.fromCodePoint(point)))
    .join('');
}

function inWords(evidence: Evidence, charters: readonly Charter[], heads: readonly OpenHead[]): string {
  const segments = evidence.segments.map((id) => segmentOf(id, heads, charters));
  const at = milliseconds(evidence.at);
  const shown = Math.max(
    1,
    ...charters.filter(({ issued }) => issued <= at).map(({ version }) => version),
    ...segments.flatMap(({ places }) => places.map(({ place }) => place.charter)),
  );
  const charter = charters[shown - 1] as Charter;
  const officers = new Set((evidence.charters[shown - 1] as Version).officers.map(({ id }) => plain(id)));
  const rootHash = hex(sha256('vauban/charter-version/0\n', (evidence.charters[0] as Version).body));
  const out = [
    'vauban/proof/0',
    'Where fragments stood, as their daemons signed and the hosters recorded it',
    '',
    `charter root  ${charter.name}+charter0+${rootHash}`,
    `state at      ${evidence.at}`,
    `sites as in   charter version ${shown} of ${iso(charter.issued)}`,
    `officers      ${[...officers].join(', ')} signed it`,
  ];
  if (evidence.label !== null) out.push(`NOT PROVEN    its maker says this is: ${plain(evidence.label)}`);
  for (const [nth, { head, writer, cosigners, epoch }] of heads.entries()) {
    out.push('', `log ${nth + 1}  ${head.origin}`);
    if (writer.kind === 'daemon') out.push(`  written by daemon ${writer.daemon}`);
    else {
      const { agency, vault } = writer.note;
      const known = charters.findLast((one) => one.agencies.some(({ id }) => id === agency));
      const name = known?.agencies.find(({ id }) => id === agency)?.name ?? '';
      out.push(
        `  written by a device of agency ${plain(agency)} (${plain(name)}) for vault`,
        `    ${hex(vault)}`,
      );
    }
    const q = quorumOf(epoch);
    out.push(
      `  certified at size ${head.size} by ${q} of ${votersOf(epoch).length} voting hosters; ${q} are needed`,
    );
    for (const { id, name, seconds } of cosigners)
      out.push(`    ${iso(seconds * 1_000)}  ${plain(id)} (${plain(name)})`);
  }
  for (const [nth, segment] of segments.entries()) {
    out.push('', `segment ${nth + 1}  ${evidence.segments[nth]}`, ...segmentWords(segment, charters, shown));
  }
  return `${out.join('\n')}\n\n${CLOSING}`;
}

function segmentWords(
  { place, places, holdings }: Segment,
  charters: readonly Charter[],
  shown: number,
): string[] {
  const n = place.k + place.m;
  const named = ({ log, index, time }: Named) => `log ${log}, entry ${index}, dated ${iso(time)}`;
  const stood = (daemon: string) => {
    const charter = charters.slice(0, shown).findLast((one) => homeOf(one, daemon) !== undefined);
    const home = charter && homeOf(charter, daemon);
    must(charter !== undefined && home !== undefined, 'a daemon nobody lists');
    return { charter, home, dropped: charter.version < shown ? charters[charter.version] : undefined };
  };
  const live = holdings.map((list) =>
    list.filter(({ since, end }) => end === null && stood(since.daemon).dropped === undefined),
  );
  const sites = new Set(live.flat().map(({ since }) => stood(since.daemon).home.site.id));
  const out = [
    `  vault ${hex(place.vault)}`,
    `  ${place.code}: any ${place.k} of its ${n} fragments of ${fragmentBytes(place)} bytes rebuild it`,
    `  recorded then: ${live.filter((list) => list.length > 0).length} of ${n} fragments held, on sites: ${sites.size}`,
  ];
  for (const one of places) {
    out.push(
      `  placed by ${named(one)}`,
      `    under charter version ${one.place.charter}, to be kept until ${iso(one.place.retainUntil)}`,
      one.excluded
        ? '    no later entry below that head cancels it'
        : '    that no later entry cancels it is not shown here',
    );
  }
  for (const [index, list] of holdings.entries()) {
    out.push(`  fragment ${index}  root ${hex(place.fragments[index]?.root ?? new Uint8Array(0))}`);
    if (list.length === 0) out.push('    nobody is recorded as holding it');
    for (const { since, end } of list) {
      const { home, dropped } = stood(since.daemon);
      const { site, hoster } = home;
      const until = end !== null ? `${named(end)} (${end.kind})` : 'no end recorded';
      const left =
        dropped && `${iso(dropped.issued)}, charter version ${dropped.version} without this daemon`;
      out.push(
        `    daemon    ${since.daemon}`,
        `    hoster    ${plain(hoster.id)} (${plain(hoster.name)})`,
        `    site      ${plain(site.id)}, ${plain(site.city)} (${plain(site.country)}), building ${plain(site.building)}`,
        `    address   ${site.address === '' ? 'none given' : plain(site.address)}`,
        `    since     ${named(since)} (${since.kind})`,
        `    until     ${end === null && left !== undefined ? left : until}`,
      );
    }
  }
  return out;
}

const CLOSING = `What this proves, if the file checks under the charter root above

  Its officers, and from version 2 on its hosters too, put each charter version
  in this file in force.
  The hosters named with a log signed, at the times given, that they had stored
  its entries up to that head. They sign a placement only if it keeps the
  charter's rules; whoever checks this file applies those rules again.
  Each daemon named signed, with its receipt key, that it durably held the
  fragment with that root. The charter says where that daemon stands.

What it does not prove

  A receipt proves what a daemon signed, not that a disk stands in a building.
  Site, city, building and address are what the charter says of the daemon.
  Entries carry their writers' dates. By when they existed at the latest, the
  hosters' times above say.
  It shows what its maker knew and chose to show, up to the heads above. A loss
  recorded later, or left out, is not in it: ask the hosters for today's state.
  Segments are ciphertext. Which files they hold is their owner's word.
`;
