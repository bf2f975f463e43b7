// What people of the consortium do from their own machines: officers put the next charter version in force, an
// operator pulls all logs from a daemon.

import { type Charter, type Daemon, type Hoster, Mutex, quorumOf, votingHosters } from '@vauban/core';
import {
  type Append,
  checkCosignature,
  formatHead,
  formatNote,
  type HeadsBody,
  type NoteSignature,
  openHeads,
  parseSignature,
  signCharter,
  type SignedCharter,
} from '@vauban/ledger';
import { type Identity, PeerClient } from '@vauban/wire';
import type { PulledLog } from './checker.ts';
import { OFFICER, OPERATOR } from './membership.ts';
import type { World } from './world.ts';

/** How often what some hosters have not answered yet is asked again. */
const AGAIN_MS = 2_000;

interface Desk {
  readonly lock: Mutex;
  /** Signed, and not in force: no other body may be signed for its number. */
  pending: SignedCharter | undefined;
}

const desks = new WeakMap<World, Desk>();

/**
 * Puts `change` in force with the officer's signature and a quorum of the voters, after a draft that was signed before and
 * found no quorum then. False when none has one within `timeMsMax`; the draft is then alive for ever.
 */
export function enactCharter(
  world: World,
  change: (charter: Charter) => Charter,
  timeMsMax: number,
): Promise<boolean> {
  const known = desks.get(world) ?? { lock: new Mutex(), pending: undefined };
  desks.set(world, known);
  const { charters, crypto } = world;
  const { epoch } = charters.current;
  return known.lock.run(async () => {
    if (known.pending !== undefined && !(await enactDraft(world, known.pending, timeMsMax))) return false;
    known.pending = undefined;
    const under = charters.current;
    // What was to be changed was of another epoch.
    if (under.epoch !== epoch) return false;
    const next = { ...change(under), version: under.version + 1, previous: charters.currentHash };
    known.pending = signCharter(crypto, next, [{ id: OFFICER, seed: world.key(OFFICER) }]);
    const enacted = await enactDraft(world, known.pending, timeMsMax);
    if (enacted) known.pending = undefined;
    return enacted;
  });
}

/** Who has not cosigned it is asked again. */
async function enactDraft(world: World, draft: SignedCharter, timeMsMax: number): Promise<boolean> {
  const { charters, crypto } = world;
  const under = charters.current;
  const voters = (charter: Charter) =>
    charter.daemons.filter(({ id }) => charter.hosters.some(({ voter }) => voter === id));
  const { head } = charters.checkDraft(draft);
  const ask = await desk(world, OFFICER);
  const offer = async (daemon: Daemon, signed: typeof draft) => {
    const { cosignature } = await ask(daemon).ask('charter-offer', {
      signed: { ...signed, signatures: [...signed.signatures] },
    });
    return cosignature;
  };
  const lines = new Map<string, NoteSignature>();
  for (const end = world.nowMs + timeMsMax; lines.size < quorumOf(under); await world.sleep(AGAIN_MS)) {
    if (world.nowMs > end) return false;
    let open = voters(under).length;
    for (const daemon of voters(under)) {
      void offer(daemon, draft)
        .then((cosignature) => {
          if (cosignature === null) return;
          const line = parseSignature(cosignature);
          if (checkCosignature(crypto, under, head, line) !== undefined) lines.set(line.name, line);
        })
        .catch(() => undefined)
        .finally(() => {
          open -= 1;
        });
    }
    if (await world.until(() => open === 0 || lines.size >= quorumOf(under))) {
      if (lines.size >= quorumOf(under)) break;
    }
  }
  const signatures = [...lines.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, quorumOf(under));
  const certified = { ...draft, certificate: formatNote({ text: formatHead(head), signatures }) };
  charters.extend(certified);
  let told = 0;
  for (const daemon of voters(charters.current)) {
    const tell = offer(daemon, certified).catch(() => undefined);
    void tell.then(() => {
      told += 1;
    });
  }
  await world.until(() => told >= quorumOf(under));
  return true;
}

/**
 * Opens the next epoch: every voter with a fresh key. One of whom no key is to be had leaves, or enters anew with a key
 * that its engineer makes; so does `replaced`, whose machine is off. False when more than one are away, or no quorum is to
 * be had for it.
 */
