// The only door of `ledger`.

export * from './admission.ts';
export { Budget, type BudgetLimits } from './budget.ts';
export * from './charter-drafts.ts';
export * from './charter-log.ts';
export * from './checkpoint.ts';
export * from './collect-heads.ts';
export * from './entry.ts';
export * from './heads.ts';
export * from './log-record.ts';
export * from './log-store.ts';
export * from './log-writer.ts';
export { Mirror, type MirrorOptions, type VotingRight } from './mirror.ts';
export * from './next-key.ts';
export * from './note.ts';
export { type NotesPage, originNamed } from './note-shelf.ts';
export * from './place.ts';
export * from './push.ts';
export * from './reader.ts';
export * from './refusal.ts';
export * from './root-note.ts';
export { isVoided, placedSegments, segmentFacts } from './segment-index.ts';
export * from './segment.ts';
export { type Vote, VoteJournal } from './vote-journal.ts';
export type * from './voter.ts';
export * from './writer.ts';
