// A put one of whose holders proves to be none, after the upload: hosters refuse its receipt as given before it last
// erased. A log of its own stands in for the ledger, with that rule alone.

import { type DaemonId, Fault, memoryFiles, memoryStore, toHex } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import type { LogWriter, Payload, Place } from '@vauban/ledger';
import { FRAME_PLAIN_BYTES } from '@vauban/seal';
import { beforeEach, describe, expect, it } from 'vitest';
import { Catalog } from '../src/catalog.ts';
import { Committer } from '../src/committer.ts';
import { holderFailed } from '../src/failed-holder.ts';
import { freshReceipts } from '../src/fresh-receipts.ts';
import { put, type PutResult } from '../src/put.ts';
import { segmentBytesOf } from '../src/segment-source.ts';
import { Turns } from '../src/turns.ts';
import { VaultStateDoor } from '../src/vault-state.ts';
import type { FakeDaemon } from './fake-daemon.ts';
import { policyOf, randomBytes, TestNetwork } from './segment-setup.ts';
import { sourceOf } from './upload-setup.ts';

const SMALL = 20_000;
const LARGE = 2 * 4 * FRAME_PLAIN_BYTES + 1_000;
const POLICY = policyOf({ segmentFrames: 4, packObjectBytes: 65_536 });
const SECRET = new Uint8Array(32).fill(1);

let network: TestNetwork;
/** The generation that hosters know of a daemon, where it has erased. */
let erased: Map<DaemonId, number>;
let places: Place[];
let refused: number;
/** Whether hosters are agreed on what they refuse. */
let agreed: boolean;

beforeEach(() => {
  network = new TestNetwork({ sites: 10, policy: POLICY });
  erased = new Map();
  meanwhile = () => undefined;
  places = [];
  refused = 0;
  agreed = true;
});

const holdersOf = ({ fragments }: Place) =>
  fragments.flatMap(([, daemon, generation]) =>
    daemon === undefined ? [] : [{ daemon: toHex(daemon), generation: generation as number }],
  );

/** Happens once, as the first append comes. */
let meanwhile: () => void = () => undefined;

/** Takes every append but one with a receipt from before its daemon erased. */
const log = {
  append: async (payloadsAt: (at: { origin: string; index: number }) => readonly Payload[]) => {
    meanwhile();
    meanwhile = () => undefined;
    const payloads = payloadsAt({ origin: 'test/log', index: 1 });
    const claimed = payloads.filter((one) => one.kind === 'place');
    for (const { daemon, generation } of claimed.flatMap(holdersOf)) {
      const latest = erased.get(daemon) ?? 0;
      if (generation >= latest) continue;
      refused += 1;
      const facts = { daemon, generation, latest, class: 'policy', agreed };
      throw new Fault('refused', 'GENERATION_OLD', 'a receipt was given before the daemon erased', facts);
    }
    places.push(...claimed);
  },
} as unknown as LogWriter;

function store(content: Uint8Array, client = network.client()): Promise<PutResult> {
  const { clock, charter } = network;
  const options = { crypto, clock, random, charter: () => charter, policy: POLICY };
  const committer = new Committer({
    ...options,
    vaultSecret: SECRET,
    door: new VaultStateDoor(async () => memoryStore(), { clock, crypto }),
    writer: async () => log,
    freshReceipts: freshReceipts({ ...options, links: client.links }),
    retainUntil: () => 0,
    committed: async () => undefined,
  });
  const putting = put(
    {
      ...options,
      committer,
      vault: new Uint8Array(32),
      writer: client.writer,
      turns: new Turns({ max: 2, bytesEach: segmentBytesOf(POLICY) }),
      journals: {
        files: memoryFiles(),
        random,
        vaultSecret: SECRET,
        owner: 'me',
        alive: async () => false,
      },
      exclusively: (work) => work(),
      progress: () => undefined,
      signal: new AbortController().signal,
      catalog: new Catalog(),
    },
    sourceOf(content),
    '',
  );
  return clock.run(putting);
}

/** A daemon that certainly is asked to hold something: every site but one is. */
function liar(): FakeDaemon {
  const [first] = network.daemons as [FakeDaemon];
  first.misdeeds = { emptyReceipts: true };
  erased.set(first.facts.id, 1);
  return first;
}

function expectHeld({ fragments, segment }: Place): void {
  for (const [index, [, daemon]] of fragments.entries()) {
    expect(daemon).toBeDefined();
    const { fragments: there } = network.daemonOf(daemon as Uint8Array);
    expect(there.has(`${toHex(segment)} ${index}`)).toBe(true);
  }
}

