// What vectors/ledger.json says, computed. `write-vectors.ts` writes it; `vectors.test.ts` holds this code, and
// node:crypto alone, to what was written.

import { charterHash, concat, encodeCbor, encodeCharter, toHex, utf8 } from '@vauban/core';
import {
  auditLeaves,
  charterRoot,
  cosign,
  cosignedMessage,
  counterMessage,
  encodePayload,
  formatHead,
  formatNote,
  formatSignature,
  forkProof,
  fragmentBytesOf,
  type HeadsBody,
  leafHashOf,
  type LogRecord,
  makeCertificate,
  originOf,
  type Payload,
  readHead,
  signHeads,
  type SignedHistory,
  signRootNote,
  SIGNATURE_COSIGNATURE,
  SIGNATURE_ED25519,
  verifierKey,
  heldRecord,
} from '../src/index.ts';
import {
  certified,
  chainOf,
  cosignerOf,
  crypto,
  daemonOf,
  NOW,
  publicOf,
  sampleCharter,
  seedOf,
  signed,
  successor,
} from './sample-charter.ts';
import {
  adoptOf,
  auditOf,
  custodyOf,
  daemonGenesis,
  deviceGenesis,
  keepOf,
  drillOf,
  maintenanceOf,
  objects,
  Pen,
  placeOf,
  purgeOf,
  readmitOf,
  releaseOf,
  siteLostOf,
  sweepOf,
  trimOf,
  VAULT,
  voidOf,
} from './samples.ts';

const keyPair = (name: string) => ({ seed: toHex(seedOf(name)), public: toHex(publicOf(name)) });

function recordOf(record: LogRecord) {
  return {
    entry: toHex(record.entry),
    salt: toHex(heldRecord(record).salt),
    payload: toHex(heldRecord(record).payload),
    leaf: toHex(leafHashOf(crypto, record.entry)),
  };
}

