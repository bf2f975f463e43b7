// The catalog follows what the logs certify: voided entries are left out, an index that cannot be fetched is said, and
// nothing is counted twice when it can be fetched later.

import { Fault, memoryStore, type Store } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import { type CharterChain, LogWriter, type Payload, signDelegation } from '@vauban/ledger';
import {
  encodeObjectsIndex,
  encodeObjectsRecord,
  type IndexPointer,
  type ObjectChange,
  sealedBytes,
  sealFrames,
  sealRecord,
  segmentKey,
} from '@vauban/seal';
import { beforeEach, describe, expect, it } from 'vitest';
import { Namespace } from '../src/namespace.ts';
import type { SegmentSource } from '../src/segment-source.ts';
import { VaultStateDoor } from '../src/vault-state.ts';
import { agencyOf, chainOf, charterOf, HOSTERS, publicOf, seedOf, voterOf } from './consortium.ts';
import { VirtualClock } from './virtual-clock.ts';

const VAULT = new Uint8Array(32).fill(9);
const SECRET = new Uint8Array(32).fill(8);
const clock = new VirtualClock();

let charters: CharterChain;
let store: Store;
let door: VaultStateDoor;
beforeEach(() => {
  charters = chainOf(charterOf([agencyOf('metz', publicOf('root metz'))]));
  store = memoryStore();
  door = new VaultStateDoor(async () => store, { clock, crypto });
});

type Record = { readonly changes: readonly ObjectChange[] } | { readonly index: IndexPointer };

/** Appends these records to the device's log, certified; all that the vault's directory then holds is in the store. */
async function written(records: readonly Record[], more: readonly Payload[] = []): Promise<void> {
  const voters = await Promise.all(HOSTERS.map((hoster) => voterOf(hoster, charters, clock)));
  await door.within(async (state) => {
    const delegation = {
      format: 'vauban/delegate/0' as const,
      charter: 'grand-est',
      agency: 'metz',
      deviceKey: publicOf('device laptop'),
      peer: 'peer-laptop',
      vault: VAULT,
      policy: 'standard',
      rights: ['write', 'delete'] as ('write' | 'delete')[],
      issued: clock.now(),
      until: clock.now() + 86_400_000,
    };
    const note = signDelegation(crypto, delegation, seedOf('root metz'));
    const writer = new LogWriter({
      crypto,
      clock,
      random,
      charters,
      voters: () => voters,
      logs: state.logs,
      seed: seedOf('device laptop'),
      genesis: { kind: 'genesis', writer: 'device', note, adopts: null },
    });
    await clock.run(writer.start());
    await clock.run(
      writer.append(({ origin, index }) => [
        ...records.map((record, nth): Payload => {
          const plain = encodeObjectsRecord(record);
          const sealed = sealRecord({ vaultSecret: SECRET, origin, index: index + nth, random, plain });
          return { kind: 'objects', sealed };
        }),
        ...more,
      ]),
    );
  });
}

const file = (path: string): ObjectChange => ({
  kind: 'file',
  path,
  object: random.bytes(16),
  version: random.bytes(16),
  parents: [],
  size: 0,
  sha256: crypto.sha256(),
  modified: 0,
  mode: 0o644,
});

/** An index in a pack of its own, and what a holder of the pack gives. */
function indexOf(changes: readonly ObjectChange[]) {
  const plain = encodeObjectsIndex(changes);
  const [content, key] = [random.bytes(16), random.bytes(32)];
  const sealed = new Uint8Array(sealedBytes(plain.length));
  sealFrames(crypto, segmentKey(key, { content, segment: 0 }), plain, sealed);
  const place = { pack: random.bytes(32), offset: 0, length: sealed.length };
  return { pointer: { content, key, size: plain.length, in: place }, sealed };
}

/** The hosters' side of reading: what it holds, and how often it was asked. */
class Holders {
  asked = 0;
  held: Uint8Array | undefined;

