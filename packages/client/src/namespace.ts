// Keeps the catalog in step with the vault's logs: reads new certified entries, opens sealed records, fetches pack
// indexes that are not at hand. What cannot be fetched is said, never left out in silence.

import { concat, type Crypto, encodeCbor, Fault } from '@vauban/core';
import { isVoided, openStored, type Place, segmentFacts, type LogStore } from '@vauban/ledger';
import {
  decodeObjectsIndex,
  decodeObjectsRecord,
  type IndexPointer,
  type ObjectChange,
  openFrames,
  openRecord,
  sealedBytes,
  segmentKey,
} from '@vauban/seal';
import { Catalog } from './catalog.ts';
import type { SegmentSource } from './segment-source.ts';
import type { VaultState } from './vault-state.ts';

const PAGE = 512;

export interface NamespaceOptions {
  readonly crypto: Crypto;
  readonly vault: Uint8Array;
  readonly vaultSecret: Uint8Array;
  readonly source: SegmentSource;
  /** Entries dated later are left out: the vault as it was then, in milliseconds. */
  readonly until?: number;
}

export class Namespace {
  readonly catalog = new Catalog();
  readonly #options: NamespaceOptions;
  readonly #applied = new Map<string, number>();
  #newest = 0;

  constructor(options: NamespaceOptions) {
    this.#options = options;
  }

  /** Writer's time of the newest entry seen, in milliseconds; 0 when there is none. */
  get newestTime(): number {
    return this.#newest;
  }

  /** Applies what the logs certify beyond what was applied. Faults: FRAGMENTS_MISSING, RECORD_FORGED, STORE_CORRUPT. */
  async follow(state: VaultState): Promise<void> {
    for (const origin of await state.logs.originsOfVault(this.#options.vault)) {
      const { certifiedSize } = state.logs.state(origin);
      let from = this.#applied.get(origin) ?? 0;
      while (from < certifiedSize) {
        const to = Math.min(certifiedSize, from + PAGE);
        await this.#apply(state, origin, { from, to });
        from = to;
        this.#applied.set(origin, to);
      }
    }
  }

  async #apply(state: VaultState, origin: string, range: { from: number; to: number }): Promise<void> {
    const { crypto, vaultSecret } = this.#options;
    const records = await state.logs.records(origin, range.from, range.to);
    for (const [nth, record] of records.entries()) {
      const index = range.from + nth;
      const { entry, payload } = openStored(crypto, record);
      if (entry.time > (this.#options.until ?? entry.time)) continue;
      this.#newest = Math.max(this.#newest, entry.time);
      // An erased payload is one whose versions were all deleted: there is nothing left to list.
      if (payload?.kind !== 'objects' || (await isVoided(state.logs.store, { origin, index }))) continue;
      const opened = decodeObjectsRecord(openRecord({ vaultSecret, origin, index, sealed: payload.sealed }));
      const at = { time: entry.time, origin, index };
      if ('changes' in opened) this.catalog.apply(opened.changes, at, null);
      else this.catalog.apply(await this.#index(state, opened.index), at, packOf(opened.index));
    }
  }

  async #index(state: VaultState, pointer: IndexPointer): Promise<readonly ObjectChange[]> {
    const { crypto, source } = this.#options;
    const known = await state.indexes.get(indexKey(pointer));
    if (known !== undefined) return openIndex(crypto, pointer, known);
    const length = sealedBytes(pointer.size);
    const sealed = await source.content(pointer, length, (id) => placeOf(state.logs, id));
    // Opened before it is remembered: what does not open is fetched again.
    const changes = openIndex(crypto, pointer, sealed);
    await rememberIndex(state, pointer, sealed);
    return changes;
  }
}

/** Keeps an index's ciphertext: whoever wrote or fetched it once does not fetch it again. */
export async function rememberIndex(
  state: VaultState,
  pointer: IndexPointer,
  sealed: Uint8Array,
): Promise<void> {
  await state.indexes.batch([{ put: indexKey(pointer), value: sealed }], { sync: false });
}

function openIndex(crypto: Crypto, pointer: IndexPointer, sealed: Uint8Array): readonly ObjectChange[] {
  const plain = new Uint8Array(pointer.size);
  openFrames(crypto, segmentKey(pointer.key, { content: pointer.content, segment: 0 }), sealed, plain);
  return decodeObjectsIndex(plain);
}

function indexKey(pointer: IndexPointer): Uint8Array {
  return concat(pointer.content, encodeCbor('pack' in pointer.in ? pointer.in.offset : -1));
}

function packOf(pointer: IndexPointer): Uint8Array | null {
  return 'pack' in pointer.in ? pointer.in.pack : null;
}

/** The newest unvoided place of a segment in the logs at hand. Faults: PLACE_MISSING (integrity). */
export async function placeOf(logs: LogStore, segment: Uint8Array): Promise<Place> {
  const { places } = await segmentFacts(logs, segment);
  const found = places.findLast((one) => !one.voided);
  if (found === undefined) {
    throw new Fault('integrity', 'PLACE_MISSING', 'the ledger names a segment that no entry places', {});
  }
  return found.place;
}
