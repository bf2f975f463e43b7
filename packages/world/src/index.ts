// The door of `world`: seeded histories of the real daemon and client. A test tool, never shipped.

export { nodeGround } from './adapters/node-ground.ts';
export { runSmoke, type SmokeOptions, type SmokeReport, WorldFailure } from './smoke/history.ts';
