// Every scenario by name, in the order of the table "When things break" in the ledger's design.

import { interruptedWriter, vanishedWriter } from './interrupted-writer.ts';
import { lostWriteAhead, oldWriteAhead, restoredDevice } from './renewed-writer.ts';
import { forkedWriter, revokedWriter } from './revoked-writer.ts';
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
];
