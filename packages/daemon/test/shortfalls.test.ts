// What is short is found: however the news came, whatever changed meanwhile, and when nothing but time went by.

import { type DaemonId, Fault, toHex } from '@vauban/core';
import type { ClaimName, LogWriter, Place } from '@vauban/ledger';
import type { AnswerOf } from '@vauban/wire';
import { afterEach, describe, expect, test } from 'vitest';
import { TestNetwork } from '../../ledger/test/memory-hosters.ts';
import {
  chainOf,
  crypto,
  daemonOf,
  policyOf,
  sampleCharter,
  seedOf,
} from '../../ledger/test/sample-charter.ts';
import {
  custodyOf,
  daemonGenesis,
  deviceGenesis,
  keepOf,
  placeOf,
  releaseOf,
} from '../../ledger/test/samples.ts';
import type { Presence } from '../src/peer-watch.ts';
import { Shortfalls } from '../src/repair/shortfalls.ts';
import { JumpingClock, START } from './watch-setup.ts';

const spare = daemonOf('h0');
const first = daemonOf('h1');
const policies = ['standard', 'other'].map((name) =>
  policyOf(name, { k: 2, m: 2, sitesLost: 2, minSurvives: 1 }),
);

const DAY_MS = 86_400_000;

/** Four hosters that hold, one with room: the daemon that looks is `id`. */
async function bench(id: DaemonId = spare) {
  const charter = sampleCharter(4, { policies });
  const network = await TestNetwork.of(4, { charters: chainOf(charter) });
  const genesis = deviceGenesis('laptop', { rights: ['write', 'delete'] });
  const device = await network.startedWriter('laptop', { options: { genesis } });
  const { mirror } = network.hoster(1);
  const clock = new JumpingClock(START);
  const presence = new Map<DaemonId, Presence>();
  const lost = new Set<DaemonId>();
  const away = new Set<string>();
  const full = new Set<DaemonId>();
  /** Called before a segment is planned. */
  let planning: (segment: string) => unknown = () => undefined;
  const answer = (daemon: DaemonId): AnswerOf<'ping'> => ({
    takes: !full.has(daemon),
    freeBytes: full.has(daemon) ? 0 : 1e9,
    voting: true,
    readOnly: false,
    draining: false,
  });
  const shortfalls = new Shortfalls({
    id,
    crypto,
    clock,
    charter: () => charter,
    now: () => network.clock.time,
    watch: { presence: (daemon) => presence.get(daemon) ?? 'up', answer },
    consortium: { isLost: (daemon) => lost.has(daemon), inMaintenance: (site) => away.has(site) },
    self: () => ({ leaving: false, takes: full.has(id) ? undefined : { freeBytes: 1e9 } }),
    mirror,
    doubted: ({ segment }) => {
      planning(toHex(segment));
      return [];
    },
    log: () => undefined,
  });
  const put = async (lastCellBytes: number) => {
    const place = placeOf(charter, { change: { lastCellBytes } });
    const { origin, index } = await device.append(() => [place]);
    await device.spreadCertificate();
    return { place, claim: { origin, index } };
  };
  /** When its retention is over. */
  const release = async (claim: ClaimName) => {
    network.clock.time += 9 * DAY_MS;
    await device.append(() => [releaseOf([claim])]);
    await device.spreadCertificate();
  };
  /** One that has its part already takes another: refused as too many at one hoster, and voided by who wrote it. */
  const writers = new Map<string, LogWriter>();
  const takeBack = async (
    { place, claim }: { readonly place: Place; readonly claim: ClaimName },
    name: string,
  ) => {
    const options = { seed: seedOf(`log ${name}`), genesis: daemonGenesis(name) };
    const writer = writers.get(name) ?? (await network.startedWriter(name, { options }));
    writers.set(name, writer);
    const { certifiedSize: size } = mirror.logs.state(claim.origin);
    const custody = custodyOf(place, { holder: name, index: 0, claim, size });
    await expect(writer.append(() => [custody])).rejects.toMatchObject({ code: 'CUSTODY_CROWDED' });
    await writer.spreadCertificate();
  };
  const claimAgain = async ({ place }: { readonly place: Place }) => {
    await device.append(() => [keepOf(place.segment)]);
    await device.spreadCertificate();
  };
  const putMany = async (count: number) => {
    const places = Array.from({ length: count }, (_, nth) => placeOf(charter, { name: `segment ${nth}` }));
    await device.append(() => places);
    return places;
  };
  stops.push(() => shortfalls.stop());
  return {
    shortfalls,
    clock,
    presence,
    lost,
    away,
    full,
    put,
    release,
    wait: (ms: number) => {
      network.clock.time += ms;
    },
    takeBack,
    claimAgain,
    putMany,
    charter,
    whenPlanning: (work: (segment: string) => unknown) => {
      planning = work;
    },
    isWaiting: (of: { readonly place: { readonly segment: Uint8Array } }) =>
      shortfalls.queue.get(toHex(of.place.segment)) !== undefined,
  };
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

describe('a segment that lost a fragment is found', () => {
  test('when a maintenance ended and the site did not come back', async () => {
    const it = await bench();
    const one = await it.put(1_024);
    it.presence.set(first, 'lost');
    it.away.add('h1');
    await it.shortfalls.start();
    it.shortfalls.lookAtHeldBy([first]);
    await it.clock.pass(5_000);
    expect(it.isWaiting(one)).toBe(false);
    it.away.delete('h1');
    await it.clock.pass(5_000);
    expect(it.isWaiting(one)).toBe(true);
  });

  test('and left alone when it was given up and voters would not let it be held anew, until it is claimed again', async () => {
    const it = await bench();
    const one = await it.put(1_024);
    it.lost.add(first);
    await it.shortfalls.start();
    await it.clock.pass(5_000);
    await it.release(one.claim);
    await it.clock.pass(5_000);
    expect(it.isWaiting(one)).toBe(true);
    // One hoster may say what it likes.
    await it.takeBack(one, 'h2');
    await it.clock.pass(5_000);
    expect(it.isWaiting(one)).toBe(true);
    await it.takeBack(one, 'h3');
    await it.clock.pass(5_000);
    expect(it.isWaiting(one)).toBe(false);
    await it.claimAgain(one);
    await it.clock.pass(5_000);
    expect(it.isWaiting(one)).toBe(true);
  });

  test('and tried once more a day after the others gave it up, or when they did before it was released', async () => {
    const it = await bench();
    const [one, before] = [await it.put(1_024), await it.put(2_048)];
    for (const name of ['h2', 'h3']) await it.takeBack(before, name);
    it.lost.add(first);
    await it.shortfalls.start();
    await it.release(one.claim);
    await it.release(before.claim);
    for (const name of ['h2', 'h3']) await it.takeBack(one, name);
    await it.clock.pass(5_000);
    expect(it.isWaiting(before)).toBe(true);
    expect(it.isWaiting(one)).toBe(false);
    it.wait(DAY_MS + 3_600_000);
    it.shortfalls.look(one.place.segment);
    await it.clock.pass(5_000);
    expect(it.isWaiting(one)).toBe(true);
  });

  test('when its site is declared lost, by the index of holders', async () => {
    const it = await bench();
    const one = await it.put(1_024);
    await it.shortfalls.start();
    await it.clock.pass(5_000);
    it.lost.add(first);
    await it.clock.pass(2_000);
    expect(it.isWaiting(one)).toBe(true);
  });

  test('at once when its holder is lost, however often that one has changed its mind before', async () => {
    const it = await bench();
    const one = await it.put(1_024);
    await it.shortfalls.start();
    await it.clock.pass(5_000);
    let looks = 0;
    it.whenPlanning(() => (looks += 1));
    for (let nth = 0; nth < 50; nth++) {
      it.shortfalls.lookAtHeldBy([first]);
      await it.clock.pass(2_000);
    }
    // Whoever flaps keeps nobody busy.
    expect(looks).toBeLessThan(10);
    it.presence.set(first, 'lost');
    it.shortfalls.lookAtHeldBy([first]);
    await it.clock.pass(2_000);
    expect(it.isWaiting(one)).toBe(true);
  });

  test('when its holder is lost while its segments are being gone through', async () => {
    const it = await bench();
    const segments = [await it.put(1_024), await it.put(2_048), await it.put(3_072)];
    await it.shortfalls.start();
    await it.clock.pass(5_000);
    const seen: string[] = [];
    it.whenPlanning((segment) => {
      seen.push(segment);
      if (seen.length !== 3) return;
      // All but the last are judged already.
      it.presence.set(first, 'lost');
      it.shortfalls.lookAtHeldBy([first]);
    });
    it.shortfalls.lookAtHeldBy([first]);
    await it.clock.pass(5_000);
    expect(segments.map((one) => it.isWaiting(one))).toEqual([true, true, true]);
  });

  test('though another one cannot be planned', async () => {
    const it = await bench();
    const segments = [await it.put(1_024), await it.put(2_048), await it.put(3_072)];
    const keys = segments.map(({ place }) => toHex(place.segment)).sort();
    it.whenPlanning((segment) => {
      if (segment === keys[0]) throw new Fault('integrity', 'STORE_CORRUPT', 'a row rotted', {});
    });
    it.presence.set(first, 'lost');
    await it.shortfalls.start();
    it.shortfalls.lookAtHeldBy([first]);
    await it.clock.pass(5_000);
    expect(keys.map((key) => it.shortfalls.queue.get(key) !== undefined)).toEqual([false, true, true]);
  });

  test('when somebody nobody counted on has room again', async () => {
    const it = await bench();
    const one = await it.put(1_024);
    it.presence.set(first, 'lost');
    for (const { id } of it.charter.daemons) it.full.add(id);
    await it.shortfalls.start();
    await it.clock.pass(5_000);
    expect(it.isWaiting(one)).toBe(false);
    expect(it.shortfalls.helpless.homeless).toBe(1);
    it.full.delete(spare);
    await it.clock.pass(5_000);
    expect(it.isWaiting(one)).toBe(true);
    expect(it.shortfalls.helpless.homeless).toBe(0);
  });

  test('in time when nobody told of anything', async () => {
    const it = await bench();
    const one = await it.put(1_024);
    await it.shortfalls.start();
    await it.clock.pass(5_000);
    it.presence.set(first, 'lost');
    await it.clock.pass(it.charter.durations.takeoverMs + 5_000);
    expect(it.isWaiting(one)).toBe(true);
  });
});

test('the walk comes to its end however often it is asked for anew', async () => {
  const it = await bench();
  // More than one stretch of it.
  const all = await it.putMany(260);
  const planned = new Set<string>();
  it.whenPlanning((segment) => {
    planned.add(segment);
    it.shortfalls.lookAtAll();
  });
  await it.shortfalls.start();
  await it.clock.pass(5_000);
  expect(planned.size).toBe(all.length);
});

test.each(['at its first segment', 'in its middle'])(
  'the first walk runs again when it was asked for anew %s',
  async (when) => {
    const it = await bench();
    const all = await it.putMany(260);
    const least = all.map(({ segment }) => toHex(segment)).sort()[0] as string;
    const planned = new Map<string, number>();
    let asked = false;
    it.whenPlanning((segment) => {
      planned.set(segment, (planned.get(segment) ?? 0) + 1);
      if (asked || (when === 'in its middle' && segment === least)) return;
      asked = true;
      it.shortfalls.lookAtAll();
    });
    await it.shortfalls.start();
    await it.clock.pass(10_000);
    expect(planned.size).toBe(all.length);
    // Judged before the call, it is judged again.
    expect(planned.get(least)).toBe(2);
  },
);
