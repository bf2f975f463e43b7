// Who wants to hear what a log store has written, and what they are told: the segments that entries spoke of, and that the
// consortium's own facts changed. Told after the commit; whatever a listener does, what was written stays written.

import { type StoreOperation, toHex } from '@vauban/core';
import { effectOf } from './adoption.ts';
import { isConsortiumKey } from './consortium-rows.ts';
import { type ClaimName, decodeEntry, decodePayload } from './entry.ts';
import type { HeldLogs } from './held-logs.ts';
import { isErased } from './log-record.ts';
import { segmentsIn, subjectOfKey } from './segment-index.ts';

export type HeardSegments = (segments: readonly Uint8Array[]) => void;

/** What a batch was about. */
export interface Touched {
  readonly segments: readonly Uint8Array[];
  readonly consortium: boolean;
}

export class StoreWatch {
  readonly #segments = new Set<HeardSegments>();
  readonly #consortium = new Set<() => void>();

  /** Nobody is to be told of anything. */
  get idle(): boolean {
    return this.#segments.size + this.#consortium.size === 0;
  }

  /** Returns what ends it. */
  segments(heard: HeardSegments): () => void {
    this.#segments.add(heard);
    return () => void this.#segments.delete(heard);
  }

  consortium(heard: () => void): () => void {
    this.#consortium.add(heard);
    return () => void this.#consortium.delete(heard);
  }

  tell({ segments, consortium }: Touched): void {
    if (segments.length > 0) for (const heard of this.#segments) quietly(() => heard(segments));
    if (consortium) for (const heard of this.#consortium) quietly(heard);
  }
}

/** A listener's mistake is its own: the batch is on the disk, and the others are told too. */
function quietly(heard: () => void): void {
  try {
    heard();
  } catch {
    // Nothing that was written depends on it.
  }
}

/** Keys that a batch puts. */
export function keysPut(operations: readonly StoreOperation[]): Uint8Array[] {
  return operations.flatMap((operation) => ('put' in operation ? [operation.put] : []));
}

/** What a batch that was just written to this store is about: by its rows, and by the entries that its voids name. */
export async function touchedBy(logs: HeldLogs, operations: readonly StoreOperation[]): Promise<Touched> {
  const segments = new Map<string, Uint8Array>();
  const add = (segment: Uint8Array) => void segments.set(toHex(segment), segment);
  let consortium = false;
  for (const key of keysPut(operations)) {
    const subject = subjectOfKey(key);
    if (subject === undefined) consortium ||= isConsortiumKey(key);
    else if ('segment' in subject) add(subject.segment);
    else {
      const voided = await voidedPart(logs, subject.voided);
      for (const segment of voided.segments) add(segment);
      consortium ||= voided.consortium;
    }
  }
  return { segments: [...segments.values()], consortium };
}

const untouched: Touched = { segments: [], consortium: false };

async function voidedPart(logs: HeldLogs, { origin, index }: ClaimName): Promise<Touched> {
  try {
    const record = await logs.record(origin, index);
    if (record === undefined || isErased(record)) return untouched;
    const payload = effectOf(decodePayload(decodeEntry(record.entry).kind, record.payload));
    const consortium = ['site-lost', 'maintenance', 'readmit'].includes(payload.kind);
    return { segments: segmentsIn(payload), consortium };
  } catch {
    // A row that rotted is in quarantine from here on: healing tells of it again.
    return untouched;
  }
}
