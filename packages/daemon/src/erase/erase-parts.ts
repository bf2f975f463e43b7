// Erasing and leaving, opened and hung together from the parts a daemon has.

import { prefixedStore, utf8 } from '@vauban/core';
import { collectHeads, type Mirror } from '@vauban/ledger';
import { holdersOf } from '../holders.ts';
import type { OwnStanding } from '../own-standing.ts';
import type { PeerWatch } from '../peer-watch.ts';
import type { Peers } from '../peers.ts';
import type { ConsortiumStanding } from '../repair/healing-view.ts';
import { Drain } from './drain.ts';
import { Eraser } from './eraser.ts';
import { ErasePermit } from './erase-permit.ts';
import { type EraseAsks, type ErasePorts, Erasing } from './erasing.ts';
import type { PlanOf } from './segment-look.ts';

export interface ErasePartsPorts extends Omit<ErasePorts, 'permit' | 'voters' | 'newer' | 'asks' | 'mirror'> {
  readonly mirror: Mirror;
  readonly peers: Pick<Peers, 'voters' | 'newer' | 'daemon'>;
  readonly standing: OwnStanding;
  readonly watch: Pick<PeerWatch, 'presence' | 'answer' | 'heard' | 'watch'>;
  readonly consortium: Pick<ConsortiumStanding, 'isLost'>;
  readonly planOf: PlanOf;
}

export interface EraseParts {
  readonly permit: ErasePermit;
  readonly eraser: Eraser;
  readonly drain: Drain;
}

/** Opened, not started; before the daemon serves, and after its fragments were recovered. */
export async function openErasing(of: ErasePartsPorts): Promise<EraseParts> {
  const { mirror, peers, planOf, standing, watch, consortium } = of;
  const voters = () => {
    const own = mirror.asVoter();
    return [...(own === null ? [] : [own]), ...peers.voters()];
  };
  const newer = () => peers.newer();
  const nothing = { of: 'origins' as const, origins: [] };
  const permit = await ErasePermit.open({
    ...of,
    store: prefixedStore(of.store, utf8('permit/')),
    freshHeads: (signal) => collectHeads({ ...of, voters, newer, signal }, nothing),
  });
  const erasing = new Erasing({ ...of, permit, voters, newer, asks: asksOf(of) });
  return {
    permit,
    eraser: await Eraser.open({ erasing, planOf }),
    drain: new Drain({ erasing, planOf, standing, watch, consortium }),
  };
}

function asksOf({
  id,
  mirror,
  charters,
  peers,
}: Pick<ErasePartsPorts, 'id' | 'mirror' | 'charters' | 'peers'>): EraseAsks {
  const clientOf = (daemon: string) => {
    const client = peers.daemon(daemon);
    if (client === undefined) throw new Error(`daemon ${daemon} is not one that can be asked`);
    return client;
  };
  return {
    leaf: async (daemon, { segment, index, leaf }, signal) =>
      clientOf(daemon).ask('leaf', { segment, index, leaf }, { signal }),
    holders: async (hoster, segments, signal) => {
      const voter = charters.current.hosters.find((one) => one.id === hoster)?.voter ?? '';
      if (voter === id) return holdersOf(mirror.logs, segments, id);
      return clientOf(voter).ask('holders', { segments: [...segments] }, { signal });
    },
  };
}
