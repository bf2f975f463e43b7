// Every scenario by name, in the order of the table "When things break" in the ledger's design.

import {
  damagedEntries,
  damagedIndex,
  damagedLedger,
  damagedStates,
  hosterBehind,
  lostDatabase,
} from './damaged-hoster.ts';
import { droppedKey } from './dropped-key.ts';
import {
  drained,
  fireDuringRepair,
  lyingHelpers,
  oldDiskReturns,
  siteLostAndBack,
  threeFires,
} from './healing.ts';
import { interruptedWriter, vanishedWriter } from './interrupted-writer.ts';
import { powerCut } from './power-cut.ts';
import { lostWriteAhead, oldWriteAhead, restoredDevice } from './renewed-writer.ts';
import { replacedRoot } from './replaced-root.ts';
import { forkedWriter, revokedWriter } from './revoked-writer.ts';
import { contradictedVotes, missingVotes, restoredVoter } from './stopped-voter.ts';
import type { Scenario } from './scenario.ts';

export { runScenario, ScenarioFailure } from './run-scenario.ts';

export const scenarios: readonly Scenario[] = [
  interruptedWriter,
  vanishedWriter,
  lostWriteAhead,
  oldWriteAhead,
  restoredDevice,
  revokedWriter,
  forkedWriter,
  droppedKey,
  powerCut,
  missingVotes,
  restoredVoter,
  contradictedVotes,
  hosterBehind,
  damagedEntries,
  damagedStates,
  damagedIndex,
  damagedLedger,
  lostDatabase,
  replacedRoot,
  threeFires,
  fireDuringRepair,
  oldDiskReturns,
  siteLostAndBack,
  drained,
  lyingHelpers,
];
