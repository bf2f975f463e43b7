// The network as the rows of refusals want it: agencies in good standing and not, policies, and hosters without a vote
// whose daemons never run but whose keys are at hand, so that they can hold fragments and write logs.

import { type Charter, daemonIdOf, type Policy } from '@vauban/core';
import { nodeClock, nodeCrypto as crypto, nodeRandom } from '@vauban/core/node';
import {
  type CharterChain,
  type Delegation,
  makeCertificate,
  parseSignature,
  type Payload,
} from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import { peerIdOfSeed } from '@vauban/wire/libp2p';
import { Caller } from './caller.ts';
import { DAY_MS, TestNetwork } from './network.ts';
import { type Agency, type Device, newAgency, newDevice, type Pen, type WireAppend } from './pen.ts';
import { type Holder, placeOf, type PlaceOptions, segmentOf, type Shape } from './segment.ts';

/** A daemon of the charter that never runs. */
export interface Ghost extends Holder {
  readonly name: string;
  readonly logSeed: Uint8Array;
  readonly transportSeed: Uint8Array;
}

function newGhost(name: string): Ghost {
  const receiptSeed = nodeRandom.bytes(32);
  const id = daemonIdOf(crypto, crypto.ed25519Public(receiptSeed));
  return { name, id, receiptSeed, logSeed: nodeRandom.bytes(32), transportSeed: nodeRandom.bytes(32) };
}

export class Consortium {
  readonly network: TestNetwork;
  readonly archives = newAgency('archives');
  readonly hospital = newAgency('hospital');
  /** Suspended. */
  readonly frozen = newAgency('frozen');
  /** May store 4 KiB: 2 KiB with each daemon. */
  readonly small = newAgency('small');
  /** With a declaration valid for ten days, one that ran out, and one that no policy accepts. */
  readonly spare = newGhost('spare');
  readonly lapsed = newGhost('lapsed');
  readonly foreign = newGhost('foreign');
  #courier: Caller | undefined;

  private constructor(network: TestNetwork) {
    this.network = network;
  }

