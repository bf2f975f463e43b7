// The door of `client`.

export { nodeClient } from './adapters/node-client.ts';
export * from './agency-root.ts';
export { ledgerWorkers } from './adapters/ledger-workers.ts';
export { nodeSource } from './adapters/local-source.ts';
export { nodeTargetDirectory, nodeTargetFile } from './adapters/local-target.ts';
export type { CatalogVersion } from './catalog.ts';
export { DaemonLinks } from './daemon-links.ts';
export type { DeviceLine, Revoked } from './devices.ts';
export type { GetResult } from './get.ts';
export type { LedgerProcessors } from './ledger-processors.ts';
export type * from './local-tree.ts';
export { Membership } from './membership.ts';
export type { ClientPorts } from './ports.ts';
export type { DeletionProof, PlacementProof } from './prove.ts';
export type { PutObject, PutProblem, PutResult } from './put.ts';
export type { Released, Removed, Undoable } from './removal.ts';
export type { Liar } from './segment-reader.ts';
export { Vault, type VaultEvents, type VerbOptions } from './vault.ts';
export * from './vault-config.ts';
export { readConfig, writeConfig, writeKeys } from './vault-files.ts';
export * from './vault-setup.ts';
export type { FragmentWhereabouts } from './whereabouts.ts';
export {
  type LedgerProblem,
  type LedgerReport,
  verifyLedger,
  type VerifyLedgerOptions,
} from './verify-ledger.ts';
