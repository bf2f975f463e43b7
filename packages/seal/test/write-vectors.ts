// Writes vectors/*.json anew: `node packages/seal/test/write-vectors.ts`. Only for a new format version: the vectors of a
// released one never change. What they say is checked against other implementations in the tests beside this file.

import { writeFileSync } from 'node:fs';
import { nodeCrypto } from '@vauban/core/node';
import {
  agencyKeys,
  argon2idKdf,
  encodeObjectsIndex,
  encodeObjectsRecord,
  FRAME_PLAIN_BYTES,
  framesFor,
  type ObjectChange,
  type ObjectsRecord,
  recordKey,
  replacedRootKeys,
  scryptKdf,
  sealedBytes,
  sealFrames,
  sealKeyFile,
  sealRecord,
  segmentKey,
  vaultIdOf,
  vaultSecret,
  wordsOf,
} from '../src/index.ts';
import { bytesOf, counting, flipped, pattern, scriptedRandom, toHex } from './support.ts';

function write(name: string, value: unknown): void {
  const text = JSON.stringify(
    value,
    (_key, each) => (each instanceof Uint8Array ? { hex: toHex(each) } : each),
    2,
  );
  writeFileSync(new URL(`../vectors/${name}.json`, import.meta.url), `${text}\n`);
}

const agencySecret = counting(0, 32);
const { rootSeed, rootPublic } = agencyKeys(nodeCrypto, agencySecret);
const origin = `grand-est/${'ab'.repeat(32)}`;

write('recovery', {
  valid: ['00', 'ff', '7f', '80']
    .map((byte) => bytesOf(byte.repeat(32)))
    .concat(agencySecret)
    .map((secret) => ({
      secret,
      english: wordsOf(secret).join(' '),
      french: wordsOf(secret, 'french').join(' '),
    })),
  invalid: [
    { phrase: '', code: 'WORD_COUNT' },
    { phrase: `${'abandon '.repeat(22)}art`, code: 'WORD_COUNT' },
    { phrase: 'abandon '.repeat(24).trim(), code: 'WORDS_CHECKSUM' },
    { phrase: `${'abandon '.repeat(23)}arts`, code: 'UNKNOWN_WORD' },
    { phrase: `abaisser ${'abandon '.repeat(22)}zoo`, code: 'UNKNOWN_WORD' },
  ],
});

write('keys', {
  agencySecret,
  rootSeed,
  rootPublic,
  replacedRoot: { rootSecret: counting(0x20, 32), ...replacedRootKeys(nodeCrypto, counting(0x20, 32)) },
  vaults: ['archives', 'état civil'].map((label) => {
    const id = vaultIdOf(rootPublic, label);
    const secret = vaultSecret(agencySecret, id);
    return { label, id, secret, origin, recordKey: recordKey(secret, origin) };
  }),
  segments: [0, 1, 256].map((segment) => {
    const dataKey = counting(0x40, 32);
    const content = counting(0x80, 16);
    return { dataKey, content, segment, key: segmentKey(dataKey, { content, segment }) };
  }),
});

