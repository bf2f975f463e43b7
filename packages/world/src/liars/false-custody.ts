// A liar: certifies in its own log that it took fragments over that it never saw.

import { type Charter, findDaemon, memoryStore, votingHosters } from '@vauban/core';
import {
  CharterChain,
  fragmentBytesOf,
  LogStore,
  LogWriter,
  openStored,
  type Payload,
  type Place,
  signReceipt,
} from '@vauban/ledger';
import { daemonIdBytes } from '@vauban/core';
import { PeerClient, remoteVoter } from '@vauban/wire';
import type { Liar, LiarSetting, MachinePorts } from '../liar.ts';
import { memory } from './chance.ts';
import { speaking } from './mouth.ts';

const EVERY_MS = 3_000;

interface Placed {
  readonly origin: string;
  readonly index: number;
  readonly place: Place;
}

export const falseCustody: Liar = {
  name: 'false-custody',
  losesData: false,
  wrap: (ports, setting) => {
    const placed = memory<Placed[]>(setting, 'places', () => []);
    const logs = memory(setting, 'own log', () => LogStore.open(memoryStore(), setting.crypto));
    const again = () => {
      setting.clock.after(EVERY_MS, () => {
        void claimCustody(ports, setting, { placed, logs })
          .catch(() => undefined)
          .then(again);
      });
    };
    again();
    return speaking(ports, {
      answers: {
        append: async ({ asked: { append } }) => {
          for (const [nth, record] of append.records.entries()) {
            try {
              const { payload } = openStored(setting.crypto, record);
              const { origin, oldSize } = append;
              if (payload?.kind === 'place') placed.push({ origin, index: oldSize + nth, place: payload });
            } catch {
              // Not every append is in order; its daemon will say so.
            }
          }
          return undefined;
        },
      },
    });
  },
};

async function claimCustody(
  ports: MachinePorts,
  setting: LiarSetting,
  of: { readonly placed: Placed[]; readonly logs: Promise<LogStore> },
): Promise<void> {
  const one = of.placed.shift();
  if (one === undefined) return;
  const { crypto, clock, random, identity, charter } = setting;
  const clients = clientsOf(ports, setting, charter());
  const [first] = clients;
  if (first === undefined) return;
  const { versions } = await first.client.ask('charter', { from: 1 });
  const writer = new LogWriter({
    crypto,
    clock,
    random,
    charters: CharterChain.from(crypto, versions),
    voters: () => clients.map(({ hoster, client }) => remoteVoter(hoster, client)),
    logs: await of.logs,
    seed: ports.keys.logSeed,
    genesis: { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(identity.daemon) },
  });
  await writer.start();
  await writer.append(() => [custodyOf(ports, setting, one)]);
  setting.did('claims custody of nothing');
}

function custodyOf(ports: MachinePorts, { crypto, identity, charter }: LiarSetting, one: Placed): Payload {
  const { place, origin, index: at } = one;
  const index = place.fragments.findIndex(([, daemon]) => daemon === undefined);
  const wanted = Math.max(0, index);
  const root = place.fragments[wanted]?.[0] ?? new Uint8Array(32);
  const bytes = fragmentBytesOf(place);
  const claim = { charterName: charter().name, segment: place.segment, index: wanted, root, bytes };
  const receipt = signReceipt(
    crypto,
    { ...claim, daemon: identity.daemon, generation: 0 },
    ports.keys.receiptSeed,
  );
  return {
    kind: 'custody',
    segment: place.segment,
    index: wanted,
    root,
    bytes,
    generation: 0,
    receipt,
    place: { origin, index: at },
    size: at + 1,
  };
}

function clientsOf({ network }: MachinePorts, { crypto, identity }: LiarSetting, charter: Charter) {
  return votingHosters(charter).flatMap((hoster) => {
    const daemon = findDaemon(charter, hoster.voter ?? '');
    if (daemon === undefined || daemon.id === identity.daemon) return [];
    const options = { network, crypto, charterName: charter.name, charterVersion: () => charter.version };
    const client = new PeerClient(daemon, { ...options, identity: { role: 'daemon' } });
    return [{ hoster: hoster.id, client }];
  });
}
