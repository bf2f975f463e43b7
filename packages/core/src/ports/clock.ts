// The clock port: wall time for what is written down, and timers for what is waited for.
// Nothing outside an adapter reads a clock; safety never depends on this one being right.

export interface Clock {
  /** Wall time in milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Milliseconds that only ever grow, for durations. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `ms`; the answer cancels. A timer never keeps a process alive by itself. */
  after(ms: number, call: () => void): () => void;
}