const frameKey = segmentKey(counting(0x40, 32), { content: counting(0x80, 16), segment: 0 });
function sealed(plain: Uint8Array) {
  const into = new Uint8Array(sealedBytes(plain.length));
  return { into, tagsDigest: sealFrames(nodeCrypto, frameKey, plain, into) };
}
const short = sealed(pattern(20)).into;
write('frames', {
  about: 'plaintext byte i = (7 i + floor(i / 251)) mod 256; key of every vector as given',
  key: frameKey,
  valid: [
    1,
    20,
    FRAME_PLAIN_BYTES - 1,
    FRAME_PLAIN_BYTES,
    FRAME_PLAIN_BYTES + 1,
    2 * FRAME_PLAIN_BYTES,
    100_000,
  ].map((plainBytes) => {
    const { into, tagsDigest } = sealed(pattern(plainBytes));
    return {
      plainBytes,
      sealedBytes: into.length,
      sealedSha256: nodeCrypto.sha256(into),
      tagsDigest,
      ...(into.length <= 64 && { sealed: into }),
    };
  }),
  invalid: [
    { name: 'nothing', sealed: new Uint8Array(0), code: 'IMPOSSIBLE_LENGTH' },
    { name: 'a tag alone', sealed: short.subarray(-16), code: 'IMPOSSIBLE_LENGTH' },
    { name: 'first bit', sealed: flipped(short, 0), code: 'FRAME_FORGED' },
    { name: 'last bit', sealed: flipped(short, 8 * short.length - 1), code: 'FRAME_FORGED' },
    { name: 'a byte cut', sealed: short.subarray(0, -1), code: 'FRAME_FORGED' },
    { name: 'a byte more', sealed: Uint8Array.of(...short, 0), code: 'FRAME_FORGED' },
  ],
  ranges: [
    [0, 1],
    [49_135, 2],
    [49_136, 1],
    [99_999, 1],
    [0, 100_000],
  ].map(([offset = 0, length = 0]) => ({
    plainBytes: 100_000,
    offset,
    length,
    span: framesFor({ plainBytes: 100_000, offset, length }),
  })),
});

const secretOfVault = vaultSecret(agencySecret, vaultIdOf(rootPublic, 'archives'));
const record = { vaultSecret: secretOfVault, origin, index: 41 };
const nonce = counting(0xc0, 24);
const sealedRecord = sealRecord({ ...record, random: scriptedRandom(nonce), plain: pattern(20) });
write('records', {
  valid: [
    { ...record, nonce, plain: pattern(20), sealed: sealedRecord },
    {
      ...record,
      nonce,
      plain: pattern(0),
      sealed: sealRecord({ ...record, random: scriptedRandom(nonce), plain: pattern(0) }),
    },
  ],
  invalid: [
    { name: 'another index', ...record, index: 42, sealed: sealedRecord, code: 'RECORD_FORGED' },
    { name: 'another log', ...record, origin: `${origin}0`, sealed: sealedRecord, code: 'RECORD_FORGED' },
    {
      name: 'another vault',
      ...record,
      vaultSecret: counting(1, 32),
      sealed: sealedRecord,
      code: 'RECORD_FORGED',
    },
    { name: 'another version', ...record, sealed: flipped(sealedRecord, 0), code: 'RECORD_VERSION' },
    { name: 'a bit of the nonce', ...record, sealed: flipped(sealedRecord, 8), code: 'RECORD_FORGED' },
    { name: 'a byte cut', ...record, sealed: sealedRecord.subarray(0, -1), code: 'RECORD_FORGED' },
    { name: 'nothing', ...record, sealed: new Uint8Array(0), code: 'RECORD_FORGED' },
  ],
});

