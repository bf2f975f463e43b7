// Erasing payloads that a certified purge lists: the entry stays, its payload and salt go, from the rows and from the
// disk under them. The log verifies as before, and so does every proof that does not open the payload.

import { decodeEntry, type ClaimName } from './entry.ts';
import { isErased } from './log-record.ts';
import { entryKey, recordRow } from './log-rows.ts';
import { genesisOf } from './held-logs.ts';
import type { LogStore } from './log-store.ts';

/** Entries read at once. */
const PAGE = 256;

/**
 * Erases what the purge lists and this store holds; resolves with how many payloads went. Twice is once. A purge that
 * is not certified here, or voided, erases nothing. Faults: STORE_CORRUPT, STORE_FAILED.
 */
export async function erasePayloads(logs: LogStore, purge: ClaimName): Promise<number> {
  if (purge.index >= logs.state(purge.origin).certifiedSize) return 0;
  const { payload } = await logs.stored(purge.origin, purge.index);
  if (payload?.kind !== 'purge') return 0;
  let erased = 0;
  for (const [origin, index] of payload.payloads) {
    if (await logs.alone(origin, () => eraseOne(logs, { origin, index }, purge))) erased += 1;
  }
  return erased;
}

async function eraseOne(logs: LogStore, of: ClaimName, purge: ClaimName): Promise<boolean> {
  const { origin, index } = of;
  if (logs.quarantine.of(origin) !== null || index >= logs.state(origin).size) return false;
  const record = await logs.record(origin, index);
  if (record === undefined || isErased(record) || decodeEntry(record.entry).kind !== 'objects') return false;
  if (!(await logs.erasable(of, purge))) return false;
  await logs.write([recordRow(origin, index, { entry: record.entry, erased: purge })]);
  await logs.store.compact?.({ gte: entryKey(origin, index), lt: entryKey(origin, index + 1) });
  return true;
}

/** Goes through the daemons' logs as they are certified, and erases what their purges list. */
export class PayloadEraser {
  readonly #logs: LogStore;
  /** Up to where each log has been read; a log that is no daemon's is read no further. */
  readonly #read = new Map<string, number>();

  constructor(logs: LogStore) {
    this.#logs = logs;
  }

  /** What was certified since the last round; resolves with how many payloads went. A purge whose payloads are in logs
   * that are not whole here is met again. */
  async round(): Promise<number> {
    const { quarantine } = this.#logs;
    let erased = 0;
    if (quarantine.doubt !== null || quarantine.size > 0) return 0;
    for (const origin of this.#logs.origins()) {
      const { certifiedSize } = this.#logs.state(origin);
      let from = this.#read.get(origin) ?? 0;
      if (from === 0 && certifiedSize > 0 && !(await this.#isDaemons(origin))) from = Number.MAX_SAFE_INTEGER;
      for (; from < certifiedSize; from = Math.min(certifiedSize, from + PAGE)) {
        const records = await this.#logs.records(origin, from, Math.min(certifiedSize, from + PAGE));
        for (const [nth, { entry }] of records.entries()) {
          if (decodeEntry(entry).kind !== 'purge') continue;
          erased += await erasePayloads(this.#logs, { origin, index: from + nth });
        }
      }
      this.#read.set(origin, from);
    }
    return erased;
  }

  async #isDaemons(origin: string): Promise<boolean> {
    const genesis = await this.#logs.record(origin, 0);
    return genesis !== undefined && genesisOf(genesis).writer === 'daemon';
  }
}