  /** Four voters, f = 1, q = 3, policy `standard` 2 + 2; all of them vote. */
  static async open(of: { readonly pace?: number } = {}): Promise<Consortium> {
    const consortium = new Consortium(await TestNetwork.create({ k: 2, m: 2, ...of }));
    const { network } = consortium;
    await network.startAll();
    await network.enact((charter) => consortium.#second(charter));
    const { transportSeed, note } = newDevice(network.charter.name, consortium.archives);
    consortium.#courier = await Caller.open(network, { role: 'device', note }, transportSeed);
    return consortium;
  }

  get charter(): Charter {
    return this.network.charter;
  }

  get charters(): CharterChain {
    return this.network.charters;
  }

  /** A device of `archives` that brings anyone's bytes. */
  get courier(): Caller {
    if (this.#courier === undefined) throw new Error('the consortium is open');
    return this.#courier;
  }

  async close(): Promise<void> {
    await this.#courier?.close();
    await this.network.close();
  }

  /** The running daemon of site `at` as a holder. */
  holder(at: number): Holder {
    const { home } = this.network.site(at);
    return { id: home.daemon, receiptSeed: home.keys.receipt.seed };
  }

  /** The four running ones, in order. */
  holders(): readonly Holder[] {
    return [0, 1, 2, 3].map((at) => this.holder(at));
  }

  device(change: Partial<Delegation> = {}, agency: Agency = this.archives): Device {
    return newDevice(this.charter.name, agency, change);
  }

  segment(name: string, shape: Shape = {}, agency: Agency = this.archives) {
    return segmentOf(agency.vault, name, shape);
  }

  /** A place of the segment with that name on the four sites, right but for what the options bend. */
  place(name: string, of: Partial<PlaceOptions> & { readonly shape?: Shape } = {}) {
    const { shape, ...rest } = of;
    return placeOf(this.charter, this.segment(name, shape), { holders: this.holders(), ...rest });
  }

  /** Site 0's answer unless told otherwise. */
  bring(append: WireAppend, at = 0, certificate: string | null = null): Promise<AnswerOf<'append'>> {
    return this.courier.ask(at, 'append', { append, certificate });
  }

  /** The answer to a fresh device's log of genesis and these payloads. */
  tell(payloads: readonly Payload[], of: { device?: Partial<Delegation>; time?: number; at?: number } = {}) {
    const { pen, genesis } = this.device(of.device);
    return this.bring(pen.write([genesis, ...payloads], of.time), of.at);
  }

  /** The same, which must be cosigned. */
  async mustBring(append: WireAppend, at = 0): Promise<string> {
    const answer = await this.bring(append, at);
    if (answer.result === 'cosigned') return answer.cosignature;
    throw new Error(answer.result === 'refused' ? answer.fault.code : answer.result);
  }

  /** Everything the pen wrote above `from`, certified by sites 0 to 2 and known to them. */
  async certify(pen: Pen, from = 0): Promise<string> {
    const certificate = await this.certificate(pen, from);
    for (const at of [0, 1, 2]) await this.courier.ask(at, 'certify', { origin: pen.origin, certificate });
    return certificate;
  }

  /** The same, known to nobody yet. */
  async certificate(pen: Pen, from = 0): Promise<string> {
    const lines = [];
    for (const at of [0, 1, 2]) lines.push(parseSignature(await this.mustBring(pen.from(from), at)));
    return makeCertificate(this.charter, pen.checkpoint(), lines);
  }

  #second(charter: Charter): Charter {
    const [standard] = charter.policies as [Policy];
    const names = ['standard', 'wide', 'kept'];
    const agency = ({ id, rootSeed }: Agency, quotaBytes = 1_000_000_000, suspended = false) => ({
      id,
      name: id,
      rootKey: crypto.ed25519Public(rootSeed),
      quotaBytes,
      suspended,
      policies: names,
    });
    const ghosts = [this.spare, this.lapsed, this.foreign];
    const now = nodeClock.now();
    const declared = { ...(charter.hosters[0] as Charter['hosters'][number]).declaration };
    const declarations = {
      spare: { ...declared, validUntil: now + 10 * DAY_MS },
      lapsed: { ...declared, validFrom: now - 2 * DAY_MS, validUntil: now - DAY_MS },
      foreign: { ...declared, seat: 'US' },
    };
    return {
      ...charter,
      agencies: [
        agency(this.archives),
        agency(this.hospital),
        agency(this.frozen, 1_000_000_000, true),
        agency(this.small, 4_096),
      ],
      policies: [
        standard,
        { ...standard, name: 'wide', k: 3, m: 1, sitesLost: 1, minSurvives: 1 },
        { ...standard, name: 'kept', retentionMs: 30 * DAY_MS },
        { ...standard, name: 'nobodys' },
      ],
      hosters: [
        ...charter.hosters,
        ...ghosts.map(({ name }) => ({
          id: name,
          name,
          identityKey: crypto.ed25519Public(nodeRandom.bytes(32)),
          voter: null,
          votingSince: 0,
          votingKeys: [],
          declaration: declarations[name as keyof typeof declarations],
        })),
      ],
      sites: [
        ...charter.sites,
        ...ghosts.map(({ name }, nth) => ({
          id: name,
          hoster: name,
          city: name,
          country: 'FR',
          building: name,
          address: name,
          latitude: 48_000_000 + nth,
          longitude: 7_000_000,
        })),
      ],
      daemons: [
        ...charter.daemons,
        ...ghosts.map((ghost) => ({
          id: ghost.id,
          site: ghost.name,
          receiptKey: crypto.ed25519Public(ghost.receiptSeed),
          logKey: crypto.ed25519Public(ghost.logSeed),
          peer: peerIdOfSeed(ghost.transportSeed),
          addresses: [],
          capacityBytes: 1,
        })),
      ],
    };
  }
}
