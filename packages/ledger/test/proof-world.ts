// Logs with certificates, without daemons: what a prover's own copy holds. Everything in it is signed by keys made from
// names, so that the same story gives the same proof, byte for byte.

import { type Charter, concat, memoryStore, quorumOf } from '@vauban/core';
import {
  type Append,
  type CharterChain,
  type ClaimName,
  cosign,
  type Covered,
  gatherEvidence,
  type HeldRecord,
  leafHashOf,
  LogStore,
  makeCertificate,
  makeProof,
  type Payload,
  type ProofEvidence,
  pull,
  readHead,
  type Voter,
} from '../src/index.ts';
import { provenCharters } from '../src/proof-charter.ts';
import type { ProofEntry, ProofHead } from '../src/proof-evidence.ts';
import { AuditPaths } from '../src/proof-paths.ts';
import { countedRandom, testClock } from './memory-hosters.ts';
import { chainOf, cosignerOf, crypto, hosterName, NOW, sampleCharter } from './sample-charter.ts';
import { deviceGenesis, Pen, placeOf } from './samples.ts';

export class ProofWorld {
  readonly charters: CharterChain;
  readonly logs: LogStore;
  readonly #pens = new Map<string, Pen>();
  readonly #appends = new Map<string, Append[]>();
  readonly #certificates = new Map<string, Covered[]>();

  private constructor(charters: CharterChain, logs: LogStore) {
    this.charters = charters;
    this.logs = logs;
  }

  static async of(charters: CharterChain): Promise<ProofWorld> {
    return new ProofWorld(charters, await LogStore.open(memoryStore(), crypto));
  }

  pen(key: string): Pen {
    const pen = this.#pens.get(key) ?? new Pen(key);
    this.#pens.set(key, pen);
    return pen;
  }

  /** Appends to the log of a key and stores it; answers where the first payload stands. */
  async write(key: string, payloads: readonly Payload[], time = NOW): Promise<ClaimName> {
    const pen = this.pen(key);
    const append = pen.write(payloads, time);
    const ofLog = this.#appends.get(pen.origin) ?? [];
    this.#appends.set(pen.origin, ofLog);
    ofLog.push(append);
    const voter: Voter = {
      hoster: 'h1',
      batches: async (origin: string, from: number) =>
        (this.#appends.get(origin) ?? []).filter(({ oldSize }) => oldSize >= from),
    } as unknown as Voter;
    const options = {
      crypto,
      clock: testClock(),
      random: countedRandom(),
      charters: this.charters,
      voters: () => [voter],
      logs: this.logs,
    };
    await pull(options, voter, pen.origin, pen.size);
    return { origin: pen.origin, index: append.oldSize };
  }

  /** A certificate of the log as it is, by a quorum of the current epoch's hosters unless told. */
  async certify(key: string, of: { time?: number; names?: readonly string[] } = {}): Promise<string> {
    const pen = this.pen(key);
    const { current } = this.charters;
    const names = of.names ?? quorumNames(current);
    const head = readHead(pen.checkpoint());
    const seconds = Math.floor((of.time ?? NOW) / 1_000);
    const lines = names.map((name, nth) =>
      cosign(crypto, head, cosignerOf(name, current.epoch), seconds + nth),
    );
    const certificate = makeCertificate(current, pen.checkpoint(), lines);
    await this.logs.certify(pen.origin, { size: head.size, certificate });
    const known = this.#certificates.get(pen.origin) ?? [];
    this.#certificates.set(pen.origin, [...known, { size: head.size, certificate }]);
    return certificate;
  }

  /** The first certificate that covered an entry. */
  readonly covering = async ({ origin, index }: ClaimName): Promise<Covered | undefined> =>
    this.#certificates.get(origin)?.find(({ size }) => size > index);

  evidence(
    segments: readonly Uint8Array[],
    of: { at?: number; label?: string; newest?: boolean } = {},
  ): Promise<ProofEvidence> {
    return gatherEvidence({
      crypto,
      logs: this.logs,
      charters: this.charters,
      segments,
      at: of.at ?? NOW,
      ...(of.label === undefined ? {} : { label: of.label }),
      ...(of.newest === true ? {} : { covering: this.covering }),
    });
  }

  /** A head and entries of one's own choice, opened or not: what an honest prover would not pick. */
  async head(key: string, picks: readonly { readonly index: number; readonly closed?: boolean }[]) {
    const { origin } = this.pen(key);
    const newest = this.#certificates.get(origin)?.at(-1);
    if (newest === undefined) throw new Error(`nothing of ${key} is certified`);
    const { certificate, size } = newest;
    const leaves: Uint8Array[] = [];
    for (const { entry } of await this.logs.records(origin, 0, size)) leaves.push(leafHashOf(crypto, entry));
    const paths = new AuditPaths(crypto, concat(...leaves));
    const indexes = new Set(picks.map(({ index }) => index));
    const entries: ProofEntry[] = [];
    for (const { index, closed } of picks) {
      const record = (await this.logs.record(origin, index)) as HeldRecord;
      const { entry, salt, payload } = record;
      const opened = closed === true ? null : { salt, payload };
      const path = opened !== null || !indexes.has(index + 1) ? paths.of(index) : null;
      entries.push({ index, entry, opened, path });
    }
    return { certificate, entries };
  }

  /** Evidence of hand-picked heads. */
  picked(segments: readonly Uint8Array[], heads: readonly ProofHead[], at = NOW): ProofEvidence {
    const charters = provenCharters(crypto, this.charters, this.charters.current.version);
    return { at, label: null, segments, charters, heads };
  }

  async proof(...of: Parameters<ProofWorld['evidence']>): Promise<string> {
    return (await makeProof(crypto, await this.evidence(...of))).text;
  }
}

function quorumNames(charter: Charter): string[] {
  return Array.from({ length: quorumOf(charter) }, (_, at) => hosterName(at + 1));
}

export const LAPTOP = 'device laptop';

/** One segment placed by the laptop, nothing certified yet. */
export async function placedWorld(charters = chainOf(sampleCharter(4))) {
  const world = await ProofWorld.of(charters);
  const place = placeOf(charters.current);
  const claim = await world.write(LAPTOP, [deviceGenesis('laptop'), place]);
  return { world, place, claim: { ...claim, index: 1 }, root: charters.root };
}

export async function certifiedWorld() {
  const made = await placedWorld();
  await made.world.certify(LAPTOP);
  return made;
}