describe.each([
  { what: 'a small file', size: SMALL, segments: 1 },
  { what: 'a file of several segments', size: LARGE, segments: 3 },
])('$what', ({ size, segments }) => {
  it('goes to another holder in place of one that signs for nothing', async () => {
    const empty = liar();
    // Whom the rule chooses depends on the content's name, which is drawn: not each put asks the liar.
    for (let puts = 0; puts < 30; puts++) {
      places = [];
      const { objects } = await store(randomBytes(size));
      expect(objects).toHaveLength(1);
      if (refused > 0) break;
    }
    expect(refused).toBeGreaterThan(0);
    expect(places).toHaveLength(segments);
    for (const place of places) {
      expect(place).toMatchObject({ k: 6, m: 3 });
      expect(holdersOf(place).map(({ daemon }) => daemon)).not.toContain(empty.facts.id);
      expectHeld(place);
    }
  });

  it('is coded for those that are left when there is no other holder', async () => {
    network = new TestNetwork({ sites: 9, policy: POLICY });
    liar();
    await store(randomBytes(size));
    expect(places).toHaveLength(segments);
    for (const place of places) {
      expect(place).toMatchObject({ k: 5, m: 3 });
      expectHeld(place);
    }
  });

  it('stays with a holder that has erased and still holds it, and sends nothing twice', async () => {
    network = new TestNetwork({ sites: 9, policy: POLICY });
    const [first] = network.daemons as [FakeDaemon];
    const client = network.client();
    meanwhile = () => {
      first.generation = 1;
      erased.set(first.facts.id, 1);
    };
    await store(randomBytes(size), client);
    expect(refused).toBeGreaterThan(0);
    const stored = network.daemons.reduce(
      (sum, { fragments }) => sum + [...fragments.values()].reduce((all, one) => all + one.length, 0),
      0,
    );
    expect(network.daemons.reduce((sum, one) => sum + one.receivedBytes, 0)).toBe(stored);
    for (const place of places) {
      expect(holdersOf(place)).toContainEqual({ daemon: first.facts.id, generation: 1 });
      expectHeld(place);
    }
  });
});

it('a holder that dies before its receipt is fresh is replaced', async () => {
  network = new TestNetwork({ sites: 9, policy: POLICY });
  const [first] = network.daemons as [FakeDaemon];
  meanwhile = () => {
    erased.set(first.facts.id, 1);
    network.kill(first);
  };
  await store(randomBytes(SMALL));
  const [place] = places as [Place];
  expect(place).toMatchObject({ k: 5, m: 3 });
  expectHeld(place);
});

describe('a holder that gives no fresh receipt this once', () => {
  /** Every site is needed: nobody takes the place of one that is left out. */
  function oneOfNine(): { readonly first: FakeDaemon; readonly client: ReturnType<TestNetwork['client']> } {
    network = new TestNetwork({ sites: 9, policy: POLICY });
    const [first] = network.daemons as [FakeDaemon];
    return { first, client: network.client() };
  }
  const erases = (daemon: FakeDaemon) => {
    daemon.generation += 1;
    erased.set(daemon.facts.id, daemon.generation);
  };

  it('because it is about to erase that fragment is left out for that segment alone', async () => {
    const { first, client } = oneOfNine();
    meanwhile = () => {
      erases(first);
      const [leaving] = [...first.fragments.keys()] as [string];
      first.leaving.add(leaving);
    };
    await store(randomBytes(LARGE), client);
    expect(places.map(({ k }) => k).toSorted((a, b) => a - b)).toEqual([5, 6, 6]);
    places = [];
    await store(randomBytes(SMALL), client);
    const [next] = places as [Place];
    expect(next).toMatchObject({ k: 6, m: 3 });
    expect(holdersOf(next).map(({ daemon }) => daemon)).toContain(first.facts.id);
  });

  it('because it has lost the bytes is brought them again', async () => {
    const { first, client } = oneOfNine();
    meanwhile = () => {
      erases(first);
      first.fragments.clear();
    };
    await store(randomBytes(LARGE), client);
    expect(places).toHaveLength(3);
    for (const place of places) {
      expect(place).toMatchObject({ k: 6, m: 3 });
      expect(holdersOf(place)).toContainEqual({ daemon: first.facts.id, generation: 1 });
      expectHeld(place);
    }
  });

  it('whose receipt is called old by no more hosters than may lie is left out for that put alone', async () => {
    const { first, client } = oneOfNine();
    agreed = false;
    erased.set(first.facts.id, 1);
    await store(randomBytes(SMALL), client);
    erased.clear();
    await store(randomBytes(SMALL), client);
    expect(places.map(({ k }) => k)).toEqual([5, 6]);
  });
});

it.each([
  { what: 'has not, again, what it signed for', misdeeds: { emptyReceipts: true } },
  { what: 'signs once more as before it erased', misdeeds: {} },
  { what: 'forges what it is asked for', misdeeds: { forgeReceipt: true } },
])('one that $what is known at the next put', async ({ misdeeds }) => {
  network = new TestNetwork({ sites: 9, policy: POLICY });
  const [first] = network.daemons as [FakeDaemon];
  meanwhile = () => {
    erased.set(first.facts.id, 1);
    first.misdeeds = misdeeds;
    if ('emptyReceipts' in misdeeds) first.fragments.clear();
  };
  const client = network.client();
  await store(randomBytes(SMALL), client);
  const before = { refused, asked: first.asked.length, received: first.receivedBytes };
  expect(before.refused).toBeGreaterThan(0);
  first.misdeeds = {};
  await store(randomBytes(SMALL), client);
  expect(refused).toBe(before.refused);
  expect(first.receivedBytes).toBe(before.received);
  expect(places.map(({ k }) => k)).toEqual([5, 5]);
});

it.each([
  ['unreachable', 'DEADLINE', 'does not answer'],
  ['refused', 'GENERATION_OLD', 'from before it last erased'],
  ['integrity', 'RECEIPT_FORGED', 'what does not check'],
  ['refused', 'FRAGMENT_LEAVING', 'gives no fresh receipt'],
  ['failure', 'FRAGMENT_DAMAGED', 'gives no fresh receipt'],
] as const)('%s %s: the message says how it failed', (kind, code, words) => {
  const { message } = holderFailed('ab'.repeat(16), new Fault(kind, code, 'the reason.'));
  expect(message).toContain(words);
  expect(message).toContain('the reason.');
});