  readonly source = {
    content: async () => {
      this.asked += 1;
      if (this.held === undefined) throw new Fault('missing-fragments', 'FRAGMENTS_MISSING', 'they burn');
      return this.held;
    },
  } as unknown as SegmentSource;
}

const namespaceOver = (holders: Holders) =>
  new Namespace({ crypto, vault: VAULT, vaultSecret: SECRET, source: holders.source });
const follow = (namespace: Namespace) => door.within((state) => namespace.follow(state));
const pathsOf = (namespace: Namespace) => namespace.catalog.below('').map(({ write }) => write.path);

describe('the namespace', () => {
  it('has what the logs certify, but for what was voided', async () => {
    await written(
      [{ changes: [file('a'), file('b')] }, { changes: [file('c')] }],
      [{ kind: 'void', index: 2 }],
    );
    const namespace = namespaceOver(new Holders());
    await follow(namespace);
    expect(pathsOf(namespace)).toEqual(['a', 'b']);
    expect(namespace.newestTime).toBe(clock.now());
  });

  it('is what it was at a time, whatever was written or deleted since', async () => {
    const version = random.bytes(16);
    await written([{ changes: [{ ...file('kept'), version } as ObjectChange] }]);
    const then = clock.now();
    await clock.run(clock.sleep(60_000));
    const gone: ObjectChange = { kind: 'delete', path: 'kept', versions: [version] };
    await written([{ changes: [gone, file('new')] }]);
    const { source } = new Holders();
    const at = (until: number) => new Namespace({ crypto, vault: VAULT, vaultSecret: SECRET, source, until });
    const [before, now] = [at(then), at(clock.now())];
    await follow(before);
    await follow(now);
    expect([pathsOf(before), pathsOf(now)]).toEqual([['kept'], ['new']]);
  });

  it('says that an index cannot be fetched, and has everything once when it can', async () => {
    const index = indexOf([file('in/1'), file('in/2')]);
    await written([{ changes: [file('before')] }, { index: index.pointer }, { changes: [file('after')] }]);
    const holders = new Holders();
    const namespace = namespaceOver(holders);
    for (let i = 0; i < 3; i++)
      await expect(follow(namespace)).rejects.toMatchObject({ code: 'FRAGMENTS_MISSING' });
    holders.held = index.sealed;
    await follow(namespace);
    expect(pathsOf(namespace)).toEqual(['after', 'before', 'in/1', 'in/2']);
    expect(namespace.catalog.versions('before')).toHaveLength(1);
    expect(namespace.catalog.get('in/1')?.pack).toEqual(index.pointer.in.pack);
    expect(namespace.catalog.get('after')?.pack).toBeNull();
  });

  it('asks for an index once, and never again in a later run', async () => {
    const index = indexOf([file('in/1')]);
    await written([{ index: index.pointer }]);
    const holders = new Holders();
    holders.held = index.sealed;
    const first = namespaceOver(holders);
    await follow(first);
    await follow(first);
    holders.held = undefined;
    const later = namespaceOver(holders);
    await follow(later);
    expect(pathsOf(later)).toEqual(['in/1']);
    expect(holders.asked).toBe(1);
  });

  it('takes nothing from an index that is not the one sealed, nor from a record of another vault', async () => {
    const index = indexOf([file('in/1')]);
    await written([{ index: index.pointer }]);
    const holders = new Holders();
    holders.held = index.sealed.slice();
    holders.held[3] = (holders.held[3] as number) ^ 1;
    await expect(follow(namespaceOver(holders))).rejects.toMatchObject({ code: 'FRAME_FORGED' });
    const other = new Namespace({
      crypto,
      vault: VAULT,
      vaultSecret: new Uint8Array(32),
      source: holders.source,
    });
    await expect(follow(other)).rejects.toMatchObject({ code: 'RECORD_FORGED' });
    // What was received wrong is not remembered as right.
    holders.held = index.sealed;
    const again = namespaceOver(holders);
    await follow(again);
    expect(pathsOf(again)).toEqual(['in/1']);
  });
});
