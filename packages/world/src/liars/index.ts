// Every kind of liar a plan may choose: one idea each, told in the file of its name.

import type { Liar } from '../liar.ts';
import { doubleVotes } from './double-votes.ts';
import { droppedLeaves } from './dropped-leaves.ts';
import { emptyReceipts } from './empty-receipts.ts';
import { endlessStreams } from './endless-streams.ts';
import { fakeCharters } from './fake-charters.ts';
import { falseCustody } from './false-custody.ts';
import { falseSeals } from './false-seals.ts';
import { falseStatus } from './false-status.ts';
import { forgedProofs } from './forged-proofs.ts';
import { forgedReceipts } from './forged-receipts.ts';
import { forgedVotes } from './forged-votes.ts';
import { frozenPair } from './frozen-pair.ts';
import { garbledAnswers } from './garbled-answers.ts';
import { highCounters } from './high-counters.ts';
import { inventedLogs } from './invented-logs.ts';
import { massConflict } from './mass-conflict.ts';
import { otherLogs } from './other-logs.ts';
import { refusedWriter } from './refused-writer.ts';
import { repairMisled } from './repair-misled.ts';
import { repairRefused } from './repair-refused.ts';
import { replayedAnswers } from './replayed-answers.ts';
import { rolledBackDisk } from './rolled-back-disk.ts';
import { slowAnswers } from './slow-answers.ts';
import { staleHeads } from './stale-heads.ts';
import { unkeptCertificates } from './unkept-certificates.ts';
import { unstoredVotes } from './unstored-votes.ts';
import { withheldPayloads } from './withheld-payloads.ts';
import { wrongBytes } from './wrong-bytes.ts';

export const liars: readonly Liar[] = [
  doubleVotes,
  droppedLeaves,
  emptyReceipts,
  endlessStreams,
  fakeCharters,
  falseCustody,
  falseSeals,
  falseStatus,
  forgedProofs,
  forgedReceipts,
  forgedVotes,
  frozenPair,
  garbledAnswers,
  highCounters,
  inventedLogs,
  massConflict,
  otherLogs,
  refusedWriter,
  repairMisled,
  repairRefused,
  replayedAnswers,
  rolledBackDisk,
  slowAnswers,
  staleHeads,
  unkeptCertificates,
  unstoredVotes,
  withheldPayloads,
  wrongBytes,
];
