// A device is lost in the middle of an append that fewer hosters than a quorum have stored, and is revoked. What those
// hosters report is taken over by another device or said to be skipped, nothing acknowledged before is lost, and nobody
// signs the rest of its log.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgencyVault, joinNetwork } from '../promises/agency.ts';
import { inWords, type Json } from '../support/command.ts';
import { TestNetwork } from '../support/network.ts';
import { DaemonPen } from './daemon-pen.ts';
import { broughtAgain, expectWhole, fileFor, HeldBackPut, openBehind, recovered } from './machines.ts';

let network: TestNetwork;
let kept: AgencyVault;
/** Of four voters one may lie: three are a quorum, two are the most that certify nothing. */
let sites: string[];
const stored: string[] = [];

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 4, k: 2, m: 2 });
  kept = await joinNetwork(network);
  sites = (await network.daemons()).map(({ site }) => site);
});
afterAll(() => network?.close());

const numberOf = (origin: string) => origin.slice(origin.indexOf('/') + 1);

/** Entries that are certified in a device's own log. */
async function entriesOf(origin: string): Promise<number> {
  const { devices } = await kept.ask('vault', 'devices');
  return devices.find((one: Json) => one.device === origin).entries;
}

/**
 * A machine that stored `before …` and was lost while it stored `during …`. The word that it is revoked was on its way
 * when the append got through to the first `reached` hosters; `word` tells who has that word since.
 */
async function lostMidway(
  name: string,
  of: { readonly reached: number; readonly word: (site: string) => Promise<boolean> },
) {
  const lost = await recovered(network, kept, `lost ${name}`);
  await lost.ask('put', await fileFor(network, `before ${name}`), `before ${name}`);
  stored.push(`before ${name}`);
  const certified = await entriesOf(lost.device);
  const put = new HeldBackPut(network, lost, `during ${name}`);
  await put.signed;
  const told: string[] = [];
  const opened = await openBehind(network, kept.directory, async (site, ask) => {
    if (ask !== 'note') return true;
    told.push(await put.reach(sites.slice(0, of.reached)));
    return of.word(site);
  });
  const end = await opened.revokeDevice(numberOf(lost.device)).then(
    ({ adopted }) => `${adopted} adopted`,
    (error) => error.code,
  );
  await opened.close();
  expect(new Set(told)).toEqual(new Set(['QUORUM_UNREACHABLE']));
  return { lost, certified, end };
}

async function revoke(device: string) {
  const revoked = await kept.here('vault', 'revoke', numberOf(device), '--json');
  expect(revoked.code, inWords(revoked)).toBe(0);
  expect(revoked.json.device).toBe(device);
  return revoked.json;
}

/** Nobody signs more of its log, and it is told why. */
async function expectEnded(
  { lost, certified }: Awaited<ReturnType<typeof lostMidway>>,
  sealers: readonly string[] = sites,
) {
  const late = await lost.here('put', await fileFor(network, 'late'), '--json');
  expect([late.code, late.json.error.code], inWords(late)).toEqual([6, 'DEVICE_REVOKED']);
  const log = { origin: lost.device, from: certified };
  expect(await broughtAgain(network, sealers, log)).toEqual(new Set(['LOG_SEALED']));
  expect(await entriesOf(lost.device)).toBe(certified);
}

/** Everybody but the first two has stored the word. */
const halfHeard = async (site: string) => !sites.slice(0, 2).includes(site);

describe('a device revoked while its append has reached', () => {
  it.each([
    // Of those that never saw it one is down: a quorum of reports counts the one that did.
    { name: 'one', reached: 1, down: 1 },
    { name: 'two', reached: 2, down: 0 },
  ])('$name of four hosters: it is taken over', async ({ name, reached, down }) => {
    const ended = await lostMidway(name, { reached, word: halfHeard });
    expect(ended.end).toBe('QUORUM_UNREACHABLE');
    const away = sites.slice(1, 1 + down);
    await network.kill(...away);
    expect(await revoke(ended.lost.device)).toMatchObject({ adopted: 2, skipped: [] });
    stored.push(`during ${name}`);
    if (down > 0) await network.start();
    await expectWhole(network, kept, stored);
    await expectEnded(
      ended,
      sites.filter((site) => !away.includes(site)),
    );
    const proof = join(network.scratch, `${name}.proof`);
    const { segments } = await kept.ask('prove', `during ${name}`, '-o', proof);
    expect(segments.map(({ held }: Json) => held)).toEqual([4]);
    expect(await revoke(ended.lost.device)).toMatchObject({ adopted: 0, skipped: [] });
  });

  it('one that is down until the device is revoked: what only that one knows counts for nobody', async () => {
    const [first = '', ...others] = sites;
    let down: Promise<void> | undefined;
    const ended = await lostMidway('down', {
      reached: 1,
      word: async (site) => {
        await (down ??= network.kill(first));
        return site !== first;
      },
    });
    expect(ended.end).toBe('0 adopted');
    await network.start();
    await expectWhole(network, kept, stored);
    await expectEnded(ended, others);
  });

  it('two, and what they took meanwhile lost its ground: that is said, and the rest is taken over', async () => {
    const ended = await lostMidway('swept', { reached: 2, word: halfHeard });
    const pen = await DaemonPen.open(network, sites[3] as string);
    await pen.certify(pen.write({ kind: 'sweep', generation: 1 }), sites);
    await pen.close();
    // The place: a daemon has erased since it gave its receipt. It was the first of the append.
    expect(await revoke(ended.lost.device)).toMatchObject({
      adopted: 1,
      skipped: [{ index: ended.certified, code: 'GENERATION_OLD' }],
    });
    // Nothing was erased yet, and what the agency named of the sealed log is read as it stands.
    stored.push('during swept');
    await expectEnded(ended);
    await expectWhole(network, kept, stored);
  });
});
