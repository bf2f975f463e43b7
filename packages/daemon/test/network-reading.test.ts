// The network as one daemon reads it from its own parts: who is how, and what it makes of that.

import { type DaemonId, Fault } from '@vauban/core';
import type { AnswerOf } from '@vauban/wire';
import { expect, test } from 'vitest';
import { TestNetwork } from '../../ledger/test/memory-hosters.ts';
import { crypto, daemonOf } from '../../ledger/test/sample-charter.ts';
import type { AdminStatus } from '../src/admin/admin-ports.ts';
import { openApi } from '../src/admin/openapi.ts';
import { NetworkReading } from '../src/admin/network/network-reading.ts';
import type { Parts } from '../src/parts.ts';
import type { Presence } from '../src/peer-watch.ts';
import { departures, fakePorts } from './admin-setup.ts';

const id = daemonOf('h1');

/** The daemon of h1 among four hosters with a vote and one without; a quorum is three. */
async function bench() {
  const network = await TestNetwork.of(4);
  const { charters, clock } = network;
  const { logs } = network.hoster(1).mirror;
  const presence = new Map<DaemonId, Presence>();
  const silentMs = new Map<DaemonId, number>();
  const answers = new Map<DaemonId, Partial<AnswerOf<'ping'>>>();
  const declared = new Set<DaemonId>();
  const away = new Map<string, number>();
  const own = {
    heard: true,
    readOnly: null as { readonly reason: string; readonly since: number } | null,
    failure: undefined as Fault | undefined,
    silent: null as Fault | null,
    status: {} as Partial<AdminStatus>,
    paused: false,
  };
  const well = { takes: true, readOnly: false, draining: false, freeBytes: 1_000, voting: true };
  const parts = {
    keeper: { chain: charters },
    mirror: {
      logs,
      get silent() {
        return own.silent;
      },
    },
    fragments: {
      get failure() {
        return own.failure;
      },
    },
    care: {
      ping: async () => well,
      standing: {
        get readOnly() {
          return own.readOnly;
        },
      },
      watch: {
        shown: (daemon: DaemonId) => presence.get(daemon) ?? 'up',
        silentMs: (daemon: DaemonId) => silentMs.get(daemon) ?? null,
        answer: (daemon: DaemonId) =>
          presence.get(daemon) === 'lost' ? undefined : { ...well, ...answers.get(daemon) },
        get heard() {
          return own.heard;
        },
      },
      consortium: {
        isLost: (daemon: DaemonId) => declared.has(daemon),
        maintenanceUntil: (site: string) => away.get(site) ?? 0,
        inMaintenance: (site: string) => away.has(site),
      },
      repair: {
        helpless: { homeless: 0, unreadable: 0 },
        progress: () => ({
          paused: own.paused,
          segmentsToRepair: 0,
          byMargin: {},
          bytesToGo: 0,
          rateByLink: {},
          etaSeconds: 0,
          doneSegments: 0,
          doneBytes: 0,
        }),
      },
      watching: {
        auditor: {
          findings: () => [
            { holder: daemonOf('h2'), stage: 'degraded' },
            { holder: daemonOf('h2'), stage: 'suspect' },
          ],
          progress: () => ({
            passed: 1,
            failed: 2,
            unanswered: 3,
            periodStartedAt: 4,
            coveredFragments: 5,
            totalFragments: 6,
          }),
        },
      },
    },
  };
  const reading = new NetworkReading({
    id,
    parts: parts as unknown as Parts,
    crypto,
    clock,
    log: () => undefined,
  });
  const view = async () =>
    reading.view({
      ...(await fakePorts().status()),
      mode: 'serving',
      site: 'h1',
      hoster: 'h1',
      ...own.status,
    });
  const silence = (name: string, how: Presence, ms: number) => {
    presence.set(daemonOf(name), how);
    silentMs.set(daemonOf(name), ms);
  };
  const stateOf = async (site: string) => (await view()).sites.find((one) => one.id === site);
  return { own, presence, answers, declared, away, view, silence, stateOf, clock };
}

