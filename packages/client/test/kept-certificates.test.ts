// The first certificate after an entry is found again, however many came later, and from a state that was closed since.

import { memoryStore, type Store } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom as random } from '@vauban/core/node';
import {
  type CharterChain,
  LogWriter,
  openCertificate,
  type Payload,
  readHead,
  signDelegation,
} from '@vauban/ledger';
import { beforeEach, expect, test } from 'vitest';
import { type VaultState, VaultStateDoor } from '../src/vault-state.ts';
import { agencyOf, chainOf, charterOf, HOSTERS, publicOf, seedOf, voterOf } from './consortium.ts';
import { VirtualClock } from './virtual-clock.ts';

const clock = new VirtualClock();
const VAULT = new Uint8Array(32).fill(9);

let charters: CharterChain;
let store: Store;
let door: VaultStateDoor;
let write: (state: VaultState, payloads: readonly Payload[]) => Promise<string>;

beforeEach(async () => {
  charters = chainOf(charterOf([agencyOf('metz', publicOf('root metz'))]));
  store = memoryStore();
  door = new VaultStateDoor(async () => ({ ...store, close: async () => undefined }), { clock, crypto });
  const voters = await Promise.all(HOSTERS.map((hoster) => voterOf(hoster, charters, clock)));
  const note = signDelegation(
    crypto,
    {
      format: 'vauban/delegate/0',
      charter: 'grand-est',
      agency: 'metz',
      deviceKey: publicOf('device laptop'),
      peer: 'peer-laptop',
      vault: VAULT,
      policy: 'standard',
      rights: ['write'],
      issued: clock.now(),
      until: clock.now() + 86_400_000,
    },
    seedOf('root metz'),
  );
  write = async ({ logs }, payloads) => {
    const writer = new LogWriter({
      crypto,
      clock,
      random,
      charters,
      voters: () => voters,
      logs,
      seed: seedOf('device laptop'),
      genesis: { kind: 'genesis', writer: 'device', note, adopts: null },
    });
    await clock.run(writer.start());
    const { origin } = await clock.run(writer.append(() => payloads));
    return origin;
  };
});

const objects = (text: string): Payload => ({ kind: 'objects', sealed: new TextEncoder().encode(text) });

test('the smallest certified head that covers an entry', async () => {
  const origin = await door.within((state) => write(state, [objects('one')]));
  await door.within((state) => write(state, [objects('two'), objects('three')]));
  await door.within((state) => write(state, [objects('four')]));
  await door.within(async ({ certificates }) => {
    const sizes = await Promise.all(
      [0, 1, 2, 3, 4].map(async (index) => (await certificates.covering({ origin, index }))?.size),
    );
    expect(sizes).toEqual([2, 2, 4, 4, 5]);
    expect(await certificates.covering({ origin, index: 5 })).toBeUndefined();
    expect(await certificates.covering({ origin: `${origin}0`, index: 0 })).toBeUndefined();
    const { certificate = '' } = (await certificates.covering({ origin, index: 2 })) ?? {};
    expect(openCertificate(crypto, charters, certificate, publicOf('device laptop')).head.size).toBe(4);
    expect(readHead(certificate).origin).toBe(origin);
  });
});