const shared = {
  object: counting(1, 16),
  version: counting(2, 16),
  parents: [],
  size: 0,
  modified: 1_790_000_000_000,
  mode: 0o644,
};
const content = { content: counting(0x80, 16), key: counting(0x40, 32) };
const changes: readonly ObjectChange[] = [
  {
    ...shared,
    kind: 'file',
    path: 'état civil/acte.pdf',
    size: 20,
    sha256: nodeCrypto.sha256(pattern(20)),
    contentType: 'application/pdf',
    meta: { b: '2', a: '1' },
    content: { ...content, in: { pack: counting(7, 32), offset: 70_000, length: 36 } },
  },
  {
    ...shared,
    kind: 'file',
    path: 'large',
    size: 20_000_000,
    parents: [counting(3, 16)],
    content: {
      ...content,
      in: {
        segments: [
          { id: counting(8, 32), bytes: 15_920_064 },
          { id: counting(9, 32), bytes: 4_079_936 },
        ],
      },
    },
  },
  { ...shared, kind: 'file', path: 'empty', modified: -1 },
  { ...shared, kind: 'directory', path: 'a', mode: 0o755 },
  { ...shared, kind: 'symlink', path: 'a/link', target: '../large', mode: 0o777 },
  { kind: 'delete', path: 'old', versions: [counting(4, 16)] },
];
const inside: ObjectChange = {
  ...shared,
  kind: 'file',
  path: 'b',
  size: 20,
  content: { ...content, in: { pack: null, offset: 0, length: 36 } },
};
const records: readonly ObjectsRecord[] = [
  ...changes.map((change) => ({ changes: [change] })),
  { changes },
  { index: { ...content, size: 100_000, in: { pack: counting(7, 32), offset: 5, length: 100_048 } } },
  { index: { ...content, size: 100_000, in: { segments: [{ id: counting(8, 32), bytes: 100_000 }] } } },
];
const directory = toHex(encodeObjectsRecord({ changes: [changes[3] as ObjectChange] }));
write('objects', {
  records: records.map((each) => ({ record: each, bytes: encodeObjectsRecord(each) })),
  indexes: [{ changes: [inside], bytes: encodeObjectsIndex([inside]) }],
  /** Malformed as a record and as an index. */
  invalid: [
    { name: 'nothing', bytes: bytesOf('') },
    { name: 'another version', bytes: bytesOf(directory.replace(/^8300/, '8301')) },
    { name: 'no changes', bytes: bytesOf('83000080') },
    { name: 'a longer zero', bytes: bytesOf(directory.replace(/^8300/, '831800')) },
    { name: 'a byte more', bytes: bytesOf(`${directory}00`) },
    { name: 'a byte cut', bytes: bytesOf(directory.slice(0, -2)) },
    { name: 'the path ..', bytes: bytesOf(directory.replace('864161', '86422e2e')) },
    { name: 'the path /', bytes: bytesOf(directory.replace('864161', '86412f')) },
    { name: 'an absolute path', bytes: bytesOf(directory.replace('864161', '86422f61')) },
    { name: 'a path with NUL', bytes: bytesOf(directory.replace('864161', '86426100')) },
    { name: 'a path that is not UTF-8', bytes: bytesOf(directory.replace('864161', '8641c3')) },
    { name: 'a path of CBOR text', bytes: bytesOf(directory.replace('864161', '866161')) },
    { name: 'extras that are an empty array', bytes: bytesOf(directory.replace(/a0$/, '80')) },
    { name: 'a mode above 07777', bytes: bytesOf(directory.replace('1901ed', '191000')) },
    { name: 'an array of 2^63', bytes: bytesOf('9b8000000000000000') },
  ],
});

const drawn = () => scriptedRandom(counting(0x10, 16), nonce);
const params = { memoryKiB: 64, passes: 2, lanes: 1 };
const file = { params, passphrase: 'été à Metz', secret: pattern(20) };
const keyFile = sealKeyFile({ ...file, random: drawn(), kdf: argon2idKdf });
write('key-files', {
  about: 'params are cheap so that checking is quick; salt 10 11 …, nonce c0 c1 …',
  valid: [
    { kdf: 'argon2id', ...file, bytes: keyFile },
    { kdf: 'scrypt', ...file, bytes: sealKeyFile({ ...file, random: drawn(), kdf: scryptKdf }) },
  ],
  invalid: [
    { name: 'another passphrase', passphrase: 'Été à Metz', bytes: keyFile, code: 'WRONG_PASSPHRASE' },
    {
      name: 'the last bit',
      passphrase: file.passphrase,
      bytes: flipped(keyFile, 8 * keyFile.length - 1),
      code: 'WRONG_PASSPHRASE',
    },
    {
      name: 'another version',
      passphrase: file.passphrase,
      bytes: bytesOf(toHex(keyFile).replace(/^a4617600/, 'a4617601')),
      code: 'MALFORMED',
    },
    {
      name: 'a byte more',
      passphrase: file.passphrase,
      bytes: Uint8Array.of(...keyFile, 0),
      code: 'MALFORMED',
    },
    {
      name: 'four gibibytes',
      passphrase: file.passphrase,
      bytes: bytesOf(toHex(keyFile).replace('4b69421840', '4b69421a00400000')),
      code: 'KDF_TOO_COSTLY',
    },
  ],
});
