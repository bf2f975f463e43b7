// A device and companies in league: places that keep no promise, receipts of something else, and erasing that nobody
// allowed. Honest voters refuse every one of these deeds; where one of their rules is missing, a judge finds it certified.

import { daemonIdBytes, type Random } from '@vauban/core';
import { type Appended, fragmentBytesOf, type Payload, segmentIdOf, signReceipt } from '@vauban/ledger';
import { GRACE_MS } from '../membership.ts';
import { between, type World } from '../world.ts';
import { type Annex, type AnnexDaemon, type AnnexName, join } from './annex.ts';
import { crookedDevice, type Pen } from './pen.ts';

type Place = Payload & { readonly kind: 'place' };

/** What is old enough by one clock is so by all of them a little later. */
const SKEW_MS = 600;
const sound: readonly AnnexName[] = ['a', 'b', 'c', 'd', 'e', 'f'];

class Ring {
  readonly world: World;
  readonly vault: Uint8Array;
  readonly device: Pen;
  readonly #annex: Annex;
  readonly #random: Random;
  readonly #generations = new Map<AnnexName, number>();

  constructor(world: World, of: { readonly annex: Annex; readonly device: Pen; readonly vault: Uint8Array }) {
    this.world = world;
    this.vault = of.vault;
    this.device = of.device;
    this.#annex = of.annex;
    this.#random = world.random('ring/segments');
  }

  daemon(name: AnnexName): AnnexDaemon {
    return this.#annex.get(name) as AnnexDaemon;
  }

  generation(name: AnnexName): number {
    return this.#generations.get(name) ?? 0;
  }

  raised(name: AnnexName): number {
    this.#generations.set(name, this.generation(name) + 1);
    return this.generation(name);
  }

  /** A place of a new segment, 3 + 3, on these daemons; with receipts that they gave for `other`, if that is given. */
  place(holders: readonly AnnexName[], other?: Uint8Array): Place {
    const { crypto, charters, nowMs } = this.world;
    const roots = Array.from({ length: 6 }, () => this.#random.bytes(32));
    const descriptor = {
      vault: this.vault,
      code: 'rs',
      k: 3,
      m: 3,
      cellBytes: 16_384,
      stripes: 1,
      lastCellBytes: 16,
    } as const;
    const segment = segmentIdOf(crypto, { ...descriptor, roots });
    const fragments = roots.map((root, index): Place['fragments'][number] => {
      const name = holders[index];
      if (name === undefined) return [root];
      const { id } = this.daemon(name);
      const receipt = this.#receipt(name, { segment: other ?? segment, index, root });
      return [root, daemonIdBytes(id), this.generation(name), receipt];
    });
    const { version } = charters.current;
    // Kept until after the entry's own time, which is a moment later.
    const retainUntil = this.world.wall('ring').now() + 60 + Math.floor(nowMs % 1);
    return { kind: 'place', segment, charter: version, ...descriptor, retainUntil, fragments };
  }

  custodyOf(name: AnnexName, place: Place, at: Appended): Payload {
    const [root] = place.fragments[0] as readonly [Uint8Array];
    const { segment } = place;
    const { origin, index } = at;
    const bytes = fragmentBytesOf(place);
    const receipt = this.#receipt(name, { segment, index: 0, root });
    const generation = this.generation(name);
    const covers = { place: { origin, index }, size: index + 1 };
    return { kind: 'custody', segment, index: 0, root, bytes, generation, receipt, ...covers };
  }

  /** Certified, and known to everybody as such. */
  async certified(pen: Pen, ...payloads: readonly Payload[]): Promise<Appended> {
    const appended = await pen.append(...payloads);
    await pen.spread();
    return appended;
  }

  /** A place nothing is wrong with. */
  async placed(): Promise<{ readonly place: Place; readonly at: Appended }> {
    const place = this.place(sound);
    return { place, at: await this.certified(this.device, place) };
  }

  /** Such a place whose claim was released as it should be, long enough ago. */
  async released(): Promise<{ readonly place: Place; readonly at: Appended }> {
    const { place, at } = await this.placed();
    await this.world.sleep(200);
    await this.certified(this.device, releaseOf(at));
    await this.world.leap(GRACE_MS, SKEW_MS);
    return { place, at };
  }

  purge(name: AnnexName, { segment }: Place): Payload {
    return { kind: 'purge', segments: [segment], payloads: [], generation: this.raised(name) };
  }

  trim(name: AnnexName, { segment }: Place, keeper: AnnexName): Payload {
    const bytes = daemonIdBytes(this.daemon(keeper).id);
    return { kind: 'trim', segment, index: 0, keeper: bytes, generation: this.raised(name) };
  }

  #receipt(
    name: AnnexName,
    of: { readonly segment: Uint8Array; readonly index: number; readonly root: Uint8Array },
  ): Uint8Array {
    const { crypto, charters } = this.world;
    const { id, receiptSeed } = this.daemon(name);
    const claim = { charterName: charters.current.name, ...of, bytes: 16, daemon: id };
    return signReceipt(crypto, { ...claim, generation: this.generation(name) }, receiptSeed);
  }
}

