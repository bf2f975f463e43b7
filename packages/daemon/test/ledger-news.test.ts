// What members said of late: audits and drills, once each, and the heads that moved last.

import { readHead } from '@vauban/ledger';
import { expect, test } from 'vitest';
import { TestNetwork } from '../../ledger/test/memory-hosters.ts';
import { crypto, seedOf } from '../../ledger/test/sample-charter.ts';
import {
  auditOf,
  daemonGenesis,
  deviceGenesis,
  drillOf,
  objects,
  readmitOf,
} from '../../ledger/test/samples.ts';
import { LedgerNews } from '../src/admin/network/ledger-news.ts';

async function bench() {
  const network = await TestNetwork.of(4);
  const { charters, clock } = network;
  const { logs } = network.hoster(1).mirror;
  const news = new LedgerNews({ logs, crypto, charters });
  const operator = charters.current.operators[0]?.id as string;
  const genesis = { kind: 'genesis', writer: 'operator', operator } as const;
  return {
    network,
    logs,
    news,
    read: () => news.read(clock.time),
    device: () => network.startedWriter('laptop', { options: { genesis: deviceGenesis('laptop') } }),
    daemon: (name: string) =>
      network.startedWriter(name, { options: { seed: seedOf(`log ${name}`), genesis: daemonGenesis(name) } }),
    operator: () =>
      network.startedWriter('operator', { options: { seed: seedOf(`operator ${operator}`), genesis } }),
  };
}

test('audits are told with who asked whom, the newest first, and each once', async () => {
  const { network, daemon, device, read, logs } = await bench();
  const laptop = await device();
  await laptop.append(() => [objects('x')]);
  await laptop.spreadCertificate();
  const { origin, size, root } = readHead(logs.state(network.originOf('laptop')).checkpoint);
  const auditor = await daemon('h2');
  const challenged = async (holder: string, leaves: number) => {
    network.clock.time += 1_000;
    await auditor.append(() => [auditOf(holder, { origin, size, root }, { challenged: leaves })]);
    await auditor.spreadCertificate();
  };
  await challenged('h3', 8);
  expect((await read()).audits).toEqual([
    { time: network.clock.time, by: 'h2', of: 'h3', challenged: 8, failed: 0, degraded: 0 },
  ]);
  await challenged('h4', 9);
  for (let nth = 0; nth < 2; nth++) {
    expect((await read()).audits.map(({ of, challenged: leaves }) => [of, leaves])).toEqual([
      ['h4', 9],
      ['h3', 8],
    ]);
  }
});

test('a drill is told of from its beginning to its end', async () => {
  const { operator, read, network } = await bench();
  const writer = await operator();
  await writer.append(() => [drillOf()]);
  expect((await read()).drills).toEqual([]);
  await writer.spreadCertificate();
  const { drills } = await read();
  expect(drills).toEqual([{ scenario: 'burn-one-site', since: expect.any(Number) }]);
  network.clock.time += 25 * 3_600_000;
  expect((await read()).drills).toEqual([]);
  network.clock.time -= 25 * 3_600_000;
  await writer.append(() => [drillOf({ phase: 'ended', report: new Uint8Array(32) })]);
  await writer.spreadCertificate();
  expect((await read()).drills).toEqual([]);
});

test('heads are told with their writers, the one stored last first', async () => {
  const { network, device, daemon, operator, news } = await bench();
  const laptop = await device();
  await laptop.append(() => [objects('x')]);
  await laptop.spreadCertificate();
  network.clock.time += 1_000;
  const member = await daemon('h2');
  const crisis = await operator();
  await member.append(() => [readmitOf()]);
  network.clock.time += 1_000;
  await crisis.append(() => [drillOf()]);
  await crisis.spreadCertificate();
  const told = (await news.heads()).map(({ writer, name, entries, certified }) => [
    writer,
    name,
    entries,
    certified,
  ]);
  expect(told).toEqual([
    ['operator', 'crisis', 2, 2],
    ['daemon', 'h2', 2, 0],
    ['agency', expect.stringMatching(/metz/i), 2, 2],
  ]);
});
