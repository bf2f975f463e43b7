// The signed account: only the daemon it names can have made it, and its file is replaced whole.

import { isFault, memoryFiles } from '@vauban/core';
import { describe, expect, it } from 'vitest';
import {
  type Account,
  checkAccount,
  decodeAccount,
  isMonth,
  keepAccount,
  keptAccount,
  monthOf,
  signAccount,
  type SignedAccount,
} from '../src/admin/account-file.ts';
import { sampleCharter } from '../../core/test/sample-charter.ts';
import { crypto } from './fragment-setup.ts';

const charter = sampleCharter({ crypto });
const seed = new Uint8Array(32).fill(3);
const [first] = charter.daemons;
if (first === undefined) throw new Error('the sample charter lists daemons');
const listed = {
  ...charter,
  daemons: charter.daemons.map((one) =>
    one.id === first.id ? { ...one, receiptKey: crypto.ed25519Public(seed) } : one,
  ),
};
const charters = { versions: () => [charter, listed, charter] };

const account: Account = {
  format: 'vauban/account/0',
  charter: charter.name,
  charterVersion: 2,
  daemon: first.id,
  hoster: 'cigogne',
  site: 'strasbourg',
  month: '2027-01',
  from: 1,
  to: 2,
  rows: [
    {
      agency: 'archives',
      fragments: 1,
      ledgerBytes: 10,
      releasedBytes: 0,
      indexBytes: 8,
      fileBytes: 8,
      allocatedBytes: 8,
      differences: [{ between: 'ledger-index', reason: 'not-here', fragments: 1, bytes: -2 }],
    },
  ],
};
const signed = signAccount(crypto, seed, account);

function codeOf(work: () => unknown): string {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (isFault(error)) return error.code;
    throw error;
  }
}

describe('a signed account', () => {
  it('is checked by any version of the charter that lists the key, also after the order of keys changed', () => {
    const shuffled = JSON.parse(
      JSON.stringify({
        signature: signed.signature,
        account: Object.fromEntries(Object.entries(account).toReversed()),
      }),
    ) as SignedAccount;
    for (const one of [signed, shuffled]) {
      const read = decodeAccount(JSON.stringify(one, null, 2), 'x');
      expect(codeOf(() => checkAccount(crypto, charters, read))).toBe('ok');
    }
  });

  it('with any figure changed is forged', () => {
    const paths = ['"bytes":-2', '"ledgerBytes":10', '"to":2', '"month":"2027-01"', '"fragments":1'];
    for (const path of paths) {
      const text = JSON.stringify(signed);
      const other = text.replace(
        path,
        path.replace(/\d(?=\D*$)/, (digit) => String(Number(digit) + 1)),
      );
      expect(other).not.toBe(text);
      const code = codeOf(() => checkAccount(crypto, charters, decodeAccount(other, 'x')));
      expect([path, code]).toEqual([path, 'ACCOUNT_FORGED']);
    }
    expect(codeOf(() => checkAccount(crypto, charters, { ...signed, signature: 'AAAA' }))).toBe(
      'ACCOUNT_FORGED',
    );
  });

  it('of another consortium or an unknown daemon is refused', () => {
    const of = (changed: Partial<Account>) => signAccount(crypto, seed, { ...account, ...changed });
    expect(codeOf(() => checkAccount(crypto, charters, of({ charter: 'elsewhere' })))).toBe('CHARTER_OTHER');
    expect(codeOf(() => checkAccount(crypto, charters, of({ daemon: 'f'.repeat(32) })))).toBe(
      'DAEMON_UNKNOWN',
    );
    expect(codeOf(() => checkAccount(crypto, { versions: () => [charter] }, signed))).toBe('ACCOUNT_FORGED');
  });

  it.each(['', 'null', '{}', JSON.stringify({ ...signed, more: 1 }), JSON.stringify(account)])(
    'is not %s',
    (text) => {
      expect(codeOf(() => decodeAccount(text, 'x'))).toBe('ACCOUNT_MALFORMED');
    },
  );

  it('is kept by month, the last one drawn up in it, across a crash', async () => {
    let files = memoryFiles();
    expect(await keptAccount(files, '2027-01')).toBeUndefined();
    await keepAccount(files, signed);
    const later = signAccount(crypto, seed, { ...account, to: 3 });
    await keepAccount(files, later);
    files = files.crash();
    expect(await keptAccount(files, '2027-01')).toEqual(later);
    expect(await files.list('accounts')).toEqual(['2027-01.json']);
  });
});

it('months are those of UTC', () => {
  expect(monthOf(Date.UTC(2026, 2, 31, 23, 59, 59, 999))).toBe('2026-03');
  expect(['2026-03', '2026-3', '2026-13', '2026-00', '../../x', '2026-03-01'].map(isMonth)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
