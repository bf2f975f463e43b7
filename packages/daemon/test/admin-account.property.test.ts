// Accounts reconcile to the byte: whatever happened to ledger, index and disk, the reasons add up to the differences.

import { compareBytes, type MemoryFiles } from '@vauban/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawUp } from '../src/admin/account.ts';
import type { Account, AccountRow } from '../src/admin/account-file.ts';
import type { Holding } from '../src/admin/ledger-holdings.ts';
import { fileBytes, pathOf } from '../src/fragment-file.ts';
import type { FragmentStore } from '../src/fragment-store.ts';
import { daemon, type Machine, newMachine, put, type Sample, sample } from './fragment-setup.ts';

/** What became of one fragment. */
const fates = [
  'held',
  'released',
  'never placed',
  'voided',
  'custody pending',
  'given up',
  'file gone',
  'not here',
  'gone at a start',
  'other agency',
] as const;
type Fate = (typeof fates)[number];

interface One {
  readonly fragment: Sample;
  readonly fate: Fate;
}

function holdingOf({ fragment, fate }: One): Holding | undefined {
  if (fate === 'never placed') return undefined;
  const { segment, index, bytes, agency } = fragment;
  const holds = fate !== 'custody pending' && fate !== 'given up' && fate !== 'voided';
  return {
    segment,
    bytes,
    agency: fate === 'voided' ? undefined : fate === 'other agency' ? 'ministry' : agency,
    held: new Set(holds ? [index] : []),
    givenUp: new Set(fate === 'given up' ? [index] : []),
    released: fate === 'released',
  };
}

async function accountOf(
  { files }: { readonly files: MemoryFiles },
  store: FragmentStore,
  all: readonly One[],
): Promise<Account> {
  const known = all.flatMap((one) => holdingOf(one) ?? []).sort((a, b) => compareBytes(a.segment, b.segment));
  return drawUp(
    {
      daemon,
      hoster: 'cigogne',
      site: 'strasbourg',
      charter: { name: 'grand-est', version: 1 },
      files,
      index: store,
      holdings: async function* () {
        for (const one of known) if (one.held.size + one.givenUp.size > 0) yield one;
      },
      holdingOf: async (segment) => known.find((one) => compareBytes(one.segment, segment) === 0),
      now: () => 1_800_000_000_000,
    },
    '2027-01',
  );
}

/** A daemon to which all of that happened. */
async function lived(all: readonly One[]): Promise<{ machine: Machine; store: FragmentStore }> {
  const machine = await newMachine();
  let store = await machine.open();
  for (const { fragment, fate } of all) if (fate !== 'not here') await put(store, fragment);
  for (const { fragment, fate } of all)
    if (fate === 'gone at a start') await machine.files.remove(pathOf(fragment));
  store = await machine.open();
  for (const { fragment, fate } of all)
    if (fate === 'file gone') await machine.files.remove(pathOf(fragment));
  return { machine, store };
}

const sum = (row: AccountRow, between: string) =>
  row.differences.filter((one) => one.between === between).reduce((all, one) => all + one.bytes, 0);
const rowOf = (account: Account, agency: string) =>
  account.rows.find((one) => one.agency === agency) as AccountRow;
const reasonsOf = (row: AccountRow) =>
  Object.fromEntries(row.differences.map(({ reason, fragments, bytes }) => [reason, [fragments, bytes]]));

describe('an account', () => {
  it('explains every byte, whatever happened', async () => {
    const one = fc.record({ bytes: fc.integer({ min: 1, max: 40_000 }), fate: fc.constantFrom(...fates) });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 12 }), async (drawn) => {
        const all = drawn.map(({ bytes, fate }, nth) => ({ fragment: sample(bytes, nth * 7 + 1), fate }));
        const { machine, store } = await lived(all);
        const account = await accountOf(machine, store, all);
        for (const row of account.rows) {
          expect(row.indexBytes - row.ledgerBytes).toBe(sum(row, 'ledger-index'));
          expect(row.allocatedBytes - row.indexBytes).toBe(sum(row, 'index-disk'));
          expect(row.differences.filter(({ reason }) => reason === 'unexplained')).toEqual([]);
        }
        const total = (of: (row: AccountRow) => number) =>
          account.rows.reduce((bytes, row) => bytes + of(row), 0);
        const onLedger = all.filter((each) => (holdingOf(each)?.held.size ?? 0) > 0);
        expect(total((row) => row.fragments)).toBe(onLedger.length);
        expect(total((row) => row.ledgerBytes)).toBe(
          onLedger.reduce((bytes, { fragment }) => bytes + fragment.bytes, 0),
        );
        expect(total((row) => row.indexBytes)).toBe(store.totals().bytes);
      }),
      { numRuns: 40 },
    );
  });

  it('gives each its reason', async () => {
    const all = fates.map((fate, nth) => ({ fragment: sample(100 * (nth + 1), 2 * nth), fate }));
    const { machine, store } = await lived(all);
    const account = await accountOf(machine, store, all);
    expect(account.rows.map(({ agency }) => agency)).toEqual(['', 'archives', 'ministry']);
    const row = rowOf(account, 'archives');
    expect(row.releasedBytes).toBe(200);
    expect(reasonsOf(row)).toMatchObject({
      'never-placed': [2, 300 + 400],
      'custody-pending': [1, 500],
      'given-up': [1, 600],
      'not-here': [1, -800],
      'lost-uncertified': [1, -900],
      'other-agency': [1, 1_000],
      'file-missing': [1, -700],
    });
    expect(reasonsOf(rowOf(account, 'ministry'))).toEqual({ 'other-agency': [1, -1_000] });
  });

  it('counts what lies on the disk beside fragments as nobody’s', async () => {
    const { machine, store } = await lived([{ fragment: sample(1_000, 0), fate: 'held' }]);
    const write = async (path: string, bytes: number) => {
      const file = await machine.files.create(path);
      await file.write(new Uint8Array(bytes));
      await file.close();
    };
    const whole = pathOf(sample(10, 4));
    await write(whole, 50);
    await write(`${whole}.0123.tmp`, 60);
    await write('fragments/ff/notes.txt', 70);
    const account = await accountOf(machine, store, [{ fragment: sample(1_000, 0), fate: 'held' }]);
    expect(reasonsOf(rowOf(account, ''))).toMatchObject({
      'not-in-index': [1, 50],
      'uploads-under-way': [1, 60],
      'stray-files': [1, 70],
    });
    const own = rowOf(account, 'archives');
    expect(own.fileBytes).toBe(fileBytes(1_000));
    expect(reasonsOf(own)['leaf-hashes-and-trailers']).toEqual([1, fileBytes(1_000) - 1_000]);
  });

  it('says so when the count of the index is not what its rows add up to', async () => {
    const all: One[] = [{ fragment: sample(1_000, 0), fate: 'held' }];
    const { machine, store } = await lived(all);
    const wrong = Object.create(store, {
      totals: { value: () => ({ fragments: 1, bytes: 1_007, byAgency: new Map([['archives', 1_007]]) }) },
      missing: { value: [] },
      list: { value: (...of: Parameters<FragmentStore['list']>) => store.list(...of) },
    }) as FragmentStore;
    const row = rowOf(await accountOf(machine, wrong, all), 'archives');
    expect(row.differences.filter(({ reason }) => reason === 'unexplained')).toEqual([
      { between: 'ledger-index', reason: 'unexplained', fragments: 0, bytes: 7 },
      { between: 'index-disk', reason: 'unexplained', fragments: 0, bytes: -7 },
    ]);
  });
});
