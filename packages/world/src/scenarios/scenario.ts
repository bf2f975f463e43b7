// What a scenario is: one thing that breaks, played out on the engine of all histories, which has to reach the state it
// is named for. The rows are those of the table "When things break" in the ledger's design.

import type { PulledLog } from '../checker.ts';
import type { Stage } from './stage.ts';

export interface Scenario {
  /** Kebab-case. */
  readonly name: string;
  /** One sentence: what happens, and what must come of it. */
  readonly says: string;
  /** Everybody votes when it begins. When it ends, everybody who is to vote again must be on the way to it. */
  readonly play: (stage: Stage) => Promise<void>;
  /** Looks at what hosters hand out in the end. */
  readonly judge?: (stage: Stage, logs: readonly PulledLog[]) => void;
}
