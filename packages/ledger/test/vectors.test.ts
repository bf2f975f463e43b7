// vectors/ledger.json: what this code writes, what it reads, and what node:crypto says of it without this code.

import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { decodeCbor, fromHex, memoryStore, shape } from '@vauban/core';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import {
  CharterChain,
  decodeEntry,
  decodePayload,
  decodeSignedCharter,
  type EntryKind,
  LogStore,
  openCertificate,
  openCheckpoint,
  openHeads,
  resolveWriter,
  checkForkProof,
  openRootNote,
  readHead,
} from '../src/index.ts';
import { ledgerVectors } from './ledger-vectors.ts';
import { crypto, NOW } from './sample-charter.ts';

const stored: ReturnType<typeof ledgerVectors> = JSON.parse(
  readFileSync(new URL('../vectors/ledger.json', import.meta.url), 'utf8'),
);
const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;
const sha = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
const verifies = (message: string | Uint8Array, signature: Uint8Array, publicHex: string) =>
  verify(
    null,
    Buffer.from(message),
    createPublicKey({
      key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes(publicHex)]),
      format: 'der',
      type: 'spki',
    }),
    signature,
  );
const publicOf = (name: string) => stored.keys[name]?.public as string;
const chain = () => CharterChain.from(crypto, [{ ...first(), certificate: null }]);
const first = () => ({
  body: bytes(stored.charter.body),
  signatures: stored.charter.signatures.map(({ officer, signature }) => ({
    officer,
    signature: bytes(signature),
  })),
});

test('this code still computes every vector', () => {
  expect(JSON.parse(JSON.stringify(ledgerVectors()))).toEqual(stored);
});

describe('without this code', () => {
  const { log, certificate, segment, receipt, charter } = stored;

  test('hashes: origin, chain, leaves, charter', () => {
    expect(log.origin).toBe(`grand-est/${sha(bytes(publicOf('device laptop')))}`);
    let previous = '00'.repeat(32);
    for (const { entry, salt, payload, leaf } of log.appends.flatMap(({ records }) => records)) {
      expect(sha(Uint8Array.of(0), bytes(entry))).toBe(leaf);
      expect(entry).toContain(previous);
      expect(entry.endsWith(sha('vauban/commit/0\n', bytes(salt), bytes(payload)))).toBe(true);
      previous = leaf;
    }
    expect(charter.hash).toBe(sha('vauban/charter-version/0\n', bytes(charter.body)));
    expect(charter.root).toBe(`grand-est+charter0+${charter.hash}`);
  });

  test('the root over five leaves, by RFC 6962', () => {
    const leaves = log.appends.flatMap(({ records }) => records.map(({ leaf }) => leaf));
    const pair = (left = '', right = '') => sha(Uint8Array.of(1), bytes(left), bytes(right));
    const [a, b, c, d, e] = leaves;
    expect(log.appends.map(({ root }) => root)).toEqual([pair(a, b), pair(pair(pair(a, b), pair(c, d)), e)]);
  });

  test('signatures: checkpoint, cosignatures, officers, receipt', () => {
    const [text = '', lines = ''] = certificate.text.split('\n\n');
    const [own, ...cosigned] = lines
      .trimEnd()
      .split('\n')
      .map((line) => Buffer.from(line.split(' ')[2] as string, 'base64'));
    expect(verifies(`${text}\n`, (own as Buffer).subarray(4), publicOf('device laptop'))).toBe(true);
    expect(cosigned.length).toBe(3);
    for (const [at, line] of cosigned.entries()) {
      expect(Number(line.readBigUInt64BE(4))).toBe(certificate.time);
      const message = `cosignature/v1\ntime ${certificate.time}\n${text}\n`;
      expect(certificate.message).toBe(Buffer.from(message).toString('hex'));
      expect(verifies(message, line.subarray(12), publicOf(`voting h${at + 1} 0`))).toBe(true);
    }
    const [ana] = charter.signatures;
    const signedBody = Buffer.concat([Buffer.from('vauban/charter-signature/0\n'), bytes(charter.body)]);
    expect(verifies(signedBody, bytes(ana?.signature as string), publicOf('officer ana'))).toBe(true);
    // ['grand-est', segment, 0, root, bytes, daemon, 0] in deterministic CBOR, by hand.
    const claim = [
      '87',
      `69${Buffer.from('grand-est').toString('hex')}`,
      `5820${segment.id}`,
      '00',
      `5820${segment.roots[0]}`,
      `19${segment.fragmentBytes.toString(16).padStart(4, '0')}`,
      `50${receipt.daemon}`,
      '00',
    ].join('');
    const digest = bytes(sha('vauban/receipt/0\n', bytes(claim)));
    expect(verifies(digest, bytes(receipt.signature), publicOf('receipt h1'))).toBe(true);
    const roots = segment.roots.map((root) => `5820${root}`).join('');
    const fields = `885820${segment.vault}62727302011940000219040083${roots}`;
    expect(sha('vauban/segment/0\n', bytes(fields))).toBe(segment.id);
  });
});

