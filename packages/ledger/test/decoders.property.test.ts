// Whatever bytes arrive, a decoder answers with a value that says the same bytes again, or with a Fault. Nothing else.

import { charterHash, concat, encodeCbor, encodeCharter, Fault, memoryFiles, utf8 } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Append,
  CharterChain,
  decodeEntry,
  decodePayload,
  decodeSignedCharter,
  encodeEntry,
  encodePayload,
  type EntryKind,
  entryKinds,
  formatHead,
  formatNote,
  type HeadsScope,
  NO_PREVIOUS,
  openCertificate,
  openDelegation,
  openHeads,
  parseHead,
  parseNote,
  parseSignature,
  type Payload,
  signCheckpoint,
  signDelegation,
  signHeads,
  VoteJournal,
  votingSetOf,
  heldRecord,
} from '../src/index.ts';
import { RuleBench } from './rule-bench.ts';
import {
  certified,
  chainOf,
  cosignerOf,
  crypto,
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
  deviceGenesis,
  delegationOf,
  keepOf,
  maintenanceOf,
  objects,
  Pen,
  placeOf,
  purgeOf,
  drillOf,
  readmitOf,
  releaseOf,
  siteLostOf,
  sweepOf,
  trimOf,
  VAULT,
  voidOf,
} from './samples.ts';

const RUNS = 800;
const charter = sampleCharter(4);
const place = placeOf(charter);
const pen = new Pen('device laptop');
pen.write([deviceGenesis('laptop'), objects('sealed')]);
const origin = `grand-est/${'ab'.repeat(32)}`;

/** A mutation of good bytes: flips, cuts, repeats, insertions, and integers made large. */
const mutation = fc.record({
  how: fc.constantFrom('flip', 'set', 'cut', 'insert', 'repeat', 'drop', 'large'),
  at: fc.nat(1_000_000),
  value: fc.nat(255),
  length: fc.integer({ min: 1, max: 12 }),
});
type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never;

function mutated(good: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(good);
  for (const { how, at, value, length } of changes) {
    const offset = bytes.length === 0 ? 0 : at % bytes.length;
    const head = bytes.subarray(0, offset);
    const tail = bytes.subarray(offset);
    if (how === 'flip' && bytes.length > 0) bytes[offset] = (bytes[offset] as number) ^ (1 << (value & 7));
    else if (how === 'set' && bytes.length > 0) bytes[offset] = value;
    else if (how === 'cut') bytes = head.slice();
    else if (how === 'insert') bytes = concat(head, new Uint8Array(length).fill(value), tail);
    else if (how === 'repeat') bytes = concat(head, tail.subarray(0, length), tail);
    else if (how === 'drop') bytes = concat(head, tail.subarray(length));
    else bytes = concat(head, Uint8Array.of(0x1b, 255, 255, 255, 255, 255, 255, 255, 255), tail);
  }
  return bytes;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const nonce = new Uint8Array(32);
const scope: HeadsScope = { of: 'all' };
const heads = signHeads(
  crypto,
  {
    format: 'vauban/heads/0',
    charter: 'grand-est',
    version: 1,
    epoch: 0,
    hoster: 'h1',
    starting: false,
    nonce,
    scope,
    counter: 5,
    counterSignature: new Uint8Array(64),
    yourCounter: { counter: 4, signature: new Uint8Array(64) },
    heads: [{ origin, size: 3, checkpoint: 'x', certificate: null }],
    seals: [],
    forks: [],
    next: null,
    unready: [],
  },
  cosignerOf('h1').seed,
);
const checkpoint = signCheckpoint(
  crypto,
  { origin, size: 3, root: VAULT },
  { seed: seedOf('device laptop'), publicKey: publicOf('device laptop') },
);

const payloads: { readonly [Kind in EntryKind]: Payload } = {
  genesis: deviceGenesis('laptop'),
  place,
  keep: keepOf(VAULT),
  objects: objects('sealed'),
  void: voidOf(3),
  custody: custodyOf(place, { holder: 'h1', index: 1, claim: { origin, index: 1 }, size: 2 }),
  lost: { kind: 'lost', fragments: [[VAULT, 3]] },
  adopt: adoptOf(pen, 1),
  release: releaseOf([{ origin, index: 1 }], 3),
  purge: purgeOf(1, [VAULT], [{ origin, index: 3 }]),
  sweep: sweepOf(2),
  trim: trimOf({ segment: VAULT, index: 1, keeper: 'h2' }, 3),
  'site-lost': siteLostOf('h2'),
  maintenance: maintenanceOf('h2', NOW),
  readmit: readmitOf({ origin, index: 1 }),
  drill: drillOf({ phase: 'ended', floor: null, report: new Uint8Array(32) }),
  audit: auditOf(
    'h2',
    { origin, size: 3, root: VAULT },
    {
      failed: [[VAULT, 1, 0, 'UNREACHABLE']],
      degraded: [[VAULT, 2, 1, 'LEAF_WRONG']],
      restored: [[VAULT, 3]],
    },
  ),
};

/** Good bytes, and a decoder that answers the bytes its value says. */
const decoders: [string, Uint8Array, (bytes: Uint8Array) => Uint8Array | undefined][] = [
  [
    'entry',
    encodeEntry({ kind: 'place', previous: NO_PREVIOUS, time: NOW, commit: VAULT }),
    (bytes) => encodeEntry(decodeEntry(bytes)),
  ],
  ...entryKinds.map((kind): [string, Uint8Array, (bytes: Uint8Array) => Uint8Array] => [
    `${kind} payload`,
    encodePayload(payloads[kind]),
    (bytes) => encodePayload(decodePayload(kind, bytes)),
  ]),
  ['note', utf8(checkpoint), (bytes) => utf8(formatNote(parseNote(text(bytes))))],
  [
    'head',
    utf8(formatHead({ origin, size: 3, root: VAULT })),
    (bytes) => utf8(formatHead(parseHead(text(bytes)))),
  ],
  [
    'signature line',
    utf8(checkpoint.trimEnd().split('\n').at(-1)),
    (bytes) => void parseSignature(text(bytes)),
  ],
  [
    'certificate',
    utf8(checkpoint),
    (bytes) => void openCertificate(crypto, votingSetOf(charter), text(bytes), publicOf('device laptop')),
  ],
  [
    'delegation',
    signDelegation(crypto, delegationOf('laptop'), seedOf('root metz')),
    (bytes) => void openDelegation(crypto, charter, bytes),
  ],
  ['heads', heads, (bytes) => void openHeads(crypto, charter, { hoster: 'h1', nonce, scope }, bytes)],
  [
    'signed charter',
    encodeCbor(signed(charter)),
    (bytes) => {
      const one = decodeSignedCharter(bytes);
      try {
        CharterChain.from(crypto, [one]);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
      return encodeCbor(one);
    },
  ],
];

describe('every decoder', () => {
  test.each(decoders)('%s: a fault or the same bytes', (_name, good, decode) => {
    expect(() => decode(good)).not.toThrow(TypeError);
    let refused = 0;
    const hold = (bytes: Uint8Array) => {
      let said: Uint8Array | undefined;
      try {
        said = decode(bytes);
      } catch (error) {
        refused += 1;
        if (!(error instanceof Fault)) throw error;
        return;
      }
      if (said !== undefined) expect(lossy(bytes) || Buffer.from(said).equals(bytes)).toBe(true);
    };
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (changes) =>
        hold(mutated(good, changes)),
      ),
      { numRuns: RUNS },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), hold), { numRuns: RUNS / 4 });
    expect(refused).toBeGreaterThan(RUNS / 4);
  });

  test('more than ten thousand mutated inputs were tried', () => {
    expect(decoders.length * RUNS).toBeGreaterThan(10_000);
  });
});