export async function openEpoch(world: World, timeMsMax: number, replaced?: string): Promise<boolean> {
  const under = world.charters.current;
  const epoch = under.epoch + 1;
  const ask = await desk(world, OFFICER);
  const keys = new Map<string, Uint8Array>();
  let away: Hoster[] = [];
  for (const end = world.nowMs + timeMsMax; ; await world.sleep(AGAIN_MS)) {
    await Promise.allSettled(
      votingHosters(under).map(async (hoster) => {
        const daemon = under.daemons.find(({ id }) => id === hoster.voter);
        if (daemon === undefined || keys.has(hoster.id) || hoster.id === replaced) return;
        const next = await ask(daemon).ask('next-key', {});
        if (next.epoch === epoch) keys.set(hoster.id, next.key);
      }),
    );
    away = votingHosters(under).filter(({ id }) => !keys.has(id));
    if (away.every(({ id }) => id === replaced)) break;
    if (world.nowMs > end) {
      if (away.length > 1) return false;
      break;
    }
  }
  const [gone] = away;
  const machine = world.hosters.find(({ name }) => name === gone?.id);
  const anew = machine === undefined ? undefined : await machine.makeVotingKey(epoch);
  const moved = ({ id }: Hoster) => id === gone?.id;
  // Others opened one while this asked for keys.
  if (world.charters.current.epoch !== under.epoch) return false;
  return enactCharter(
    world,
    (charter) => ({
      ...charter,
      epoch,
      hosters: charter.hosters.map((one) => {
        if (moved(one) && anew === undefined) return { ...one, voter: null, votingSince: 0, votingKeys: [] };
        if (moved(one) && anew !== undefined)
          return { ...one, votingSince: epoch, votingKeys: [{ epoch, key: anew }] };
        const key = keys.get(one.id);
        return key === undefined ? one : { ...one, votingKeys: [{ epoch, key }] };
      }),
    }),
    2 * timeMsMax,
  );
}

/** Votes on their way arrive within so long. */
const STILL_MS = 3_000;
const PULLS_MAX = 40;

/**
 * Every log, as each of the hosters named holds it, with no vote and no certificate meanwhile, of which `seen` counts all: daemons
 * go on writing their own logs. Those whose disk was harmed may have nothing sound to show.
 */
export async function pullLogs(
  world: World,
  hosters: readonly string[],
  harmed: ReadonlySet<string>,
  seen: () => number = () => 0,
): Promise<PulledLog[]> {
  for (let nth = 1; ; nth++) {
    const before = seen();
    await world.sleep(STILL_MS);
    const pulled = seen() === before ? await pullOnce(world, hosters, harmed) : [];
    if (seen() === before) return pulled;
    if (nth === PULLS_MAX) throw new Error('the ledger does not stand still');
  }
}

async function pullOnce(
  world: World,
  hosters: readonly string[],
  harmed: ReadonlySet<string>,
): Promise<PulledLog[]> {
  const charter = world.charters.current;
  const ask = await desk(world, OPERATOR);
  const random = world.random('operator/nonce');
  const pulled: PulledLog[] = [];
  for (const hoster of votingHosters(charter)) {
    const daemon = charter.daemons.find((one) => one.id === hoster.voter);
    if (daemon === undefined || !hosters.includes(hoster.id)) continue;
    try {
      pulled.push(...(await logsOf(world, hoster.id, { client: ask(daemon), nonce: random.bytes(32) })));
    } catch (error) {
      if (!harmed.has(hoster.id)) throw error;
    }
  }
  return pulled;
}

async function logsOf(
  world: World,
  hoster: string,
  { client, nonce }: { readonly client: PeerClient; readonly nonce: Uint8Array },
): Promise<PulledLog[]> {
  const charter = world.charters.current;
  const scope = { of: 'all' } as const;
  const pulled: PulledLog[] = [];
  const { signed } = await client.ask('heads', { nonce, scope });
  const body: HeadsBody = openHeads(world.crypto, charter, { hoster, nonce, scope }, signed);
  for (const { origin, size, checkpoint, certificate } of body.heads) {
    const entries: Uint8Array[] = [];
    while (entries.length < size) {
      const { batches } = await client.ask('batches', { origin, from: entries.length });
      const before = entries.length;
      for (const batch of batches as readonly Append[]) {
        if (batch.oldSize === entries.length) entries.push(...batch.records.map(({ entry }) => entry));
      }
      if (entries.length === before)
        throw new Error(`${hoster} does not hand out ${origin} from ${before} on`);
    }
    pulled.push({
      daemon: hoster,
      origin,
      size,
      checkpoint,
      certificate,
      entries: entries.slice(0, size),
    });
  }
  return pulled;
}

export async function desk(
  world: World,
  id: typeof OFFICER | typeof OPERATOR,
): Promise<(daemon: Daemon) => PeerClient> {
  const program = world.program(id, 0);
  const network = world.party(program, { name: id, seed: world.key(`${id}/transport`), listens: false });
  await network.start();
  const identity: Identity = { role: id, id, seed: world.key(id) };
  const clients = new Map<string, PeerClient>();
  return ({ peer, addresses }) => {
    const known = clients.get(peer);
    const client =
      known ??
      new PeerClient(
        { peer, addresses },
        {
          network,
          crypto: world.crypto,
          charterName: world.charters.current.name,
          charterVersion: () => world.charters.current.version,
          identity,
        },
      );
    clients.set(peer, client);
    return client;
  };
}
