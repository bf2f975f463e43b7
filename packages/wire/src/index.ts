// The door of `wire` for everything but the transport itself, which stands behind `@vauban/wire/libp2p`.

export * from './bulk.ts';
export * from './bulk-call.ts';
export * from './charter-rumours.ts';
export * from './fragment-read.ts';
export { HOLDERS_MAX, HOLDERS_SEGMENTS_MAX } from './healing-messages.ts';
export * from './lies.ts';
export * from './messages.ts';
export * from './peer-client.ts';
export * from './remote-voter.ts';
