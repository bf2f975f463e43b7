// The door of `daemon`.

export * from './daemon.ts';
export { FragmentStore, type FragmentStoreOptions } from './fragment-store.ts';
export type { Log, LogLevel } from './log.ts';
export { checkMarker, createMarker } from './marker.ts';
export {
  checkHome,
  createDaemon,
  type DaemonHome,
  openHome,
  readCharter,
  readConfig,
  readKey,
} from './adapters/home.ts';
export { diskReasons, ledgerReasons } from './admin/account.ts';
export type { Account, SignedAccount } from './admin/account-file.ts';
export type { AdminStatus, DrainState, Readmission } from './admin/admin-ports.ts';
export { numberIn, sizeIn } from './admin/network/amounts.ts';
export { labels, stateLabels, writerLabels } from './admin/network/labels.ts';
export type * from './admin/network/network-view.ts';
export { siteStates } from './admin/network/network-view.ts';
export { riskOf } from './admin/network/risk.ts';
export {
  auditsLine,
  hostersLine,
  ledgerLine,
  marginLine,
  repairLine,
  siteNote,
} from './admin/network/site-notes.ts';
export { wantIn } from './admin/network/wants-french.ts';
export { checkAccountFile } from './adapters/account-file.ts';
export { askAdmin, type AdminAsk, readMetrics } from './adapters/admin-client.ts';
export { makeAdminToken, type MadeToken } from './adapters/admin-key.ts';
export { type RunOptions, runDaemon } from './adapters/run.ts';
export { type MadeVotingKey, makeVotingKey } from './adapters/voting-key.ts';
export { encodeCharterFile } from './charter-file.ts';
export { type DaemonConfig, formatConfig, parseConfig } from './config.ts';
export { FIRST_EPOCH, type InitOptions, type NewDaemon } from './init.ts';
export { encodeKeyFile, type KeyRole, makeKey, type RoleKey } from './keys.ts';
export { type DaemonFacts, makePublicLine, openPublicLine } from './public-line.ts';
export { bytesInWords, parseBytes } from './sizes.ts';
export { type VotingKeys, type VotingKeyPorts, votesPath, votingKeyFiles } from './voting-keys.ts';
export { READY_PATH, STOPPED_PATH } from './voting.ts';
