// A voter that stopped and starts again: what it reads before it speaks, when it stays silent, and when for good. Its
// fragments are served in every case.

import { copyFile, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quorumOf, votingHosters } from '@vauban/core';
import { nodeCrypto as crypto, nodeRandom } from '@vauban/core/node';
import { STOPPED_PATH } from '@vauban/daemon';
import { openHeads } from '@vauban/ledger';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { outcomeOf } from './caller.ts';
import { Consortium } from './consortium.ts';
import { until } from './network.ts';
import { objects, type Pen } from './pen.ts';
import type { TestSegment } from './segment.ts';

let it: Consortium;
let held: TestSegment;
const SITE = 3;
const OTHERS = [0, 1, 2];

beforeAll(async () => {
  it = await Consortium.open({ pace: 30 });
  held = it.segment('held');
  await it.courier.upload(SITE, held, 1);
});
afterAll(() => it?.close());

const votesFile = () => join(it.network.site(SITE).data, 'votes-1');
const keysDirectory = () => it.network.site(SITE).home.config.keys;
const storeDirectory = () => join(it.network.site(SITE).data, 'store');

/** What site `at` says it holds of a log, signed with its voting key. */
async function headAt(at: number, pen: Pen) {
  const nonce = nodeRandom.bytes(32);
  const scope = { of: 'origins' as const, origins: [pen.origin] };
  const { signed } = await it.courier.ask(at, 'heads', { nonce, scope });
  const voter = it.holder(at).id;
  const hoster = votingHosters(it.charter).find((one) => one.voter === voter)?.id ?? '';
  const body = openHeads(crypto, it.charter, { hoster, nonce, scope }, signed);
  return { starting: body.starting, counter: body.counter, size: body.heads[0]?.size ?? 0 };
}

async function status(at = SITE) {
  const { silent, alerts } = await it.courier.ask(at, 'status', {});
  // A test below has a writer sign two histories, which is told from then on.
  const told = alerts.map(({ code }) => code).filter((code) => code !== 'FORKED');
  return { silent: silent?.code ?? null, alerts: told, why: silent?.message ?? '' };
}

/** It serves what it holds, whatever it thinks of voting. */
async function expectServing(): Promise<void> {
  await it.courier.ask(SITE, 'status', {});
  expect(await it.courier.download(SITE, held, 1)).toEqual(held.fragments[1]);
  await it.courier.ask(SITE, 'leaf', { segment: held.id, index: 1, leaf: 0 });
  await it.courier.upload(SITE, held, 1);
}

async function restart(meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  await it.network.stop(SITE);
  await meanwhile();
  await it.network.start(SITE);
}

/** First appends of logs that no more than one site may have been shown. */
let onlyHere: ReturnType<Pen['write']>[] = [];

const newLog = () => {
  const { pen, genesis } = it.device();
  const append = pen.write([genesis, objects('a')]);
  onlyHere.push(append);
  return { pen, append };
};

