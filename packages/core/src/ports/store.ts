// The ordered key-value port behind every index and mirror. Keys and values are bytes; keys sort bytewise.
// `batch` is atomic and, with `sync`, durable before it resolves: a signature given after it may rely on it.

export type StoreOperation =
  | { readonly put: Uint8Array; readonly value: Uint8Array }
  | { readonly del: Uint8Array };

export interface StoreRange {
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Store {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  batch(operations: readonly StoreOperation[], options: { readonly sync: boolean }): Promise<void>;
  range(range: StoreRange): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  /**
   * Leaves nothing on the disk of what was overwritten between these keys; costs a rewrite of all that is between them. A store that keeps
   * nothing of it anyway need not have it.
   */
  compact?(range: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Promise<void>;
  close(): Promise<void>;
}
