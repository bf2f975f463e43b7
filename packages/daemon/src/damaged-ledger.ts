// A mirror whose database was damaged or written into must not take the fragments beside it down: the daemon goes on
// serving them, and answers everything about the ledger with what is wrong. Nothing is pulled or voted until a person
// has looked, for what the disk did once it may do again.

import { type Crypto, Fault, isFault, memoryStore, type Store } from '@vauban/core';
import { LogStore } from '@vauban/ledger';

/** The logs; or, with what is wrong, none, and nothing can be stored. Faults: whatever is no damage. */
export async function openLogs(
  store: Store,
  crypto: Crypto,
): Promise<{ readonly logs: LogStore; readonly damage?: Fault }> {
  try {
    return { logs: await LogStore.open(store, crypto) };
  } catch (error) {
    if (!isFault(error) || error.kind !== 'integrity') throw error;
    const damage = new Fault(
      'integrity',
      'LEDGER_DAMAGED',
      `this daemon's copy of the ledger is damaged (${error.message}): it serves its fragments, but neither votes nor answers for the ledger; check the disk, and restore nothing that is older than the votes`,
      { ...error.facts, because: error.code },
      error,
    );
    const empty = { ...memoryStore(), batch: () => Promise.reject(damage) };
    return { logs: await LogStore.open(empty, crypto), damage };
  }
}