const releaseOf = ({ origin, index }: Appended): Payload => ({
  kind: 'release',
  claims: [[origin, index]],
  objects: [],
});
const keepOf = ({ segment }: Place): Payload => ({ kind: 'keep', segments: [segment] });

/** The last append of each is what no voter may certify. */
const deeds: Readonly<Record<string, (ring: Ring) => Promise<unknown>>> = {
  'places on an expired declaration': (ring) =>
    ring.device.append(ring.place(['a', 'b', 'c', 'd', 'e', 'late'])),
  'places twice at one company': (ring) => ring.device.append(ring.place(['a', 'b', 'c', 'd', 'e', 'a2'])),
  'places on too few': (ring) => ring.device.append(ring.place(['a', 'b', 'c', 'd', 'e'])),
  'places with receipts of another segment': async (ring) => {
    const { place } = await ring.placed();
    return ring.device.append(ring.place(sound, place.segment));
  },
  'purges what is held': async (ring) => {
    const { place } = await ring.placed();
    return (await ring.daemon('b').pen()).append(ring.purge('b', place));
  },
  'purges what is kept': async (ring) => {
    const { place, at } = await ring.placed();
    await ring.certified(ring.device, keepOf(place));
    await ring.world.sleep(200);
    await ring.certified(ring.device, releaseOf(at));
    await ring.world.leap(GRACE_MS, SKEW_MS);
    return (await ring.daemon('c').pen()).append(ring.purge('c', place));
  },
  'keeps what is purged': async (ring) => {
    const { place } = await ring.released();
    await ring.certified(await ring.daemon('d').pen(), ring.purge('d', place));
    return ring.device.append(keepOf(place));
  },
  'voids a purge and keeps': async (ring) => {
    const { place } = await ring.released();
    const pen = await ring.daemon('e').pen();
    const { index } = await pen.append(ring.purge('e', place));
    await pen.append({ kind: 'void', index });
    return ring.device.append(keepOf(place));
  },
  'places what was swept': async (ring) => {
    const old = ring.place(sound);
    await ring.certified(await ring.daemon('f').pen(), { kind: 'sweep', generation: ring.raised('f') });
    return ring.device.append({ ...old, retainUntil: ring.place([]).retainUntil });
  },
  'writes after it was revoked': async (ring) => {
    const device = await crookedDevice(ring.world, 'revoked');
    const pen = await device.open(await ring.daemon('b').carrier());
    await pen.scribble();
    for (const voter of pen.voters) await voter.putNote(device.revocation()).catch(() => undefined);
    // Whoever reads now is told how far each hoster holds it.
    await pen.read(device.vault);
    return pen.scribble();
  },
  'trims for one another': async (ring) => {
    const { place, at } = await ring.placed();
    const [first, second] = [await ring.daemon('a').pen(), await ring.daemon('g').pen()];
    await ring.certified(second, ring.custodyOf('g', place, at));
    await ring.certified(first, ring.trim('a', place, 'g'));
    return second.append(ring.trim('g', place, 'a'));
  },
};

/** Five of the deeds, in any order. */
export async function conspire(world: World, random: Random): Promise<void> {
  const annex = await join(world);
  if (annex === undefined) return;
  const { vault, open } = await crookedDevice(world, 'ring');
  const ring = new Ring(world, { annex, vault, device: await open() });
  const left = Object.entries(deeds);
  for (let nth = 0; nth < DEEDS; nth++) {
    const [name, deed] = left.splice(between(random, 0, left.length - 1), 1)[0] as (typeof left)[number];
    const outcome = await deed(ring).then(
      () => 'certified',
      (error: unknown) => (error as { readonly code?: string }).code ?? String(error),
    );
    world.trace.note('ring', `${name}: ${outcome}`);
    world.counters.add(`ring ${name}: ${outcome}`);
  }
}

const DEEDS = 5;
