// Other processors for the two things that cost most in checking a ledger: entries to decode and hash, and signatures.
// Without any, everything is done here; the verdict is the same.

import type { Append, SignatureCheck, TakenAppends, TakingGround } from '@vauban/ledger';

export interface LedgerProcessors {
  /** What `takeAppends` does. Undefined for what is not worth the way. Rejects with the same faults. */
  takeAppends(ground: TakingGround, appends: readonly Append[]): Promise<TakenAppends> | undefined;
  /** Whether each holds. */
  verify(checks: readonly SignatureCheck[]): Promise<readonly boolean[]>;
  close(): Promise<void>;
}
