// An account that somebody was handed as a file: read and checked against the charter.

import { nodeCrypto } from '@vauban/core/node';
import type { CharterChain } from '@vauban/ledger';
import {
  ACCOUNT_FILE_BYTES_MAX,
  checkAccount,
  decodeAccount,
  type SignedAccount,
} from '../admin/account-file.ts';
import { readSmallText } from './home.ts';

/** Faults: FILE_MISSING, those of decodeAccount and checkAccount. */
export async function checkAccountFile(path: string, chain: CharterChain): Promise<SignedAccount> {
  const signed = decodeAccount(await readSmallText(path, ACCOUNT_FILE_BYTES_MAX, 'account'), path);
  checkAccount(nodeCrypto, chain, signed);
  return signed;
}
