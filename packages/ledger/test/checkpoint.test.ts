// Notes, checkpoints, cosignatures and certificates, against published examples and against node:crypto itself.

import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { equalBytes, fromBase64, quorumOf, toBase64, utf8 } from '@vauban/core';
import { describe, expect, test } from 'vitest';
import {
  checkCosignature,
  cosign,
  cosignedMessage,
  formatHead,
  formatNote,
  formatSignature,
  type Head,
  keyIdOf,
  makeCertificate,
  openCertificate,
  openCheckpoint,
  originOf,
  parseHead,
  parseNote,
  parseSignature,
  SIGNATURE_COSIGNATURE,
  SIGNATURE_ED25519,
  signCheckpoint,
  verifierKey,
  votingSetOf,
} from '../src/index.ts';
import {
  chainOf,
  cosignerOf,
  crypto,
  hosterName,
  openEpoch,
  publicOf,
  sampleCharter,
  seedOf,
} from './sample-charter.ts';

const spki = (raw: Uint8Array) =>
  createPublicKey({
    key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]),
    format: 'der',
    type: 'spki',
  });
const pkcs8 = (seed: Uint8Array) =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });

describe('published examples', () => {
  // The verifier key and note in the documentation of Go's golang.org/x/mod/sumdb/note.
  const goKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
  const goNote =
    'If you think cryptography is the answer to your problem,\n' +
    "then you don't know what your problem is.\n" +
    '\n' +
    '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';

  test('the note of Go’s sumdb parses, carries the right key id and verifies', () => {
    const [name, id, material] = goKey.split('+') as [string, string, string];
    const key = fromBase64(material) as Uint8Array;
    const publicKey = key.subarray(1);
    expect(key[0]).toBe(SIGNATURE_ED25519);
    const note = parseNote(goNote);
    const [line] = note.signatures;
    expect(formatNote(note)).toBe(goNote);
    expect(Buffer.from(line?.keyId as Uint8Array).toString('hex')).toBe(id);
    expect(keyIdOf(crypto, { name, type: SIGNATURE_ED25519, publicKey })).toEqual(line?.keyId);
    expect(crypto.ed25519Verify(line?.signature as Uint8Array, utf8(note.text), publicKey)).toBe(true);
    expect(verifierKey(crypto, { name, type: SIGNATURE_ED25519, publicKey })).toBe(goKey);
  });

  test('the key id of a witness that is in service', () => {
    const key = 'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2';
    const [name, , material] = key.split('+') as [string, string, string];
    const publicKey = (fromBase64(material) as Uint8Array).subarray(1);
    expect(verifierKey(crypto, { name, type: SIGNATURE_COSIGNATURE, publicKey })).toBe(key);
  });

  // tlog-cosignature 1.0.0: the example at its beginning. Its keys are not published, its bytes are.
  const example =
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
    '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
    '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n';

  test('the example of the cosignature specification has the layout and the signed message we write', () => {
    const note = parseNote(example);
    expect(formatNote(note)).toBe(example);
    const [log, witness] = note.signatures;
    expect(log?.signature.length).toBe(64);
    expect(witness?.signature.length).toBe(72);
    const signature = Buffer.from(witness?.signature as Uint8Array);
    expect(Number(signature.readBigUInt64BE(0))).toBe(1_679_315_147);
    expect(new TextDecoder().decode(cosignedMessage(note.text, 1_679_315_147))).toBe(
      'cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n',
    );
  });
});

const origin = originOf(crypto, 'grand-est', publicOf('device laptop'));
const head: Head = { origin, size: 7, root: crypto.sha256(utf8('root')) };
const writer = { seed: seedOf('device laptop'), publicKey: publicOf('device laptop') };
const checkpoint = signCheckpoint(crypto, head, writer);

describe('against node:crypto', () => {
  test('a checkpoint is what the specification says, byte for byte', () => {
    const text = `grand-est/${createHash('sha256').update(writer.publicKey).digest('hex')}\n7\n${createHash('sha256').update('root').digest('base64')}\n`;
    const id = createHash('sha256')
      .update(Buffer.concat([Buffer.from(`${origin}\n`), Buffer.from([1]), writer.publicKey]))
      .digest()
      .subarray(0, 4);
    const signature = sign(null, Buffer.from(text), pkcs8(writer.seed));
    expect(checkpoint).toBe(`${text}\n— ${origin} ${Buffer.concat([id, signature]).toString('base64')}\n`);
    expect(openCheckpoint(crypto, checkpoint, writer.publicKey)).toEqual(head);
  });

  test('a cosignature is what the specification says, byte for byte', () => {
    const cosigner = cosignerOf('h3');
    const line = cosign(crypto, head, cosigner, 1_790_000_000);
    const message = `cosignature/v1\ntime 1790000000\n${formatHead(head)}`;
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_790_000_000n);
    expect(Buffer.from(line.signature.subarray(0, 8)).equals(time)).toBe(true);
    expect(verify(null, Buffer.from(message), spki(cosigner.publicKey), line.signature.subarray(8))).toBe(
      true,
    );
    const id = createHash('sha256')
      .update(Buffer.concat([Buffer.from('grand-est/h3/0\n'), Buffer.from([4]), cosigner.publicKey]))
      .digest();
    expect(equalBytes(line.keyId, id.subarray(0, 4))).toBe(true);
    expect(parseSignature(formatSignature(line).trimEnd())).toEqual(line);
  });
});