export function ledgerVectors() {
  const charter = sampleCharter(4);
  const first = signed(charter);
  const chain = chainOf(charter);
  const second = certified(chain, signed(successor(chain, { operators: [] })));
  const place = placeOf(charter, { holders: ['h1', 'h2', 'h3'] });
  const pen = new Pen('device laptop');
  const appends = [
    pen.write([deviceGenesis('laptop'), objects('sealed')]),
    pen.write([place, keepOf(place.segment), voidOf(3)]),
  ];
  const [started, grown] = appends as [(typeof appends)[0], (typeof appends)[0]];
  const head = readHead(grown.checkpoint);
  const cosigners = ['h1', 'h2', 'h3'];
  const lines = cosigners.map((name) => cosign(crypto, head, cosignerOf(name), NOW / 1_000));
  const fragment = place.fragments[0];
  if (fragment === undefined || fragment.length === 1) throw new Error('a holder');
  const claim = { origin: pen.origin, index: 2 };
  const nonce = crypto.sha256(utf8('nonce'));
  const heads: HeadsBody = {
    format: 'vauban/heads/0',
    charter: 'grand-est',
    version: 1,
    epoch: 0,
    hoster: 'h1',
    starting: false,
    nonce,
    scope: { of: 'vault', vault: VAULT },
    counter: 2,
    counterSignature: crypto.ed25519Sign(cosignerOf('h1').seed, counterMessage('h1', 0, 2)),
    yourCounter: null,
    heads: [{ origin: pen.origin, size: head.size, checkpoint: grown.checkpoint, certificate: null }],
    seals: [],
    forks: [],
    next: null,
    unready: [],
  };
  const otherPayloads: readonly Payload[] = [
    daemonGenesis('h1'),
    { kind: 'genesis', writer: 'operator', operator: 'crisis' },
    custodyOf(place, { holder: 'h4', index: 0, claim, size: 5 }),
    { kind: 'lost', fragments: [[place.segment, 1]] },
    adoptOf(pen, 1),
    {
      ...deviceGenesis('phone'),
      adopts: { ...adoptedOf(head), certificate: makeCertificate(charter, grown.checkpoint, lines) },
    } as Payload,
    releaseOf([claim], 1),
    purgeOf(1, [place.segment], [{ origin: pen.origin, index: 1 }]),
    sweepOf(2),
    trimOf({ segment: place.segment, index: 0, keeper: 'h4' }, 3),
    siteLostOf('h2'),
    maintenanceOf('h2', NOW + 3_600_000),
    readmitOf({ origin: pen.origin, index: 1 }),
    drillOf(),
    drillOf({ phase: 'ended', report: new Uint8Array(32).fill(9) }),
    auditOf('h1', adoptedOf(head), {
      failed: [[place.segment, 0, 1, 'UNREACHABLE']],
      degraded: [[place.segment, 1, 0, 'LEAF_WRONG']],
      restored: [[place.segment, 2]],
    }),
  ];
  const challenge = { head, auditor: daemonOf('h2'), holder: daemonOf('h1'), segment: place.segment };
  const about = { charter: 'grand-est', agency: 'metz', issued: NOW };
  const forked = forkedHistories();
  const forkedHeads = forked.map(({ checkpoint }) => checkpoint);
  const proofOf = (left: SignedHistory, right: SignedHistory) =>
    forkProof(crypto, publicOf('device laptop'), [left, right]) as Uint8Array;
  const bad = badBytes(started.records[0] as LogRecord, grown.checkpoint);
  return {
    keys: Object.fromEntries(
      [
        'device laptop',
        'root metz',
        'voting h1 0',
        'voting h2 0',
        'voting h3 0',
        'receipt h1',
        'officer ana',
      ].map((name) => [name, keyPair(name)]),
    ),
    charter: {
      body: toHex(first.body),
      hash: toHex(charterHash(crypto, first.body)),
      root: charterRoot(crypto, first.body),
      signatures: first.signatures.map(({ officer, signature }) => ({
        officer,
        signature: toHex(signature),
      })),
      next: {
        body: toHex(second.body),
        certificate: second.certificate,
        signed: toHex(encodeCbor(second)),
      },
    },
    log: {
      origin: originOf(crypto, 'grand-est', publicOf('device laptop')),
      verifierKey: verifierKey(crypto, {
        name: pen.origin,
        type: SIGNATURE_ED25519,
        publicKey: publicOf('device laptop'),
      }),
      appends: appends.map(({ oldSize, checkpoint, records }) => ({
        oldSize,
        checkpoint,
        root: toHex(readHead(checkpoint).root),
        records: records.map(recordOf),
      })),
    },
    certificate: {
      text: makeCertificate(charter, grown.checkpoint, lines),
      time: NOW / 1_000,
      message: toHex(cosignedMessage(formatHead(head), NOW / 1_000)),
      cosigners: cosigners.map((name, at) => ({
        name,
        verifierKey: verifierKey(crypto, { ...cosignerOf(name), type: SIGNATURE_COSIGNATURE }),
        line: formatSignature(lines[at] as (typeof lines)[0]).trimEnd(),
      })),
    },
    segment: {
      vault: toHex(VAULT),
      code: place.code,
      k: place.k,
      m: place.m,
      cellBytes: place.cellBytes,
      stripes: place.stripes,
      lastCellBytes: place.lastCellBytes,
      roots: place.fragments.map(([root]) => toHex(root)),
      id: toHex(place.segment),
      fragmentBytes: fragmentBytesOf(place),
    },
    receipt: {
      charter: 'grand-est',
      index: 0,
      daemon: daemonOf('h1'),
      generation: 0,
      signature: toHex(fragment[3]),
    },
    audit: {
      head: { size: head.size, root: toHex(head.root) },
      auditor: challenge.auditor,
      holder: challenge.holder,
      index: 0,
      leaves: 162,
      drawn: auditLeaves({ crypto, ...challenge, index: 0, leaves: 162, count: 4 }),
    },
    payloads: otherPayloads.map((payload) => ({
      kind: payload.kind,
      payload: toHex(encodePayload(payload)),
    })),
    heads: {
      nonce: toHex(nonce),
      signed: toHex(signHeads(crypto, heads, cosignerOf('h1').seed)),
      counterMessage: toHex(counterMessage('h1', 0, 2)),
    },
    rootNotes: [
      { format: 'vauban/revoke/0' as const, ...about, deviceKey: publicOf('device laptop') },
      {
        format: 'vauban/sealed/0' as const,
        ...about,
        origin: pen.origin,
        branches: [{ size: head.size, root: head.root }],
      },
    ].map((note) => ({ format: note.format, note: toHex(signRootNote(crypto, note, seedOf('root metz'))) })),
    fork: {
      left: forkedHeads[0],
      right: forkedHeads[1],
      sameSize: toHex(proofOf(forked[0], forked[1])),
      otherSize: toHex(proofOf(forked[2], forked[1])),
    },
    refused: bad,
  };
}

