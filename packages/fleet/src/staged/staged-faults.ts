// What a staged daemon is made to suffer or to do, at this moment, by the drill that started it: a file beside its
// configuration, read again and again. Without the file it behaves.

import { Fault } from '@vauban/core';
import * as v from 'valibot';

/** Beside a daemon's configuration. */
export const STAGED_FILE = 'staged.json';

const faultsSchema = v.strictObject({
  /** No message arrives or leaves; the daemon goes on running. */
  cut: v.boolean(),
  /** Every message in either direction takes so much longer. */
  delayMs: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(60_000)),
  /** The disk takes nothing more. */
  diskFull: v.boolean(),
  /** One byte is changed in all fragment bytes that it serves. */
  lies: v.boolean(),
});
export type StagedFaults = v.InferOutput<typeof faultsSchema>;

export const noFaults: StagedFaults = { cut: false, delayMs: 0, diskFull: false, lies: false };

/** Of the file's text. Faults: STAGE_MALFORMED. */
export function parseFaults(text: string): StagedFaults {
  try {
    return v.parse(faultsSchema, JSON.parse(text));
  } catch (cause) {
    throw new Fault('failure', 'STAGE_MALFORMED', 'the file of staged faults cannot be read', {}, cause);
  }
}

export function formatFaults(faults: StagedFaults): string {
  return `${JSON.stringify(faults)}\n`;
}
