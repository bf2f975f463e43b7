// The door of `daemon`.

export * from './daemon.ts';
export { FragmentStore, type FragmentStoreOptions } from './fragment-store.ts';
export type { Log, LogLevel } from './log.ts';
export { checkMarker, createMarker } from './marker.ts';
