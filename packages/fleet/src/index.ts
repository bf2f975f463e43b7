// The only door of `fleet`: a local network of real daemon processes, created, started, watched, burnt and stopped.

export { burnSite } from './adapters/burn-site.ts';
export { createContainerNetwork } from './adapters/container-network.ts';
export { containerStage, openStage } from './adapters/container-stage.ts';
export { createNetwork, type CreatedNetwork, type CreateOptions } from './adapters/create-network.ts';
export { type AbandonedDraft, abandonDraft, deadDrafts } from './adapters/abandoned-drafts.ts';
export type { AppliedCharter } from './adapters/apply-charter.ts';
export { CharterDesk, type DeskOptions } from './adapters/charter-desk.ts';
export { allocatedBytes } from './adapters/disk-usage.ts';
export { enactCharter, type EnactingDesk, enactEpoch } from './adapters/enact-charter.ts';
export { nextVotingKeys } from './adapters/next-voting-keys.ts';
export { type EpochMoves, openEpoch, stayingVoters } from './charter/open-epoch.ts';
export {
  CHARTER_FILE,
  charterPath,
  type DaemonPlace,
  daemonPlaces,
  hasOfficers,
  readNetworkCharter,
} from './adapters/layout.ts';
export { NetworkSession, type SessionOptions } from './adapters/network-session.ts';
export type { CertifiedEntry } from './adapters/operator-log.ts';
export { OperatorDesk, type OperatorOptions } from './adapters/operator-desk.ts';
export { applyDraft, proposeCharter, signDraft } from './adapters/officers-work.ts';
export { charterChanges } from './charter/charter-changes.ts';
export { charterHistory, type CharterVersion } from './charter/charter-history.ts';
export type { Newcomers } from './charter/compose.ts';
export { formatCharterText } from './charter/charter-text.ts';
export { durationNames, durationRows, durationsFrom } from './charter/durations-text.ts';
export { encodeDraft } from './charter/draft.ts';
export { runningPid } from './adapters/processes.ts';
export { healingOf, type PausedRepair, pauseRepair } from './adapters/repair-network.ts';
export {
  announceMaintenance,
  checkSite,
  declareSiteLost,
  type SiteStatement,
} from './adapters/site-words.ts';
export { type ReadLedger, readLedger } from './adapters/read-ledger.ts';
export { runStagedDaemon } from './adapters/staged-daemon.ts';
export { type StartedNetwork, startNetwork, type StartOptions } from './adapters/start-network.ts';
export { type DaemonStatus, networkStatus, type NetworkStatus } from './adapters/status-network.ts';
export { stopNetwork, type StoppedNetwork } from './adapters/stop-network.ts';
export { type WatchedNetwork, watchedNetwork } from './adapters/watch-network.ts';
export { cities, type City } from './cities.ts';
export { DURATION_EXAMPLE, durationInWords, parseDuration } from './duration-text.ts';
export type { DaemonHealing, HealingOverview, SilentDaemon } from './healing-overview.ts';
export { ledgerSegments, type LedgerSegment } from './ledger-segments.ts';
export { type HeldSegments, type NetworkHoldings, networkHoldings } from './adapters/network-holdings.ts';
export type { StagedFaults } from './staged/staged-faults.ts';
export type { BurnResult, DiskDeed, DiskFragment, Metered, Readings, Stage } from './stage.ts';
export { checkSize, type NetworkSize, STANDARD_POLICY, suggestCode } from './found-charter.ts';
