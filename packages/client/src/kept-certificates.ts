// Certificates this machine has seen of each log, kept for good: the first one after an entry says how soon after its
// date the hosters had stored it, which a proof made years later could not say. About a kilobyte for each append.

import { concat, fromUtf8, type Store, u64be, utf8 } from '@vauban/core';
import type { ClaimName, Covered, LogStore } from '@vauban/ledger';

const END = u64be(Number.MAX_SAFE_INTEGER);

export class KeptCertificates {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Keeps the newest certificate of every log that has got a new one since `before` was taken. */
  async keep(logs: LogStore, before: ReadonlyMap<string, number>): Promise<void> {
    const rows = logs.origins().flatMap((origin) => {
      const { certifiedSize, certificate } = logs.state(origin);
      if (certificate === null || before.get(origin) === certifiedSize) return [];
      return [{ put: keyOf(origin, u64be(certifiedSize)), value: utf8(certificate) }];
    });
    if (rows.length > 0) await this.#store.batch(rows, { sync: false });
  }

  /** The smallest certified head kept that covers the entry. */
  async covering({ origin, index }: ClaimName): Promise<Covered | undefined> {
    const range = { gt: keyOf(origin, u64be(index)), lt: keyOf(origin, END), limit: 1 };
    for await (const [key, value] of this.#store.range(range)) {
      const size = Number(new DataView(key.buffer, key.byteOffset + key.length - 8, 8).getBigUint64(0));
      return { size, certificate: fromUtf8(value) };
    }
    return undefined;
  }
}

/** Sizes up to which logs are certified: what `keep` compares with later. */
export function certifiedSizes(logs: LogStore): ReadonlyMap<string, number> {
  return new Map(logs.origins().map((origin) => [origin, logs.state(origin).certifiedSize]));
}

function keyOf(origin: string, size: Uint8Array): Uint8Array {
  return concat(utf8(origin), Uint8Array.of(0), size);
}
