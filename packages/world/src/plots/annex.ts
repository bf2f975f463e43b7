// Companies that join the consortium in order to cheat: they have no vote, nine daemons that nobody ever sees, and every
// key that signs for those. What they claim to hold is on no disk; what they certify is judged all the same.

import { type Charter, type DaemonId, daemonIdBytes, daemonIdOf } from '@vauban/core';
import { FOUNDED_AT } from '../membership.ts';
import { enactCharter } from '../officers-desk.ts';
import { peerIdOf } from '../membership.ts';
import type { World } from '../world.ts';
import { type Carrier, Pen } from './pen.ts';

const ENACT_MS_MAX = 20_000;
const honest = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const;
/** `late`: its declaration expired long ago. `a2`: a second site of the company `a`. */
const names = [...honest, 'late', 'a2'] as const;
export type AnnexName = (typeof names)[number];

export interface AnnexDaemon {
  readonly id: DaemonId;
  readonly receiptSeed: Uint8Array;
  /** Its connections. */
  readonly carrier: () => Promise<Carrier>;
  /** Of its own log. */
  readonly pen: () => Promise<Pen>;
}

export type Annex = ReadonlyMap<AnnexName, AnnexDaemon>;

/** Undefined when the officers find no quorum for it. */
export async function join(world: World): Promise<Annex | undefined> {
  const { crypto } = world;
  const key = (name: string, role: string) => world.key(`annex-${name}/${role}`);
  const publicOf = (name: string, role: string) => crypto.ed25519Public(key(name, role));
  const companyOf = (name: AnnexName) => `annex-${name === 'a2' ? 'a' : name}`;
  const joined = await enactCharter(
    world,
    (charter) => {
      const [pattern] = charter.hosters;
      const [site] = charter.sites;
      if (pattern === undefined || site === undefined) return charter;
      const declared = (name: AnnexName) =>
        name === 'late' ? { ...pattern.declaration, validUntil: FOUNDED_AT } : pattern.declaration;
      const hosters: Charter['hosters'] = [...honest, 'late' as const].map((name) => ({
        id: companyOf(name),
        name: companyOf(name),
        identityKey: publicOf(name, 'identity'),
        voter: null,
        votingSince: 0,
        votingKeys: [],
        declaration: declared(name),
      }));
      const sites: Charter['sites'] = names.map((name) => ({
        ...site,
        id: `annex-${name}`,
        hoster: companyOf(name),
        building: `annex-${name}`,
      }));
      const daemons: Charter['daemons'] = names.map((name) => ({
        id: daemonIdOf(crypto, publicOf(name, 'receipt')),
        site: `annex-${name}`,
        receiptKey: publicOf(name, 'receipt'),
        logKey: publicOf(name, 'log'),
        peer: peerIdOf(crypto, key(name, 'transport')),
        addresses: [`world/annex-${name}`],
        capacityBytes: 1,
      }));
      return {
        ...charter,
        hosters: [...charter.hosters, ...hosters],
        sites: [...charter.sites, ...sites],
        daemons: [...charter.daemons, ...daemons],
      };
    },
    ENACT_MS_MAX,
  );
  if (!joined) return undefined;
  return new Map(
    names.map((name) => {
      const id = daemonIdOf(crypto, publicOf(name, 'receipt'));
      const connect = async (): Promise<Carrier> => {
        const program = world.program(`annex-${name}`, 0);
        const seed = key(name, 'transport');
        const network = world.party(program, { name: `annex-${name}`, seed, listens: false });
        await network.start();
        return { program, network, identity: { role: 'daemon' } };
      };
      const genesis = { kind: 'genesis', writer: 'daemon', daemon: daemonIdBytes(id) } as const;
      const carrier = once(connect);
      const pen = once(async () =>
        Pen.open(world, { ...(await carrier()), seed: key(name, 'log'), genesis, nth: 1 }),
      );
      return [name, { id, receiptSeed: key(name, 'receipt'), carrier, pen }];
    }),
  );
}

function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