/** Bytes that are no UTF-8 lose something when they are made text; a note arrives as text, never as such bytes. */
const lossy = (bytes: Uint8Array) => !Buffer.from(text(bytes)).equals(bytes);

test('a mirror answers every mutated append; it stores and signs nothing of it', async () => {
  const bench = await RuleBench.open();
  const good = bench.device.write([objects('a'), objects('b')]);
  const before = bench.hoster.mirror.logs.state(bench.device.origin);
  const field = fc.record({
    record: fc.nat(1),
    of: fc.constantFrom('entry', 'salt', 'payload', 'checkpoint'),
  });
  await fc.assert(
    fc.asyncProperty(
      field,
      fc.array(mutation, { minLength: 1, maxLength: 2 }),
      async ({ record, of }, changes) => {
        const bent: Append =
          of === 'checkpoint'
            ? { ...good, checkpoint: text(mutated(utf8(good.checkpoint), changes)) }
            : {
                ...good,
                records: good.records.map((one, at) =>
                  at === record ? { ...one, [of]: mutated(heldRecord(one)[of], changes) } : one,
                ),
              };
        if (Buffer.from(encodeCbor(bent)).equals(encodeCbor(good))) return;
        const reply = await bench.append(bent);
        expect(['refused', 'conflict']).toContain(reply.result);
      },
    ),
    { numRuns: 600 },
  );
  expect(bench.hoster.mirror.logs.state(bench.device.origin)).toEqual(before);
  await bench.must(good);
});

test('a vote journal with any mutation opens, or faults', async () => {
  const files = memoryFiles();
  await VoteJournal.create(files, 'votes');
  const journal = await VoteJournal.open(files, 'votes', crypto);
  for (let size = 1; size < 6; size++) await journal.cast({ epoch: 0, origin, size, root: VAULT });
  const good = (files.bytesOf('votes') as Uint8Array).slice();
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (changes) => {
      const disk = memoryFiles();
      const file = await disk.create('votes');
      await file.write(mutated(good, changes));
      await file.close();
      try {
        expect((await VoteJournal.open(disk, 'votes', crypto)).counter).toBeLessThanOrEqual(5);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    }),
    { numRuns: 800 },
  );
});

test('a chain of charters takes no mutated version', () => {
  const chain = chainOf(charter);
  const good = certified(chain, signed(successor(chain, { operators: [] })));
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 2 }), (changes) => {
      const body = mutated(good.body, changes);
      if (Buffer.from(body).equals(good.body)) return;
      expect(() => chain.extend({ ...good, body })).toThrow(Fault);
    }),
    { numRuns: 300 },
  );
  expect(charterHash(crypto, encodeCharter(chain.current))).toEqual(chain.currentHash);
});
