// Judges of what heals: each speaks when it must, and only then.

import { memoryFiles, toHex } from '@vauban/core';
import { describe, expect, it } from 'vitest';
import type { Checker, End, Told } from '../src/checker.ts';
import { custodyFirst } from '../src/checkers/custody-first.ts';
import { erased } from '../src/checkers/erased.ts';
import { margins } from '../src/checkers/margins.ts';
import { readOnly } from '../src/checkers/read-only.ts';
import { traffic } from '../src/checkers/traffic.ts';
import {
  bench,
  charter,
  crypto,
  daemonGenesis,
  genesis,
  HandLog,
  members,
  placeOn,
} from './checkers-setup.ts';

const names = members.map(({ name }) => name);

/** What the disks hold, by hoster: indices of the one segment. */
async function endWith(held: Readonly<Record<string, readonly number[]>>, shards: readonly Uint8Array[]) {
  const { segment } = placeOn();
  const hosters = await Promise.all(
    names.map(async (name) => {
      const files = memoryFiles();
      const hex = toHex(segment);
      await files.makeDirectory('fragments');
      await files.makeDirectory(`fragments/${hex.slice(0, 2)}`);
      for (const index of held[name] ?? []) {
        const file = await files.create(`fragments/${hex.slice(0, 2)}/${hex}-${index}`);
        await file.write(shards[index] as Uint8Array);
        await file.close();
      }
      return { name, honest: true, state: held[name] === undefined ? 'burnt' : 'voting', files } as const;
    }),
  );
  return hosters satisfies End['hosters'];
}

describe('margins', () => {
  const { place, shards } = placeOn();
  const device = new HandLog('town').add(genesis(), place);
  const each = Object.fromEntries(names.map((name, index) => [name, [index]]));
  const { [names[8] as string]: _, ...eight } = each;
  const first = names[0] as string;
  const third = names[2] as string;

  it.each([
    ['all nine hold one', each, undefined],
    ['one is gone, and another has its fragment', { ...eight, [first]: [0, 8] }, undefined],
    ['one is gone with its fragment', eight, /8 of its 9 fragments left, and 8 sites/],
    [
      'one holds what two could',
      { ...each, [first]: [0, 1], [names[1] as string]: [], [third]: [2] },
      /bears the loss of 2 sites, and could bear 3/,
    ],
  ] as const)('%s', async (_what, held, wrong) => {
    const judge = bench(margins);
    judge.certify(device);
    const logs = names.map((name) => device.held(name));
    const verdict = judge.checker.judge?.({ crypto, charter, logs, hosters: await endWith(held, shards) });
    if (wrong === undefined) await expect(verdict).resolves.toBeUndefined();
    else await expect(verdict).rejects.toThrow(wrong);
  });
});

describe('what left a disk', () => {
  const { segment } = placeOn();
  const [metz = ''] = names;
  const path = `fragments/${toHex(segment).slice(0, 2)}/${toHex(segment)}-0`;
  const own = (kind: string) => {
    const payload =
      kind === 'trim'
        ? { kind, segment, index: 0, keeper: new Uint8Array(16), generation: 1 }
        : { kind, generation: 1 };
    return new HandLog(metz).add(daemonGenesis(metz), payload);
  };

  it.each([
    ['a trim certified before', 'trim', true, undefined],
    ['a trim certified after', 'trim', false, /nothing certified let it/],
    ['a sweep of what nobody placed', 'sweep', true, undefined],
  ] as const)('%s', async (_what, kind, before, wrong) => {
    const judge = bench((evidence) => erased(evidence, () => 1_000));
    const log = own(kind);
    if (before) judge.certify(log);
    judge.told({ of: 'fragment-went', machine: metz, path });
    if (!before) judge.certify(log);
    const verdict = judge.verdict({ logs: names.map((name) => log.held(name)) });
    if (wrong === undefined) await expect(verdict).resolves.toBeUndefined();
    else await expect(verdict).rejects.toThrow(wrong);
  });
});

describe('custody', () => {
  const { segment } = placeOn();
  const member = members[0] as (typeof members)[number];
  const own = `world/${toHex(crypto.sha256(crypto.ed25519Public(member.logSeed)))}`;
  const log = new HandLog(own.slice('world/'.length)).add(daemonGenesis(member.name), {
    kind: 'custody',
    segment,
    index: 3,
  });

  it.each([true, false])('is on the disk when it is said: %s', async (durable) => {
    const judge = bench((evidence) => custodyFirst(evidence, () => durable));
    judge.checker.saw?.({ from: member.name, to: 'metz', what: 'ask append', body: log.append() });
    const verdict = judge.verdict({ logs: [] });
    if (durable) await expect(verdict).resolves.toBeUndefined();
    else await expect(verdict).rejects.toThrow(/took fragment 3 .* before its disk had it/);
  });
});

const done = (checker: Checker) => checker.judge?.({} as End);

it('whoever is read-only takes nothing after a moment, and erases nothing at all', () => {
  const events = (...told: readonly (readonly [Told, number])[]) => {
    const judge = readOnly();
    for (const [event, nowMs] of told) judge.told?.(event, nowMs);
    return () => done(judge);
  };
  const since = [{ of: 'read-only', hoster: 'metz' }, 1_000] as const;
  const came = { of: 'fragment-came', machine: 'metz', path: 'fragments/x' } as const;
  const went = { of: 'fragment-went', machine: 'metz', path: 'fragments/x' } as const;
  expect(events(since, [came, 2_000])).not.toThrow();
  expect(events(since, [came, 60_000])).toThrow(/said it is read-only, and takes/);
  expect(events(since, [went, 2_000])).toThrow(/and erases/);
  expect(events(since, [{ of: 'readmitted', hoster: 'metz' }, 3_000], [went, 4_000])).not.toThrow();
});

it('repair reads from one site no faster than it may', () => {
  const over = (perSecond: number) => {
    let nowMs = 0;
    const judge = traffic({ hosters: new Set(names), bytesPerSecond: 60_000, now: () => nowMs });
    const body = new Uint8Array(perSecond / 10);
    for (; nowMs < 60_000; nowMs += 100) {
      judge.saw?.({ from: 'metz', to: 'nancy', what: 'stream data', body });
      judge.saw?.({ from: 'metz', to: 'town-1', what: 'stream data', body: new Uint8Array(90_000) });
    }
    return () => done(judge);
  };
  expect(over(60_000)).not.toThrow();
  expect(over(90_000)).toThrow(/metz → nancy: .* allowed are/);
});