test('all is well, and the document is what the OpenAPI document says', async () => {
  const { view } = await bench();
  // No time passes here: the first asked does not wait for the first count.
  await view();
  const seen = await view();
  expect(departures(openApi.components.schemas.NetworkView, seen)).toEqual([]);
  expect(seen.sites.map(({ state }) => state)).toEqual(Array(5).fill('well'));
  expect(seen.hosters).toEqual({ heard: 4, all: 4, needed: 3, quorum: true });
  expect([seen.risk.level, seen.answers, seen.daemons]).toEqual(['none', 1, 5]);
  expect(seen.sites.map(({ freeBytes }) => freeBytes)).toEqual(Array(5).fill(1_000));
  expect(seen.sites[1]).toMatchObject({ id: 'h2', suspectFragments: 1, degradedFragments: 1 });
});

test('a silent site is suspect, then lost, and away when that was announced', async () => {
  const it = await bench();
  it.silence('h2', 'up', 4_000);
  expect(await it.stateOf('h2')).toMatchObject({ state: 'well', silentMs: 4_000 });
  it.silence('h2', 'silent', 40_000);
  expect(await it.stateOf('h2')).toMatchObject({ state: 'suspect', silentMs: 40_000, answering: 0 });
  it.silence('h2', 'lost', 900_000);
  expect(await it.stateOf('h2')).toMatchObject({ state: 'lost', freeBytes: null });
  it.away.set('h2', it.clock.now() + 5_000);
  expect(await it.stateOf('h2')).toMatchObject({
    state: 'maintenance',
    maintenanceUntil: it.clock.now() + 5_000,
  });
  it.declared.add(daemonOf('h2'));
  expect(await it.stateOf('h2')).toMatchObject({ state: 'lost', declaredLost: true });
});

test('what a peer says of itself is shown', async () => {
  const it = await bench();
  it.answers.set(daemonOf('h2'), { readOnly: true, freeBytes: 7 });
  it.answers.set(daemonOf('h3'), { draining: true });
  expect(await it.stateOf('h2')).toMatchObject({ state: 'read-only', freeBytes: 7 });
  expect(await it.stateOf('h3')).toMatchObject({ state: 'draining' });
});

test('whoever is cut off calls nobody suspect, and says that it cannot tell', async () => {
  const it = await bench();
  it.own.heard = false;
  for (const name of ['h2', 'h3', 'h4', 'h0']) it.silence(name, 'silent', 40_000);
  const { sites, risk, hosters } = await it.view();
  expect(sites.map(({ state }) => state)).toEqual(['well', 'unknown', 'unknown', 'unknown', 'unknown']);
  expect([risk.level, hosters.heard, hosters.quorum]).toEqual(['unknown', 1, false]);
});

test('one that never answered since the start is unknown', async () => {
  const it = await bench();
  it.presence.set(daemonOf('h2'), 'silent');
  expect(await it.stateOf('h2')).toMatchObject({ state: 'unknown', silentMs: null });
});

test('its own troubles are in it', async () => {
  const it = await bench();
  it.own.readOnly = { reason: 'away', since: 1 };
  it.own.status = { mode: 'read-only' };
  const readOnly = await it.view();
  expect(readOnly.seenBy).toMatchObject({ readOnly: 'away', mode: 'read-only', diskFailed: false });
  expect(readOnly.sites[0]).toMatchObject({ state: 'read-only' });
  it.own.status = { mode: 'draining' };
  expect(await it.stateOf('h1')).toMatchObject({ state: 'draining' });
  it.own.failure = new Fault('failure', 'DISK_FAILED', 'no', {});
  expect((await it.view()).seenBy.diskFailed).toBe(true);
  it.own.silent = new Fault('failure', 'VOTER_STARTING', 'not yet', {});
  const { seenBy, risk } = await it.view();
  expect([seenBy.behind, risk.level]).toEqual(['it is still reading what the other hosters hold', 'unknown']);
});

test('a paused repair is said to be', async () => {
  const it = await bench();
  it.own.paused = true;
  expect((await it.view()).risk.doing.en).toMatch(/^Repair is paused by an operator/);
});
