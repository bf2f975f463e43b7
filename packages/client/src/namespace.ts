// Keeps the catalog in step with the vault's logs: reads new certified entries, opens sealed records, fetches pack
// indexes that are not at hand. What cannot be fetched is said, never left out in silence.

import { concat, type Crypto, encodeCbor, Fault, isFault } from '@vauban/core';
import {
  adoptedPayload,
  decodeEntry,
  isVoided,
  type LogStore,
  openStored,
  partsOf,
  type Payload,
  type Place,
  segmentFacts,
  storesOf,
} from '@vauban/ledger';
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
import { Catalog, type EntryPosition } from './catalog.ts';
import { isReleased } from './claims.ts';
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
    const { vault, crypto } = this.#options;
    for (const origin of await state.logs.originsOfVault(vault)) {
      // One part while nothing is wrong with the log: its certified entries.
      for (const part of await partsOf(state.logs, crypto, origin)) {
        const key = `${origin} ${part.slot}`;
        let from = this.#applied.get(key) ?? 0;
        while (from < part.size) {
          const to = Math.min(part.size, from + PAGE);
          await this.#apply(state, part.logs, { origin, from, to });
          from = to;
          this.#applied.set(key, to);
        }
      }
    }
  }

  async #apply(
    state: VaultState,
    logs: LogStore,
    range: { readonly origin: string; readonly from: number; readonly to: number },
  ): Promise<void> {
    const { crypto, vaultSecret } = this.#options;
    const { origin } = range;
    const records = await logs.records(origin, range.from, range.to);
    for (const [nth, record] of records.entries()) {
      const index = range.from + nth;
      const { entry, payload } = openStored(crypto, record);
      if (entry.time > (this.#options.until ?? entry.time)) continue;
      this.#newest = Math.max(this.#newest, entry.time);
      // An erased payload is one whose versions were all deleted: there is nothing left to list.
      const sealed =
        payload === null ? undefined : sealedRecord(payload, { time: entry.time, origin, index });
      if (sealed === undefined || (await isVoided(logs.store, { origin, index }))) continue;
      const { at } = sealed;
      const opened = decodeObjectsRecord(openRecord({ vaultSecret, ...sealed }));
      if ('changes' in opened) this.catalog.apply(opened.changes, at, null);
      else this.catalog.apply(await this.#index(state, opened.index), at, packOf(opened.index));
    }
  }

  async #index(state: VaultState, pointer: IndexPointer): Promise<readonly ObjectChange[]> {
    const { crypto, source, vault } = this.#options;
    const known = await state.indexes.get(indexKey(pointer));
    if (known !== undefined) return openIndex(crypto, pointer, known);
    const length = sealedBytes(pointer.size);
    const find = (id: Uint8Array) => placeAnywhere({ logs: state.logs, crypto, vault }, id);
    let sealed: Uint8Array;
    try {
      sealed = await source.content(pointer, length, find);
    } catch (error) {
      // Given up with all it describes, and erased since: deletes name every version that was in it.
      const segment = packOf(pointer);
      if (!isFault(error, 'FRAGMENTS_MISSING') || segment === null) throw error;
      if (await isReleased(state.logs, { vault, segment })) return [];
      throw error;
    }
    // Opened before it is remembered: what does not open is fetched again.
    const changes = openIndex(crypto, pointer, sealed);
    await rememberIndex(state, pointer, sealed);
    return changes;
  }
}

/** A sealed record, with the place it was sealed for: a record that was taken over keeps the one it had. */
function sealedRecord(payload: Payload, at: EntryPosition) {
  const { origin, index } = at;
  if (payload.kind === 'objects') return { sealed: payload.sealed, origin, index, at };
  const adopted = payload.kind === 'adopt' ? adoptedPayload(payload) : undefined;
  if (payload.kind !== 'adopt' || adopted?.kind !== 'objects') return undefined;
  const { time } = decodeEntry(payload.record.entry);
  return { sealed: adopted.sealed, origin: payload.origin, index: payload.index, at: { ...at, time } };
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
async function placeOf(logs: LogStore, segment: Uint8Array): Promise<Place> {
  const { places } = await segmentFacts(logs, segment);
  const found = places.findLast((one) => !one.voided);
  if (found === undefined) {
    throw new Fault('integrity', 'PLACE_MISSING', 'the ledger names a segment that no entry places', {});
  }
  return found.place;
}

/** The same, wherever it was placed: branches of a forked or sealed log are stores of their own. */
export async function placeAnywhere(
  of: { readonly logs: LogStore; readonly crypto: Crypto; readonly vault: Uint8Array },
  segment: Uint8Array,
): Promise<Place> {
  const { logs, crypto } = of;
  try {
    return await placeOf(logs, segment);
  } catch (error) {
    if (!isFault(error, 'PLACE_MISSING')) throw error;
    const [, ...others] = await storesOf(logs, crypto, await logs.originsOfVault(of.vault));
    for (const other of others) {
      const { places } = await segmentFacts(other, segment);
      const found = places.findLast((one) => !one.voided);
      if (found !== undefined) return found.place;
    }
    throw error;
  }
}
