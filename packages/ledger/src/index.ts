// The only door of `ledger`.

export * from './admission.ts';
export { adoptedPayload, type Adopt, effectOf } from './adoption.ts';
export { makeAdopt } from './adopting.ts';
export { receiptChecksOf, type SignatureCheck } from './admit-place.ts';
export * from './append-taking.ts';
export { auditLeaves, type Challenge } from './audit-challenge.ts';
export { Budget, type BudgetLimits } from './budget.ts';
export * from './charter-drafts.ts';
export * from './charter-log.ts';
export * from './checkpoint.ts';
export * from './collect-heads.ts';
export * from './consortium-facts.ts';
export { doubted } from './doubts.ts';
export * from './entry.ts';
export { genesisOf, type HeldLogs, type ResolveWriter } from './held-logs.ts';
export { Healer, type HealerOptions } from './healer.ts';
export * from './heads.ts';
export { segmentsHeldBy } from './holder-index.ts';
export { healLog, type HealOptions, type HealSource } from './log-healing.ts';
export * from './log-record.ts';
export { type ScrubOptions, scrubLog, sweepUnreadable } from './log-scrub.ts';
export * from './log-store.ts';
export * from './log-writer.ts';
export { Mirror, type MirrorOptions } from './mirror.ts';
export * from './next-key.ts';
export * from './note.ts';
export { type NotesPage, originNamed } from './note-shelf.ts';
export { erasePayloads, PayloadEraser } from './payload-erasing.ts';
export * from './place.ts';
export { checkProof, makeProof } from './proof-check.ts';
export * from './proof-deletion.ts';
export { DELETION_FORMAT, isoTime, PROOF_BYTES_MAX, type ProofEvidence } from './proof-evidence.ts';
export { type Covered, gatherEvidence, type GatherOptions } from './proof-gather.ts';
export * from './proof-statement.ts';
export { wordsOf } from './proof-words.ts';
export * from './pull.ts';
export * from './push.ts';
export { Quarantine, quarantined } from './quarantine.ts';
export {
  forkProofOf,
  keepProof,
  historiesOf,
  type LogPart,
  partsOf,
  storesOf,
} from './branches.ts';
export { checkForkProof, forkProof, type SignedHistory } from './fork-proof.ts';
export { bringNote, fetchNote } from './follow-sealed.ts';
export { forkedOrigins } from './seal-report.ts';
export * from './readiness.ts';
export * from './reader.ts';
export * from './refusal.ts';
export * from './root-note.ts';
export * from './segment-facts.ts';
export {
  claimOf,
  generationOf,
  isVoided,
  type KnownClaim,
  placedSegments,
  purgesOf,
  releasesOf,
  segmentFacts,
  voidedOf,
} from './segment-index.ts';
export type { HeardSegments } from './store-watch.ts';
export { storedView } from './stored-view.ts';
export * from './segment.ts';
export { type Vote, VoteJournal } from './vote-journal.ts';
export type * from './voter.ts';
export * from './voting-seat.ts';
export * from './writer.ts';
export { writerEnd } from './writer-end.ts';