describe('notes are strict', () => {
  test.each([
    ['no signature', 'text\n\n'],
    ['no empty line', 'text\n— name AAAAAAA=\n'],
    ['no final newline', checkpoint.slice(0, -1)],
    ['a hyphen for the dash', checkpoint.replace('—', '-')],
    ['two spaces', checkpoint.replace('— ', '—  ')],
    ['a plus in the name', checkpoint.replace(/— [^ ]+/, '— a+b')],
    ['a space in the name', checkpoint.replace(/— [^ ]+/, '— a b')],
    ['no key name', checkpoint.replace(/— [^ ]+/, '— ')],
    ['a carriage return', checkpoint.replaceAll('\n', '\r\n')],
    ['base64 with loose bits', checkpoint.replace(/.(=+)\n$/, '/$1\n')],
    ['url-safe base64', `${checkpoint}— name ____AAAA\n`],
    ['four bytes of signature', `${checkpoint}— name AAAAAA==\n`],
    ['text after the signatures', `${checkpoint}more`],
    ['nothing', ''],
  ])('%s', (_what, text) => {
    expect(() => parseNote(text)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  test('a note of endless length is refused before it is read', () => {
    expect(() => parseNote(`${'x\n'.repeat(5_000)}\n— n AAAAAAA=\n`)).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
  });

  test('sixteen signatures more are borne, and unknown ones ignored', () => {
    const extra = Array.from({ length: 16 }, (_, at) => cosign(crypto, head, cosignerOf(`x${at}`), 1));
    const note = parseNote(checkpoint);
    const long = formatNote({ text: note.text, signatures: [...extra, ...note.signatures] });
    expect(openCheckpoint(crypto, long, writer.publicKey)).toEqual(head);
  });
});

describe('checkpoints are strict', () => {
  const root64 = toBase64(head.root);
  test.each([
    ['a leading zero', `${origin}\n07\n${root64}\n`],
    ['a sign', `${origin}\n+7\n${root64}\n`],
    ['a size beyond what numbers hold', `${origin}\n9007199254740993\n${root64}\n`],
    ['a fraction', `${origin}\n7.0\n${root64}\n`],
    ['an extension line', `${origin}\n7\n${root64}\nmore\n`],
    ['a short root', `${origin}\n7\n${toBase64(head.root.subarray(1))}\n`],
    ['a root that is not base64', `${origin}\n7\n${root64.slice(0, -2)}*=\n`],
    ['an empty origin', `\n7\n${root64}\n`],
    ['an origin with a space', `grand est/a\n7\n${root64}\n`],
    ['an origin without a charter', `abc\n7\n${root64}\n`],
  ])('%s', (_what, text) => {
    expect(() => parseHead(text)).toThrow(expect.objectContaining({ code: 'MALFORMED' }));
  });

  test('sizes at the bounds', () => {
    for (const size of [0, 1, Number.MAX_SAFE_INTEGER]) {
      expect(parseHead(formatHead({ ...head, size }))).toEqual({ ...head, size });
    }
  });

  test.each([
    ['another key', checkpoint, publicOf('device phone')],
    ['another size', checkpoint.replace('\n7\n', '\n8\n'), writer.publicKey],
    ['another name on the signature', checkpoint.replace(/— [^ ]+/, '— other'), writer.publicKey],
  ])('the log signature fails for %s', (_what, text, key) => {
    expect(() => openCheckpoint(crypto, text, key)).toThrow(
      expect.objectContaining({ code: 'LOG_SIGNATURE' }),
    );
  });
});

describe('certificates', () => {
  const charter = sampleCharter(9);
  const names = Array.from({ length: 9 }, (_, at) => hosterName(at + 1));
  const lineOf = (name: string, time = 1_790_000_000) => cosign(crypto, head, cosignerOf(name), time);
  const noteWith = (lines: readonly ReturnType<typeof lineOf>[]) => {
    const note = parseNote(checkpoint);
    return formatNote({ text: note.text, signatures: [...note.signatures, ...lines] });
  };
  const short = expect.objectContaining({ kind: 'integrity', code: 'CERTIFICATE_SHORT' });
  const open = (text: string) => openCertificate(crypto, votingSetOf(charter), text, writer.publicKey);

  test('q cosignatures of nine, two of which may lie, are six; the oldest time counts', () => {
    expect(quorumOf(charter)).toBe(6);
    const certificate = makeCertificate(
      charter,
      checkpoint,
      names.map((name, at) => lineOf(name, 1_790_000_000 - at)),
    );
    expect(parseNote(certificate).signatures.length).toBe(7);
    expect(open(certificate)).toEqual({
      head,
      epoch: 0,
      cosigners: names.slice(0, 6),
      timeSeconds: 1_790_000_000 - 5,
    });
  });

  test('one set of cosignatures has one text', () => {
    const lines = names.slice(0, 6).map((name) => lineOf(name));
    expect(makeCertificate(charter, checkpoint, lines.toReversed())).toBe(
      makeCertificate(charter, checkpoint, lines),
    );
  });

  const five = names.slice(0, 5).map((name) => lineOf(name));
  const sixth = lineOf('h6');
  const other = { ...head, root: crypto.sha256(utf8('other')) };
  test.each([
    ['one short', []],
    ['one hoster twice', [five[0] ?? sixth]],
    ['one hoster twice at different times', [lineOf('h1', 5)]],
    ['a key of another epoch', [cosign(crypto, head, cosignerOf('h6', 1), 1)]],
    [
      'a key of this epoch under the name of another',
      [{ ...cosign(crypto, head, cosignerOf('h6', 1), 1), name: 'grand-est/h6/0' }],
    ],
    [
      'another hoster’s key under this name',
      [{ ...lineOf('h5'), name: 'grand-est/h6/0', keyId: sixth.keyId }],
    ],
    ['a hoster without a vote', [lineOf('h0')]],
    ['a stranger', [lineOf('h10')]],
    ['the same hoster of another charter', [cosign(crypto, head, cosignerOf('h6', 0, 'sud'), 1)]],
    ['another key id', [{ ...sixth, keyId: new Uint8Array(4) }]],
    ['a cosignature of another tree', [cosign(crypto, other, cosignerOf('h6'), 1)]],
    [
      'a changed time',
      [{ ...sixth, signature: Uint8Array.from(sixth.signature, (byte, at) => (at === 7 ? byte ^ 1 : byte)) }],
    ],
    [
      'a time beyond what numbers hold',
      [{ ...sixth, signature: Uint8Array.from(sixth.signature, (byte, at) => (at === 0 ? 255 : byte)) }],
    ],
    ['a signature without its time', [{ ...sixth, signature: sixth.signature.subarray(8) }]],
    [
      'a plain signature of the text',
      [{ ...sixth, signature: crypto.ed25519Sign(cosignerOf('h6').seed, utf8(formatHead(head))) }],
    ],
  ])('five good ones and %s are no certificate', (_what, more) => {
    expect(() => open(noteWith([...five, ...more]))).toThrow(short);
    expect(open(noteWith([...five, ...more, sixth])).cosigners.toSorted()).toEqual(names.slice(0, 6));
  });

  describe('over several epochs', () => {
    const chain = chainOf(charter);
    openEpoch(chain, 1);
    const lineIn = (epoch: number) => (name: string) => cosign(crypto, head, cosignerOf(name, epoch), 9);
    const openNow = (text: string) => openCertificate(crypto, chain, text, writer.publicKey);
    const old = names.map(lineIn(0));
    const fresh = names.map(lineIn(1));

    test('one of an earlier epoch still opens, and one of the epoch in force', () => {
      expect(openNow(noteWith(old.slice(0, 6))).epoch).toBe(0);
      expect(openNow(noteWith(fresh.slice(3))).epoch).toBe(1);
    });

    test('lines of two epochs are not added up', () => {
      const mixed = [...old.slice(0, 5), ...fresh.slice(4)];
      expect(() => openNow(noteWith(mixed))).toThrow(short);
      expect(openNow(noteWith([...mixed, ...fresh.slice(3, 4)])).cosigners).toHaveLength(6);
    });

    test('an epoch that is not known here has no voters', () => {
      expect(() => openNow(noteWith(names.map(lineIn(2))))).toThrow(short);
      expect(() => open(noteWith(fresh))).toThrow(short);
    });
  });

  test('without the writer’s signature it is none', () => {
    const full = noteWith([...five, sixth]);
    const { text, signatures } = parseNote(full);
    expect(() => open(formatNote({ text, signatures: signatures.slice(1) }))).toThrow(
      expect.objectContaining({ code: 'LOG_SIGNATURE' }),
    );
    expect(
      openCertificate(
        crypto,
        votingSetOf(charter),
        formatNote({ text, signatures: signatures.slice(1) }),
        undefined,
      ).head,
    ).toEqual(head);
  });

  test('a cosignature names its hoster and its time', () => {
    expect(checkCosignature(crypto, charter, head, sixth)).toEqual({
      hoster: 'h6',
      timeSeconds: 1_790_000_000,
    });
    expect(checkCosignature(crypto, charter, { ...head, size: 8 }, sixth)).toBeUndefined();
  });
});