describe('started again', () => {
  test('it adopts larger heads of the others, certified or not, before it votes', async () => {
    const certified = newLog();
    const uncertified = newLog();
    await it.mustBring(certified.append, SITE);
    await restart(async () => {
      const more = certified.pen.write([objects('while it was away')]);
      for (const at of OTHERS) {
        await it.mustBring(certified.pen.from(0), at);
        await it.mustBring(uncertified.append, at);
      }
      expect(more.oldSize).toBe(2);
      await it.certify(certified.pen);
    });
    await it.network.untilVoting(SITE);
    await it.courier.ask(SITE, 'status', {});
    expect(await headAt(SITE, certified.pen)).toMatchObject({ starting: false, size: 3 });
    expect(await headAt(SITE, uncertified.pen)).toMatchObject({ starting: false, size: 2 });
    // What it adopted it has not vouched for; asked, it judges, and then signs.
    expect(await outcomeOf(it.bring(uncertified.append, SITE))).toEqual({ code: 'cosigned' });
    const { pen } = uncertified;
    expect(await outcomeOf(it.bring(pen.write([objects('next')]), SITE))).toEqual({ code: 'cosigned' });
  });

  test('what it adopted but may not admit, it does not cosign', async () => {
    const { pen, genesis } = it.device();
    const append = pen.write([genesis, objects('a')]);
    // The others signed while the agency was in good standing.
    await restart(async () => {
      for (const at of OTHERS) await it.mustBring(append, at);
      await it.network.enact((charter) => suspended(charter, true));
    });
    await it.network.untilVoting(SITE);
    await it.courier.ask(SITE, 'status', {});
    expect(await headAt(SITE, pen)).toMatchObject({ size: 2 });
    await until(
      async () => (await it.courier.ask(SITE, 'status', {})).charterVersion === it.charter.version,
      'it hears of the new charter',
    );
    expect(await outcomeOf(it.bring(append, SITE))).toEqual({ code: 'AGENCY_SUSPENDED', class: 'policy' });
    await it.network.enact((charter) => suspended(charter, false));
  });

  const suspended = (charter: Consortium['charter'], value: boolean) => ({
    ...charter,
    agencies: charter.agencies.map((one) => (one.id === it.archives.id ? { ...one, suspended: value } : one)),
  });

  test('it never signs a second tree of a size it has signed', async () => {
    const { pen, append } = newLog();
    await it.mustBring(append, SITE);
    const fork = pen.copy();
    await it.mustBring(pen.write([objects('one')]), SITE);
    await restart();
    await it.network.untilVoting(SITE);
    await it.courier.ask(SITE, 'status', {});
    expect(await outcomeOf(it.bring(fork.write([objects('two')]), SITE))).toMatchObject({ code: 'FORKED' });
    expect(await outcomeOf(it.bring(pen.from(2), SITE))).toEqual({ code: 'cosigned' });
  });
});

describe('with fewer than q − 1 others', () => {
  afterEach(async () => {
    for (const at of OTHERS) {
      if (it.network.site(at).running === undefined) await it.network.start(at);
    }
    for (const at of [...OTHERS, SITE]) {
      await it.network.untilVoting(at);
      await it.courier.ask(at, 'status', {});
    }
  });

  test('it serves and waits; with enough of them it votes', async () => {
    expect(quorumOf(it.charter)).toBe(3);
    const { append } = newLog();
    await restart(() => Promise.all([0, 1].map((at) => it.network.stop(at))));
    await expectServing();
    // Long enough for several attempts to read.
    for (let look = 0; look < 4; look++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(await status()).toMatchObject({ silent: 'VOTER_STARTING', alerts: [] });
    }
    expect(await outcomeOf(it.bring(append, SITE))).toEqual({ code: 'VOTER_STARTING', class: 'later' });
    expect((await headAt(SITE, newLog().pen)).starting).toBe(true);
    await it.network.start(1);
    await it.network.untilVoting(SITE);
    expect(await outcomeOf(it.bring(append, SITE))).toEqual({ code: 'cosigned' });
  });

  test('four that stop at once and start at once vote again, and have everything', async () => {
    const { pen, append } = newLog();
    for (const at of [...OTHERS, SITE]) await it.mustBring(append, at);
    const counters = await Promise.all([...OTHERS, SITE].map((at) => headAt(at, pen)));
    await Promise.all([...OTHERS, SITE].map((at) => it.network.stop(at)));
    await it.network.startAll();
    for (const [nth, at] of [...OTHERS, SITE].entries()) {
      await it.courier.ask(at, 'status', {});
      expect(await headAt(at, pen)).toMatchObject({ ...counters[nth], starting: false, size: 2 });
    }
    const more = pen.write([objects('more')]);
    for (const at of [...OTHERS, SITE]) await it.mustBring(more, at);
  });
});