const adoptedOf = ({ origin, size, root }: ReturnType<typeof readHead>) => ({ origin, size, root });

/** Two histories that part at entry 1, and the first one gone on. */
function forkedHistories(): [SignedHistory, SignedHistory, SignedHistory] {
  const pen = new Pen('device laptop');
  pen.write([deviceGenesis('laptop')]);
  const other = pen.copy();
  const history = (one: Pen): SignedHistory => {
    const { checkpoint, records } = one.appendFrom(0);
    return { checkpoint, leaves: concat(...records.map(({ entry }) => leafHashOf(crypto, entry))) };
  };
  pen.write([objects('left')]);
  other.write([objects('right')]);
  const left = history(pen);
  const right = history(other);
  pen.write([objects('further left')]);
  return [left, right, history(pen)];
}

/** Bytes that must be refused, with the fault's code. */
function badBytes(genesis: LogRecord, checkpoint: string) {
  const entry = genesis.entry;
  const note = checkpoint;
  const void7 = encodePayload(voidOf(7));
  const reordered = concat(void7.subarray(0, 1), void7.subarray(11), void7.subarray(1, 11));
  return {
    entries: [
      { why: 'a trailing byte', bytes: toHex(concat(entry, new Uint8Array(1))), code: 'MALFORMED' },
      { why: 'cut short', bytes: toHex(entry.subarray(0, -1)), code: 'MALFORMED' },
      {
        why: 'an array length in two bytes',
        bytes: toHex(concat(Uint8Array.of(0x98, 5), entry.subarray(1))),
        code: 'MALFORMED',
      },
      {
        why: 'another version',
        bytes: toHex(encodeCbor(['vauban/entry/1', 'void', VAULT, 0, VAULT])),
        code: 'MALFORMED',
      },
      { why: 'longer than 300 bytes', bytes: toHex(new Uint8Array(301)), code: 'TOO_LARGE' },
    ],
    payloads: [
      { why: 'keys in another order', kind: 'void', bytes: toHex(reordered), code: 'MALFORMED' },
      { why: 'of another kind than its entry', kind: 'keep', bytes: toHex(void7), code: 'MALFORMED' },
      {
        why: 'a key more',
        kind: 'void',
        bytes: toHex(encodeCbor({ ...voidOf(7), more: 1 })),
        code: 'MALFORMED',
      },
      {
        why: 'a negative index',
        kind: 'void',
        bytes: toHex(encodeCbor({ kind: 'void', index: -1 })),
        code: 'MALFORMED',
      },
    ],
    checkpoints: [
      { why: 'a leading zero', text: note.replace('\n5\n', '\n05\n'), code: 'MALFORMED' },
      { why: 'an extension line', text: note.replace('\n\n', '\nmore\n\n'), code: 'MALFORMED' },
      { why: 'a changed size', text: note.replace('\n5\n', '\n6\n'), code: 'LOG_SIGNATURE' },
      {
        why: 'no signature',
        text: formatNote({ text: note.slice(0, note.indexOf('\n\n') + 1), signatures: [] }),
        code: 'MALFORMED',
      },
    ],
    charters: [
      {
        why: 'two officers of the three that are needed',
        signed: toHex(encodeCbor(signed(sampleCharter(4), 'ana', 'bob'))),
        code: 'OFFICERS_SHORT',
      },
      {
        why: 'three voters where one may lie',
        signed: toHex(
          encodeCbor({ ...signed(sampleCharter(4)), body: encodeCharter(sampleCharter(3, { f: 1 })) }),
        ),
        code: 'CHARTER_INVALID',
      },
    ],
  };
}
