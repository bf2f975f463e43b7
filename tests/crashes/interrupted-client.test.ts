// Clients that end early, or run beside each other: nothing is half-listed, nothing is sent twice without need, nothing
// partial stays on the agency's disk.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeClient, nodeSource, Vault } from '@vauban/client';
import type { Peer } from '@vauban/core';
import { decodeRequest } from '@vauban/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AgencyVault,
  bytesBeneath,
  expectEnd,
  joinNetwork,
  PASSPHRASE,
  segmentsStored,
  untilMidway,
  walled,
} from '../promises/agency.ts';
import { bytesOf, interrupt, TestNetwork } from '../support/network.ts';
import { killedHalfWay } from './resume.ts';

const LARGE_BYTES = 64_000_000;
/** Of 15.9 MB; what a fifth one holds does not count. */
const LARGE_SEGMENTS = 4;
let network: TestNetwork;
let vault: AgencyVault;
let large: string;
let content: Buffer;

beforeAll(async () => {
  network = await TestNetwork.up({ sites: 5, k: 3, m: 2 });
  vault = await joinNetwork(network);
  content = bytesOf(LARGE_BYTES, 1);
  large = join(await network.tree('in', { large: content }), 'large');
});
afterAll(() => network?.close());

describe('an entry that no hoster has seen', () => {
  // The first of its log, too: no hoster has so much as heard of the log.
  it('is finished first when the same file is put again, and is its only version', async () => {
    const fresh = join(await network.tree('fresh', { file: bytesOf(1_100_000, 12) }), 'file');
    // As if the client had died between writing its entry down and sending it.
    const isAppend = (_: Peer, message?: Uint8Array) =>
      message !== undefined && decodeRequest(message).ask === 'append';
    const ports = await nodeClient(vault.directory);
    const deaf = await Vault.open(
      { ...ports, network: (seed) => walled(ports.network(seed), isAppend) },
      PASSPHRASE,
    );
    try {
      await expect(deaf.put(nodeSource(fresh), 'never-seen')).rejects.toMatchObject({
        code: 'QUORUM_UNREACHABLE',
      });
    } finally {
      await deaf.close();
    }
    const again = await vault.run('put', fresh, 'never-seen');
    expectEnd(again, 0);
    const got = await vault.run('get', 'never-seen', join(network.scratch, 'never-seen'));
    expectEnd(got, 0);
    expect(got.stderr).toBe('');
    // The journal of the first try holds keys, and nobody needs it any more.
    expect(await readdir(join(vault.directory, 'uploads'))).toEqual([]);
  });
});

describe('Ctrl-C', () => {
  it('ends a put with 130, lists nothing, and the same put works afterwards', async () => {
    const putting = vault.begin('put', large, 'interrupted', '--json');
    await untilMidway(putting, async () => (await segmentsStored(vault)) > 0);
    const outcome = await interrupt(putting, 'SIGINT');
    expectEnd(outcome, 130);
    expect(outcome.json).toMatchObject({ error: { code: 'INTERRUPTED' } });
    expect(outcome.stderr.trim().split('\n')).toEqual(['vauban: interrupted']);
    expect(await vault.paths('interrupted')).toEqual([]);
    await vault.ask('put', large, 'interrupted');
    expect(await vault.paths('interrupted')).toEqual(['interrupted']);
  });

  it('ends a get with 130 and leaves no partial output', async () => {
    const outs = join(network.scratch, 'outs');
    const out = join(outs, 'out');
    const getting = vault.begin('get', 'interrupted', out, '--json');
    await untilMidway(getting, async () => (await bytesBeneath(outs)) > 0);
    const outcome = await interrupt(getting, 'SIGINT');
    expectEnd(outcome, 130);
    expect(await readdir(outs)).toEqual([]);
    await vault.ask('get', 'interrupted', out);
    expect(content.equals(await readFile(out))).toBe(true);
  });
});

describe('a killed put', () => {
  it('is done again with at most 60 % of the bytes, counted on sockets', async () => {
    const { killed, sentBytes } = await killedHalfWay(vault, {
      file: large,
      path: 'resumed',
      segments: LARGE_SEGMENTS,
    });
    expect(killed).toBe('SIGKILL');
    expect(sentBytes).toBeLessThanOrEqual(0.6 * LARGE_BYTES * (5 / 3));
    const out = join(network.scratch, 'resumed');
    await vault.ask('get', 'resumed', out);
    expect(content.equals(await readFile(out))).toBe(true);
  });

  it('leaves no keys behind once the file is stored', async () => {
    expect(await readdir(join(vault.directory, 'uploads'))).toEqual([]);
  });
});

describe('commands side by side on one device', () => {
  it('are all answered, and everything put is listed', async () => {
    const trees = await Promise.all(
      [1, 2].map((nth) =>
        network.tree(`beside-${nth}`, {
          large: bytesOf(20_000_000, 40 + nth),
          ...Object.fromEntries(
            Array.from({ length: 20 }, (_, n) => [`small-${n}`, bytesOf(500, nth * 100 + n)]),
          ),
        }),
      ),
    );
    const out = join(network.scratch, 'meanwhile');
    const outcomes = await Promise.all([
      ...trees.map((tree, nth) => vault.begin('put', tree, `beside/${nth}`, '--json').outcome),
      vault.begin('get', 'interrupted', out, '--json').outcome,
    ]);
    for (const outcome of outcomes) expectEnd(outcome, 0);
    expect(content.equals(await readFile(out))).toBe(true);
    expect(await vault.paths('beside/')).toHaveLength(42);
    expect(await vault.ask('ledger', 'verify')).toMatchObject({ ok: true, problems: [] });
  });
});