describe('whose vote history is not what it was', () => {
  let soundVotes: Buffer;
  let soundStore: string;
  beforeAll(async () => {
    await it.mustBring(newLog().append, SITE);
    await it.network.stop(SITE);
    soundVotes = await readFile(votesFile());
    soundStore = join(it.network.directory, 'sound-store');
    await cp(storeDirectory(), soundStore, { recursive: true });
    await it.network.start(SITE);
    await it.network.untilVoting(SITE);
    await it.courier.ask(SITE, 'status', {});
    onlyHere = [];
    // What the sound copies do not know, and what the others hear of when they read before voting.
    for (let nth = 0; nth < 3; nth++) await it.mustBring(newLog().append, SITE);

    for (const at of OTHERS) {
      await it.network.stop(at);
      await it.network.start(at);
      await it.network.untilVoting(at);
      await it.courier.ask(at, 'status', {});
    }
  });

  async function expectStopped(code: string, words: RegExp): Promise<void> {
    await until(async () => (await status()).silent === code, `it stops with ${code}`);
    const said = await status();
    expect(said).toMatchObject({ silent: code, alerts: [code] });
    expect(said.why).toMatch(words);
    expect(await outcomeOf(it.bring(newLog().append, SITE))).toEqual({ code });
    expect(await outcomeOf(headAt(SITE, newLog().pen))).toEqual({ code });
    await expectServing();
  }

  const rows: readonly [string, string, RegExp, () => Promise<unknown>][] = [
    ['missing', 'VOTE_HISTORY_MISSING', /missing/, () => rm(votesFile())],
    [
      'damaged',
      'VOTE_HISTORY_CORRUPT',
      /damaged/,
      async () => {
        const bytes = await readFile(votesFile());
        bytes[60] = (bytes[60] as number) ^ 1;
        await writeFile(votesFile(), bytes);
      },
    ],
    ['older than what others remember', 'VOTE_HISTORY_BEHIND', /remembers/, () => restoreAll()],
  ];
  async function restoreStore(): Promise<void> {
    await rm(storeDirectory(), { recursive: true });
    await cp(soundStore, storeDirectory(), { recursive: true });
  }
  async function restoreAll(): Promise<void> {
    await restoreStore();
    await writeFile(votesFile(), soundVotes);
  }

  test.each(rows)('%s: it stops voting, says so, serves on, and stays so', async (_, code, words, harm) => {
    await it.network.stop(SITE);
    const store = join(it.network.directory, 'today-store');
    const votes = join(it.network.directory, 'today-votes');
    await cp(storeDirectory(), store, { recursive: true });
    await copyFile(votesFile(), votes);
    const keys = join(it.network.directory, 'today-keys');
    await cp(keysDirectory(), keys, { recursive: true });
    await harm();
    await it.network.start(SITE);
    await expectStopped(code, words);
    const noKeys = async () => !(await readdir(keysDirectory())).some((name) => name.startsWith('voting'));
    await until(noKeys, 'its voting keys are gone');
    // Also once the file is back, and the keys, and the ledger has caught up: whoever lost its memory once may have lost it before.
    await restart(async () => {
      await copyFile(votes, votesFile());
      await cp(keys, keysDirectory(), { recursive: true });
    });
    await expectStopped(code, words);
    await it.network.stop(SITE);
    await rm(storeDirectory(), { recursive: true });
    await cp(store, storeDirectory(), { recursive: true });
    await rm(store, { recursive: true });
    // The note is nowhere but in this file: neither the history nor the database may be put back and take it along.
    await cp(keys, keysDirectory(), { recursive: true });
    await rm(keys, { recursive: true });
    await copyFile(votes, votesFile());
    await rm(join(it.network.site(SITE).data, STOPPED_PATH));
    await it.network.start(SITE);
    await it.network.untilVoting(SITE);
    await it.courier.ask(SITE, 'status', {});
    await it.mustBring(newLog().append, SITE);
  });

  test('ahead of a ledger that was put back: it gets what it voted from the others, and votes again', async () => {
    const more = newLog();
    for (const at of [...OTHERS, SITE]) await it.mustBring(more.append, at);
    await restart(restoreStore);
    await it.network.untilVoting(SITE);
    expect(await status()).toMatchObject({ silent: null });
    expect(await headAt(SITE, more.pen)).toMatchObject({ starting: false, size: 2 });
    await it.mustBring(more.pen.write([objects('next')]), SITE);
    await it.mustBring(newLog().append, SITE);
    // What nobody else holds it cannot have back. It does not vote on those logs, and says so, until somebody shows them.
    expect((await status()).alerts).toEqual(['LEDGER_DAMAGED']);
    const codes: string[] = [];
    for (const append of onlyHere) codes.push((await outcomeOf(it.bring(append, SITE))).code);
    expect(codes).toContain('LOG_QUARANTINED');
    for (const append of onlyHere) for (const at of OTHERS) await it.bring(append, at);
    await until(async () => (await status()).alerts.length === 0, 'nothing is damaged any more');
    const again = onlyHere[codes.indexOf('LOG_QUARANTINED')];
    expect(again && (await outcomeOf(it.bring(again, SITE)))).toEqual({ code: 'cosigned' });
  });
});