describe('read back', () => {
  test('the log, append by append, and its certificate', async () => {
    const logs = await LogStore.open(memoryStore(), crypto);
    const options = { crypto, charters: chain() };
    for (const { oldSize, checkpoint, records } of stored.log.appends) {
      const append = {
        origin: stored.log.origin,
        oldSize,
        checkpoint,
        records: records.map(({ entry, salt, payload }) => ({
          entry: bytes(entry),
          salt: bytes(salt),
          payload: bytes(payload),
        })),
      };
      const checked = await logs.check(append, options.charters.current, (...found) =>
        resolveWriter(options, ...found),
      );
      const { operations, after } = logs.rows(checked, { now: NOW, admittedSize: 0, votedSeconds: null });
      await logs.commit(after, operations);
    }
    const opened = openCertificate(
      crypto,
      options.charters,
      stored.certificate.text,
      bytes(publicOf('device laptop')),
    );
    expect(opened.head.size).toBe(logs.state(stored.log.origin).size);
    expect(opened.cosigners).toEqual(['h1', 'h2', 'h3']);
  });

  test('the charter and its next version', () => {
    const charters = chain();
    charters.extend(decodeSignedCharter(bytes(stored.charter.next.signed)));
    expect(charters.current.version).toBe(2);
    expect(charters.root).toBe(stored.charter.root);
  });

  test('heads and payloads', () => {
    const scope = { of: 'vault', vault: bytes(stored.segment.vault) } as const;
    const asked = { hoster: 'h1', nonce: bytes(stored.heads.nonce), scope };
    const body = openHeads(crypto, chain().current, asked, bytes(stored.heads.signed));
    expect(body.heads.map(({ origin, size }) => ({ origin, size }))).toEqual([
      { origin: stored.log.origin, size: 5 },
    ]);
    for (const { kind, payload } of stored.payloads)
      expect(decodePayload(kind, bytes(payload)).kind).toBe(kind);
  });
});

describe('root notes and forks', () => {
  test('notes are signed by the agency’s root key', () => {
    for (const { format, note } of stored.rootNotes) {
      expect(openRootNote(crypto, chain().current, bytes(note)).format).toBe(format);
      const [body, signature] = decodeCbor(
        v.strictTuple([shape.bytesUpTo(4_096), shape.bytes(64)]),
        bytes(note),
        'root note',
        8_192,
      );
      const signed = Buffer.concat([Buffer.from('vauban/root-note/0\n'), body]);
      expect(verifies(signed, signature, publicOf('root metz'))).toBe(true);
    }
  });

  test('forks are proven by two checkpoints alone', () => {
    for (const proof of [stored.fork.sameSize, stored.fork.otherSize]) {
      const { origin, right } = checkForkProof(crypto, bytes(proof));
      expect([origin, right]).toEqual([stored.log.origin, readHead(stored.fork.right as string)]);
    }
  });
});

describe('refused', () => {
  const { entries, payloads, checkpoints, charters } = stored.refused;
  const code = (name: string) => expect.objectContaining({ code: name });

  test.each(entries)('an entry with $why', (one) => {
    expect(() => decodeEntry(bytes(one.bytes))).toThrow(code(one.code));
  });
  test.each(payloads)('a payload: $why', (one) => {
    expect(() => decodePayload(one.kind as EntryKind, bytes(one.bytes))).toThrow(code(one.code));
  });
  test.each(checkpoints)('a checkpoint with $why', (one) => {
    expect(() => openCheckpoint(crypto, one.text, bytes(publicOf('device laptop')))).toThrow(code(one.code));
  });
  test.each(charters)('a charter with $why', (one) => {
    expect(() => new CharterChain(crypto, decodeSignedCharter(bytes(one.signed)))).toThrow(code(one.code));
  });
});

describe('SPEC.md', () => {
  const spec = readFileSync(new URL('../SPEC.md', import.meta.url), 'utf8');
  const flat = spec.replace(/\s+/g, '');
  const [, grown] = stored.log.appends;
  const entry = stored.log.appends[0]?.records[1];

  test.each([
    ['origin', stored.log.origin],
    ['entry', entry?.entry],
    ['salt', entry?.salt],
    ['payload', entry?.payload],
    ['leaf', entry?.leaf],
    ['checkpoint', grown?.checkpoint.trimEnd()],
    ['cosignature', stored.certificate.cosigners[0]?.line],
    ['certificate', stored.certificate.text.trimEnd()],
    ['segment id', stored.segment.id],
    ['receipt', stored.receipt.signature],
    ['charter root', stored.charter.root],
  ])('shows the %s of the vectors', (_what, value) => {
    expect(flat).toContain((value as string).replace(/\s+/g, ''));
  });

  test('every fault code it names exists in the sources, and every code of admission is named', () => {
    const read = (name: string) => readFileSync(new URL(`../src/${name}.ts`, import.meta.url), 'utf8');
    const codesOf = (text: string, mark: string) =>
      new Set(
        [
          ...text.matchAll(
            new RegExp(`${mark}([A-Z]+(?:_[A-Z]+)+|MALFORMED|FORKED|UNFINISHED|ROLLBACK)${mark}`, 'g'),
          ),
        ].map(([, code]) => code as string),
      );
    const names = readdirSync(new URL('../src/', import.meta.url)).map((file) => file.replace(/\.ts$/, ''));
    const admissionFiles = [
      'admission-view',
      'admit-audit',
      'admit-claims',
      'admit-consortium',
      'admit-custody',
      'admit-erasing',
      'admit-place',
    ];
    const inSource = new Set(names.flatMap((name) => [...codesOf(read(name), "'")]));
    const inSpec = codesOf(spec, '`');
    const elsewhere = new Set([
      'TOO_LARGE',
      'CHARTER_INVALID',
      'CHARTER_SKIPPED',
      'VOTERS_CHANGED',
      'CHARTER_OTHER',
      'EPOCH_SKIPPED',
      'QUORUMS_APART',
      'VOTERS_MANY',
      'VOTER_SINCE',
      'VOTE_HISTORY_BEHIND',
      'VOTE_KEY_OTHER',
      'VOTING_KEY_OTHER',
      'VOTING_KEY_USED',
    ]);
    expect([...inSpec].filter((one) => !inSource.has(one) && !elsewhere.has(one))).toEqual([]);
    expect(
      [...codesOf([...admissionFiles, 'refusal'].map(read).join(''), "'")].filter((one) => !inSpec.has(one)),
    ).toEqual([]);
  });
});
