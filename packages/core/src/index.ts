// The only door of `core`: nouns and ports. Node adapters stand behind `@vauban/core/node`.

export * from './bytes.ts';
export * from './cancellation.ts';
export * from './cbor.ts';
export * from './charter.ts';
export * from './checked-store.ts';
export * from './code-shape.ts';
export * from './fault.ts';
export * from './ids.ts';
export * from './life-cycle.ts';
export * from './limits.ts';
export * from './mapped-rows.ts';
export * from './memory-files.ts';
export * from './memory-store.ts';
export * from './merkle.ts';
export * from './mutex.ts';
export * from './nearest-name.ts';
export type * from './ports/clock.ts';
export type * from './ports/crypto.ts';
export type * from './ports/files.ts';
export type * from './ports/network.ts';
export * from './ports/random.ts';
export * from './prefixed-store.ts';
export * from './replace-file.ts';
export * from './succession.ts';
export type * from './ports/store.ts';
